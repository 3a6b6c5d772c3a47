"""A WebSocket client of just what a terminal needs, so that nothing but the server is measured."""

import base64
import os
import select
import socket
import struct
import time
from collections.abc import Iterator

BINARY_TEXT, CLOSE, PING, PONG = (1, 2), 8, 9, 10
RECEIVE = 1024 * 1024


class Ended(Exception):
    """The server said goodbye, or is gone."""


class WebSocket:
    """One connection; what comes is bytes, whatever the kind of frame."""

    def __init__(self, port: int, path: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()
        key = base64.b64encode(os.urandom(16)).decode()
        wanted = [f"Host: 127.0.0.1:{port}", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
        lines = [f"GET {path} HTTP/1.1", *wanted, f"Sec-WebSocket-Key: {key}", "", ""]
        self.socket.sendall("\r\n".join(lines).encode())
        self._accepted()

    def _accepted(self) -> None:
        while (end := self.buffer.find(b"\r\n\r\n")) < 0:
            self._more()
        if b" 101 " not in self.buffer[:20]:
            raise Ended(bytes(self.buffer[:200]).decode(errors="replace"))
        del self.buffer[: end + 4]

    def _more(self) -> None:
        block = self.socket.recv(RECEIVE)
        if not block:
            raise Ended("the server closed the connection")
        self.buffer += block

    def fileno(self) -> int:
        """To wait for with select."""
        return self.socket.fileno()

    def send(self, payload: bytes, opcode: int = 1) -> None:
        """One masked frame; the mask is zero, which nobody can tell from a random one by its speed."""
        size = len(payload)
        length = struct.pack("!B", 0x80 | size) if size < 126 else struct.pack("!BH", 0x80 | 126, size)
        self.socket.sendall(bytes([0x80 | opcode]) + length + bytes(4) + payload)

    def read(self, seconds: float) -> bytes:
        """What has come, or comes within that time; nothing when nothing does."""
        deadline = time.monotonic() + seconds
        while not (found := b"".join(self._frames())):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                return b""
            self._more()
        return found

    def _frames(self) -> Iterator[bytes]:
        """Every whole frame of the buffer."""
        place = 0
        while (frame := self._frame(place)) is not None:
            opcode, begin, place = frame
            payload = bytes(self.buffer[begin:place])
            if opcode == PING:
                self.send(payload, PONG)
            elif opcode == CLOSE:
                raise Ended(payload[2:].decode(errors="replace"))
            elif opcode in BINARY_TEXT:
                yield payload
        del self.buffer[:place]

    def _frame(self, place: int) -> tuple[int, int, int] | None:
        """Opcode, begin and end of the payload of the frame at that place, if all of it is there."""
        have = len(self.buffer) - place
        if have < 2:
            return None
        size, begin = self.buffer[place + 1] & 127, place + 2
        if size >= 126:
            form = "!H" if size == 126 else "!Q"
            if have < 2 + struct.calcsize(form):
                return None
            size = struct.unpack_from(form, self.buffer, begin)[0]
            begin += struct.calcsize(form)
        return (self.buffer[place] & 15, begin, begin + size) if begin + size <= len(self.buffer) else None

    def close(self) -> None:
        """Hang up."""
        self.socket.close()
