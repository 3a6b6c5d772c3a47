"""Who may open a WebSocket, and the answer that opens it."""

import base64
import binascii
import hashlib
from socket import gethostname
from typing import Protocol

from appliance.errors import Denied, Invalid
from appliance.interfaces import addresses
from appliance.web.request import Environ

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
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
