"""What a request brings: its body within a limit, its query, its headers, and where it comes from."""

import re
from collections.abc import Sequence
from functools import lru_cache
from io import BytesIO
from ipaddress import ip_address
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import bottle
import orjson

from appliance.errors import Invalid, Malformed, TooLarge
from appliance.kinds import Network

LARGEST = 1024 * 1024
Environ = dict[str, Any]
KEY_PREFIX = "ak_"
MOST_PARTS, LONGEST_HEAD = 20, 4096
"""Of a form with a file."""
BOUNDARY = re.compile(r'boundary=(?:"([^"\r\n]{1,70})"|([^\s;,"]{1,70}))')
NAME, FILE_NAME = re.compile(r'[;\s]name="([^"]*)"'), re.compile(r'filename="([^"]*)"')
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class Upload(NamedTuple):
    """One uploaded file."""

    name: str
    content: bytes


class Credential(NamedTuple):
    """What a request shows of its sender: a token or an API key, or neither."""

    text: str
    is_key: bool = False


def query(environ: Environ) -> dict[str, Any]:
    """The query; empty values count as absent, the last of repeated keys wins."""
    pairs = parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=False, max_num_fields=1000)
    return dict(pairs)


def body(environ: Environ, largest: int = LARGEST) -> bytes:
    """The whole body, or TooLarge. Waits for the client, so never inside a transaction."""
    if int(environ.get("CONTENT_LENGTH") or 0) > largest:
        raise TooLarge()
    stream = environ["wsgi.input"]
    length = environ.get("CONTENT_LENGTH")
    content: bytes = stream.read(int(length)) if length else chunked(environ, stream)
    return content


def chunked(environ: Environ, stream: Any) -> bytes:
    """A body whose length is not said beforehand."""
    if environ.get("HTTP_TRANSFER_ENCODING", "").lower() != "chunked":
        return b""
    content: bytes = stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise TooLarge()
    return content


def parse(environ: Environ, content: bytes, *, forms: bool = True) -> Any:
    """The body as data: a form where it says so and forms are taken, else JSON; nothing at all is an empty object."""
    kind = environ.get("CONTENT_TYPE", "").split(";")[0].strip().lower()
    if forms and kind in FORMS:
        return form(environ, content)
    if not content.strip():
        return {}
    try:
        return orjson.loads(content)
    except ValueError:
        raise Malformed("JSON格式错误") from None


def uploads(environ: Environ) -> bool:
    """Whether a body brings files."""
    return environ.get("CONTENT_TYPE", "").split(";")[0].strip().lower() == "multipart/form-data"


def upload(environ: Environ, content: bytes) -> dict[str, Any]:
    """A form with a file: texts as text, files as Upload; the last of repeated names wins."""
    boundary = BOUNDARY.search(environ.get("CONTENT_TYPE", ""))
    if boundary is None:
        raise Malformed("表单格式错误")
    mark = b"\r\n--" + (boundary[1] or boundary[2]).encode("latin-1")
    _, *parts = (b"\r\n" + content).split(mark, MOST_PARTS + 1)
    if len(parts) < 2 or len(parts) > MOST_PARTS or not parts[-1].startswith(b"--"):
        raise Malformed("表单格式错误")
    return dict(part_of(part) for part in parts[:-1])


def part_of(part: bytes) -> tuple[str, Any]:
    """The name and the value of one part."""
    head, gap, value = part.partition(b"\r\n\r\n")
    told = head[:LONGEST_HEAD].decode("utf-8", "replace")
    name, file = NAME.search(told), FILE_NAME.search(told)
    if not gap or name is None:
        raise Malformed("表单格式错误")
    if file is not None:
        return name[1], Upload(file[1].replace("\\", "/").rpartition("/")[2][:255], value)
    return name[1], value.decode("utf-8", "replace")


def form(environ: Environ, content: bytes) -> dict[str, Any]:
    """A form's fields; repeated ones are lists. Files are left out."""
    try:
        fields = bottle.BaseRequest(with_body(environ, content)).forms.decode("utf-8")
        return {name: values if len(values) > 1 else values[0] for name, values in fields.dict.items()}
    except (bottle.HTTPError, ValueError):
        raise Invalid("表单格式错误") from None


def with_body(environ: Environ, content: bytes) -> Environ:
    """The same request with its body at hand again."""
    again = {key: value for key, value in environ.items() if not key.startswith("bottle.")}
    return again | {"wsgi.input": BytesIO(content), "CONTENT_LENGTH": str(len(content)), "HTTP_TRANSFER_ENCODING": ""}


def headers(environ: Environ) -> dict[str, str]:
    """The few headers a credential may be in."""
    return {
        "authorization": environ.get("HTTP_AUTHORIZATION", ""),
        "x-api-key": environ.get("HTTP_X_API_KEY", ""),
    }


def client_address(environ: Environ, proxies: Sequence[Network]) -> str:
    """The peer's address, or the last hop that is no proxy of ours when the peer is one."""
    peer = bare(environ.get("REMOTE_ADDR", ""))
    if not proxies or not is_in(peer, proxies):
        return peer
    hops = [bare(hop) for hop in environ.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    return next((hop for hop in reversed(hops) if not is_in(hop, proxies)), peer)


def is_secure(environ: Environ, proxies: Sequence[Network]) -> bool:
    """Whether the browser's connection is TLS: ours, or that of a proxy we trust to say so."""
    if environ.get("wsgi.url_scheme") == "https":
        return True
    told = environ.get("HTTP_X_FORWARDED_PROTO", "").strip().lower() == "https"
    return told and is_in(bare(environ.get("REMOTE_ADDR", "")), proxies)


@lru_cache(maxsize=1024)
def bare(address: str) -> str:
    """An address without blanks or an IPv4-in-IPv6 wrapping; as it came when it is none."""
    try:
        parsed = ip_address(address.strip())
    except ValueError:
        return address.strip()[:64]
    mapped = getattr(parsed, "ipv4_mapped", None)
    return str(mapped or parsed)


def is_in(address: str, networks: Sequence[Network]) -> bool:
    """Whether an address lies in any of the networks; what is no address lies in none."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)


def own_origin(environ: Environ) -> bool:
    """Whether the page that sent this came from us; a client that names no origin is no browser."""
    origin = environ.get("HTTP_ORIGIN", "")
    host = environ.get("HTTP_HOST", "")
    return not origin or origin.lower() in (f"http://{host}".lower(), f"https://{host}".lower())
