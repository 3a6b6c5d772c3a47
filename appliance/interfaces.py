"""The addresses of this machine, asked of the kernel: for setup URLs, certificates and the Host allow-list."""

import socket
import struct
import time
from ipaddress import ip_address

RTM_NEWADDR, RTM_GETADDR = 20, 22
REQUEST_DUMP = 0x301
IFA_ADDRESS, IFA_LOCAL = 1, 2
REMEMBERED = 10.0  # seconds; addresses change while we run

_known: tuple[float, tuple[str, ...]] = (float("-inf"), ())


def addresses() -> tuple[str, ...]:
    """Every address of this machine, loopback included."""
    global _known
    if time.monotonic() - _known[0] > REMEMBERED:
        _known = (time.monotonic(), tuple(dict.fromkeys(_asked())))
    return _known[1]


def real_addresses() -> list[str]:
    """Those that other machines can reach us by: neither loopback nor link-local; IPv4 first."""
    parsed = [ip_address(text) for text in addresses()]
    outside = [address for address in parsed if not (address.is_loopback or address.is_link_local)]
    return [str(address) for address in sorted(outside, key=lambda address: (address.version, address.packed))]


def _asked() -> list[str]:
    try:
        return _from_kernel()
    except (OSError, AttributeError):  # no netlink here: what the resolver makes of our name
        return ["127.0.0.1", "::1", *_from_name()]


def _from_kernel() -> list[str]:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as kernel:
        kernel.settimeout(2)
        kernel.send(struct.pack("=IHHIIBBBBI", 24, RTM_GETADDR, REQUEST_DUMP, 1, 0, 0, 0, 0, 0, 0))
        found: list[str] = []
        while _parse(kernel.recv(65536), found):
            pass
        return found


def _parse(block: bytes, found: list[str]) -> bool:
    """Collect the addresses of one block of messages; False after the last message."""
    while block:
        length, kind = struct.unpack_from("=IH", block)
        if kind != RTM_NEWADDR:  # the end, or a refusal
            return False
        own = _attributes(block[24:length])
        packed = own.get(IFA_LOCAL) or own.get(IFA_ADDRESS)
        if packed:
            found.append(str(ip_address(packed)))
        block = block[(length + 3) & ~3 :]
    return True


def _attributes(block: bytes) -> dict[int, bytes]:
    found = {}
    while len(block) >= 4:
        length, kind = struct.unpack_from("=HH", block)
        found[kind] = block[4:length]
        block = block[max(4, (length + 3) & ~3) :]
    return found


def _from_name() -> list[str]:
    try:
        return [str(ip_address(info[4][0])) for info in socket.getaddrinfo(socket.gethostname(), None)]
    except (OSError, ValueError):
        return []
