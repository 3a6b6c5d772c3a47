"""Managed networks: the rules under which they are made, changed and removed (ipam 5)."""

from itertools import pairwise
from typing import Any

from sqlalchemy import Select, and_, or_, select

from appliance.domain import address_links, addresses, cidr, subnet_figures, subnet_rows
from appliance.domain import subnet_tree as tree
from appliance.domain.cidr import Network
from appliance.domain.names import folded, taken
from appliance.domain.references import missing
from appliance.domain.subnet_tree import CONTAINER, InUse, Overlap, network_of
from appliance.errors import Denied, Invalid, Missing, Problem, Taken
from appliance.store import Row, Tx
from appliance.store.address_tables import addresses as address_table
from appliance.store.address_tables import subnets

SHORTEST = {4: 8, 6: 32}
SHOWN = 5
MOST_RANGES = 64
REFERS = {"unit_id": "units", "department_id": "departments", "project_id": "projects"}
PLACE = ("cidr", "area_id", "status", "allow_nested", "is_pool")
"""What decides which rows a subnet has."""
FREE_TO_GO = ("available", "quarantine")


def search(tx: Tx) -> Select[Any]:
    """The subnets there are; one that is still being made is not."""
    return select(subnets).where(subnets.c.complete)


def get(tx: Tx, ident: int) -> Row:
    """A subnet that is complete, or Missing."""
    row = tx.get("subnets", ident)
    if not row.complete:
        raise Missing()
    return row


# --- checks ----------------------------------------------------------------------------------------------------------


def check(tx: Tx, facts: dict[str, Any], but: int = 0) -> Network:
    """All rules of a subnet as it would be, in their order; the first fault gives its kind, all are told."""
    network = cidr.parse_network(facts["cidr"])
    tell(faults(tx, network, facts, but))
    return network


def faults(tx: Tx, network: Network, facts: dict[str, Any], but: int = 0) -> list[Problem]:
    """Every rule that a subnet would break, in their order."""
    area_id = facts["area_id"]
    problems = [
        check_prefix(network),
        *missing(tx, facts, {"area_id": "areas"}),
        check_name(tx, area_id, facts["name"], but),
        check_place(tx, area_id, network, facts, but),
        check_gateway(tx, area_id, network, facts.get("gateway_id")),
        check_ranges(network, facts.get("dhcp_ranges") or []),
        *missing(tx, facts, REFERS),
    ]
    return [problem for problem in problems if problem]


def tell(problems: list[Problem]) -> None:
    """Raise the first with the faults of all."""
    if not problems:
        return
    first = problems[0]
    for other in problems[1:]:
        for field, fault in other.faults.items():
            first.faults.setdefault(field, fault)
    raise first


def check_prefix(network: Network) -> Problem | None:
    """Within /8 to /32, /32 to /128."""
    shortest = SHORTEST[network.version]
    return Invalid(cidr=f"前缀长度须不小于 /{shortest}") if network.prefixlen < shortest else None


def check_name(tx: Tx, area_id: int, name: str, but: int = 0) -> Problem | None:
    """Free in its area."""
    used = taken(tx, "subnets", but, area_id=area_id, name_key=folded(name))
    return Taken(name="名称已存在").coded("NAME_EXISTS") if used else None


def nests(facts: dict[str, Any]) -> bool:
    """Whether a subnet may hold others."""
    return facts.get("status") == CONTAINER or bool(facts.get("allow_nested"))


def check_place(tx: Tx, area_id: int, network: Network, facts: dict[str, Any], but: int = 0) -> Problem | None:
    """Nothing equal, nothing around or inside that may not nest; two networks never cross otherwise."""
    if tx.value(select(subnets.c.id).where(tree.same(area_id, network), subnets.c.id != but)):
        return Taken(cidr="该网段已存在")
    parent = tree.parent_of(tx, area_id, network, but)
    clashes = [parent] if parent and not nests(parent) else []
    if not nests(facts):
        clashes += tree.children_of(tx, area_id, network, but)
    return Overlap(cidr=[f"与 {row.name} {row.cidr} 重叠" for row in clashes[:SHOWN]]) if clashes else None


def check_gateway(tx: Tx, area_id: int, network: Network, gateway_id: int | None) -> Problem | None:
    """The gateway exists, in the same area, inside the network."""
    gateway = tx.find("gateways", id=gateway_id) if gateway_id else None
    if not gateway_id:
        return None
    if gateway is None:
        return Invalid(gateway_id="网关不存在")
    if gateway.area_id != area_id:
        return Invalid(gateway_id="网关不在该网络区域")
    return None if cidr.from_key(gateway.ip_key) in network else Invalid(gateway_id="网关不在子网内")


def check_ranges(network: Network, ranges: list[dict[str, str]]) -> Problem | None:
    """DHCP ranges lie inside the network and apart from one another."""
    if len(ranges) > MOST_RANGES:
        return Invalid(dhcp_ranges=f"最多 {MOST_RANGES} 个区间")
    try:
        pairs = sorted((int(ends[0]), int(ends[1])) for ends in [range_ends(network, one) for one in ranges])
    except Problem as problem:
        return problem
    apart = all(before[1] < after[0] for before, after in pairwise(pairs))
    return None if apart else Invalid(dhcp_ranges="区间不得重叠")


def range_ends(network: Network, one: dict[str, str]) -> tuple[cidr.Address, cidr.Address]:
    """The first and the last address of a range that is one."""
    start, end = (cidr.parse_address(str(one.get(name, "")), "dhcp_ranges") for name in ("start", "end"))
    if start not in network or end not in network or int(start) > int(end):
        raise Invalid(dhcp_ranges="区间须在子网内,且起始不大于结束")
    return start, end


# --- making ----------------------------------------------------------------------------------------------------------


def create(tx: Tx, **facts: Any) -> int:
    """A subnet with the rows of its addresses, or as many of them as one transaction makes."""
    ident = begin(tx, **facts)
    subnet_rows.fill(tx, tx.get("subnets", ident))
    finish(tx, ident)
    return ident


def begin(tx: Tx, *, area_id: int = 1, **facts: Any) -> int:
    """Take the network; nobody sees it before it is finished."""
    facts |= {"area_id": area_id, "dhcp_ranges": facts.get("dhcp_ranges") or []}
    network = check(tx, facts)
    facts |= tree.place(network) | {"name_key": folded(facts["name"])}
    who = tx.actor.user_id or None if tx.actor else None
    sparse = tree.is_large(network) or facts.get("status") == CONTAINER
    ident = tx.insert("subnets", sparse=sparse, complete=False, created_by=who, updated_by=who, **facts)
    tree.hang(tx, area_id, network)
    return ident


def finish(tx: Tx, ident: int) -> None:
    """Take over the rows of the parent, settle gateway, DHCP, counters and hosts, and show the subnet."""
    subnet = tx.get("subnets", ident)
    parent = tx.find("subnets", id=subnet.parent_id) if subnet.parent_id else None
    subnet_rows.absorb(tx, subnet, parent)
    tx["subnets"].update({"id": ident, "complete": True}, ["id"])
    settle(tx, tx.get("subnets", ident))
    if parent and parent.status != CONTAINER:
        subnet_figures.recount(tx, parent.id)


def settle(tx: Tx, subnet: Row, before: Row | None = None) -> None:
    """Marks, counters and hosts of a subnet whose rows are in place."""
    subnet_rows.mark_gateway(tx, subnet, before.gateway_id if before else None)
    subnet_rows.mark_dhcp(tx, subnet, before.dhcp_ranges if before else None)
    address_links.adopt_hosts(tx, subnet)
    subnet_figures.recount(tx, subnet.id)


# --- changing --------------------------------------------------------------------------------------------------------


def change(tx: Tx, ident: int, **facts: Any) -> None:
    """Change a subnet; the rules are asked of what it would be, and its rows follow it."""
    before = get(tx, ident)
    facts = {name: value for name, value in facts.items() if before[name] != value}
    after = Row(before | facts)
    network = check(tx, after, ident)
    facts |= tree.place(network) | {"name_key": folded(after.name), "version": before.version + 1}
    moved = any(before[name] != after[name] for name in PLACE)
    if moved:
        facts["sparse"] = tree.is_large(network) or after.status == CONTAINER
    tx.change("subnets", ident, updated_by=tx.actor.user_id or None if tx.actor else None, **facts)
    if moved:
        move_rows(tx, before, tx.get("subnets", ident))
    settle(tx, tx.get("subnets", ident), before)


def move_rows(tx: Tx, before: Row, after: Row) -> None:
    """Rows that no longer belong here fall to the old parent, those that now do come, missing ones are made."""
    beyond = and_(subnet_rows.of(after), subnet_rows.unusable(after))
    subnet_rows.refuse_held(tx, beyond)
    for area_id, network in ((before.area_id, network_of(before)), (after.area_id, network_of(after))):
        tree.hang(tx, area_id, network)
    former = tree.parent_of(tx, before.area_id, network_of(before), before.id)
    subnet_rows.fall(tx, beyond, former)
    after = tx.get("subnets", after.id)
    parent = tx.find("subnets", id=after.parent_id) if after.parent_id else None
    subnet_rows.absorb(tx, after, parent)
    subnet_rows.fill(tx, after)
    for other in {row.id: row for row in (former, parent) if row}.values():
        subnet_rows.fill(tx, tx.get("subnets", other.id), network_of(before))
        subnet_figures.recount(tx, other.id)


# --- removing --------------------------------------------------------------------------------------------------------


def remove(tx: Tx, idents: list[int], *, force: bool = False) -> None:
    """Remove subnets that hold nothing, children among them first; by force what they hold is released."""
    rows = sorted((get(tx, ident) for ident in idents), key=lambda row: -row.prefix_length)
    if force and not tx.actor.is_admin:
        raise Denied(needs=["admin"])
    uses = {str(row.id): use for row in rows if (use := usage(tx, row, set(idents), force=force))}
    if uses:
        raise InUse(**uses)
    for row in rows:
        drop(tx, row)


def usage(tx: Tx, row: Row, doomed: set[int], *, force: bool) -> str:
    """What keeps a subnet from being removed; empty for nothing."""
    children = tx.values(select(subnets.c.id).where(subnets.c.parent_id == row.id))
    if left := [ident for ident in children if ident not in doomed]:
        return f"被 {len(left)} 个子网引用"
    if force:
        return ""
    columns = address_table.c
    busy = and_(columns.status.not_in(FREE_TO_GO), columns.is_gateway.is_(False))
    held = subnet_rows.figures(tx, or_(and_(subnet_rows.of(row), busy), subnet_rows.linked(row)))
    return f"被 {held} 个地址引用" if held else ""


def drop(tx: Tx, subnet: Row) -> None:
    """One subnet goes; its rows fall to its parent, history stays."""
    busy = (address_table.c.status.not_in(FREE_TO_GO), address_table.c.is_gateway.is_(False))
    held = (subnet_rows.of(subnet), *busy)
    for row in tx.all(select(address_table).where(*held)):
        addresses.vacate(tx, row, reason="子网删除")
    address_links.unlink_all(tx, subnet)
    parent = tx.find("subnets", id=subnet.parent_id) if subnet.parent_id else None
    subnet_rows.fall(tx, subnet_rows.of(subnet), parent)
    tx.remove("subnets", subnet.id)
    if subnet.gateway_id:
        subnet_rows.unmark_gateway(tx, subnet.gateway_id)
    if parent:
        subnet_rows.fill(tx, tx.get("subnets", parent.id), network_of(subnet))
        settle(tx, tx.get("subnets", parent.id))


__all__ = ["InUse", "Overlap"]
