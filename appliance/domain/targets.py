"""Which addresses we connect to: never our own services or a cloud's, unless a setting says so (A45)."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from appliance import interfaces
from appliance.store import Tx

Address = IPv4Address | IPv6Address

NAT64 = ip_network("64:ff9b::/96")
# Where clouds hand credentials to whoever asks from inside, beyond the link-local 169.254.169.254.
METADATA = {ip_address(text) for text in ("100.100.100.200", "168.63.129.16", "fd00:ec2::254")}


def open_to(tx: Tx, name: str, port: int) -> bool:
    """Whether a host may be connected to, as far as its address tells; a name is judged once it is resolved."""
    address = literal(name)
    return address is None or allowed(address, port, tx.settings)


def literal(name: str) -> Address | None:
    """The address a text spells out, or None for a name."""
    try:
        return ip_address(name)
    except ValueError:
        return None


def allowed(target: Address, port: int, settings: Any) -> bool:
    """Whether an address may be connected to; `loopback_targets` opens this machine's own services."""
    address = embedded(target)
    if address.is_unspecified or address.is_link_local or address.is_multicast or address in METADATA:
        return False
    if is_nowhere(address):
        return False
    if settings.loopback_targets:
        return True
    return not address.is_loopback and not (port == settings.listen.port and str(address) in interfaces.addresses())


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
