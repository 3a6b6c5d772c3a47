"""Starts the small application behind the real server, and speaks to it byte by byte."""

import json
import os
import re
import select
import signal
import socket
import ssl
import struct
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
SMALL = Path(__file__).parent / "small.py"
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
MASK = b"\x11\x22\x33\x44"


class Small:
    """One running server; `port` and `url` are where it is."""

    def __init__(self, folder: Path, listen: str = "127.0.0.1:0", *prefix: str, **settings: str) -> None:
        self.data, self.log_path = folder / "data", folder / "log"
        given = {"data": str(self.data), "listen": listen, **settings}
        command = [*prefix, sys.executable, str(SMALL), *(f"{name}={value}" for name, value in given.items())]
        environ = {**os.environ, "PYTHONPATH": str(ROOT)}
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environ)
        assert self.process.stdout
        told = self.process.stdout.readline()
        assert told, self.log_path.read_text()
        self.url = told.split()[-1]
        self.port = int(self.url.rpartition(":")[2])

    def connect(self, timeout: float = 10, source: str = "127.0.0.1") -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout, (source, 0))

    def secure(self, timeout: float = 10) -> ssl.SSLSocket:
        """TLS without asking who it is."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context.wrap_socket(self.connect(timeout), server_hostname="localhost")

    def say(self, *parts: bytes, timeout: float = 10) -> bytes:
        """Everything the server answers to these bytes until it closes."""
        with self.connect(timeout) as connection:
            for part in parts:
                connection.sendall(part)
            return rest(connection)

    def get(self, path: str = "/") -> bytes:
        return self.say(request(f"GET {path} HTTP/1.1", "Connection: close"))

    def log(self, event: str, wanted: int = 1, **facts: Any) -> list[dict[str, Any]]:
        """The log's lines of one event with these facts, once there are so many; each line must be JSON."""
        deadline = time.monotonic() + 5
        while True:
            lines = [json.loads(line) for line in self.log_path.read_bytes().split(b"\n") if line]
            found = [line for line in lines if facts.items() | {("event", event)} <= line.items()]
            if len(found) >= wanted or time.monotonic() > deadline:
                return found
            time.sleep(0.05)

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(15)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def request(*lines: str, body: bytes = b"", host: str = "localhost") -> bytes:
    """A request; the host goes without saying."""
    return "\r\n".join([lines[0], f"Host: {host}", *lines[1:], "", ""]).encode("latin-1") + body


def rest(connection: socket.socket) -> bytes:
    """What comes until the other side closes."""
    received = b""
    try:
        while block := connection.recv(65536):
            received += block
    except ConnectionResetError:
        pass
    return received


def status(answer: bytes) -> int:
    found = re.match(rb"HTTP/1\.1 (\d{3}) ", answer)
    return int(found[1]) if found else 0


def header(answer: bytes, name: str) -> str:
    found = re.search(rb"(?im)^" + name.encode() + rb": (.*)\r$", answer)
    return found[1].decode() if found else ""


def answer(connection: socket.socket) -> bytes:
    """One answer with a length, on a connection that stays."""
    received = b""
    while b"\r\n\r\n" not in received:
        block = connection.recv(65536)
        assert block, received
        received += block
    missing = int(header(received, "Content-Length")) - len(received.partition(b"\r\n\r\n")[2])
    while missing > 0:
        block = connection.recv(missing)
        received, missing = received + block, missing - len(block)
    return received


def upgrade(query: str = "", **headers: str) -> bytes:
    """A request for a WebSocket; headers of None are left out, underscores are hyphens."""
    lines = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": KEY,
        "Host": "localhost",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    told = [f"{name}: {value}" for name, value in lines.items() if value is not None]
    return "\r\n".join([f"GET /api/terminal/ssh/?{query} HTTP/1.1", *told, "", ""]).encode("latin-1")


def frame(payload: bytes = b"", opcode: int = 1, *, fin: bool = True, mask: bool = True, length: int = -1) -> bytes:
    """A client's frame; `length` may lie."""
    size = len(payload) if length < 0 else length
    first = (0x80 if fin else 0) | opcode
    bit = 0x80 if mask else 0
    if size < 126:
        head = bytes([first, bit | size])
    elif size < 65536:
        head = bytes([first, bit | 126]) + struct.pack("!H", size)
    else:
        head = bytes([first, bit | 127]) + struct.pack("!Q", size)
    if not mask:
        return head + payload
    return head + MASK + bytes(byte ^ MASK[at % 4] for at, byte in enumerate(payload))


class Talk:
    """A WebSocket made by hand, so that it can misbehave."""

    def __init__(self, small: Small, query: str = "", **headers: str) -> None:
        self.connection = small.secure() if small.url.startswith("https") else small.connect()
        self.connection.sendall(upgrade(query, **headers))
        self.buffer = b""
        while b"\r\n\r\n" not in self.buffer:
            block = self.connection.recv(4096)
            assert block, self.buffer
            self.buffer += block
        self.hello, _, self.buffer = self.buffer.partition(b"\r\n\r\n")

    def send(self, *frames: bytes) -> "Talk":
        with suppress(OSError):  # the server may have had enough; what it said is still to be read
            self.connection.sendall(b"".join(frames))
        return self

    def need(self, size: int) -> bytes:
        while len(self.buffer) < size:
            block = self.connection.recv(65536)
            assert block, "the server closed without a frame"
            self.buffer += block
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def receive(self) -> tuple[int, bytes]:
        """The next frame: opcode and payload."""
        first, second = self.need(2)
        assert first & 0x80
        assert not second & 0x80, "servers do not mask"
        size = second
        if second == 126:
            size = struct.unpack("!H", self.need(2))[0]
        elif second == 127:
            size = struct.unpack("!Q", self.need(8))[0]
        return first & 15, self.need(size)

    def closed_with(self) -> int:
        """The code the server closes with."""
        while True:
            opcode, payload = self.receive()
            if opcode == 8:
                return int(struct.unpack("!H", payload[:2])[0])

    def quiet(self, seconds: float) -> bool:
        """Whether nothing comes for a while."""
        return not self.buffer and not select.select([self.connection], [], [], seconds)[0]
