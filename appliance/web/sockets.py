"""WebSockets on gevent-websocket, hardened: who may open one, bounded frames and messages, one writer at a time."""

import base64
import binascii
import hashlib
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socket import gethostname
from time import monotonic
from typing import Any, Protocol

import gevent
from gevent.lock import RLock
from gevent.socket import SHUT_RDWR
from gevent.socket import socket as Socket  # noqa: N812 -- the class
from geventwebsocket.exceptions import ProtocolError, WebSocketError
from geventwebsocket.websocket import Header

from appliance.errors import Denied, Invalid
from appliance.interfaces import addresses
from appliance.web.request import Environ

LARGEST = 64 * 1024  # a frame, and a message of several
FRAGMENTS = 256  # frames of one message
TURN = 32  # frames after which others get theirs
GOODBYE = 1.0  # seconds the other side has to answer a close
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
NORMAL, PROTOCOL, BAD_TEXT, TOO_LARGE = 1000, 1002, 1007, 1009

NO_SOCKET = "需要WebSocket连接"
FOREIGN = "来源不被允许"


class Names(Protocol):
    """What the settings say about who we are."""

    @property
    def tls(self) -> bool:
        """Whether browsers speak TLS to us directly."""

    @property
    def host_names(self) -> tuple[str, ...]:
        """Names and addresses besides those this machine knows itself."""

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """Foreign pages that may open terminals."""


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


def check_origin(environ: Environ, names: Names, *, needed: bool = False) -> None:
    """Only under our own names (else a foreign name that resolves to us would do), and only for our own pages."""
    host = environ.get("HTTP_HOST", "").lower()
    if host_name(host) not in own_names(names):
        raise Denied(FOREIGN)
    origin = environ.get("HTTP_ORIGIN")
    if origin is None and not needed:
        return  # no browser: browsers always send one
    if not origin_allowed((origin or "").lower(), host, names):
        raise Denied(FOREIGN)


def origin_allowed(origin: str, host: str, names: Names) -> bool:
    """Whether a page of this origin may speak to us under this name."""
    if origin in names.allowed_origins:
        return True
    scheme, _, authority = origin.partition("://")
    schemes = ("https",) if names.tls else ("http", "https")  # a proxy may speak TLS for us
    return scheme in schemes and with_port(authority, scheme) == with_port(host, scheme)


def with_port(authority: str, scheme: str) -> str:
    """Host and port, the port also where it goes without saying."""
    has_port = authority.rpartition(":")[2].isdecimal() and not authority.endswith("]")
    return authority if has_port else f"{authority}:{443 if scheme == 'https' else 80}"


def host_name(host: str) -> str:
    """A Host header without its port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].rstrip(".")


def own_names(names: Names) -> set[str]:
    """Every name and address we answer to."""
    return {"localhost", gethostname().lower(), *addresses(), *names.host_names}


def handshake(environ: Environ) -> bytes:
    """The answer to a proper request for a WebSocket; Invalid for anything else."""
    key = environ.get("HTTP_SEC_WEBSOCKET_KEY", "")
    proper = (
        environ.get("REQUEST_METHOD") == "GET"
        and environ.get("SERVER_PROTOCOL") == "HTTP/1.1"
        and environ.get("HTTP_UPGRADE", "").lower() == "websocket"
        and "upgrade" in [token.strip() for token in environ.get("HTTP_CONNECTION", "").lower().split(",")]
        and environ.get("HTTP_SEC_WEBSOCKET_VERSION") == "13"
        and environ.get("CONTENT_LENGTH", "0") == "0"
        and is_key(key)
        and "appliance.connection" in environ
    )
    if not proper:
        raise Invalid(NO_SOCKET)
    proof = base64.b64encode(hashlib.sha1(key.encode() + GUID, usedforsecurity=False).digest())
    return b"\r\n".join(
        [
            b"HTTP/1.1 101 Switching Protocols",
            b"Upgrade: websocket",
            b"Connection: Upgrade",
            b"Sec-WebSocket-Accept: " + proof,
            b"X-Request-Id: " + str(environ.get("appliance.request_id", "-")).encode(),
            b"",
            b"",
        ]
    )


def is_key(key: str) -> bool:
    """Sixteen bytes in base64."""
    try:
        return len(base64.b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False


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
