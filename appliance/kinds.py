"""How the values of settings are read from text or TOML; a ValueError says what is wrong with one."""

import re
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Network = IPv4Network | IPv6Network
SWITCHES = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
ORIGIN = re.compile(r"https?://[^/?#@\s]+")


class Address(NamedTuple):
    """Where to listen."""

    host: str
    port: int

    @property
    def loopback(self) -> bool:
        """Whether only this machine reaches it."""
        return ip_address(self.host).is_loopback

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def text(value: Any) -> str:
    """Anything written as text."""
    if not isinstance(value, str):
        raise ValueError("must be text")
    return value.strip()


def folder(value: Any) -> Path:
    """A folder, ~ meaning the user's own."""
    if not text(value):
        raise ValueError("must name a folder")
    return Path(text(value)).expanduser().absolute()


def switch(value: Any) -> bool:
    """On or off."""
    if isinstance(value, bool):
        return value
    if text(value).lower() not in SWITCHES:
        raise ValueError(f"must be true or false, not {value!r}")
    return SWITCHES[text(value).lower()]


def whole(low: int, high: int) -> Callable[[Any], int]:
    """A whole number between two others."""

    def read(value: Any) -> int:
        digits = str(value).strip()
        if isinstance(value, bool) or not digits.isdecimal() or not low <= int(digits) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}, not {value!r}")
        return int(digits)

    return read


def choice(*words: str) -> Callable[[Any], str]:
    """One of a few words."""

    def read(value: Any) -> str:
        if value not in words:
            raise ValueError(f"must be {' or '.join(words)}, not {value!r}")
        return str(value)

    return read


def address(value: Any) -> Address:
    """`address:port`, `[address]:port` or `localhost:port`; port 0 lets the system choose one."""
    host, colon, port = text(value).rpartition(":")
    host = "127.0.0.1" if host == "localhost" else host.removeprefix("[").removesuffix("]")
    if not colon or not port.isdecimal() or int(port) > 65535:
        raise ValueError(f"must be address:port, not {value!r}")
    try:
        return Address(str(ip_address(host)), int(port))
    except ValueError:
        raise ValueError(f"must be an address such as 127.0.0.1, 0.0.0.0 or [::], not {host!r}") from None


def listed(value: Any) -> list[str]:
    """A TOML array, or text with commas."""
    parts = value if isinstance(value, list) else text(value).split(",")
    return [text(part) for part in parts if text(part)]


def networks(value: Any) -> tuple[Network, ...]:
    """Addresses and networks."""
    try:
        return tuple(ip_network(part, strict=False) for part in listed(value))
    except ValueError as error:
        raise ValueError(f"must be addresses or networks: {error}") from None


def names(value: Any) -> tuple[str, ...]:
    """Host names, and addresses without brackets; case does not matter."""
    found = tuple(part.lower().rstrip(".").strip("[]") for part in listed(value))
    for name in found:
        if not re.fullmatch(r"[a-z0-9._:-]+", name) or (":" in name and not _is_address(name)):
            raise ValueError(f"must be names without scheme and port, not {name!r}")
    return found


def origins(value: Any) -> tuple[str, ...]:
    """Web origins: scheme, host, and port unless it is the scheme's own."""
    found = tuple(part.lower().rstrip("/") for part in listed(value))
    for origin in found:
        if not ORIGIN.fullmatch(origin):
            raise ValueError(f"must be origins such as https://jump.example.com, not {origin!r}")
    return found


def zone(value: Any) -> str:
    """A time zone this machine knows; the default one is taken as known."""
    if value != "Asia/Shanghai":
        try:
            ZoneInfo(text(value))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{value!r} is no time zone this machine knows") from None
    return text(value)


def _is_address(name: str) -> bool:
    try:
        return bool(ip_address(name))
    except ValueError:
        return False
