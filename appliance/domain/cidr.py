"""Addresses and networks as text, numbers and sortable keys."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from appliance.errors import Invalid

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
BAD_ADDRESS = "IP地址格式不正确"
BAD_CIDR = "CIDR格式不正确"


def key(address: Address | str) -> str:
    """A fixed-width text that sorts as addresses do: the version, then 32 hex digits."""
    parsed = ip_address(address) if isinstance(address, str) else address
    return f"{parsed.version}{int(parsed):032x}"


def from_key(text: str) -> Address:
    """The address of a key."""
    number = int(text[1:], 16)
    return IPv4Address(number) if text[0] == "4" else IPv6Address(number)


def parse_address(text: str, field: str = "ip") -> Address:
    """An address in any usual spelling, or Invalid; IPv4 in IPv6 clothes is IPv4."""
    try:
        parsed = ip_address(text.strip())
    except ValueError:
        raise Invalid(**{field: BAD_ADDRESS}) from None
    if isinstance(parsed, IPv6Address) and parsed.scope_id:
        raise Invalid(**{field: BAD_ADDRESS})
    mapped = getattr(parsed, "ipv4_mapped", None)
    return mapped or parsed


def parse_network(text: str, field: str = "cidr") -> Network:
    """A network without host bits, or Invalid naming the corrected one."""
    if "/" not in text:
        raise Invalid(**{field: BAD_CIDR})
    try:
        loose = ip_network(text.strip(), strict=False)
    except ValueError:
        raise Invalid(**{field: BAD_CIDR}) from None
    try:
        return ip_network(text.strip())
    except ValueError:
        raise Invalid(**{field: f"{BAD_CIDR},应为 {loose}"}) from None


def first_and_last(network: Network) -> tuple[str, str]:
    """The keys between which all addresses of a network lie."""
    return key(network[0]), key(network[-1])


def usable_bounds(network: Network, *, is_pool: bool) -> tuple[int, int]:
    """The first and last address that may be handed out, as numbers."""
    first, last = int(network[0]), int(network[-1])
    if network.num_addresses <= 2:
        return first, last
    if network.version == 6:
        return first + 1, last  # the first one is every router's
    return (first, last) if is_pool else (first + 1, last - 1)


def extent(version: int, prefix_length: int) -> int:
    """How many addresses a network of that prefix has."""
    return int(2 ** ((32 if version == 4 else 128) - prefix_length))


def usable_extent(version: int, prefix_length: int, *, is_pool: bool) -> int:
    """How many of them utilisation counts: all of IPv6, all but network and broadcast of IPv4."""
    every = extent(version, prefix_length)
    return every if version == 6 or is_pool or every <= 2 else every - 2


def usable_count(network: Network, *, is_pool: bool) -> int:
    """The same of a network."""
    return usable_extent(network.version, network.prefixlen, is_pool=is_pool)


def usable_keys(network: Network, *, is_pool: bool) -> tuple[str, str]:
    """The keys of the first and the last address that may be handed out."""
    first, last = usable_bounds(network, is_pool=is_pool)
    return f"{network.version}{first:032x}", f"{network.version}{last:032x}"
