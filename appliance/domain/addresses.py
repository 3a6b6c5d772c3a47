"""Addresses: the states they go through, giving back, and the changes people make (ipam 4)."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from appliance import clock
from appliance.domain import access, address_history, address_hosts, cidr, subnet_figures
from appliance.domain.references import missing
from appliance.domain.subnet_tree import InUse
from appliance.errors import Conflict, Denied, Invalid, Missing, Problem
from appliance.store import Row, Tx

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
ASSIGNED = {*ASSIGNMENT, *DEVICE}
CLEARED = dict.fromkeys((*ASSIGNMENT, *DEVICE, "mac_source", "hostname_source", "allocated_at", "allocated_by"))
CLEARED |= {"allocate_type": None}
UNMARKED = {"conflict_type": None, "conflict_detail": None, "conflict_at": None}
REFERS = {"contact_id": "contacts", "unit_id": "units", "department_id": "departments", "project_id": "projects"}
IDENTITY = ("ip", "ip_key", "subnet_id", "area_id")
BY_HAND = {
    (AVAILABLE, RESERVED),
    (AVAILABLE, DHCP),
    (AVAILABLE, DISABLED),
    (RESERVED, AVAILABLE),
    (RESERVED, DISABLED),
    (DHCP, AVAILABLE),
    (DISABLED, AVAILABLE),
}
RIGHT_CALL = {
    (AVAILABLE, ALLOCATED): "请使用分配接口 POST /api/ips/allocate",
    (RESERVED, ALLOCATED): "请使用分配接口 POST /api/ips/allocate",
    (QUARANTINE, ALLOCATED): "请使用分配接口 POST /api/ips/allocate",
    PENDING: "请在地址申请中处理",
    ALLOCATED: "请使用释放接口 POST /api/ips/release",
    QUARANTINE: "待回收的地址到期后自动可用",
}
FREE_ALREADY, COOLING = "已是可用状态", "已在待回收状态"


class NotAvailable(Conflict):
    """The address is somebody's, or not to be had."""

    code = "IP_NOT_AVAILABLE"


class Full(Conflict):
    """Fewer are free than were asked for."""

    code = "SUBNET_FULL"

    def __init__(self, wanted: int, free: int) -> None:
        super().__init__("子网已无可用地址", wanted=wanted, free=free)
        self.wanted, self.free = wanted, free


class WrongState(Conflict):
    """Not allowed in the present state."""

    code = "INVALID_STATE"


class Outside(Problem):
    """The address does not lie in the subnet."""

    code = "IP_NOT_IN_SUBNET"


def find(tx: Tx, area_id: int, address: cidr.Address) -> Row:
    """The row of an address, or Missing; in a sparse subnet it may have none yet."""
    row = tx.find("addresses", area_id=area_id, ip_key=cidr.key(address))
    if row is None:
        raise Missing("地址不存在")
    return row


def who(tx: Tx) -> int | None:
    """The user who acts, if one does."""
    return tx.actor.user_id or None if tx.actor else None


def write(tx: Tx, row: Row, event: str, *, source: str = "manual", comment: str = "", **facts: Any) -> Row:
    """Compare-and-set on one address, its counters and its history; the row as it is now."""
    changed = {name: value for name, value in facts.items() if row[name] != value}
    stamps = {"version": row.version + 1, "updated_at": clock.now(), "updated_by": who(tx)}
    if not tx.swap("addresses", row, ("id", "status", "version"), **changed, **stamps):
        raise NotAvailable(ip="地址刚被他人修改")
    subnet_figures.bump(tx, row.subnet_id, **steps(row, changed))
    old = {name: row[name] for name in changed if row[name] is not None}
    address_history.note(tx, row, event, old=old, new=changed, source=source, comment=comment)
    tx.tell("addresses", id=row.id, ip=row.ip, old=address_history.plain(old), new=address_history.plain(changed))
    return Row(row | changed | stamps)


def steps(row: Row, changed: dict[str, Any]) -> dict[str, int]:
    """How the counters of its subnet move."""
    found: dict[str, int] = {}
    if "status" in changed:
        found |= {row.status: -1, changed["status"]: 1}
    for name, column in (("online", "is_online"), ("conflict", "conflict_type")):
        if column in changed and bool(changed[column]) != bool(row[column]):
            found[name] = 1 if changed[column] else -1
    return found


# --- giving back -----------------------------------------------------------------------------------------------------


def release_all(
    tx: Tx, rows: Iterable[Row], *, reason: str = "", cooldown_hours: int | None = None, force: bool = False
) -> tuple[list[Row], list[dict[str, Any]]]:
    """Release all or none; what is free already is skipped and told."""
    if force and not tx.actor.is_admin:
        raise Denied(needs=["admin"])
    free = {AVAILABLE: FREE_ALREADY, QUARANTINE: COOLING}
    wanted = list(rows)
    skipped = [{"id": row.id, "reason": free[row.status]} for row in wanted if row.status in free]
    given = [row for row in wanted if row.status not in free]
    refuse_releases(tx, given, force=force)
    return [release(tx, row, reason=reason, cooldown_hours=cooldown_hours) for row in given], skipped


def refuse_releases(tx: Tx, rows: list[Row], *, force: bool) -> None:
    """Only what is allocated, and no host uses, is given back."""
    states = {str(row.id): fault for row in rows if (fault := not_releasable(row))}
    if states:
        raise WrongState(**states)
    used = {} if force else address_hosts.uses(tx, [row.id for row in rows])
    if used:
        raise InUse(**{str(ident): sentence for ident, sentence in used.items()})


def not_releasable(row: Row) -> str:
    """Why an address in its state is not given back; empty when it is."""
    if row.is_locked:
        return "地址已锁定"
    if row.is_gateway:
        return "网关地址不可释放"
    return "" if row.status == ALLOCATED else f"{NAMES[row.status]}的地址不可释放"


def release(tx: Tx, row: Row, *, reason: str = "", cooldown_hours: int | None = None, source: str = "manual") -> Row:
    """Clear the assignment and make the address free again, or let it cool down first; hosts on it stay without."""
    subnet = tx.get("subnets", row.subnet_id)
    hours = subnet.release_cooldown_hours if cooldown_hours is None else cooldown_hours
    moment = clock.now()
    facts = CLEARED | {
        "status": QUARANTINE if hours else AVAILABLE,
        "released_at": moment,
        "release_after": moment + timedelta(hours=hours) if hours else None,
    }
    if row.conflict_type == "expired":
        facts |= UNMARKED
    if hosts := address_hosts.unlink(tx, row):
        told = "主机仍在使用: " + ", ".join(hosts)
        facts |= {"conflict_type": "host_without_address", "conflict_detail": told[:255], "conflict_at": moment}
    return write(tx, row, "released", source=source, comment=reason, **facts)


def vacate(tx: Tx, row: Row, *, reason: str) -> Row:
    """Free an address whatever its state: its subnet goes."""
    address_hosts.unlink(tx, row)
    facts = CLEARED | {"status": AVAILABLE, "released_at": clock.now(), "release_after": None, "is_locked": False}
    return write(tx, row, "released", source="subnet", comment=reason, **facts)


# --- changing --------------------------------------------------------------------------------------------------------


def change(tx: Tx, ident: int, *, conflict_ack: bool = False, **facts: Any) -> Row:
    """Change an address by hand, as far as its state allows."""
    row = tx.get("addresses", ident)
    facts = {name: value for name, value in facts.items() if row[name] != value}
    check_change(tx, row, facts)
    if facts.get("status") == AVAILABLE:
        facts = CLEARED | facts
    if facts.get("mac_address"):
        facts["mac_source"] = "manual"
    if facts.get("hostname"):
        facts["hostname_source"] = "manual"
    if conflict_ack and row.conflict_type:
        facts |= UNMARKED | {"conflict_ack_by": who(tx)}
    if "expires_at" in facts and row.conflict_type == "expired":
        facts |= UNMARKED
    return write(tx, row, event_of(facts), **facts) if facts else row


def check_change(tx: Tx, row: Row, facts: dict[str, Any]) -> None:
    """All that forbids a change: identity, lock, state, then references."""
    if names := [name for name in IDENTITY if name in facts]:
        raise Invalid(**dict.fromkeys(names, "不可修改"))
    check_lock(tx, row, facts)
    status = facts.get("status", row.status)
    if status != row.status:
        check_step(tx, row, status)
    assigned = ASSIGNED & {name for name, value in facts.items() if value is not None}
    if assigned and status not in (ALLOCATED, RESERVED, DHCP):
        raise WrongState(**dict.fromkeys(sorted(assigned), f"{NAMES[status]}的地址不可登记使用信息"))
    for problem in missing(tx, facts, REFERS):
        raise problem


def check_lock(tx: Tx, row: Row, facts: dict[str, Any]) -> None:
    """A locked address refuses everything but unlocking, and locks are the administrators'."""
    if "is_locked" in facts and not tx.actor.is_admin:
        raise Denied(needs=["admin"])
    if row.is_locked and facts and set(facts) != {"is_locked"}:
        raise WrongState(is_locked="地址已锁定")


def check_step(tx: Tx, row: Row, status: str) -> None:
    """A step between states that people may take."""
    if status not in NAMES:
        raise Invalid(status="状态无效")
    step = (row.status, status)
    if step not in BY_HAND or row.is_gateway:
        raise WrongState(status=RIGHT_CALL.get(step) or RIGHT_CALL.get(row.status, "当前状态不允许该操作"))
    if status == DISABLED and not tx.actor.is_admin:
        raise Denied(needs=["admin"])
    if row.status == DHCP and in_ranges(tx.get("subnets", row.subnet_id), row.ip_key):
        raise WrongState(status="地址在子网的DHCP区间内")


def in_ranges(subnet: Row, key: str) -> bool:
    """Whether an address lies in a DHCP range of its subnet."""
    return any(cidr.key(one["start"]) <= key <= cidr.key(one["end"]) for one in subnet.dhcp_ranges)


def event_of(facts: dict[str, Any]) -> str:
    """What the history calls a change."""
    if facts.get("status") == RESERVED:
        return "reserved"
    if "hostname" in facts:
        return "hostname_changed"
    return "mac_changed" if "mac_address" in facts else "edited"


def holder(tx: Tx, row: Row) -> str:
    """Why it is not to be had, with the holder's name for those who may see him."""
    contact = tx.find("contacts", id=row.contact_id) if row.contact_id else None
    if row.status == ALLOCATED and access.holds(tx, "ipam.core.read"):
        name = contact.name if contact else row.hostname
        return f"已分配给 {name}" if name else NAMES[row.status]
    return NAMES[row.status]
