"""Applications for addresses: asking, changing one's mind, and how long either lasts (ipam 7)."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, update

from appliance import clock
from appliance.domain import access, addresses, application_holds, cidr, options, scope, subnet_tree
from appliance.domain.addresses import WrongState
from appliance.domain.application_holds import TAKING
from appliance.domain.collections import WRITE
from appliance.errors import Denied, Invalid, Missing, together
from appliance.store import Row, Tx
from appliance.store.address_tables import applications as table
from appliance.store.address_tables import subnets as subnet_table
from appliance.store.address_tables import user_group_members

APPROVE = "ipam.request.approve"
STATUSES = {"pending": "待审批", "approved": "已通过", "rejected": "已拒绝", "cancelled": "已撤销", "expired": "已过期"}
TYPES = {"new": "新申请", "register": "登记在用", "renew": "续期", "release": "释放"}
EXPIRY, DAYS = "application_expiry_days", 30
"""The option that says how long an application waits, and its default."""
MOST = 64
MOST_WAITING = 64
AT_ONCE = 200
DEFAULT_AREA = 1
NOT_PENDING, NOT_OPEN, NO_SUBNET = "申请已处理", "该子网不接受申请", "子网不存在"
PLACE = {"apply_type", "area_id", "subnet_id", "ip"}
"""What an address is held by."""
Facts = dict[str, Any]


# --- who sees, who decides --------------------------------------------------------------------------------------------


def visible(tx: Tx) -> ColumnElement[bool]:
    """One's own, and those one may decide."""
    mine = table.c.applicant_id == tx.actor.user_id
    groups = select(user_group_members.c.user_group_id).where(user_group_members.c.user_id == tx.actor.user_id)
    led = select(subnet_table.c.id).where(subnet_table.c.approver_group_id.in_(groups))
    if not access.holds(tx, APPROVE):
        return or_(mine, table.c.subnet_id.in_(led))
    part, inside = scope.of(tx), scope.for_subnets(tx)
    if part is None or inside is None:
        return table.c.id > 0
    theirs = table.c.subnet_id.in_(select(subnet_table.c.id).where(inside))
    whole = table.c.subnet_id.is_(None) & table.c.area_id.in_(part.areas)
    return or_(mine, theirs, whole, table.c.subnet_id.in_(led))


def get(tx: Tx, ident: int) -> Row:
    """An application the actor sees, or Missing."""
    row = tx.one(select(table).where(table.c.id == ident, visible(tx)))
    if row is None:
        raise Missing(id=f"ID不存在: {ident}").coded("ID_NOT_FOUND")
    return row


def event(tx: Tx, what: str, comment: str = "") -> Facts:
    """One line of an application's own timeline."""
    user = tx.actor.user if tx.actor else None
    who = {"actor_id": user.id if user else None, "actor_name": user.name if user else ""}
    return {"at": clock.now().isoformat(timespec="seconds"), "event": what, "comment": comment or None, **who}


def step(tx: Tx, row: Row, status: str, what: str, comment: str = "", **facts: Any) -> None:
    """Compare-and-set: out of the state the row was read in, or WrongState."""
    told = {"events": [*row.events, event(tx, what, comment)], "updated_at": clock.now()}
    same = (table.c.id == row.id, table.c.status == row.status, table.c.version == row.version)
    values = {"status": status, "version": row.version + 1, "updated_by": addresses.who(tx), **told, **facts}
    if tx.run(update(table).where(*same).values(**values)) != 1:
        raise WrongState(status=NOT_PENDING)
    tx.tell("applications", id=row.id, old={"status": row.status}, new={"status": status})


# --- asking -----------------------------------------------------------------------------------------------------------


def submit(tx: Tx, **facts: Any) -> Row:
    """Ask for addresses, for oneself; a wanted address is held. Where the subnet says so, nobody has to decide."""
    require_patience(tx)
    facts = placed(tx, facts)
    user = tx.actor.user
    own = {"applicant_id": user.id, "applicant_name": user.name, "created_by": user.id, "updated_by": user.id}
    ident = tx.insert("applications", request_no=next_number(tx), events=[event(tx, "created")], **own, **facts)
    application_holds.hold(tx, tx.get("applications", ident))
    return tx.get("applications", ident)


def next_number(tx: Tx) -> str:
    """IPR-YYYYMMDD-0001, counted by the day."""
    day = f"IPR-{clock.now().astimezone(tx.settings.zone):%Y%m%d}-"
    last = tx.value(
        select(table.c.request_no)
        .where(table.c.request_no.startswith(day))
        .order_by(func.length(table.c.request_no).desc(), table.c.request_no.desc())
        .limit(1)
    )
    return f"{day}{int(last.removeprefix(day)) + 1 if last else 1:04d}"


def require_patience(tx: Tx) -> None:
    """Who may not allocate himself does not hold a whole network by asking for it."""
    waiting = tx["applications"].count(applicant_id=tx.actor.user_id, status="pending")
    if waiting >= MOST_WAITING and not access.holds(tx, WRITE):
        raise WrongState(status=f"待审批的申请不能超过{MOST_WAITING}项")


def placed(tx: Tx, facts: Facts) -> Facts:
    """The facts with the place they ask for, or every fault of it."""
    require_wish(facts)
    taking = facts["apply_type"] in TAKING
    if facts.get("ip"):
        facts = at_address(tx, facts, taking=taking)
    elif facts.get("subnet_id"):
        facts = facts | {"area_id": open_subnet(tx, facts["subnet_id"]).area_id}
    elif not tx.value(select(subnet_table.c.id).where(*taking_applications(facts["area_id"])).limit(1)):
        raise Invalid(network_area_id="该区域没有接受申请的子网")
    if not taking:
        application_holds.require_held(tx, facts)
    return facts


def require_wish(facts: Facts) -> None:
    """What is asked for makes sense in itself, or every reason why not."""
    with together() as found:
        if not any(facts.get(name) for name in ("subnet_id", "area_id", "ip")):
            found.add("subnet_id", "须指定 subnet_id、network_area_id 或 ip")
        if facts["apply_type"] != "new" and not facts.get("ip"):
            found.add("ip", "须指定地址")
        if facts["apply_type"] == "renew" and not (facts.get("expires_at") and facts["expires_at"] > clock.now()):
            found.add("expires_at", "须为将来的时间")


def at_address(tx: Tx, facts: Facts, *, taking: bool) -> Facts:
    """The facts of an application that names an address: where it is wanted, its subnet takes applications."""
    address = cidr.parse_address(facts["ip"])
    given = subnet_of(tx, facts["subnet_id"]) if facts.get("subnet_id") else None
    area_id = given.area_id if given else facts.get("area_id") or DEFAULT_AREA
    home = subnet_tree.most_specific(tx, area_id, address)
    outside = given is not None and address not in subnet_tree.network_of(given)
    if home is None or outside or (taking and not is_seen(tx, home.id)):
        raise addresses.Outside(ip="地址不在子网内")
    if taking:
        open_subnet(tx, home.id)
    return facts | {"ip": str(address), "subnet_id": home.id, "area_id": home.area_id}


def subnet_of(tx: Tx, ident: int) -> Row:
    """A subnet, or Invalid."""
    row = tx.find("subnets", id=ident)
    if row is None or not row.complete:
        raise Invalid(subnet_id=NO_SUBNET)
    return row


def open_subnet(tx: Tx, ident: int) -> Row:
    """A subnet that takes applications, or Invalid."""
    row = subnet_of(tx, ident)
    if not row.allow_request or row.status == subnet_tree.CONTAINER:
        raise Invalid(subnet_id=NOT_OPEN)
    return row


def taking_applications(area_id: int) -> tuple[ColumnElement[bool], ...]:
    """Subnets of an area from which applications for it are met."""
    columns = subnet_table.c
    there = (columns.area_id == area_id, columns.complete, columns.status == "active")
    return *there, columns.allow_request, columns.is_full.is_(False), columns.ip_version == 4


def is_seen(tx: Tx, subnet_id: int) -> bool:
    """Whether a subnet lies in what the actor may see."""
    part = scope.for_subnets(tx)
    mine = subnet_table.c.complete if part is None else and_(subnet_table.c.complete, part)
    return tx.value(select(subnet_table.c.id).where(subnet_table.c.id == subnet_id, mine)) is not None


# --- changing one's mind ----------------------------------------------------------------------------------------------


def edit(tx: Tx, row: Row, **facts: Any) -> None:
    """The applicant changes what he asked for; a rejected application is pending again."""
    require_own(tx, row)
    if row.status not in ("pending", "rejected"):
        raise WrongState(status=NOT_PENDING)
    fresh = {name: value for name, value in facts.items() if row[name] != value}
    if fresh.get("ip") and "subnet_id" not in facts:
        fresh["subnet_id"] = None
    after = placed(tx, {name: row[name] for name in EDITABLE} | fresh)
    changes = {name: value for name, value in after.items() if row[name] != value}
    resubmitted = row.status == "rejected"
    moved = resubmitted or not PLACE.isdisjoint(changes)
    if resubmitted:
        require_patience(tx)
    if moved:
        application_holds.let_go(tx, row, "申请已修改")
    undecided = {"reject_reason": None, "approver_id": None, "approved_at": None}
    step(tx, row, "pending", "resubmitted" if resubmitted else "edited", **(changes | undecided))
    if moved:
        application_holds.hold(tx, tx.get("applications", row.id))


EDITABLE = (
    *("apply_type", "contact_id", "unit_id", "department_id", "project_id", "area_id", "subnet_id", "ip", "ip_count"),
    *("hostname", "mac_address", "device_name", "device_type", "purpose", "expires_at", "description"),
)


def require_own(tx: Tx, row: Row) -> None:
    """Only the applicant, or an administrator, does this."""
    if row.applicant_id != tx.actor.user_id and not tx.actor.is_admin:
        raise Denied("只能操作本人的申请")


def cancel(tx: Tx, row: Row, comment: str = "") -> None:
    """The applicant takes it back; what was held is free."""
    require_own(tx, row)
    if row.status != "pending":
        raise WrongState(status=NOT_PENDING)
    application_holds.let_go(tx, row, "申请已撤销")
    step(tx, row, "cancelled", "cancelled", comment, cancelled_at=clock.now())


def remove(tx: Tx, rows: Iterable[Row]) -> None:
    """One's own unless approved, or any by an administrator; holds are freed."""
    for row in rows:
        require_own(tx, row)
        if row.status == "approved" and not tx.actor.is_admin:
            raise WrongState(**{str(row.id): "已通过的申请不能删除"})
        application_holds.let_go(tx, row, "申请已删除")
        tx.remove("applications", row.id)


# --- in time ----------------------------------------------------------------------------------------------------------


def unanswered(tx: Tx) -> Select[Any]:
    """Applications that wait for too long, counted from when they were last asked or changed."""
    patience = timedelta(days=options.value(tx, EXPIRY, DAYS))
    late = (table.c.status == "pending", table.c.updated_at <= clock.now() - patience)
    return select(table).where(*late).limit(AT_ONCE)


def overdue(tx: Tx) -> bool:
    """Whether time has done something to an application."""
    return tx.one(unanswered(tx).limit(1)) is not None or tx.one(application_holds.lapsed().limit(1)) is not None


def expire(tx: Tx) -> int:
    """Applications nobody answered, and addresses held for too long; how many."""
    rows = tx.all(unanswered(tx))
    for row in rows:
        application_holds.let_go(tx, row, "申请已过期")
        step(tx, row, "expired", "expired")
    return len(rows) + application_holds.lapse(tx)
