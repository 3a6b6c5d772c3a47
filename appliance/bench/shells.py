"""Somebody at a terminal, in a process of his own: through the appliance, or through OpenSSH's client in a pty."""

import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, Protocol

from appliance.bench.processes import cpu
from appliance.bench.websocket import Ended, WebSocket

PATIENCE = 60.0
READY, DONE, PROMPT = "REA''DY", "DO''NE", "PRO''MPT "  # as typed; the shell prints them without the quotes


class Shell(Protocol):
    """A shell somewhere else."""

    def write(self, data: bytes) -> None:
        """Type."""

    def read(self, seconds: float) -> bytes:
        """What it prints within that time."""


class Browser:
    """A shell through the appliance, as a script opens it, with binary frames."""

    def __init__(self, port: int, path: str) -> None:
        self.socket = WebSocket(port, path)
        self.read = self.socket.read

    def write(self, data: bytes) -> None:
        """As a message of the documented form."""
        self.socket.send(json.dumps({"type": 2, "data": data.decode()}).encode())

    def close(self) -> None:
        """Hang up."""
        self.socket.close()


class Client:
    """A shell through `ssh -tt` in a pty."""

    def __init__(self, command: list[str]) -> None:
        self.terminal, inner = pty.openpty()
        self.process = subprocess.Popen(command, stdin=inner, stdout=inner, stderr=subprocess.DEVNULL)
        os.close(inner)

    def write(self, data: bytes) -> None:
        """As from the keyboard."""
        os.write(self.terminal, data)

    def read(self, seconds: float) -> bytes:
        """As from the screen."""
        ready, _, _ = select.select([self.terminal], [], [], seconds)
        return os.read(self.terminal, 65536) if ready else b""

    def close(self) -> None:
        """End the client."""
        self.process.kill()
        self.process.wait()
        os.close(self.terminal)


def wait_for(shell: Shell, typed: str) -> int:
    """Read until the shell prints what was typed with quotes inside; how many bytes came."""
    mark, tail, size = typed.replace("'", "").encode(), b"", 0
    deadline = time.monotonic() + PATIENCE
    while mark not in tail:
        data = shell.read(max(0.0, deadline - time.monotonic()))
        if not data:
            raise Ended(f"the shell did not print {mark.decode()}")
        size += len(data)
        tail = tail[-len(mark) :] + data
    return size


def settle(shell: Shell) -> None:
    """A plain shell with a prompt we know, that has said all it says at first."""
    shell.write(f"exec env -i PATH=/usr/bin:/bin sh -c 'stty -echo; echo {READY}; PS1= exec sh'\n".encode())
    wait_for(shell, READY)


def echo(shell: Shell, asked: dict[str, Any]) -> dict[str, Any]:
    """Type one byte after the other, each once the one before has come back."""
    ready(shell)
    return {"times": [key(shell, asked["pause"]) for _ in range(asked["count"])]}


def ready(shell: Shell) -> None:
    """Whatever is typed from here on comes back once."""
    shell.write(f"stty raw -echo; printf {READY}; exec cat\n".encode())
    wait_for(shell, READY)


def key(shell: Shell, pause: float) -> float:
    """How long one byte takes there and back."""
    time.sleep(pause)
    begun = time.perf_counter()
    shell.write(b"x")
    if not shell.read(PATIENCE):
        raise Ended("no echo")
    return time.perf_counter() - begun


def typing(shell: Shell, asked: dict[str, Any]) -> dict[str, Any]:
    """The same, until told to end."""
    times: list[float] = []
    ready(shell)
    tell({"ready": True})
    while not select.select([sys.stdin], [], [], 0)[0]:
        times.append(key(shell, asked["pause"]))
    return {"times": times}


def bulk(shell: Shell, asked: dict[str, Any]) -> dict[str, Any]:
    """Print a file."""
    used, begun = cpu(asked["pid"]), time.perf_counter()
    shell.write(f"cat {asked['file']}; echo {DONE}\n".encode())
    size = wait_for(shell, DONE)
    return {"seconds": time.perf_counter() - begun, "cpu": cpu(asked["pid"]) - used, "bytes": size}


def interrupt(shell: Shell, asked: dict[str, Any]) -> dict[str, Any]:
    """Ctrl-C in the middle of a flood."""
    shell.write(f"PS1={PROMPT.strip()}; yes\n".encode())
    deadline = time.monotonic() + asked["seconds"]
    while time.monotonic() < deadline:
        shell.read(1)
    begun = time.perf_counter()
    shell.write(b"\x03")
    wait_for(shell, PROMPT.strip())
    return {"seconds": time.perf_counter() - begun}


def flood(shell: Shell, asked: dict[str, Any]) -> dict[str, Any]:
    """Print a file again and again, and read it all, until ended from outside."""
    shell.write(f"while :; do cat {asked['file']}; done\n".encode())
    tell({"ready": True})
    size = 0
    while data := shell.read(PATIENCE):
        size += len(data)
    return {"bytes": size}


def stall(shell: Shell, asked: dict[str, Any]) -> dict[str, Any]:
    """Ask for endless output, and read none of it."""
    shell.write(b"yes\n")
    tell({"ready": True})
    time.sleep(asked["seconds"])
    return {}


TASKS: dict[str, Callable[[Shell, dict[str, Any]], dict[str, Any]]] = {
    task.__name__: task for task in (echo, typing, bulk, interrupt, flood, stall)
}


def idle(asked: dict[str, Any]) -> None:
    """Many shells that nobody types in, until standard input ends."""
    shells = []
    for _ in range(asked["sessions"]):
        shells.append(Browser(asked["port"], asked["path"]))
        settle(shells[-1])
    tell({"ready": True})
    while not select.select([sys.stdin], [], [], 0)[0]:
        ready, _, _ = select.select([sys.stdin, *(shell.socket for shell in shells)], [], [])
        for shell in shells:
            if shell.socket in ready:
                shell.read(0)


def tell(answer: dict[str, Any]) -> None:
    """One line for whoever started us."""
    print(json.dumps(answer), flush=True)


def main() -> None:
    """Read what to do from standard input, do it, tell what came of it."""
    asked = json.loads(sys.stdin.readline())
    if asked["task"] == "idle":
        idle(asked)
        return
    shell = Client(asked["command"]) if "command" in asked else Browser(asked["port"], asked["path"])
    try:
        settle(shell)
        tell(TASKS[asked["task"]](shell, asked))
    finally:
        shell.close()


if __name__ == "__main__":
    main()
