"""Roles: named sets of permissions, and who may hand them out (ptpb 三, E)."""

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, delete, func, insert, or_, select

from appliance.domain import access, catalogue, guard
from appliance.domain.names import folded, taken
from appliance.errors import Conflict, Denied, Invalid, LastAdministrator, Problem, Reserved, Taken, together
from appliance.query import contains
from appliance.store import Row, Tx
from appliance.store.tables import grants, permissions, role_permissions, roles, user_roles
from appliance.store.tables import users as user_table

CODE_FORM = re.compile(r"[^\s/]{1,64}")
BAD_CODE = "编码含有不允许的字符"
GROUPS_ONLY = "权限错误"
NO_SUCH = "无效主键 “{}” － 对象不存在。"
NAME_TAKEN = "角色名称已存在"
IN_USE = "角色正在使用,无法删除"
KEYS = {"name": "name_key", "code": "code_key"}
PRINTED = frozenset({"admin", "user", "operator", "viewer", "auditor"})
"""What other documents call seeded roles: none that is made may pass for one of them there."""


def search(tx: Tx, *, name: str | None = None) -> Select[Any]:
    """Roles, those whose name contains what is given."""
    return select(roles).where(*([contains(roles.c.name, name)] if name else []))


def search_words(tx: Tx, part: str, *, besides: list[int]) -> Select[Any]:
    """Roles whose name or code contains that, and some besides."""
    return select(roles).where(or_(contains(roles.c.name, part), contains(roles.c.code, part), roles.c.id.in_(besides)))


def codes(tx: Tx, role_ids: Iterable[int]) -> dict[int, str]:
    """The codes of roles."""
    return {row.id: row.code for row in tx.all(select(roles.c.id, roles.c.code).where(roles.c.id.in_(role_ids)))}


def named(tx: Tx, word: str) -> Row | None:
    """The role with that id, UUID, name or code; digits are always an id."""
    if word.isdecimal() and word.isascii():
        return tx.find("roles", id=int(word)) if len(word) < 19 else None
    return tx.find("roles", uuid=word.lower()) or by_word(tx, word)


def by_word(tx: Tx, word: str) -> Row | None:
    """The role whose name or code this is, whatever its case."""
    key = folded(word)
    return tx.one(select(roles).where(or_(roles.c.name_key == key, roles.c.code_key == key)).order_by(roles.c.id))


def members(tx: Tx, role_id: int) -> Select[Any]:
    """The users of a role, and since when."""
    joined = user_table.join(user_roles)
    chosen = select(user_table, user_roles.c.created_at.label("added_at")).select_from(joined)
    return chosen.where(user_roles.c.role_id == role_id)


def add_counts(tx: Tx, rows: list[Row]) -> None:
    """Complete roles with the number of their users."""
    of_these = user_roles.c.role_id.in_([row.id for row in rows])
    counted = select(user_roles.c.role_id, func.count().label("users")).where(of_these)
    found = {row.role_id: row.users for row in tx.all(counted.group_by(user_roles.c.role_id))}
    for row in rows:
        row["user_count"] = found.get(row.id, 0)


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


def describe(tx: Tx, role_id: int, description: str) -> None:
    """What a role is for may be said of seeded ones too."""
    tx.change("roles", role_id, description=description)


def require_free(tx: Tx, word: str, besides: int = 0) -> None:
    """Go on only if no other role has this name, or this code."""
    if any(taken(tx, "roles", besides, **{key: folded(word)}) for key in KEYS.values()):
        raise Taken(name=NAME_TAKEN)


def require_unused(tx: Tx, role_id: int) -> None:
    """Go on only if nobody has the role."""
    if tx["user_roles"].count(role_id=role_id):
        raise Conflict(IN_USE)


def changeable(tx: Tx, role_id: int) -> Row:
    """A role that is there, and none of the seeded."""
    role = tx.get("roles", role_id)
    if role.protected:
        raise Reserved()
    return role


def check(tx: Tx, besides: int = 0, **words: Any) -> None:
    """Codes hold no blank and no slash; names and codes are unique, ignoring case."""
    with together() as faults:
        if "code" in words and not CODE_FORM.fullmatch(words["code"]):
            faults.add("code", BAD_CODE)
        for column, key in keys(**words).items():
            if taken(tx, "roles", besides, **{column: key}) or (column == KEYS["code"] and key in PRINTED):
                field, sentence = roles.c[column].info["taken"]
                faults.add(field, sentence, Taken)


def keys(**words: Any) -> dict[str, str]:
    """The columns under which a name and a code are unique."""
    return {KEYS[word]: folded(text) for word, text in words.items() if word in KEYS}


def remove(tx: Tx, role_id: int, *, used: bool = True) -> None:
    """Its users lose it, its grants go; without `used` it must have no users."""
    changeable(tx, role_id)
    require_within(tx, [role_id])
    if not used:
        require_unused(tx, role_id)
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
