"""Applications for addresses: asking, changing one's mind, and how long either lasts (ipam 7)."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select, update

from appliance import clock
from appliance.domain import access, addresses, allocation, cidr, scope, subnet_tree
from appliance.domain.addresses import ALLOCATED, AVAILABLE, PENDING, WrongState
from appliance.domain.allocation import Grant
from appliance.domain.references import missing
from appliance.errors import Denied, Invalid, Missing
from appliance.store import Row, Tx
from appliance.store.address_tables import addresses as address_table
from appliance.store.address_tables import applications as table
from appliance.store.address_tables import subnets as subnet_table
from appliance.store.address_tables import user_group_members

APPROVE = "ipam.request.approve"
STATUSES = {"pending": "待审批", "approved": "已通过", "rejected": "已拒绝", "cancelled": "已撤销", "expired": "已过期"}
TYPES = {"new": "新申请", "register": "登记在用", "renew": "续期", "release": "释放"}
HELD_FOR, ANSWERED_WITHIN = timedelta(days=7), timedelta(days=30)
MOST = 64
AT_ONCE = 200
DEFAULT_AREA = 1
NOT_PENDING = "申请已处理"
REFERS = {"contact_id": "contacts", "unit_id": "units", "department_id": "departments", "project_id": "projects"}
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
    facts = placed(tx, facts)
    user = tx.actor.user
    own = {"applicant_id": user.id, "applicant_name": user.name, "created_by": user.id, "updated_by": user.id}
    ident = tx.insert("applications", request_no=next_number(tx), events=[event(tx, "created")], **own, **facts)
    hold(tx, tx.get("applications", ident))
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


def placed(tx: Tx, facts: Facts) -> Facts:
    """The facts with the place they ask for, or every fault of it."""
    for problem in missing(tx, facts, REFERS):
        raise problem
    if not any(facts.get(name) for name in ("subnet_id", "area_id", "ip")):
        raise Invalid(subnet_id="须指定 subnet_id、network_area_id 或 ip")
    kind = facts.get("apply_type") or "new"
    if not 1 <= (facts.get("ip_count") or 1) <= MOST:
        raise Invalid(ip_count=f"数量须为1到{MOST}")
    if kind != "new" and not facts.get("ip"):
        raise Invalid(ip="须指定地址")
    if facts.get("ip"):
        facts = at_address(tx, facts)
    elif facts.get("subnet_id"):
        facts = facts | {"area_id": open_subnet(tx, facts["subnet_id"]).area_id}
    if kind in ("renew", "release"):
        require_held(tx, facts)
    if kind == "renew" and not (facts.get("expires_at") and facts["expires_at"] > clock.now()):
        raise Invalid(expires_at="须为将来的时间")
    return facts


def at_address(tx: Tx, facts: Facts) -> Facts:
    """The facts of an application that names an address: its subnet takes applications."""
    address = cidr.parse_address(facts["ip"])
    area_id = facts.get("area_id")
    if facts.get("subnet_id"):
        area_id = open_subnet(tx, facts["subnet_id"]).area_id
    home = subnet_tree.most_specific(tx, area_id or DEFAULT_AREA, address)
    if home is None or (facts.get("subnet_id") and not contains(tx, facts["subnet_id"], address)):
        raise addresses.Outside(ip="地址不在子网内")
    if facts.get("apply_type") in (None, "new", "register"):
        open_subnet(tx, home.id)
    return facts | {"ip": str(address), "subnet_id": home.id, "area_id": home.area_id}


def contains(tx: Tx, subnet_id: int, address: cidr.Address) -> bool:
    """Whether an address lies in a subnet."""
    return address in subnet_tree.network_of(tx.get("subnets", subnet_id))


def open_subnet(tx: Tx, ident: int) -> Row:
    """A subnet that takes applications, or Invalid."""
    row = tx.find("subnets", id=ident)
    if row is None or not row.complete:
        raise Invalid(subnet_id="子网不存在")
    if not row.allow_request:
        raise Invalid(subnet_id="该子网不接受申请")
    return row


def require_held(tx: Tx, facts: Facts) -> None:
    """The address is one the applicant holds: he applied for it, or allocated it himself and nobody applied for it."""
    row = tx.find("addresses", area_id=facts["area_id"], ip_key=cidr.key(facts["ip"]))
    asked = tx.find("applications", id=row.request_id) if row and row.request_id else None
    holder = asked.applicant_id if asked else row and row.allocated_by
    if row is None or row.status != ALLOCATED or holder != tx.actor.user_id:
        raise Invalid(ip="只能申请续期或释放本人持有的地址")


def held(tx: Tx) -> list[Row]:
    """Addresses that the actor applied for and still has, the first to expire first."""
    mine = select(table.c.id).where(table.c.applicant_id == tx.actor.user_id)
    has = (address_table.c.status == ALLOCATED, address_table.c.request_id.in_(mine))
    order = (address_table.c.expires_at.is_(None), address_table.c.expires_at, address_table.c.ip_key)
    return tx.all(select(address_table).where(*has).order_by(*order).limit(AT_ONCE))


# --- holding ----------------------------------------------------------------------------------------------------------


def hold(tx: Tx, row: Row) -> None:
    """Keep the wanted address for this application alone."""
    if row.ip and row.apply_type in ("new", "register"):
        subnet = tx.get("subnets", row.subnet_id)
        until = clock.now() + HELD_FOR
        facts = {"request_id": row.id}
        asker = row.apply_type == "register"
        grant = Grant(status=PENDING, how="request", facts=facts, reason=row.request_no, online=asker)
        held = allocation.allocate_exactly(tx, subnet, cidr.parse_address(row.ip), grant)
        tx.run(update(address_table).where(address_table.c.id == held.id).values(release_after=until))


def held_by(tx: Tx, row: Row) -> list[Row]:
    """The addresses that are held for an application."""
    return tx.all(select(address_table).where(address_table.c.request_id == row.id, address_table.c.status == PENDING))


def let_go(tx: Tx, row: Row, why: str) -> None:
    """What was held is free again."""
    for address in held_by(tx, row):
        free(tx, address, why)


def free(tx: Tx, address: Row, why: str) -> None:
    """One held address is free again."""
    facts = {"status": AVAILABLE, "request_id": None, "release_after": None, "allocate_type": None}
    addresses.write(tx, address, "released", source="request", comment=why, **facts)


# --- changing one's mind ----------------------------------------------------------------------------------------------


def edit(tx: Tx, row: Row, **facts: Any) -> None:
    """The applicant changes what he asked for; a rejected application is pending again."""
    require_own(tx, row)
    if row.status not in ("pending", "rejected"):
        raise WrongState(status=NOT_PENDING)
    fresh = {name: value for name, value in facts.items() if row[name] != value}
    if "ip" in fresh and "subnet_id" not in fresh:
        fresh["subnet_id"] = None
    after = placed(tx, {name: row[name] for name in EDITABLE} | fresh)
    let_go(tx, row, "申请已修改")
    word = "edited" if row.status == "pending" else "resubmitted"
    changes = {name: value for name, value in after.items() if row[name] != value}
    step(tx, row, "pending", word, **(changes | {"reject_reason": None, "approver_id": None, "approved_at": None}))
    hold(tx, tx.get("applications", row.id))


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
    let_go(tx, row, "申请已撤销")
    step(tx, row, "cancelled", "cancelled", comment, cancelled_at=clock.now())


def remove(tx: Tx, rows: Iterable[Row]) -> None:
    """One's own unless approved, or any by an administrator; holds are freed."""
    for row in rows:
        require_own(tx, row)
        if row.status == "approved" and not tx.actor.is_admin:
            raise WrongState(**{str(row.id): "已通过的申请不能删除"})
        let_go(tx, row, "申请已删除")
        tx.remove("applications", row.id)


# --- in time ----------------------------------------------------------------------------------------------------------


def unanswered() -> Select[Any]:
    """Applications that wait for too long."""
    late = (table.c.status == "pending", table.c.created_at <= clock.now() - ANSWERED_WITHIN)
    return select(table).where(*late).limit(AT_ONCE)


def lapsed() -> Select[Any]:
    """Addresses that are held for too long."""
    over = (address_table.c.status == PENDING, address_table.c.release_after <= clock.now())
    return select(address_table).where(*over).limit(AT_ONCE)


def overdue(tx: Tx) -> bool:
    """Whether time has done something to an application."""
    return tx.one(unanswered().limit(1)) is not None or tx.one(lapsed().limit(1)) is not None


def expire(tx: Tx) -> int:
    """Applications nobody answered, and addresses held for too long; how many."""
    rows = tx.all(unanswered())
    for row in rows:
        let_go(tx, row, "申请已过期")
        step(tx, row, "expired", "expired")
    holds = tx.all(lapsed())
    for address in holds:
        free(tx, address, "保留期已过")
    return len(rows) + len(holds)
