"""The join: a host takes its address in the managed subnet and gives it back, whichever door it came by (ipam 17)."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from ipaddress import IPv4Network
from typing import Any

from sqlalchemy import bindparam, select, true

from appliance.domain import address_hosts, addresses, allocation, cidr, subnet_tree
from appliance.domain.addresses import ALLOCATED, AVAILABLE, DISABLED, PENDING, QUARANTINE, RESERVED
from appliance.errors import Collector
from appliance.query import batches
from appliance.store import Prepared, Row, Tx
from appliance.store.address_tables import address_hosts as links
from appliance.store.address_tables import addresses as address_table
from appliance.store.address_tables import subnets
from appliance.store.tables import hosts

REFUSED = "该地址已被预留或停用"
KINDS = ("ipv4", "ipv6")
DEFAULT_CLOUD, DEFAULT_AREA = 0, 1
AREAS_HOLDING = Prepared(
    select(subnets.c.area_id)
    .where(subnets.c.first_key <= bindparam("key"), subnets.c.last_key >= bindparam("key"), subnets.c.complete)
    .distinct()
    .order_by(subnets.c.area_id)
)


def area_of(tx: Tx, cloud_id: int, address: cidr.Address) -> int | None:
    """The area in which a host of a cloud has its address; None where none or several come into question."""
    if cloud_id != DEFAULT_CLOUD:
        return None
    holding = tx.values(AREAS_HOLDING, {"key": cidr.key(address)})
    if DEFAULT_AREA in holding:
        return DEFAULT_AREA
    return int(holding[0]) if len(holding) == 1 else None


def undecided(texts: Iterable[str], spans: Iterable[tuple[int, str, str]]) -> int:
    """How many addresses of hosts several areas hold, and not the default one; spans are area, first and last key."""
    lying = list(spans)
    held = [{area for area, first, last in lying if first <= key <= last} for key in map(cidr.key, texts)]
    return sum(len(areas) > 1 and DEFAULT_AREA not in areas for areas in held)


def home(tx: Tx, cloud_id: int, text: str) -> Row | None:
    """The managed subnet that hands out a host's address, or None."""
    address = cidr.parse_address(text)
    area_id = area_of(tx, cloud_id, address)
    subnet = subnet_tree.most_specific(tx, area_id, address) if area_id else None
    return subnet if subnet and subnet.status != subnet_tree.CONTAINER else None


def check(tx: Tx, cloud_id: int, facts: dict[str, Any], faults: Collector) -> None:
    """An address that is kept from use is refused to a host, with its other faults."""
    for kind in KINDS:
        subnet = home(tx, cloud_id, facts[kind]) if facts.get(kind) else None
        if subnet and refused(tx, subnet, cidr.key(cidr.parse_address(facts[kind]))):
            faults.add(kind, REFUSED)


def refused(tx: Tx, subnet: Row, key: str) -> bool:
    """Whether an address is reserved (not as a gateway), pending, disabled, or locked while it is free."""
    row = tx.find("addresses", area_id=subnet.area_id, ip_key=key)
    if row is None or row.is_gateway:
        return False
    return row.status in (RESERVED, PENDING, DISABLED) or (row.is_locked and row.status in (AVAILABLE, QUARANTINE))


def connect(tx: Tx, host: Row) -> None:
    """A host is there, or has moved: it takes its address."""
    for kind in KINDS:
        if host[kind] and (subnet := home(tx, host.cloud_id, host[kind])):
            occupy(tx, subnet, cidr.parse_address(host[kind]), host)


def occupy(tx: Tx, subnet: Row, address: cidr.Address, host: Row) -> None:
    """Link a host to its address, and allocate that where it is free; a network's own address is left alone."""
    key = cidr.key(address)
    row = tx.find("addresses", area_id=subnet.area_id, ip_key=key)
    if row is None:
        network = subnet_tree.network_of(subnet)
        first, last = cidr.usable_keys(network, is_pool=subnet.is_pool)
        if not first <= key <= last:
            return
        row = allocation.make_row(tx, subnet, key)
    if row.status in (AVAILABLE, QUARANTINE):
        facts = {"hostname": host.domain or host.name, "device_name": host.name[:64]}
        grant = allocation.Grant(how="host", force=True, facts=facts)
        row = allocation.take(tx, subnet, key, grant)
    address_hosts.link(tx, row, host)


def disconnect(tx: Tx, host: Row) -> None:
    """A host goes, or moves away: what was allocated for it alone is released, what a person allocated stays."""
    for row in address_hosts.of(tx, host.id):
        address_hosts.unlink(tx, row, host)
        alone = not address_hosts.on(tx, row.id)
        if alone and row.allocate_type == "host" and row.status == ALLOCATED and not row.is_gateway:
            addresses.release(tx, row, source="host", reason=f"主机 {host.name} 已移除")


def disconnect_all(tx: Tx, host_ids: list[int]) -> None:
    """Several hosts go."""
    for batch in batches(host_ids):
        joined = select(hosts).where(hosts.c.id.in_(select(links.c.host_id).where(links.c.host_id.in_(batch))))
        for host in tx.all(joined):
            disconnect(tx, host)


def follow(tx: Tx, before: Row, after: Row) -> None:
    """A host was changed: where its address did, it gives the old one back and takes the new one."""
    if any(before[name] != after[name] for name in (*KINDS, "cloud_id")):
        disconnect(tx, before)
        connect(tx, after)


def adopt_hosts(tx: Tx, subnet: Row) -> None:
    """Hosts whose address lies in a subnet that was just made take it, where it can be had."""
    if subnet.status == subnet_tree.CONTAINER:
        return
    for host, text in strays(tx, subnet):
        if home(tx, host.cloud_id, text) == subnet and not refused(tx, subnet, cidr.key(text)):
            occupy(tx, subnet, cidr.parse_address(text), host)


def reached(tx: Tx, rows: list[Row]) -> set[int]:
    """Those of some subnets that the address of any host lies in."""
    texts = [text for kind in KINDS for text in tx.values(select(hosts.c[kind]).where(hosts.c[kind].is_not(None)))]
    keys = sorted(cidr.key(text) for text in texts)
    return {row.id for row in rows if bisect_left(keys, row.first_key) < bisect_right(keys, row.last_key)}


def strays(tx: Tx, subnet: Row) -> list[tuple[Row, str]]:
    """Hosts with an address in a subnet that they are not linked to."""
    network = subnet_tree.network_of(subnet)
    kind = "ipv4" if isinstance(network, IPv4Network) else "ipv6"
    octets = ".".join(str(network[0]).split(".")[: network.prefixlen // 8]) if kind == "ipv4" else ""
    alike = hosts.c[kind].startswith(f"{octets}." if network.prefixlen < 32 else octets) if octets else true()
    linked = select(links.c.host_id).join(address_table).where(address_table.c.subnet_id == subnet.id)
    wanted = select(hosts).where(hosts.c[kind].is_not(None), alike, hosts.c.id.not_in(linked))
    found = [(row, str(row[kind])) for row in tx.all(wanted.order_by(hosts.c.id))]
    return [(row, text) for row, text in found if cidr.parse_address(text) in network]


def unlink_all(tx: Tx, subnet: Row) -> None:
    """No host uses an address of a subnet any longer: it goes."""
    linked = select(links.c.address_id)
    own = (address_table.c.subnet_id == subnet.id, address_table.c.id.in_(linked))
    for row in tx.all(select(address_table).where(*own)):
        address_hosts.unlink(tx, row, source="subnet")
