"""Understands the head of a request, strictly: what two servers could read differently is refused."""

import re
from functools import lru_cache
from typing import Any, NamedTuple

from appliance.server_input import Refused

LINE_LIMIT = 8 * 1024
HEADERS_LIMIT = 100

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]"
LINE = re.compile(rb"(" + TOKEN + rb"{1,24}) (/[!-~\x80-\xff]*|\*) HTTP/1\.([01])")
HEADERS = re.compile(rb"(?:\r\n" + TOKEN + rb"{1,64}:[\t -~\x80-\xff]*)*")
HOST = re.compile(r"[A-Za-z0-9._~%:\[\]-]{0,255}")
ONCE = {"CONTENT_LENGTH", "CONTENT_TYPE", "HTTP_HOST", "HTTP_TRANSFER_ENCODING", "HTTP_AUTHORIZATION", "HTTP_ORIGIN"}


class Head(NamedTuple):
    """A request line in its parts, and header lines that are well formed."""

    method: str
    target: str
    version: str
    lines: list[str]


def read_head(head: bytes) -> Head:
    """The head of a request, without its empty line."""
    end = head.find(b"\r\n")
    line = head if end < 0 else head[:end]
    if len(line) > LINE_LIMIT:
        raise Refused("414 URI Too Long")
    found = LINE.fullmatch(line)
    if not found or (end >= 0 and not HEADERS.fullmatch(head, end)):
        raise Refused("400 Bad Request")
    version = "HTTP/1.1" if found[3] == b"1" else "HTTP/1.0"
    return Head(found[1].decode(), found[2].decode("latin-1"), version, head.decode("latin-1").split("\r\n")[1:])


def read_headers(lines: list[str], environ: dict[str, Any]) -> None:
    """Header lines into a WSGI environment; a repeated one is joined, or refused where two would be two requests."""
    if len(lines) > HEADERS_LIMIT:
        raise Refused("431 Request Header Fields Too Large")
    for line in lines:
        name, _, value = line.partition(":")
        key = variable(name)
        if not key:
            continue
        if key not in environ:
            environ[key] = value.strip(" \t")
        elif key in ONCE:
            raise Refused("400 Bad Request")
        else:
            environ[key] += ("; " if key == "HTTP_COOKIE" else ",") + value.strip(" \t")


@lru_cache(maxsize=512)
def variable(name: str) -> str:
    """A header's name in a WSGI environment; nothing for names with underscores, which could pass for another."""
    if "_" in name:
        return ""
    upper = name.upper().replace("-", "_")
    return upper if upper in ("CONTENT_TYPE", "CONTENT_LENGTH") else "HTTP_" + upper


def check_host(environ: dict[str, Any]) -> None:
    """Every request of HTTP/1.1 says one host, and a host is nothing else."""
    host = environ.get("HTTP_HOST")
    if not HOST.fullmatch(host or "") or (host is None and environ["SERVER_PROTOCOL"] == "HTTP/1.1"):
        raise Refused("400 Bad Request")


def length_of(environ: dict[str, Any]) -> int | None:
    """How long the body is, None for one in chunks; both at once is how requests are smuggled."""
    encoding, length = environ.pop("HTTP_TRANSFER_ENCODING", None), environ.get("CONTENT_LENGTH")
    if encoding is None:
        if length is not None and not (length.isascii() and length.isdecimal() and len(length) < 16):
            raise Refused("400 Bad Request")
        return int(length or 0)
    if length is not None or encoding.lower() != "chunked" or environ["SERVER_PROTOCOL"] != "HTTP/1.1":
        raise Refused("400 Bad Request")
    return None
