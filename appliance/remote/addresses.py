"""The one resolution of a name that decides where a connection goes."""

import socket
from ipaddress import ip_address

from appliance.domain.targets import Address


def resolve(name: str) -> list[Address]:
    """The addresses of a name, or the address it already is, in the resolver's order (it waits in a thread)."""
    found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(entry[4][0]) for entry in found))
