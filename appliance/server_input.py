"""What a client sends: buffered bytes whose every wait is bounded, heads, and bodies with or without chunks."""

import re
from collections.abc import Iterator
from io import BytesIO
from time import monotonic
from typing import Any

import gevent

BLOCK = 16 * 1024  # bytes per receive; after a full one others get their turn
HEAD_LIMIT = 32 * 1024
HEAD_SECONDS = 10.0  # from the first byte of a head to its end
BODY_SECONDS = 20.0  # waiting for the body, and a second more for each
BODY_RATE = 1024  # bytes that came
DRAINED = 256 * 1024  # of a body that the application did not want; rather than read more we close the connection
CHUNKED_LIMIT = 1024 * 1024  # a chunked body is gathered before the application sees it
CHUNK_LINE = 100
TRAILERS = 20

END = b"\r\n\r\n"
BARE = re.compile(rb"(?<!\r)\n|\r(?!\n|\Z)|\0")
CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})(?:[ \t]*;[\t -~]*)?")
TRAILER = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}:[\t -~\x80-\xff]*")
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Refused(Exception):
    """A request that is no HTTP, or too much of it: the status to answer before closing."""


class Cut(OSError):
    """The client went away, or was too slow, in the middle of its body."""


class Reader:
    """What one connection has sent and nobody has read yet."""

    def __init__(self, sock: Any) -> None:
        self.sock = sock
        self.buffer = bytearray()
        self.closed = False
        self.patient = False  # a WebSocket is quiet as long as it likes
        self.waited = 0.0
        self.came = 0

    def fill(self, seconds: float | None, size: int = BLOCK) -> bool:
        """Receive once more; False at the end. TimeoutError after `seconds`."""
        self.sock.settimeout(seconds)
        block = self.sock.recv(size)
        self.buffer += block
        if len(block) == size:
            gevent.sleep(0)  # whoever sends without pause must not keep the loop to itself
        return bool(block)

    def head(self, patience: float) -> bytes:
        """The next request up to its empty line, which is taken off; nothing when no request comes."""
        self.waited, self.came = 0.0, 0
        if not self.buffer and not self._first(patience):
            return b""
        end = self.buffer.find(END)
        if end < 0:
            end = self._rest_of_head()
        if end > HEAD_LIMIT:
            raise Refused("431 Request Header Fields Too Large")
        return self._take(end, len(END))

    def _first(self, patience: float) -> bool:
        try:
            return self.fill(patience)
        except TimeoutError:
            return False

    def _rest_of_head(self) -> int:
        deadline = monotonic() + HEAD_SECONDS
        seen = 0
        while (end := self.buffer.find(END, seen)) < 0:
            if BARE.search(self.buffer, seen):
                raise Refused("400 Bad Request")
            if len(self.buffer) > HEAD_LIMIT:
                raise Refused("431 Request Header Fields Too Large")
            seen = max(0, len(self.buffer) - len(END))
            self._fill_before(deadline)
        return end

    def _fill_before(self, deadline: float) -> None:
        try:
            if not self.fill(max(0.001, deadline - monotonic())):
                raise Refused("400 Bad Request")
        except TimeoutError:
            raise Refused("408 Request Timeout") from None

    def _take(self, size: int, drop: int = 0) -> bytes:
        taken = bytes(self.buffer[:size])
        del self.buffer[: size + drop]
        return taken

    def read(self, size: int) -> bytes:
        """Exactly so many bytes, or Cut."""
        while len(self.buffer) < size:
            self._more(size - len(self.buffer))
        return self._take(size)

    def line(self, limit: int) -> bytes:
        """Bytes up to CR LF, which are taken off."""
        while (end := self.buffer.find(b"\r\n")) < 0 and len(self.buffer) <= limit:
            self._more(1)
        if not 0 <= end <= limit:
            raise Refused("400 Bad Request")
        return self._take(end, 2)

    def _more(self, missing: int) -> None:
        began = monotonic()
        before = len(self.buffer)
        try:
            if not self.fill(self._allowance(), max(BLOCK, min(missing, 16 * BLOCK))):
                raise Cut("the client closed the connection")
        except TimeoutError:
            raise Cut("the client was too slow") from None
        self.waited += monotonic() - began
        self.came += len(self.buffer) - before

    def _allowance(self) -> float | None:
        """Seconds that this wait may last. Only waiting counts, not what the application does between reads."""
        return None if self.patient else max(0.001, BODY_SECONDS + self.came / BODY_RATE - self.waited)

    def close(self) -> None:
        """Nothing will be read any more."""
        self.closed = True
        self.buffer.clear()


class Body:
    """`wsgi.input`: ends where the request ends. `greet` is where to say that the body may come, if that was asked."""

    def __init__(self, source: Reader | BytesIO, length: int, greet: Any = None) -> None:
        self.source = source
        self.left = length
        self.greet = greet

    def read(self, size: int | None = -1) -> bytes:
        """As files have it."""
        wanted = self.left if size is None or size < 0 else min(size, self.left)
        if not wanted:
            return b""
        if self.greet is not None:
            self.greet.sendall(CONTINUE)
            self.greet = None
        data = self.source.read(wanted)
        self.left -= len(data)
        return data

    def readline(self, size: int | None = -1) -> bytes:
        """As files have it; nothing of ours reads lines, so slowly is fine."""
        most = self.left if size is None or size < 0 else min(size, self.left)
        line = bytearray()
        while len(line) < most and not line.endswith(b"\n"):
            line += self.read(1)
        return bytes(line)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def readlines(self, _hint: int = -1) -> list[bytes]:
        """As files have it."""
        return list(self)

    @property
    def unwanted(self) -> bool:
        """Whether so much is left that the connection is not worth keeping."""
        return self.left > (0 if self.greet else DRAINED)

    def _discard(self) -> None:
        """Pywsgi calls this after the answer: the rest is read so that the next request can come."""
        if not self.unwanted:
            self.read()


def gather(reader: Reader) -> tuple[bytes, int]:
    """A chunked body, and its length; beyond CHUNKED_LIMIT only the beginning, and how long it is at least."""
    body = bytearray()
    while size := _chunk_size(reader.line(CHUNK_LINE)):
        if len(body) + size > CHUNKED_LIMIT:
            return bytes(body), len(body) + size
        body += reader.read(size)
        if reader.read(2) != b"\r\n":
            raise Refused("400 Bad Request")
    for _ in range(TRAILERS):
        line = reader.line(1024)
        if not line:
            return bytes(body), len(body)
        if not TRAILER.fullmatch(line):
            break
    raise Refused("400 Bad Request")


def _chunk_size(line: bytes) -> int:
    found = CHUNK.fullmatch(line)
    if not found:
        raise Refused("400 Bad Request")
    return int(found[1], 16)
