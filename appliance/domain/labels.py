"""Permissions by their names: labels and codes of roles as seed 003 writes them, and labels that clients make up."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Select, select

from appliance.domain import access, catalogue, guard, roles
from appliance.errors import Conflict, Invalid, Reserved, together
from appliance.query import contains
from appliance.store import Row, Tx
from appliance.store.tables import permissions, role_permissions, user_roles
from appliance.store.tables import roles as role_table

FORM = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
RESERVED = ("system.", "resource.", "audit.", "user.", "ipam.", "ops.", "ticket.", "node.")
CUSTOM = "custom"
NO_SUCH = "权限不存在: {}"
BY_GROUP = "权限错误"
BAD_NAME = "权限名称含有不允许的字符"
RESERVED_NAME = "权限名称属于系统保留范围"
EXISTS = "权限已存在"


class Held(NamedTuple):
    """The base permissions of a role, in the order of the catalogue."""

    labels: list[str]
    codes: list[str]


# --- the catalogue ---------------------------------------------------------------------------------------------------


def search(tx: Tx, *, name: str = "", category: str = "") -> Select[Any]:
    """Permissions whose name contains that, of a category."""
    where = [contains(permissions.c.code, name)] if name else []
    return select(permissions).where(*where, *([permissions.c.scope == category] if category else []))


def define(tx: Tx, *, name: str, category: str, description: str) -> Row:
    """A new label; one that was only granted so far is adopted and keeps its id."""
    if is_reserved(name):
        raise Invalid(name=RESERVED_NAME)
    found = tx.find("permissions", code=name)
    if found and not found.implicit:
        raise Conflict(EXISTS)
    words = {"name": description[:64] or name, "scope": category, "description": description, "implicit": False}
    if found:
        tx.change("permissions", found.id, **words)
    return tx.get("permissions", found.id if found else add(tx, name, **words))


def add(tx: Tx, code: str, **words: Any) -> int:
    """The row of a label."""
    return tx.insert("permissions", code=code, object=code, action=code, label=True, **words)


# --- who holds what --------------------------------------------------------------------------------------------------


def of_roles(tx: Tx, role_ids: Iterable[int]) -> dict[int, Held]:
    """What roles hold by themselves, by one query for all of them."""
    found = {role_id: Held([], []) for role_id in role_ids}
    columns = select(role_permissions.c.role_id, permissions.c.code, permissions.c.label).join(permissions)
    for row in tx.all(columns.where(role_permissions.c.role_id.in_(found)).order_by(permissions.c.id)):
        found[row.role_id][0 if row.label else 1].append(row.code)
    return found


def of_user(tx: Tx, user_id: int) -> list[str]:
    """The labels of a user's enabled roles, each once, in the order of the catalogue."""
    joined = permissions.join(role_permissions).join(role_table).join(user_roles)
    mine = (user_roles.c.user_id == user_id, role_table.c.enabled, permissions.c.label)
    return tx.values(
        select(permissions.c.code)
        .select_from(joined)
        .where(*mine)
        .group_by(permissions.c.id)
        .order_by(permissions.c.id)
    )


# --- giving and taking -----------------------------------------------------------------------------------------------


def write(tx: Tx, role: Row, names: Sequence[str] | None, codes: Sequence[str] | None = None) -> None:
    """Set the labels of a role and add the codes among `names`; `codes` replaces all its codes."""
    held = of_roles(tx, [role.id])[role.id]
    known = check(tx, names or [], codes or [])
    labels = set(held.labels) if names is None else {name for name in names if is_label(known, name)}
    kept = set(held.codes) if codes is None else set(codes)
    wanted = labels | kept | {name for name in names or [] if name not in labels}
    now = {*held.labels, *held.codes}
    if now != wanted:
        require_changeable(tx, role, now ^ wanted)
        replace(tx, role.id, now - wanted, wanted - now)


def check(tx: Tx, names: Sequence[str], codes: Sequence[str] = ()) -> dict[str, Row]:
    """The rows of the permissions there are; a made-up label is fine among `names`."""
    known = {row.code: row for row in tx.all(select(permissions).where(permissions.c.code.in_([*names, *codes])))}
    with together() as faults:
        for field, wanted in {"names": names, "codes": codes}.items():
            for name in wanted:
                if sentence := fault(known.get(name), name, made_up=field == "names"):
                    faults.add(field, sentence)
    return known


def fault(row: Row | None, name: str, *, made_up: bool) -> str:
    """What is wrong with giving a role this permission: a label, made up or not, or else a code."""
    if name in catalogue.GROUPED:
        return BY_GROUP
    if row is None:
        good = made_up and not is_reserved(name) and FORM.fullmatch(name) is not None
    else:
        good = made_up or not row.label
    return "" if good else NO_SUCH.format(name)


def is_reserved(name: str) -> bool:
    """Whether a name looks like one of our codes, in any case."""
    return name.casefold().startswith(RESERVED)


def is_label(known: dict[str, Row], name: str) -> bool:
    """Whether a name is a label, or will be one."""
    return name not in known or bool(known[name].label)


def require_changeable(tx: Tx, role: Row, changed: set[str]) -> None:
    """Role 1 keeps what it holds, the other seeded ones their codes; nobody gives or takes what he has not."""
    if role.protected and (role.id == 1 or any("." in name for name in changed)):
        raise Reserved()
    access.require_within(tx, changed)


def replace(tx: Tx, role_id: int, gone: set[str], fresh: set[str]) -> None:
    """Take some permissions from a role and give it others, making up labels where needed."""
    ids = {row.code: row.id for row in tx.all(select(permissions.c.code, permissions.c.id))}
    for name in sorted(fresh - ids.keys()):
        ids[name] = add(tx, name, name=name, scope=CUSTOM, implicit=True)
    with guard.keeping_an_administrator(tx):
        roles.replace(tx, role_id, {ids[name] for name in gone}, {ids[name] for name in fresh})
    tx.tell("role_permissions", id=role_id, gone=sorted(gone), fresh=sorted(fresh))
