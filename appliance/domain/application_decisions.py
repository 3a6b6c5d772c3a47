"""Deciding applications: by whom, and the allocation that goes with it in one transaction (ipam 7)."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import or_, select

from appliance import clock
from appliance.domain import (
    access,
    addresses,
    allocation,
    application_holds,
    applications,
    catalogue,
    cidr,
    free_addresses,
    subnet_tree,
)
from appliance.domain.addresses import Full, WrongState
from appliance.domain.allocation import Grant
from appliance.domain.applications import APPROVE, NOT_PENDING, step
from appliance.domain.free_addresses import Choice
from appliance.errors import Denied, Invalid, Missing
from appliance.store import Row, Tx
from appliance.store.address_tables import subnets, user_group_members
from appliance.store.tables import permissions, role_permissions, roles, user_roles, users

FACTS = (
    *("contact_id", "unit_id", "department_id", "project_id", "hostname", "mac_address"),
    *("device_name", "device_type", "purpose", "expires_at", "description"),
)
BY_ITSELF = "自动通过"


# --- who --------------------------------------------------------------------------------------------------------------


def leads(tx: Tx, subnet_id: int | None, user_id: int) -> bool:
    """Whether somebody is of the group that decides for a subnet."""
    subnet = tx.find("subnets", id=subnet_id) if subnet_id else None
    if subnet is None or not subnet.approver_group_id:
        return False
    return tx.find("user_group_members", user_group_id=subnet.approver_group_id, user_id=user_id) is not None


def approves(tx: Tx, subnet_id: int | None) -> bool:
    """Holders of the right and the subnet's approvers decide."""
    return access.holds(tx, APPROVE) or leads(tx, subnet_id, tx.actor.user_id)


def is_barred(tx: Tx, row: Row) -> bool:
    """Nobody decides his own while there is another."""
    return row.applicant_id == tx.actor.user_id and others(tx, row)


def require_approver(tx: Tx, row: Row) -> None:
    """Go on only for somebody who may decide it."""
    if not approves(tx, row.subnet_id):
        raise Denied(needs=[APPROVE])
    if is_barred(tx, row):
        raise Denied("不能审批自己的申请")


def mark(tx: Tx, rows: list[Row]) -> None:
    """Which of these wait for a decision that the caller may make; asked once per subnet, and for his own."""
    known: dict[tuple[int | None, bool], bool] = {}
    for row in rows:
        case = (row.subnet_id, row.applicant_id == tx.actor.user_id)
        if row.status == "pending" and case not in known:
            known[case] = approves(tx, row.subnet_id) and not is_barred(tx, row)
        row["may_decide"] = row.status == "pending" and known[case]


def others(tx: Tx, row: Row) -> bool:
    """Whether somebody else could decide."""
    codes = permissions.c.code.in_([APPROVE, catalogue.ALL])
    held = user_roles.join(roles, roles.c.id == user_roles.c.role_id)
    held = held.join(role_permissions, role_permissions.c.role_id == roles.c.id)
    held = held.join(permissions, permissions.c.id == role_permissions.c.permission_id)
    by_right = select(user_roles.c.user_id).select_from(held).where(codes, roles.c.enabled)
    group = select(subnets.c.approver_group_id).where(subnets.c.id == row.subnet_id).scalar_subquery()
    by_group = select(user_group_members.c.user_id).where(user_group_members.c.user_group_id == group)
    active = (users.c.enabled, users.c.pending.is_(False), users.c.id != row.applicant_id)
    anybody = or_(users.c.id.in_(by_right), users.c.id.in_(by_group))
    return tx.value(select(users.c.id).where(*active, anybody).limit(1)) is not None


# --- deciding ---------------------------------------------------------------------------------------------------------


def reject(tx: Tx, row: Row, reason: str) -> None:
    """No, and why; what was held is free."""
    require_approver(tx, row)
    if not reason:
        raise Invalid(reject_reason="拒绝须填写原因")
    require_pending(row)
    application_holds.let_go(tx, row, f"申请 {row.request_no} 被拒绝")
    step(tx, row, "rejected", "rejected", reason, reject_reason=reason, **by(addresses.who(tx)))


def approve(tx: Tx, row: Row, comment: str = "", ip: str | None = None, subnet_id: int | None = None) -> None:
    """Yes, with the addresses; what fails leaves the application as it was."""
    require_approver(tx, row)
    require_pending(row)
    ip = str(cidr.parse_address(ip)) if ip else None
    for chosen in (subnet_id, home_of(tx, row, ip, subnet_id).id if ip else None):
        require_giver(tx, row, chosen)
    found = settle(tx, row, ip, subnet_id)
    step(tx, row, "approved", "approved", comment, approve_comment=comment or None, **found, **by(addresses.who(tx)))


def require_giver(tx: Tx, row: Row, subnet_id: int | None) -> None:
    """An approver takes addresses from subnets that he sees and decides for."""
    if subnet_id and not applications.is_seen(tx, subnet_id):
        raise Missing(subnet_id=applications.NO_SUBNET)
    if subnet_id and subnet_id != row.subnet_id and not approves(tx, subnet_id):
        raise Denied(needs=[APPROVE])


def decide_by_itself(tx: Tx, row: Row) -> None:
    """Where the subnet says so, nobody has to decide, and nobody did."""
    subnet = tx.find("subnets", id=row.subnet_id) if row.subnet_id else None
    if subnet and subnet.auto_approve:
        found = settle(tx, row)
        step(tx, row, "approved", "approved", BY_ITSELF, approve_comment=BY_ITSELF, **found, **by(None))


def require_pending(row: Row) -> None:
    """The second decider comes too late."""
    if row.status != "pending":
        raise WrongState(status=NOT_PENDING)


def by(approver_id: int | None) -> dict[str, Any]:
    """By whom, and when."""
    return {"approver_id": approver_id, "approved_at": clock.now()}


def settle(tx: Tx, row: Row, ip: str | None = None, subnet_id: int | None = None) -> dict[str, Any]:
    """Do what was asked for; the columns that tell which addresses it was about."""
    acts = {"renew": renewed, "release": released}
    act = acts.get(row.apply_type)
    given = [act(tx, row)] if act else list(allocated(tx, row, ip, subnet_id))
    return {"allocated_ids": [one.id for one in given], "allocated_ips": [one.ip for one in given]}


def renewed(tx: Tx, row: Row) -> Row:
    """The address may be used for longer."""
    address = holding(tx, row)
    facts = {"expires_at": row.expires_at}
    if address.conflict_type == "expired":
        facts |= addresses.UNMARKED
    return addresses.write(tx, address, "edited", source="request", comment=row.request_no, **facts)


def released(tx: Tx, row: Row) -> Row:
    """The address goes back."""
    address = holding(tx, row)
    addresses.refuse_releases(tx, [address], force=False)
    return addresses.release(tx, address, source="request", reason=row.request_no)


def holding(tx: Tx, row: Row) -> Row:
    """The address an application is about, if its applicant still has it."""
    address = tx.find("addresses", area_id=row.area_id, ip_key=cidr.key(row.ip))
    if address is None or not application_holds.is_holder(tx, address, row.applicant_id):
        raise WrongState(ip="地址已不属于申请人")
    return address


def allocated(tx: Tx, row: Row, ip: str | None, subnet_id: int | None) -> Iterator[Row]:
    """What was held, or the address the approver names, then the next free ones up to the number."""
    facts = {name: row[name] for name in FACTS if row[name] is not None} | {"request_id": row.id}
    grant = Grant(how="request", facts=facts, reason=row.request_no, held_for=row.id)
    grant.online = row.apply_type == "register"
    named = ip or (row.ip if subnet_id in (None, row.subnet_id) else None)
    left = row.ip_count
    if named != row.ip:
        application_holds.let_go(tx, row, "审批时改用其他地址")
    if named:
        left -= 1
        yield allocation.allocate_exactly(tx, home_of(tx, row, named, subnet_id), cidr.parse_address(named), grant)
    if left:
        yield from allocation.allocate_next(tx, subnet_with(tx, row, subnet_id, left), Choice(count=left), grant)


def home_of(tx: Tx, row: Row, ip: str, subnet_id: int | None) -> Row:
    """The most specific subnet of a named address, which lies in the subnet that was named with it."""
    ident = subnet_id or (row.subnet_id if ip == row.ip else None)
    given = still_there(tx, ident) if ident else None
    address = cidr.parse_address(ip)
    area_id = given.area_id if given else row.area_id or applications.DEFAULT_AREA
    home = subnet_tree.most_specific(tx, area_id, address)
    if home is None or (given and address not in subnet_tree.network_of(given)):
        raise addresses.Outside(ip="地址不在子网内")
    return home


def subnet_with(tx: Tx, row: Row, subnet_id: int | None, count: int) -> int:
    """The subnet to take from: named, asked for, or the first of the area that takes applications and has enough."""
    if subnet_id or row.subnet_id:
        return int(still_there(tx, subnet_id or row.subnet_id).id)
    there = select(subnets).where(*applications.taking_applications(row.area_id)).order_by(subnets.c.first_key)
    for subnet in tx.all(there):
        low, high = free_addresses.bounds(subnet, Choice())
        if len(free_addresses.choose(tx, subnet, Choice(count=count), low, high)) >= count:
            return int(subnet.id)
    raise Full(count, 0)


def still_there(tx: Tx, subnet_id: int) -> Row:
    """A subnet, which may be gone since somebody applied for it."""
    subnet = tx.find("subnets", id=subnet_id)
    if subnet is None:
        raise WrongState(subnet_id="子网已被删除")
    return subnet
