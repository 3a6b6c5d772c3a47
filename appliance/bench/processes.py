"""The processes a bench starts: the appliance itself, clients, and what they are compared with; and what they use."""

import json
import os
import re
import select
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import appliance
from appliance.bench.report import Unable

ADMIN, PASSWORD = "bench", "measure twice 1"
PATIENCE = 60.0
STARTED = re.compile(r"appliance is at (\S+)")


def packed() -> bool:
    """Whether this is the one-file executable."""
    return zipfile.is_zipfile(sys.argv[0])


def ourselves() -> list[str]:
    """How this program is started again."""
    return [sys.executable, sys.argv[0]] if packed() else [sys.executable, "-m", "appliance"]


def environment(**more: str) -> dict[str, str]:
    """Ours without settings of a real appliance; children find this package where we found it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("APPLIANCE_")}
    return kept | {"PYTHONPATH": str(Path(appliance.__file__).parents[1])} | more


@contextmanager
def child(
    command: list[str], folder: Path, env: dict[str, str] | None = None, **more: Any
) -> Iterator[subprocess.Popen[str]]:
    """A process that ends with the block; what it complains about goes to a file in the folder."""
    with (folder / "errors.log").open("a") as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=env or environment(),
            **more,
        )
    try:
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[str]) -> None:
    """Ask it to end, and see that it does."""
    process.terminate()
    try:
        process.communicate(timeout=12)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def line(process: subprocess.Popen[str], patience: float = PATIENCE) -> str:
    """The next line that a child prints, or Unable."""
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], patience)
    text = process.stdout.readline() if ready else ""
    if not text:
        raise Unable(f"{' '.join(map(str, process.args))} did not answer")  # type: ignore[arg-type]
    return text


def tool(module: str, *arguments: str) -> list[str]:
    """The command line of one of our own small programs."""
    return [sys.executable, "-m", f"appliance.bench.{module}", *arguments]


class Served:
    """A running appliance of our own, with its administrator signed in."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.pid, self.url, self.port = process.pid, url, int(url.rsplit(":", 1)[1])
        self.token = ""

    def call(self, path: str, body: Any = None) -> Any:
        """JSON there and back; Unable when it is refused."""
        content = None if body is None else json.dumps(body)
        headers = {"Content-Type": "application/json", "Authorization": self.token}
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as connection:
            connection.request("GET" if body is None else "POST", path, content, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        if answer.status != 200:
            raise Unable(f"{path} was refused: {answer.status} {text[:300]}")
        return json.loads(text)

    def sign_in(self) -> None:
        """As the administrator."""
        self.token = self.call("/api/rbac/login/", {"account": ADMIN, "password": PASSWORD})["token"]["access"]

    def add(self, kind: str, **row: Any) -> int:
        """Make a host or a voucher; its id."""
        self.call(f"/api/resource/{kind}/add/", row)
        found = self.call(f"/api/resource/{kind}/get/?page_size=100&desc=true&name={row['name']}")
        return int(found["detail"][0]["id"])


@contextmanager
def serving(folder: Path, *flags: str, program: list[str] | None = None, **more: str) -> Iterator[Served]:
    """An appliance on loopback with its data in the folder."""
    command = [*(program or ourselves()), "serve", "--data", str(folder / "data"), "--listen", "127.0.0.1:0", *flags]
    admin = {"APPLIANCE_ADMIN": ADMIN, "APPLIANCE_ADMIN_PASSWORD": PASSWORD}
    with child(command, folder, environment(**admin, **more)) as process:
        found = STARTED.search(line(process))
        if found is None:
            raise Unable("the appliance did not say where it is")
        yield Served(process, found[1])


def cpu(pid: int) -> float:
    """Seconds of processor time that a process has used, all its threads together."""
    return time.clock_gettime(~pid << 3 | 2)  # as clock_getcpuclockid(3) makes the name of that clock


def resident(pid: int) -> int:
    """Bytes of memory a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
