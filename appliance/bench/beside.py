"""`appliance bench beside`: the echo of a terminal beside heavy work, and how long a large import takes."""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from appliance.bench.processes import PATIENCE, Served, line, serving
from appliance.bench.report import Figure, Unable, middle, percentile
from appliance.bench.sshd import target
from appliance.bench.terminal import Bench
from appliance.bench.workbooks import made, seconds_to_read

BOUNDARY = "bench-of-the-appliance"
POLL = 0.2
LONGEST = 600.0
QUIET, HEAVY = "10.201", "10.202"


def flags(parser: argparse.ArgumentParser) -> None:
    """How much to measure."""
    parser.add_argument("--rows", type=int, default=20_000, help="addresses in the workbook [20000]")
    parser.add_argument("--keys", type=int, default=500, help="bytes typed while nothing else goes on [500]")
    parser.add_argument("--rounds", type=int, default=3, help="readings by openpyxl, of which the median counts [3]")


def measure(asked: argparse.Namespace) -> list[Figure]:
    """All figures."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)
        host = stack.enter_context(target(folder))
        served = stack.enter_context(serving(folder, "--loopback-targets", "--log-file", str(folder / "log")))
        bench = Bench(folder, served, host, folder / "nothing")
        return [*echoes(bench, asked), *durations(served, asked)]


# --- echo ------------------------------------------------------------------------------------------------------------


def echoes(bench: Bench, asked: argparse.Namespace) -> Iterator[Figure]:
    """One byte there and back: quiet, and beside each piece of work."""
    content = made(HEAVY, asked.rows)
    works: dict[str, tuple[str, Callable[[], Any]]] = {
        "subnet": ("a new /16", lambda: add_subnet(bench.served, HEAVY)),
        "preview": (f"a preview of {asked.rows} rows", lambda: send(bench.served, "preview", content)),
        "execute": (f"an import of {asked.rows} rows", lambda: send(bench.served, "execute", content)),
    }
    quiet = bench.run("echo", bench.ours, count=asked.keys)["times"]
    yield Figure("quiet_p99", "echo, quiet, p99", percentile(quiet, 0.99) * 1000, "ms")
    for name, (text, act) in works.items():
        times = meanwhile(bench, act)
        yield Figure(f"{name}_p99", f"echo beside {text}, p99", percentile(times, 0.99) * 1000, "ms", "≤ 25")
        yield Figure(f"{name}_max", "the longest of them", max(times) * 1000, "ms")


def meanwhile(bench: Bench, act: Callable[[], Any]) -> list[float]:
    """How long bytes took that somebody typed while something was done."""
    with bench.at_work("typing", bench.ours) as person:
        line(person)
        act()
        assert person.stdin is not None
        person.stdin.write("enough\n")
        person.stdin.flush()
        return list(json.loads(line(person))["times"])


# --- how long --------------------------------------------------------------------------------------------------------


def durations(served: Served, asked: argparse.Namespace) -> Iterator[Figure]:
    """An import from file to commit, beside openpyxl that reads the same file, before and after it."""
    content = made(QUIET, asked.rows)
    add_subnet(served, QUIET)
    reads = [seconds_to_read(content) for _ in range(asked.rounds)]
    begun = time.perf_counter()
    send(served, "execute", content)
    took = time.perf_counter() - begun
    read = middle([*reads, *(seconds_to_read(content) for _ in range(asked.rounds))])
    yield Figure("import", f"import of {asked.rows} rows", took, "s")
    yield Figure("openpyxl", "openpyxl reading the same file", read, "s")
    yield Figure("import_ratio", "how many times that", took / read, "×", "≤ 3")


# --- calls -----------------------------------------------------------------------------------------------------------


def add_subnet(served: Served, network: str) -> None:
    """A /16 with its rows."""
    found = call(served, "POST", "/api/subnets", json.dumps({"name": network, "cidr": f"{network}.0.0/16"}).encode())
    assert found["id"]


def send(served: Served, kind: str, content: bytes) -> None:
    """Preview or execute a workbook, to its end."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="bench.xlsx"\r\n\r\n'
    body = head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
    found = call(served, "POST", f"/api/smart/import/{kind}", body, f"multipart/form-data; boundary={BOUNDARY}")
    deadline = time.monotonic() + LONGEST
    while "job_id" in found and found.get("status") == "running":
        if time.monotonic() > deadline:
            raise Unable(f"the {kind} does not end")
        time.sleep(POLL)
        found = call(served, "GET", f"/api/smart/import/jobs/{found['job_id']}")
    result = found["result"] if "job_id" in found else found
    if not result or not result.get("success", result.get("can_import")):
        raise Unable(f"the {kind} failed: {json.dumps(found, ensure_ascii=False)[:300]}")


def call(served: Served, method: str, path: str, body: bytes | None = None, kind: str = "application/json") -> Any:
    """The data of an answer; Unable when it is refused."""
    headers = {"Content-Type": kind, "Authorization": served.token}
    with closing(HTTPConnection("127.0.0.1", served.port, timeout=PATIENCE)) as connection:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
    if answer.status not in (200, 201):
        raise Unable(f"{path} was refused: {answer.status} {text[:300]}")
    return json.loads(text)["data"]
