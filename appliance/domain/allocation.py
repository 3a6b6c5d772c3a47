"""Exact allocation: taking the next addresses, or this very one, by compare-and-set (ipam 4, 18)."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from appliance import clock
from appliance.domain import cidr, subnet_figures, subnet_rows, subnet_tree
from appliance.domain.addresses import (
    ALLOCATED,
    AVAILABLE,
    DHCP,
    PENDING,
    QUARANTINE,
    RESERVED,
    Full,
    NotAvailable,
    Outside,
    holder,
    in_ranges,
    who,
    write,
)
from appliance.domain.free_addresses import IN_RANGE, WALKED, Choice, bounds, choose
from appliance.errors import Invalid, Missing
from appliance.store import Prepared, Row, Tx
from appliance.store.address_tables import addresses

MOST_AT_ONCE = 256
ANSWERING = Prepared(
    select(addresses).where(*IN_RANGE, addresses.c.is_online, addresses.c.conflict_type.is_(None)).limit(WALKED)
)


@dataclass
class Grant:
    """What an allocation makes of an address."""

    status: str = ALLOCATED
    how: str = "manual"
    force: bool = False
    facts: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
    online: bool = False
    """Although somebody answers there: he is the one who asks."""
    held_for: int = 0
    """The application whose held addresses it may take."""


# --- the next ---------------------------------------------------------------------------------------------------------


def allocate_next(tx: Tx, subnet_id: int, choice: Choice, grant: Grant) -> list[Row]:
    """The next free addresses of a subnet, all of them or Full."""
    subnet = tx.get("subnets", subnet_id)
    if not subnet.complete:
        raise Missing()
    if subnet.is_full or subnet.status == subnet_tree.CONTAINER:
        raise Full(choice.count, 0)
    low, high = bounds(subnet, choice)
    chosen = choose(tx, subnet, choice, low, high)
    if len(chosen) < choice.count:
        raise Full(choice.count, len(chosen))
    mark_answering(tx, subnet, low, max(chosen))
    return [take(tx, subnet, key, grant) for key in chosen]


def mark_answering(tx: Tx, subnet: Row, low: str, high: str) -> None:
    """Free addresses that were passed over because they answer on the net."""
    for row in tx.all(ANSWERING, {"subnet_id": subnet.id, "low": low, "high": high}):
        told = "未分配但在线"
        mark: dict[str, Any] = {"conflict_type": "unknown_online", "conflict_detail": told, "conflict_at": clock.now()}
        write(tx, row, "conflict", source="allocate", **mark)


# --- taking ----------------------------------------------------------------------------------------------------------


def allocate_exactly(tx: Tx, subnet: Row, address: cidr.Address, grant: Grant) -> Row:
    """This very address, or NotAvailable with the reason."""
    key = cidr.key(address)
    if not subnet.first_key <= key <= subnet.last_key:
        raise Outside(ip="地址不在子网内")
    return hand_out(tx, subnet_tree.most_specific(tx, subnet.area_id, address) or subnet, key, grant)


def hand_out(tx: Tx, home: Row, key: str, grant: Grant) -> Row:
    """An address of the subnet that holds it, unless that hands no such addresses out."""
    first, last = subnet_rows.usable(home)
    if home.status == subnet_tree.CONTAINER:
        raise NotAvailable(ip="容器子网不分配地址")
    if not first <= key <= last:
        raise NotAvailable(ip="网络地址与广播地址不可分配")
    return take(tx, home, key, grant)


def allocate_row(tx: Tx, row: Row, grant: Grant) -> Row:
    """The address of a row."""
    home = subnet_tree.most_specific(tx, row.area_id, cidr.from_key(row.ip_key))
    return hand_out(tx, home or tx.get("subnets", row.subnet_id), row.ip_key, grant)


def take(tx: Tx, subnet: Row, key: str, grant: Grant) -> Row:
    """Compare-and-set on one address; its row as it is now."""
    row = tx.find("addresses", area_id=subnet.area_id, ip_key=key) or make_row(tx, subnet, key)
    refuse(tx, row, grant)
    event = "allocated" if grant.status == ALLOCATED else "reserved"  # held ones too
    return write(tx, row, event, source=grant.how, comment=grant.reason, **grant.facts, **allocation(tx, grant))


def make_row(tx: Tx, subnet: Row, key: str) -> Row:
    """The first touch of an address in a sparse subnet."""
    status = DHCP if in_ranges(subnet, key) else AVAILABLE
    facts = {"area_id": subnet.area_id, "subnet_id": subnet.id, "ip": str(cidr.from_key(key)), "ip_key": key}
    tx.insert("addresses", created_by=who(tx), status=status, **facts)
    subnet_figures.bump(tx, subnet.id, **{status: 1})
    row = tx.find("addresses", area_id=subnet.area_id, ip_key=key)
    assert row is not None
    return row


def refuse(tx: Tx, row: Row, grant: Grant) -> None:
    """Raise NotAvailable unless the address may be taken as it is."""
    takeable = {AVAILABLE}
    if grant.status == ALLOCATED:
        takeable.add(RESERVED)
    if grant.force:
        takeable.add(QUARANTINE)
    if row.is_locked:
        raise not_available(row, "地址已锁定")
    if row.is_gateway:
        raise not_available(row, "网关地址不可分配")
    held = row.status == PENDING and grant.held_for and row.request_id == grant.held_for
    if row.status not in takeable and not held:
        raise not_available(row, holder(tx, row))
    if row.status == AVAILABLE and row.is_online and not (grant.force or grant.online):
        raise not_available(row, "地址未分配但在线")


def not_available(row: Row, reason: str) -> NotAvailable:
    """The refusal of one address."""
    return NotAvailable(ip=reason, status=row.status)


def allocation(tx: Tx, grant: Grant) -> dict[str, Any]:
    """The columns every allocation sets."""
    taken: dict[str, Any] = {"status": grant.status, "allocate_type": grant.how, "release_after": None}
    if grant.facts.get("mac_address"):
        taken["mac_source"] = "manual"
    if grant.facts.get("hostname"):
        taken["hostname_source"] = "manual"
    if grant.status == ALLOCATED:
        taken |= {"allocated_at": clock.now(), "allocated_by": who(tx), "released_at": None}
    return taken


def require_count(count: int, field: str = "count") -> None:
    """At most so many at once."""
    if not 1 <= count <= MOST_AT_ONCE:
        raise Invalid(**{field: f"数量须为1到{MOST_AT_ONCE}"})
