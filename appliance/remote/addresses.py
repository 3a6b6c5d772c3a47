"""Which addresses may be connected to, and the one resolution that decides it."""

import socket
from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from appliance import interfaces

Address = IPv4Address | IPv6Address

NAT64 = ip_network("64:ff9b::/96")
# Where clouds hand credentials to whoever asks from inside, beyond the link-local 169.254.169.254.
METADATA = {ip_address(text) for text in ("100.100.100.200", "168.63.129.16", "fd00:ec2::254")}


def resolve(name: str) -> list[Address]:
    """The addresses of a name, or the address it already is, in the resolver's order (it waits in a thread)."""
    found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(entry[4][0]) for entry in found))


def literal(name: str) -> Address | None:
    """The address a text spells out, or None for a name."""
    try:
        return ip_address(name)
    except ValueError:
        return None


def allowed(target: Address, port: int, *, loopback: bool, own_ports: Collection[int]) -> bool:
    """Whether a target may be connected to; `loopback` opens this machine's own services."""
    address = embedded(target)
    if address.is_unspecified or address.is_link_local or address.is_multicast or address in METADATA:
        return False
    if is_nowhere(address):
        return False
    return loopback or not (address.is_loopback or (port in own_ports and str(address) in interfaces.addresses()))


def embedded(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one, where there is one: nobody hides behind ::ffff:127.0.0.1."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return address.ipv4_mapped
        if address in NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def is_nowhere(address: Address) -> bool:
    """Whether it is the broadcast address or of 0.0.0.0/8, neither of which is another machine."""
    return address.version == 4 and (int(address) == 0xFFFFFFFF or int(address) >> 24 == 0)
