"""Addresses: exact allocation, release, and the changes between their states (ipam 4, 18)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update

from appliance import clock
from appliance.domain import access, address_history, cidr, subnets
from appliance.errors import Conflict, Invalid, Missing, Problem
from appliance.store import Row, Tx
from appliance.store.address_tables import addresses
from appliance.store.address_tables import subnets as subnet_table

AVAILABLE, ALLOCATED, RESERVED, DHCP = "available", "allocated", "reserved", "dhcp"
PENDING, QUARANTINE, DISABLED = "pending", "quarantine", "disabled"
NAMES = {
    AVAILABLE: "可用",
    ALLOCATED: "已分配",
    RESERVED: "保留",
    DHCP: "DHCP池",
    PENDING: "待审批",
    QUARANTINE: "待回收",
    DISABLED: "停用",
}
ASSIGNMENT = ("contact_id", "unit_id", "department_id", "project_id", "hostname", "mac_address", "purpose")
DEVICE = ("device_name", "device_type", "os_name", "expires_at", "request_id")
CLEARED = dict.fromkeys((*ASSIGNMENT, *DEVICE, "mac_source", "hostname_source", "allocated_at", "allocated_by"))
CANDIDATES, TRIES = 64, 5
MOST_AT_ONCE = 256


class NotAvailable(Conflict):
    """The address is somebody's, or not to be had."""


class Full(Conflict):
    """Fewer are free than were asked for."""

    def __init__(self, wanted: int, free: int) -> None:
        super().__init__("子网已无可用地址")
        self.wanted, self.free = wanted, free


class WrongState(Conflict):
    """Not allowed in the present state."""


class Outside(Problem):
    """The address does not lie in the subnet."""


@dataclass
class Choice:
    """Which addresses may be chosen automatically."""

    count: int = 1
    contiguous: bool = False
    first: str = ""
    last: str = ""
    strategy: str = "first"
    exclude: frozenset[str] = frozenset()


@dataclass
class Grant:
    """What an allocation makes of an address."""

    status: str = ALLOCATED
    how: str = "manual"
    force: bool = False
    facts: dict[str, Any] = field(default_factory=dict)


# --- taking ----------------------------------------------------------------------------------------------------------


def allocate_next(tx: Tx, subnet_id: int, choice: Choice, grant: Grant) -> list[Row]:
    """The next free addresses of a subnet, all of them or Full."""
    subnet = tx.get("subnets", subnet_id)
    if subnet.is_full or subnet.status == subnets.CONTAINER:
        raise Full(choice.count, 0)
    low, high = bounds(subnet, choice)
    find = contiguous if choice.contiguous else scattered
    chosen = find(tx, subnet, choice, low, high)
    if len(chosen) < choice.count:
        raise Full(choice.count, len(chosen))
    return [take(tx, subnet, key, grant) for key in chosen]


def bounds(subnet: Row, choice: Choice) -> tuple[str, str]:
    """The keys between which to look: what is usable, and within the range asked for."""
    network = subnets.network_of(subnet)
    first, last = cidr.usable_bounds(network, is_pool=subnet.is_pool)
    version = subnet.ip_version
    return max(f"{version}{first:032x}", choice.first), min(f"{version}{last:032x}", choice.last or "7")


def free_rows(subnet: Row, low: str, high: str) -> ColumnElement[bool]:
    """Rows that may be handed out: free, in the range, and not answering on the net."""
    columns = addresses.c
    quiet = or_(columns.is_online.is_(None), columns.is_online.is_(False))
    return and_(
        columns.subnet_id == subnet.id,
        columns.status == AVAILABLE,
        columns.ip_key.between(low, high),
        columns.is_locked.is_(False),
        quiet,
    )


def scattered(tx: Tx, subnet: Row, choice: Choice, low: str, high: str) -> list[str]:
    """Any free addresses: existing rows by the strategy, then, in sparse subnets, untouched ones."""
    order: Any = {
        "first": addresses.c.ip_key,
        "random": func.random(),
        "oldest_released": func.coalesce(addresses.c.released_at, addresses.c.created_at),
    }[choice.strategy]
    wanted = choice.count + len(choice.exclude)
    rows = select(addresses.c.ip_key).where(free_rows(subnet, low, high)).order_by(order, addresses.c.ip_key)
    found = [key for key in tx.values(rows.limit(wanted)) if key not in choice.exclude][: choice.count]
    if subnet.sparse and len(found) < choice.count:
        found += untouched(tx, subnet, choice, low, high, choice.count - len(found))
    return found


def untouched(tx: Tx, subnet: Row, choice: Choice, low: str, high: str, count: int) -> list[str]:
    """The first addresses of a sparse subnet that no row stands for; never looks at the whole network."""
    hint = subnet.next_key or low
    found: list[str] = []
    at = max(low, hint)
    blocked = [
        (child.first_key, child.last_key)
        for child in subnets.children_of(tx, subnet.area_id, subnets.network_of(subnet), subnet.id)
    ]
    while len(found) < count and at <= high:
        used = used_from(tx, subnet.area_id, at, high)
        at, run = free_run(at, high, used, choice.exclude, blocked, count - len(found))
        found += run
    if not choice.first and not choice.exclude and found:
        tx.run(update(subnet_table).where(subnet_table.c.id == subnet.id).values(next_key=found[0]))
    return found


def used_from(tx: Tx, area_id: int, low: str, high: str) -> list[str]:
    """The next keys that have rows, in order."""
    columns = addresses.c
    rows = select(columns.ip_key).where(columns.area_id == area_id, columns.ip_key.between(low, high))
    return tx.values(rows.order_by(columns.ip_key).limit(CANDIDATES))


def free_run(
    at: str, high: str, used: list[str], exclude: frozenset[str], blocked: list[tuple[str, str]], count: int
) -> tuple[str, list[str]]:
    """Free keys from `at` on among a stretch of used ones; where to go on, and what was found."""
    taken, found = set(used), list[str]()
    end = used[-1] if len(used) == CANDIDATES else high
    while at <= end and len(found) < count:
        child = next((last for first, last in blocked if first <= at <= last), None)
        if child:
            at = following(child)
            continue
        if at not in taken and at not in exclude:
            found.append(at)
        at = following(at)
    return at, found


def following(key: str) -> str:
    """The key of the next address."""
    return f"{key[0]}{int(key[1:], 16) + 1:032x}"


def contiguous(tx: Tx, subnet: Row, choice: Choice, low: str, high: str) -> list[str]:
    """The first block of free neighbours that is long enough."""
    if subnet.sparse:
        return contiguous_untouched(tx, subnet, choice, low, high)
    run: list[str] = []
    rows = select(addresses.c.ip_key).where(free_rows(subnet, low, high)).order_by(addresses.c.ip_key)
    for key in tx.values(rows):
        if key in choice.exclude:
            run = []
            continue
        run = [*run, key] if run and following(run[-1]) == key else [key]
        if len(run) == choice.count:
            return run
    return []


def contiguous_untouched(tx: Tx, subnet: Row, choice: Choice, low: str, high: str) -> list[str]:
    """The same where most addresses have no row."""
    run: list[str] = []
    at = low
    while at <= high:
        used = used_from(tx, subnet.area_id, at, high)
        stop = used[-1] if len(used) == CANDIDATES else high
        taken = set(used) | choice.exclude
        while at <= stop:
            run = [] if at in taken else [*run, at]
            at = following(at)
            if len(run) == choice.count:
                return run
    return []


def allocate_exactly(tx: Tx, subnet: Row, address: cidr.Address, grant: Grant) -> Row:
    """This very address, or NotAvailable with the reason."""
    network = subnets.network_of(subnet)
    if address not in network:
        raise Outside(ip="地址不在子网内")
    first, last = cidr.usable_bounds(network, is_pool=subnet.is_pool)
    if not first <= int(address) <= last:
        raise NotAvailable(ip="网络地址与广播地址不可分配")
    return take(tx, subnet, cidr.key(address), grant)


def take(tx: Tx, subnet: Row, key: str, grant: Grant) -> Row:
    """Compare-and-set on one address; its row as it is now."""
    row = tx.find("addresses", area_id=subnet.area_id, ip_key=key) or make_row(tx, subnet, key)
    refuse(tx, row, grant)
    facts = grant.facts | allocation(tx, row, grant)
    changed = update(addresses).where(addresses.c.id == row.id, addresses.c.status == row.status)
    if tx.run(changed.values(**facts, version=row.version + 1, updated_at=clock.now())) != 1:
        raise NotAvailable(ip="地址刚被他人分配")
    subnets.bump(tx, row.subnet_id, **moves(row.status, grant.status))
    event = "allocated" if grant.status == ALLOCATED else "reserved"
    address_history.note(tx, row, event, old={"status": row.status}, new=facts, source=grant.how)
    return tx.get("addresses", row.id)


def make_row(tx: Tx, subnet: Row, key: str) -> Row:
    """The first touch of an address in a sparse subnet."""
    facts = {"area_id": subnet.area_id, "subnet_id": subnet.id, "ip": str(cidr.from_key(key)), "ip_key": key}
    ident = tx.insert("addresses", created_by=tx.actor.user_id if tx.actor else None, **facts)
    return tx.get("addresses", ident)


def refuse(tx: Tx, row: Row, grant: Grant) -> None:
    """Raise NotAvailable unless the address may be taken as it is."""
    if row.is_locked:
        raise NotAvailable(ip="地址已锁定")
    if row.is_gateway:
        raise NotAvailable(ip="网关地址不可分配")
    takeable = (
        {AVAILABLE} | ({RESERVED} if grant.status == ALLOCATED else set()) | ({QUARANTINE} if grant.force else set())
    )
    if row.status not in takeable:
        raise NotAvailable(ip=holder(tx, row))
    if row.status == AVAILABLE and row.is_online and not grant.force:
        raise NotAvailable(ip="地址未分配但在线")


def holder(tx: Tx, row: Row) -> str:
    """Why it is not to be had, with the holder's name for those who may see him."""
    contact = tx.find("contacts", id=row.contact_id) if row.contact_id else None
    if row.status == ALLOCATED and contact and access.holds(tx, "ipam.core.read"):
        return f"已分配给 {contact.name}"
    return f"{NAMES[row.status]}"


def allocation(tx: Tx, row: Row, grant: Grant) -> dict[str, Any]:
    """The columns every allocation sets."""
    who = tx.actor.user_id if tx.actor else None
    taken = {"status": grant.status, "allocate_type": grant.how, "release_after": None, "updated_by": who}
    if grant.facts.get("mac_address"):
        taken["mac_source"] = "manual"
    if grant.status == ALLOCATED:
        taken |= {"allocated_at": clock.now(), "allocated_by": who, "released_at": None}
    return taken


def moves(old: str, new: str) -> dict[str, int]:
    """How counters move when an address goes from one state to another."""
    return {} if old == new else {old: -1, new: 1}


# --- giving back -----------------------------------------------------------------------------------------------------


def release(tx: Tx, row: Row, *, reason: str = "", cooldown_hours: int | None = None, source: str = "manual") -> None:
    """Clear the assignment and make the address free again, or let it cool down first."""
    refuse_release(row)
    subnet = tx.get("subnets", row.subnet_id)
    hours = subnet.release_cooldown_hours if cooldown_hours is None else cooldown_hours
    state = QUARANTINE if hours else AVAILABLE
    moment = clock.now()
    facts = CLEARED | {
        "status": state,
        "allocate_type": None,
        "released_at": moment,
        "release_after": moment + timedelta(hours=hours) if hours else None,
        "updated_by": tx.actor.user_id if tx.actor else None,
    }
    tx.run(
        update(addresses).where(addresses.c.id == row.id).values(**facts, version=row.version + 1, updated_at=moment)
    )
    subnets.bump(tx, row.subnet_id, **moves(row.status, state))
    old = {name: row[name] for name in (*ASSIGNMENT, *DEVICE, "status") if row[name] is not None}
    address_history.note(tx, row, "released", old=old, new={"status": state}, source=source, comment=reason)


def refuse_release(row: Row) -> None:
    """Only what is allocated, and held by nothing, is given back."""
    if row.is_locked:
        raise WrongState(status="地址已锁定")
    if row.is_gateway:
        raise WrongState(status="网关地址不可释放")
    if row.status not in (ALLOCATED, QUARANTINE):
        raise WrongState(status=f"{NAMES[row.status]}的地址不可释放")


def find(tx: Tx, area_id: int, address: cidr.Address) -> Row:
    """The row of an address, or Missing; in a sparse subnet it may have none yet."""
    row = tx.find("addresses", area_id=area_id, ip_key=cidr.key(address))
    if row is None:
        raise Missing("地址不存在")
    return row


def chosen_keys(texts: Iterable[str]) -> frozenset[str]:
    """Addresses as keys, for exclusion."""
    return frozenset(cidr.key(cidr.parse_address(text, "exclude")) for text in texts)


def cool(tx: Tx) -> int:
    """Addresses whose cool-down is over are free again; how many."""
    over = (addresses.c.status == QUARANTINE, addresses.c.release_after <= clock.now())
    rows = tx.all(select(addresses).where(*over).limit(1000))
    for row in rows:
        tx.run(update(addresses).where(addresses.c.id == row.id).values(status=AVAILABLE, release_after=None))
        subnets.bump(tx, row.subnet_id, **moves(QUARANTINE, AVAILABLE))
    return len(rows)


def require_count(count: int) -> None:
    """At most so many at once."""
    if not 1 <= count <= MOST_AT_ONCE:
        raise Invalid(count=f"数量须为1到{MOST_AT_ONCE}")
