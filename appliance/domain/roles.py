"""Roles: named sets of permissions, and who may hand them out (ptpb 三, E)."""

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, delete, insert, select

from appliance.domain import access, catalogue, guard
from appliance.domain.names import folded, taken
from appliance.errors import Denied, Invalid, LastAdministrator, Problem, Reserved, Taken, together
from appliance.query import contains
from appliance.store import Row, Tx
from appliance.store.tables import grants, permissions, role_permissions, roles

CODE_FORM = re.compile(r"[^\s/]{1,64}")
BAD_CODE = "编码含有不允许的字符"
GROUPS_ONLY = "权限错误"
NO_SUCH = "无效主键 “{}” － 对象不存在。"
KEYS = {"name": "name_key", "code": "code_key"}


def search(tx: Tx, *, name: str | None = None) -> Select[Any]:
    """Roles, those whose name contains what is given."""
    return select(roles).where(*([contains(roles.c.name, name)] if name else []))


def permission_list(tx: Tx) -> list[Row]:
    """The whole catalogue."""
    return tx.all(select(permissions).order_by(permissions.c.id))


def permission_ids(tx: Tx, role_id: int) -> list[int]:
    """The base permissions of a role, ascending; Missing when there is no such role."""
    tx.get("roles", role_id)
    held = select(role_permissions.c.permission_id).where(role_permissions.c.role_id == role_id)
    return sorted(tx.values(held))


def create(tx: Tx, *, name: str, code: str, **words: Any) -> int:
    """A new role, which gives nothing yet."""
    check(tx, 0, name=name, code=code)
    return tx.insert("roles", name=name, code=code, **keys(name=name, code=code), **words)


def change(tx: Tx, role_id: int, **changes: Any) -> None:
    """Change columns of a role; switching one on or off gives or takes all that it holds."""
    role = changeable(tx, role_id)
    changes = {column: value for column, value in changes.items() if value != role[column]}
    check(tx, role_id, **changes)
    if "enabled" in changes:
        require_within(tx, [role_id])
    with guard.keeping_an_administrator(tx):
        tx.change("roles", role_id, **keys(**changes), **changes)


def changeable(tx: Tx, role_id: int) -> Row:
    """A role that is there, and none of the seeded."""
    role = tx.get("roles", role_id)
    if role.protected:
        raise Reserved()
    return role


def check(tx: Tx, besides: int, **words: Any) -> None:
    """Codes hold no blank and no slash; names and codes are unique, ignoring case."""
    with together() as faults:
        if "code" in words and not CODE_FORM.fullmatch(words["code"]):
            faults.add("code", BAD_CODE)
        for column, key in keys(**words).items():
            if taken(tx, "roles", besides, **{column: key}):
                field, sentence = roles.c[column].info["taken"]
                faults.add(field, sentence, Taken)


def keys(**words: Any) -> dict[str, str]:
    """The columns under which a name and a code are unique."""
    return {KEYS[word]: folded(text) for word, text in words.items() if word in KEYS}


def remove(tx: Tx, role_id: int) -> None:
    """Its users lose it, its grants go."""
    changeable(tx, role_id)
    require_within(tx, [role_id])
    if guard.carries_last_administrator(tx, role_id):
        raise LastAdministrator()
    tx.remove("roles", role_id)


def remove_all(tx: Tx, role_ids: Iterable[int]) -> list[int]:
    """Remove those that may be removed; their ids."""
    return [ident for ident in role_ids if is_removed(tx, ident)]


def is_removed(tx: Tx, role_id: int) -> bool:
    """Remove a role if it may be; whether it was. A refusal comes before anything is written."""
    try:
        remove(tx, role_id)
    except Problem:
        return False
    return True


def set_permissions(tx: Tx, role_id: int, permission_ids: Iterable[int]) -> None:
    """Replace the base permissions of a role."""
    changeable(tx, role_id)
    wanted = set(permission_ids)
    codes = {row.id: row.code for row in permission_list(tx)}
    check_base(wanted, codes)
    now = set(tx.values(select(role_permissions.c.permission_id).where(role_permissions.c.role_id == role_id)))
    access.require_within(tx, (codes[ident] for ident in now ^ wanted))
    with guard.keeping_an_administrator(tx):
        replace(tx, role_id, now - wanted, wanted - now)
    tx.tell("role_permissions", id=role_id, old=sorted(codes[i] for i in now), new=sorted(codes[i] for i in wanted))


def check_base(wanted: set[int], codes: dict[int, str]) -> None:
    """Base permissions exist, and are none of those that come by group."""
    with together() as faults:
        if any(codes.get(ident) in catalogue.GROUPED for ident in wanted):
            faults.add("permissions", GROUPS_ONLY)
        for ident in sorted(wanted - set(codes)):
            faults.add("permissions", NO_SUCH.format(ident))


def replace(tx: Tx, role_id: int, gone: set[int], fresh: set[int]) -> None:
    """Take some base permissions from a role and give it others."""
    of_role = role_permissions.c.role_id == role_id
    tx.run(delete(role_permissions).where(of_role, role_permissions.c.permission_id.in_(gone)))
    if fresh:
        rows = [{"role_id": role_id, "permission_id": ident} for ident in sorted(fresh)]
        tx.run(insert(role_permissions).values(rows))


def require_known(tx: Tx, role_ids: Iterable[int]) -> None:
    """Every one of these roles is there."""
    wanted = set(role_ids)
    if len(tx.values(select(roles.c.id).where(roles.c.id.in_(wanted)))) < len(wanted):
        raise Invalid(roles="角色不存在")


def require_within(tx: Tx, role_ids: Iterable[int]) -> None:
    """Roles are given and taken only by somebody who holds all that they hold, on every group they hold it on."""
    wanted = list(role_ids)
    if tx.actor.is_admin or not wanted:
        return
    access.require_within(tx, access.base_codes(tx, wanted))
    held = select(permissions.c.code, grants.c.group_id).join(grants).where(grants.c.role_id.in_(wanted))
    for code in {row.code for row in tx.all(held)}:
        beyond = held.where(permissions.c.code == code, grants.c.group_id.not_in(access.reach(tx, code)))
        if tx.one(beyond):
            raise Denied(access.BEYOND)
