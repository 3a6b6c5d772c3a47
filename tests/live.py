"""An appliance in a process of its own, as operators run it."""

import json
import queue
import re
import signal
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path
from typing import Any

STARTED = re.compile(r"appliance is at (\S+)")
PATIENCE = 20


class Live:
    """One running appliance; `url` is where it listens."""

    def __init__(self, data: Path, *flags: str, environ: dict[str, str] | None = None) -> None:
        command = [sys.executable, "-m", "appliance", "serve", "--data", str(data), "--listen", "127.0.0.1:0", *flags]
        self.data, self.log = data, data.parent / "log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, text=True, env=environ, cwd=Path(__file__).parent.parent
            )
        self.lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.url = self.line(STARTED)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(line)

    def line(self, pattern: re.Pattern[str]) -> str:
        """The group of the first printed line that matches."""
        while True:
            try:
                found = pattern.search(self.lines.get(timeout=PATIENCE))
            except queue.Empty:
                raise AssertionError(f"the appliance did not start:\n{self.log.read_text()}") from None
            if found:
                return found[1]

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    def call(self, path: str, body: Any = None, token: str = "", method: str | None = None) -> Any:
        """JSON there, JSON back, whatever the status."""
        headers = {"Content-Type": "application/json", **({"Authorization": token} if token else {})}
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, content, headers, method=method)
        opener = urllib.request.build_opener(NoRaise())
        with opener.open(request, timeout=PATIENCE) as answer:
            return json.loads(answer.read())

    def sign_in(self, login: str, password: str) -> str:
        """An access token."""
        return self.call("/api/rbac/login/", {"account": login, "password": password})["token"]["access"]

    def stop(self) -> int:
        """End it in order; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=15)

    def kill(self) -> None:
        """End it in no order at all."""
        self.process.kill()
        self.process.wait()


class NoRaise(urllib.request.HTTPErrorProcessor):
    """Refusals are answers like others."""

    def http_response(self, request: Any, response: Any) -> Any:
        return response

    https_response = http_response
