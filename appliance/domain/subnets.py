"""Managed networks: their nesting, the rows of their addresses, their counters (ipam 5, 18)."""

from collections.abc import Iterator
from ipaddress import collapse_addresses, ip_network
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, insert, select, update

from appliance import clock
from appliance.domain import cidr
from appliance.domain.cidr import Network
from appliance.domain.names import folded
from appliance.errors import Conflict, Invalid, Problem, Taken
from appliance.store import Row, Tx
from appliance.store.address_tables import COUNTED, addresses, subnets

MATERIALISED = 65534
"""Larger IPv4 subnets, and all of IPv6, are sparse."""
AT_ONCE = 5000
CHUNK = 2000
SHORTEST = {4: 8, 6: 32}
SHOWN = 5
CONTAINER = "container"
TAKEN_STATES = ("allocated", "reserved", "dhcp", "pending", "quarantine")


class Overlap(Problem):
    """The network would cut across another, or lie where nesting is not allowed."""


class InUse(Conflict):
    """Something still hangs on it."""


def network_of(row: Row) -> Network:
    """The network of a subnet's row."""
    return ip_network(row.cidr)


def size(row: Row) -> int:
    """How many addresses of the subnet count."""
    return cidr.usable_count(network_of(row), is_pool=row.is_pool)


def is_sparse(network: Network) -> bool:
    """Whether rows of its addresses exist only when touched."""
    return network.version == 6 or network.num_addresses - 2 > MATERIALISED


def check_prefix(network: Network) -> None:
    """Within /8 to /32, /32 to /128, or Invalid."""
    if network.prefixlen < SHORTEST[network.version]:
        raise Invalid(cidr=f"前缀长度须不小于 /{SHORTEST[network.version]}")


def place(network: Network) -> dict[str, Any]:
    """The columns that say where a network lies."""
    first, last = cidr.first_and_last(network)
    lies = {"cidr": str(network), "ip_version": network.version, "prefix_length": network.prefixlen}
    return lies | {"first_key": first, "last_key": last}


def around(area_id: int, network: Network) -> ColumnElement[bool]:
    """Subnets of the area that contain the network or equal it."""
    first, last = cidr.first_and_last(network)
    return and_(subnets.c.area_id == area_id, subnets.c.first_key <= first, subnets.c.last_key >= last)


def inside(area_id: int, network: Network) -> ColumnElement[bool]:
    """Subnets of the area that lie within the network or equal it."""
    first, last = cidr.first_and_last(network)
    return and_(subnets.c.area_id == area_id, subnets.c.first_key >= first, subnets.c.last_key <= last)


def parent_of(tx: Tx, area_id: int, network: Network, but: int = 0) -> Row | None:
    """The longest prefix of the area that contains the network."""
    wanted = select(subnets).where(around(area_id, network), subnets.c.id != but, subnets.c.cidr != str(network))
    return tx.one(wanted.order_by(subnets.c.prefix_length.desc()))


def children_of(tx: Tx, area_id: int, network: Network, but: int = 0) -> list[Row]:
    """The subnets that would lie directly in the network."""
    wanted = select(subnets).where(inside(area_id, network), subnets.c.id != but, subnets.c.cidr != str(network))
    found: list[Row] = []
    for row in tx.all(wanted.order_by(subnets.c.prefix_length)):
        if not any(outer.first_key <= row.first_key and row.last_key <= outer.last_key for outer in found):
            found.append(row)
    return found


def nests(row: dict[str, Any]) -> bool:
    """Whether a subnet may hold others."""
    return row.get("status") == CONTAINER or bool(row.get("allow_nested"))


def check_place(tx: Tx, area_id: int, network: Network, facts: dict[str, Any], but: int = 0) -> None:
    """Nothing equal, nothing around or inside that may not nest; two networks never cross otherwise."""
    if tx.value(select(subnets.c.id).where(subnets.c.area_id == area_id, same(network), subnets.c.id != but)):
        raise Taken(cidr="该网段已存在")
    parent = parent_of(tx, area_id, network, but)
    clashes = [parent] if parent and not nests(parent) else []
    if not nests(facts):
        clashes += children_of(tx, area_id, network, but)
    if clashes:
        raise Overlap(cidr=[f"与 {row.name} {row.cidr} 重叠" for row in clashes[:SHOWN]])


def same(network: Network) -> ColumnElement[bool]:
    """Exactly this network."""
    first, _ = cidr.first_and_last(network)
    return and_(subnets.c.first_key == first, subnets.c.prefix_length == network.prefixlen)


def check_gateway(tx: Tx, area_id: int, network: Network, gateway_id: int | None) -> None:
    """The gateway exists, in the same area, inside the network."""
    if not gateway_id:
        return
    gateway = tx.find("gateways", id=gateway_id)
    if gateway is None:
        raise Invalid(gateway_id="网关不存在")
    if gateway.area_id != area_id:
        raise Invalid(gateway_id="网关不在该网络区域")
    if cidr.parse_address(gateway.ip) not in network:
        raise Invalid(gateway_id="网关不在子网内")


def check_name(tx: Tx, area_id: int, name: str, but: int = 0) -> None:
    """Free in its area."""
    same_name = (subnets.c.area_id == area_id, subnets.c.name_key == folded(name), subnets.c.id != but)
    if tx.value(select(subnets.c.id).where(*same_name)):
        raise Taken("NAME_EXISTS", name="名称已存在")


def create(tx: Tx, *, network: Network, area_id: int, name: str, **facts: Any) -> int:
    """A subnet without the rows of its addresses; `fill` makes those."""
    check_prefix(network)
    check_name(tx, area_id, name)
    check_place(tx, area_id, network, facts)
    check_gateway(tx, area_id, network, facts.get("gateway_id"))
    parent = parent_of(tx, area_id, network)
    sparse = is_sparse(network) or facts.get("status") == CONTAINER
    row = {"area_id": area_id, "name": name, "name_key": folded(name), "parent_id": parent.id if parent else None}
    ident = tx.insert("subnets", sparse=sparse, complete=sparse, **row, **place(network), **facts)
    adopt_children(tx, area_id, network, ident)
    return ident


def adopt_children(tx: Tx, area_id: int, network: Network, ident: int) -> None:
    """Subnets that lie in the new one hang on it now."""
    for child in children_of(tx, area_id, network, ident):
        tx.run(update(subnets).where(subnets.c.id == child.id).values(parent_id=ident))


def missing_rows(tx: Tx, subnet: Row) -> Iterator[list[dict[str, Any]]]:
    """Chunks of rows for the addresses that no row stands for yet: not those of children, nor re-homed ones."""
    network = network_of(subnet)
    first, last = cidr.usable_bounds(network, is_pool=subnet.is_pool)
    skipped = [(int(n[0]), int(n[-1])) for n in map(network_of, children_of(tx, subnet.area_id, network, subnet.id))]
    there = addresses.c
    key_range = there.ip_key.between(subnet.first_key, subnet.last_key)
    existing = set(tx.values(select(there.ip_key).where(there.area_id == subnet.area_id, key_range)))
    moment = clock.now()
    same_for_all = {
        "area_id": subnet.area_id,
        "subnet_id": subnet.id,
        "created_at": moment,
        "updated_at": moment,
        "created_by": tx.actor.user_id if tx.actor else None,
    }
    chunk: list[dict[str, Any]] = []
    for number in range(first, last + 1):
        if any(low <= number <= high for low, high in skipped):
            continue
        text = f"4{number:032x}"
        if text not in existing:
            chunk.append({"ip": dotted(number), "ip_key": text, **same_for_all})
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def dotted(number: int) -> str:
    """An IPv4 address from its number, quicker than the library does."""
    return f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def fill(tx: Tx, subnet: Row) -> None:
    """Make all rows of a subnet at once, and mark it complete."""
    for chunk in missing_rows(tx, subnet):
        tx.connection.execute(insert(addresses), chunk)
    complete(tx, subnet.id)


def complete(tx: Tx, subnet_id: int) -> None:
    """All rows are there: settle gateway, DHCP ranges and counters, and show the subnet."""
    tx.run(update(subnets).where(subnets.c.id == subnet_id).values(complete=True))
    subnet = tx.get("subnets", subnet_id)
    mark_gateway(tx, subnet)
    recount(tx, subnet_id)


def mark_gateway(tx: Tx, subnet: Row) -> None:
    """The gateway's address is reserved and never handed out; one that is gateway no longer is free again."""
    own = addresses.c.subnet_id == subnet.id
    gateway = tx.find("gateways", id=subnet.gateway_id) if subnet.gateway_id else None
    wanted = gateway.ip_key if gateway else ""
    gone = (own, addresses.c.is_gateway, addresses.c.ip_key != wanted)
    tx.run(update(addresses).where(*gone).values(is_gateway=False, status="available"))
    if gateway is None:
        return
    now = (addresses.c.area_id == subnet.area_id, addresses.c.ip_key == wanted)
    if not tx.run(update(addresses).where(*now).values(is_gateway=True, status="reserved")):
        facts = {"area_id": subnet.area_id, "subnet_id": subnet.id, "ip": gateway.ip, "ip_key": gateway.ip_key}
        tx["addresses"].insert(facts | stamps() | {"status": "reserved", "is_gateway": True})


def stamps() -> dict[str, Any]:
    """The dates of a row made just now."""
    moment = clock.now()
    return {"created_at": moment, "updated_at": moment}


def recount(tx: Tx, subnet_id: int) -> None:
    """Set the counters from the rows: after anything but a plain change of one row."""
    by_status = select(addresses.c.status, func.count()).where(addresses.c.subnet_id == subnet_id)
    counted = dict(tx.connection.execute(by_status.group_by(addresses.c.status)).tuples().all())
    live = select(func.count()).where(addresses.c.subnet_id == subnet_id)
    counted["online"] = tx.value(live.where(addresses.c.is_online))
    counted["conflict"] = tx.value(live.where(addresses.c.conflict_type.is_not(None)))
    values = {f"{name}_count": counted.get(name, 0) for name in COUNTED}
    tx.run(update(subnets).where(subnets.c.id == subnet_id).values(**values))


def bump(tx: Tx, subnet_id: int, **steps: int) -> None:
    """Move counters by so many."""
    columns = {f"{name}_count": subnets.c[f"{name}_count"] + step for name, step in steps.items() if name in COUNTED}
    if columns:
        tx.run(update(subnets).where(subnets.c.id == subnet_id).values(**columns))


def most_specific(tx: Tx, area_id: int, address: cidr.Address) -> Row | None:
    """The subnet an address belongs to."""
    key = cidr.key(address)
    holds = (subnets.c.area_id == area_id, subnets.c.first_key <= key, subnets.c.last_key >= key, subnets.c.complete)
    return tx.one(select(subnets).where(*holds).order_by(subnets.c.prefix_length.desc()).limit(1))


def statistics(row: Row, children: list[Row]) -> dict[str, Any]:
    """What a row shows of its addresses; a container counts the space its children take."""
    total = size(row)
    used = sum(row[f"{state}_count"] for state in TAKEN_STATES)
    if row.status == CONTAINER:
        used = sum(network_of(child).num_addresses for child in children)
    share = 100.0 if row.is_full else round(100 * used / total, 1) if total else 0.0
    free = max(0, total - used - row.disabled_count)
    return {
        "total_ips": total,
        "used_ips": row.allocated_count if row.status != CONTAINER else used,
        "available_ips": 0 if row.is_full else free,
        "reserved_ips": row.reserved_count,
        "online_ips": row.online_count,
        "conflict_ips": row.conflict_count,
        "utilization": share,
    }


def gaps(tx: Tx, area_id: int, within: Network, most: int = 500) -> list[str]:
    """The free networks between the subnets in a network, largest first."""
    taken = [network_of(row) for row in children_of(tx, area_id, within)]
    free: list[Network] = [within]
    for network in collapse_addresses(taken):  # type: ignore[type-var]
        free = [piece for space in free for piece in without(space, network)]
    return [str(one) for one in sorted(free, key=lambda one: (one.prefixlen, int(one[0])))[:most]]


def without(space: Network, taken: Network) -> list[Network]:
    """A free space less one network."""
    if not space.overlaps(taken):
        return [space]
    return list(space.address_exclude(taken)) if space != taken and taken.subnet_of(space) else []  # type: ignore[arg-type]


def search(tx: Tx) -> Select[Any]:
    """All complete subnets."""
    return select(subnets).where(subnets.c.complete)
