"""What browsers say to a terminal, and how a shell's bytes are said to them (ptpb 9)."""

import codecs
from typing import Any, NamedTuple

import orjson

RESIZE, INPUT, SEEN = 1, 2, 3
SIZES = range(1, 1001)


class Resize(NamedTuple):
    """The window has another size."""

    columns: int
    rows: int


class Seen(NamedTuple):
    """How many bytes of output the page has dealt with since the start (ours, with `ack=1`)."""

    total: int


Heard = Resize | Seen | bytes | None


def heard(message: str | bytes) -> Heard:
    """Input as bytes, a resize, a receipt; None for everything that is none of these."""
    try:
        said = orjson.loads(message)
    except ValueError:
        return None
    if not isinstance(said, dict) or type(said.get("type")) is not int:
        return None
    kind, data = said["type"], said.get("data")
    if kind == INPUT and isinstance(data, str):
        return data.encode()
    if kind == RESIZE and isinstance(data, dict):
        return resize(data)
    if kind == SEEN and type(data) is int:
        return Seen(data)
    return None


def resize(data: dict[str, Any]) -> Resize | None:
    """A size that a window can have."""
    columns, rows = data.get("cols"), data.get("rows")
    if type(columns) is int and type(rows) is int and columns in SIZES and rows in SIZES:
        return Resize(columns, rows)
    return None


class AsText:
    """Text frames: a character split between reads stays whole, what is no UTF-8 becomes U+FFFD."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def say(self, data: bytes) -> str:
        """What of it can be said now."""
        return self._decoder.decode(data)

    def end(self) -> str:
        """What was waiting for the rest of a character."""
        return self._decoder.decode(b"", final=True)


class AsBytes:
    """Binary frames, for clients that decode themselves."""

    def say(self, data: bytes) -> bytes:
        """The bytes as they are."""
        return data

    def end(self) -> bytes:
        """Nothing is held back."""
        return b""


def number(text: str) -> int | None:
    """An id out of a query: a number, however large."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4000 else None
