"""Departments: within a unit or within none, each below another of the same unit (ipam 6)."""

from functools import partial
from typing import Any

from appliance.domain import scope, writing
from appliance.domain.collections import (
    CODE,
    CODE_UNIQUE,
    COLLECTIONS,
    DESCRIPTION,
    LEADER,
    NAME,
    SORT_ORDER,
    STATUS,
    TELEPHONE,
    Collection,
    Unique,
    refers,
    register,
)
from appliance.domain.findings import INVALID_PARENT, NAME_EXISTS, PARENT_NOT_FOUND, Findings
from appliance.store import Row, Tx
from appliance.store.address_tables import departments

NO_PARENT, BAD_PARENT = "上级部门不存在", "上级部门无效"
OTHER_UNIT, BELOW_ITSELF, CHILDREN_STAY = "上级部门须属于同一单位", "上级部门不能是自身或下级部门", "下级部门属于原单位"


def check(tx: Tx, before: Row | None, merged: dict[str, Any], findings: Findings) -> None:
    """The parent is there, of the same unit, and not below the department."""
    parent_id = merged.get("parent_id")
    if parent_id and not findings.has("parent_id"):
        check_parent(tx, before, parent_id, merged.get("unit_id"), findings)
    moved = before is not None and merged.get("unit_id") != before.unit_id
    if before and moved and tx.find("departments", parent_id=before.id):
        findings.add("children", CHILDREN_STAY, INVALID_PARENT)


def check_parent(tx: Tx, before: Row | None, parent_id: int, unit_id: int | None, findings: Findings) -> None:
    """What can be said against this parent."""
    same = before is not None and before.parent_id == parent_id
    parent = tx.find("departments", id=parent_id) if same or seen(tx, parent_id) else None
    if parent is None:
        findings.add("parent_id", NO_PARENT, PARENT_NOT_FOUND)
    elif parent.unit_id != unit_id:
        findings.add("parent_id", OTHER_UNIT, INVALID_PARENT)
    elif before and before.id in above(tx, parent):
        findings.add("parent_id", BELOW_ITSELF, INVALID_PARENT)


def seen(tx: Tx, ident: int) -> bool:
    """Whether the caller sees a department."""
    return writing.is_seen(tx, COLLECTIONS["departments"], ident)


def above(tx: Tx, row: Row | None) -> set[int]:
    """A department and all it lies below."""
    found: set[int] = set()
    while row and row.id not in found:
        found.add(row.id)
        row = tx.find("departments", id=row.parent_id) if row.parent_id else None
    return found


DEPARTMENTS = register(
    Collection(
        name="departments",
        title="部门",
        table=departments,
        own_fields=(
            NAME,
            CODE,
            refers("unit_id", "units"),
            refers("parent_id", "departments", judged=True),
            LEADER,
            TELEPHONE,
            SORT_ORDER,
            STATUS,
            DESCRIPTION,
        ),
        unique=(Unique(("unit_id", "name_key"), "name", NAME_EXISTS, "名称已存在"), CODE_UNIQUE),
        check=check,
        scope=partial(scope.for_those_of_units, table=departments),
        messages={PARENT_NOT_FOUND: NO_PARENT, INVALID_PARENT: BAD_PARENT},
    )
)
