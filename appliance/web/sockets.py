"""WebSockets on gevent-websocket, hardened: bounded frames and messages, one writer at a time, no wait for ever."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Any

import gevent
from gevent.lock import RLock
from gevent.socket import SHUT_RDWR
from gevent.socket import socket as Socket  # noqa: N812 -- the class
from geventwebsocket.exceptions import ProtocolError, WebSocketError
from geventwebsocket.websocket import Header

from appliance.web.handshake import Names, check_origin, handshake
from appliance.web.request import Environ

LARGEST = 64 * 1024  # a frame, and a message of several
FRAGMENTS = 256  # frames of one message
TURN = 32  # frames after which others get theirs
GOODBYE = 1.0  # seconds the other side has to answer a close
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
NORMAL, PROTOCOL, BAD_TEXT, TOO_LARGE = 1000, 1002, 1007, 1009


class WebSocketClosed(Exception):
    """The other side is gone, or we said goodbye."""


class Broken(Exception):
    """What came is no WebSocket, or too much of it: the code to close with."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def accept(environ: Environ, names: Names, *, origin_needed: bool = False) -> "WebSocket":
    """Turn a request into a WebSocket; Denied or Invalid before anything was answered."""
    check_origin(environ, names, needed=origin_needed)
    answer = handshake(environ)
    connection, reader = environ["appliance.connection"].switch(answer)
    return WebSocket(connection, reader)


class WebSocket:
    """One accepted WebSocket. Any greenlet may send or close; one receives."""

    def __init__(self, connection: Any, reader: Any) -> None:
        self.connection = connection
        self.reader = reader
        self.read = reader.read  # as gevent-websocket's frame header wants its stream
        self.closed = False
        self.last_pong = monotonic()
        self.frames = 0
        self._writing = RLock()

    def receive(self) -> str | bytes | None:
        """The next message; None when there will be no more."""
        try:
            message = self._message()
        except Broken as broken:
            self.close(broken.code)
        except (OSError, WebSocketError, WebSocketClosed):
            self._gone()
        else:
            if not self.closed:
                return message
            if message is not None:
                self._drain()
        return None

    def _drain(self) -> None:
        """We said goodbye: what still comes is not read by anybody, until the other side's goodbye."""
        with suppress(Broken, OSError, WebSocketError, WebSocketClosed):
            while self._message() is not None:
                pass

    def _message(self) -> str | bytes | None:
        """One message, its frames put together; None after the other side's goodbye."""
        kind, parts, size = 0, [], 0
        while True:
            header, payload = self._frame(size)
            if header.opcode == CLOSE:
                self._answer_close(payload)
                return None
            if header.opcode in (PING, PONG):
                self._answer(header.opcode, payload)
                continue
            if header.opcode not in (0, TEXT, BINARY) or (header.opcode == 0) != bool(kind):
                raise Broken(PROTOCOL)
            kind = kind or header.opcode
            parts.append(payload)
            size += len(payload)
            if header.fin:
                return decoded(b"".join(parts)) if kind == TEXT else b"".join(parts)
            if len(parts) >= FRAGMENTS:
                raise Broken(TOO_LARGE)

    def _frame(self, before: int) -> tuple[Any, bytes]:
        self.frames += 1
        if self.frames % TURN == 0:
            gevent.sleep(0)  # a million tiny frames are served, but not at once
        try:
            header = Header.decode_header(self)
        except ProtocolError:
            raise Broken(PROTOCOL) from None
        if header.flags or not header.mask:
            raise Broken(PROTOCOL)
        if header.opcode < CLOSE and before + header.length > LARGEST:
            raise Broken(TOO_LARGE)
        return header, unmasked(self.read(header.length), header.mask)

    def _answer(self, opcode: int, payload: bytes) -> None:
        if opcode == PONG:
            self.last_pong = monotonic()
        elif not self.closed:
            self._send(PONG, payload)

    def _answer_close(self, payload: bytes) -> None:
        """Say goodbye with the code that came, unless we began."""
        self.close(close_code(payload))

    def send(self, data: str | bytes) -> None:
        """Send a message; waits while the other side does not read. WebSocketClosed when there is nobody."""
        if isinstance(data, str):
            self._send(TEXT, data.encode("utf-8", "replace"))
        else:
            self._send(BINARY, data)

    def ping(self) -> None:
        """Ask for a sign of life: it moves `last_pong`."""
        self._send(PING, b"")

    def _send(self, opcode: int, payload: bytes) -> None:
        with self._writing:
            if self.closed:
                raise WebSocketClosed()
            self._write(opcode, payload)

    def _write(self, opcode: int, payload: bytes) -> None:
        try:
            self.connection.sendall(bytes(Header.encode_header(True, opcode, b"", len(payload), 0)) + payload)
        except OSError:
            self._gone()
            raise WebSocketClosed() from None

    def close(self, code: int = NORMAL, reason: str = "") -> None:
        """Say goodbye; the connection ends when the other side answers, or after a second."""
        if self.closed:
            return
        gevent.spawn_later(GOODBYE, self._gone)
        with self._briefly() as free:
            self.closed = True
            if free:
                with suppress(WebSocketClosed):
                    self._write(CLOSE, struct.pack("!H", code) + cut(reason))

    @contextmanager
    def _briefly(self) -> Iterator[bool]:
        """The right to write, if whoever has it lets go in time; a goodbye does not wait for a stuck reader."""
        free = self._writing.acquire(timeout=GOODBYE)
        try:
            yield free
        finally:
            if free:
                self._writing.release()

    def _gone(self) -> None:
        """End the connection below; whoever reads or writes wakes up."""
        self.closed = True
        with suppress(OSError):
            Socket.shutdown(self.connection, SHUT_RDWR)  # below TLS, whose own shutdown fails readers oddly


def decoded(payload: bytes) -> str:
    """Text, or the code for what is none."""
    try:
        return payload.decode()
    except UnicodeDecodeError:
        raise Broken(BAD_TEXT) from None


def unmasked(payload: bytes, mask: bytes) -> bytes:
    """XOR as one big number: a hundred times faster than byte by byte."""
    if not payload:
        return payload
    size = len(payload)
    long_mask = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(long_mask, "big")).to_bytes(size, "big")


def close_code(payload: bytes) -> int:
    """The code of a goodbye, checked as the standard asks."""
    if not payload:
        return NORMAL
    code = int.from_bytes(payload[:2], "big")
    allowed = 1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999
    if len(payload) < 2 or not allowed:
        raise Broken(PROTOCOL)
    decoded(payload[2:])
    return code if code != 1011 else NORMAL


def cut(reason: str) -> bytes:
    """At most what a control frame holds, ending at a character."""
    return reason.encode()[:123].decode("utf-8", "ignore").encode()
