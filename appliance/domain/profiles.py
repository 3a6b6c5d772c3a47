"""What is shown of a person who is signed in: himself, with his roles, rights and groups (ipam 2)."""

from typing import Any

from sqlalchemy import ColumnElement, case, func, select

from appliance.domain import access, audit, ranks
from appliance.store import Row, Tx
from appliance.store.address_tables import user_group_members, user_groups
from appliance.store.tables import login_records, users

ACTIVE, DISABLED, PENDING = "active", "disabled", "pending"
STATUSES = {ACTIVE: "启用", DISABLED: "停用", PENDING: "待审核"}
STATUS: ColumnElement[str] = case((users.c.pending, PENDING), (~users.c.enabled, DISABLED), else_=ACTIVE)


def status(user: Row) -> str:
    """Whether somebody may sign in, in a word."""
    return PENDING if user.pending else ACTIVE if user.enabled else DISABLED


def is_new(user: Row) -> bool:
    """Whether this is his first visit, or he has to choose a password."""
    return user.login_count <= 1 or bool(user.must_change_password)


def last_addresses(tx: Tx, user_ids: list[int]) -> dict[int, str]:
    """Where people last signed in from."""
    columns = login_records.c
    mine = (columns.user_id.in_(user_ids), columns.succeeded, columns.kind == audit.LOGIN)
    newest = select(func.max(columns.id)).where(*mine).group_by(columns.user_id)
    found = select(columns.user_id, columns.address).where(columns.id.in_(newest))
    return {row.user_id: row.address for row in tx.all(found)}


def groups(tx: Tx, user_ids: list[int]) -> dict[int, list[dict[str, Any]]]:
    """The user groups people are in."""
    chosen = select(user_group_members.c.user_id, user_groups.c.id, user_groups.c.name)
    joined = chosen.join(user_groups, user_groups.c.id == user_group_members.c.user_group_id)
    found: dict[int, list[dict[str, Any]]] = {ident: [] for ident in user_ids}
    for row in tx.all(joined.where(user_group_members.c.user_id.in_(user_ids)).order_by(user_groups.c.id)):
        found[row.user_id].append({"id": row.id, "name": row.name})
    return found


def of(tx: Tx, person: Row) -> dict[str, Any]:
    """All of it."""
    user = ranks.of(tx, person)
    return {
        "id": user.id,
        "username": user.login,
        "nickname": user.name,
        "role": user.role,
        "roles": user.roles,
        "permissions": sorted(access.effective(tx, user.id)),
        "email": user.email,
        "phone": user.phone,
        "unit_id": user.unit_id,
        "department_id": user.department_id,
        "groups": groups(tx, [user.id])[user.id],
        "status": status(user),
        "first_login": is_new(user),
        "must_change_password": bool(user.must_change_password),
        "last_login_at": user.last_login_at,
        "last_login_ip": last_addresses(tx, [user.id]).get(user.id),
        "created_at": user.created_at,
    }
