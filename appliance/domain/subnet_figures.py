"""What subnets count among their addresses: kept with each change, shown by lists without a query for each (ipam 5)."""

from functools import lru_cache
from typing import Any

from sqlalchemy import Integer, bindparam, func, literal, select, update

from appliance.domain import cidr
from appliance.domain.subnet_tree import CONTAINER
from appliance.store import Change, Prepared, Row, Tx, any_of
from appliance.store.address_tables import COUNTED, STATES, addresses, subnets

TAKEN_STATES = ("allocated", "reserved", "dhcp", "pending", "quarantine")
EXACT = 2**53
ROWS = sum((subnets.c[f"{state}_count"] for state in STATES), start=literal(0))
"""How many rows of addresses a subnet has."""
OF_PARENTS = Prepared(
    select(subnets.c.parent_id, subnets.c.ip_version, subnets.c.prefix_length, func.count().label("times"))
    .where(subnets.c.parent_id.in_(any_of("parents")), subnets.c.complete)
    .group_by(subnets.c.parent_id, subnets.c.ip_version, subnets.c.prefix_length)
)


def size(row: Row) -> int:
    """How many addresses of the subnet count."""
    return cidr.usable_extent(row.ip_version, row.prefix_length, is_pool=row.is_pool)


TALLIED = {"subnet_id": subnets.c.id, "network_area_id": subnets.c.area_id}


def tally(tx: Tx, wanted: dict[str, Any]) -> int:
    """How many rows of addresses there are, of a subnet, an area, a state: out of the counters."""
    states = [wanted["status"]] if "status" in wanted else STATES
    rows = sum(subnets.c[f"{state}_count"] for state in states)
    where = [TALLIED[name] == value for name, value in wanted.items() if name in TALLIED]
    return int(tx.value(select(func.coalesce(func.sum(rows), 0)).where(subnets.c.complete, *where)))


def bump(tx: Tx, subnet_id: int, **steps: int) -> None:
    """Move counters by so many."""
    counted = {name: step for name, step in steps.items() if name in COUNTED}
    if counted:
        tx.run(moving(tuple(counted)), {"ident": subnet_id, **counted})


@lru_cache
def moving(names: tuple[str, ...]) -> Change:
    """These counters of a subnet go up or down by what a call says."""
    steps = {f"{name}_count": subnets.c[f"{name}_count"] + bindparam(name, type_=Integer) for name in names}
    return Change(update(subnets).where(subnets.c.id == bindparam("ident")).values(steps))


def recount(tx: Tx, subnet_id: int) -> None:
    """Set the counters from the rows: after anything but a plain change of one row."""
    of_subnet = addresses.c.subnet_id == subnet_id
    by_status = select(addresses.c.status, func.count().label("rows")).where(of_subnet).group_by(addresses.c.status)
    counted = {row.status: row["rows"] for row in tx.all(by_status)}
    counted["online"] = tx.value(select(func.count()).where(of_subnet, addresses.c.is_online))
    counted["conflict"] = tx.value(select(func.count()).where(of_subnet, addresses.c.conflict_type.is_not(None)))
    values: dict[str, Any] = {f"{name}_count": counted.get(name, 0) for name in COUNTED}
    values["next_key"] = None  # something may be free again below it
    tx.run(update(subnets).where(subnets.c.id == subnet_id).values(**values))


def attach(tx: Tx, rows: list[Row]) -> None:
    """Give each subnet of a page its figures; one query for the children of all."""
    taken: dict[int, int] = {}
    for child in tx.all(OF_PARENTS, {"parents": [row.id for row in rows]}):
        space = child["times"] * cidr.extent(child.ip_version, child.prefix_length)
        taken[child.parent_id] = taken.get(child.parent_id, 0) + space
    for row in rows:
        row.update(statistics(row, taken.get(row.id, 0)))


def statistics(row: Row, by_children: int) -> dict[str, Any]:
    """What a subnet shows of its addresses; the space its children take counts as used."""
    total = size(row)
    held = {state: row[f"{state}_count"] for state in TAKEN_STATES}
    if row.sparse:
        held["dhcp"] = max(held["dhcp"], ranged(row))
    used = min(total, sum(held.values()) + by_children)
    return {
        "total_ips": written(total),
        "used_ips": by_children if row.status == CONTAINER else held["allocated"],
        "available_ips": 0 if row.is_full else written(max(0, total - used - row.disabled_count)),
        "reserved_ips": held["reserved"],
        "online_ips": row.online_count,
        "conflict_ips": row.conflict_count,
        "utilization": 100.0 if row.is_full else round(100 * used / total, 1) if total else 0.0,
    }


def written(count: int) -> int | float:
    """A count as JSON carries it: what is beyond exact numbers there is rounded here."""
    return count if count < EXACT else float(count)


def ranged(row: Row) -> int:
    """How many addresses the DHCP ranges of a subnet hold."""
    spans = [(cidr.parse_address(one["start"]), cidr.parse_address(one["end"])) for one in row.dhcp_ranges]
    return sum(int(end) - int(start) + 1 for start, end in spans)
