"""Units: five levels from province to village, each under one of the level above (ipam 6)."""

from typing import Any

from sqlalchemy import func, select, update

from appliance.domain import scope, user_groups, values, writing
from appliance.domain.collections import (
    CODE,
    CODE_UNIQUE,
    COLLECTIONS,
    DESCRIPTION,
    LEADER,
    NAME,
    NAME_UNIQUE,
    SORT_ORDER,
    STATUS,
    TELEPHONE,
    Collection,
    Field,
    Use,
    refers,
    register,
)
from appliance.domain.findings import (
    INVALID_LEVEL,
    INVALID_PARENT,
    MISSING_PARENT,
    PARENT_NOT_FOUND,
    PROVINCE_HAS_PARENT,
    Findings,
)
from appliance.store import Row, Tx
from appliance.store.address_tables import units

LEVELS = {1: "省级", 2: "市级", 3: "县级", 4: "乡级", 5: "村级"}
SKIPPING = "unit_allow_skip_level"
HAS_PARENT, LACKS_PARENT = "省级单位不能有上级", "缺少上级单位"
NO_PARENT, BAD_PARENT, BAD_CHILDREN = "上级单位不存在", "上级单位的级别须为上一级", "下级单位的级别与此级别不符"
BELOW_ITSELF = "上级单位不能是自身或下级单位"


def check(tx: Tx, before: Row | None, merged: dict[str, Any], findings: Findings) -> None:
    """Level and parent fit together, for the unit and for those below it."""
    level, parent_id = merged.get("level"), merged.get("parent_id")
    if findings.has("level") or findings.has("parent_id") or not level:
        return
    if level == 1:
        if parent_id:
            findings.add("parent_id", HAS_PARENT, PROVINCE_HAS_PARENT)
    elif not parent_id:
        findings.add("parent_id", LACKS_PARENT, MISSING_PARENT)
    else:
        check_parent(tx, before, level, parent_id, findings)
    if before and level != before.level:
        check_children(tx, before, level, findings)


def check_parent(tx: Tx, before: Row | None, level: int, parent_id: int, findings: Findings) -> None:
    """The parent is there, one level above, and neither the unit itself nor below it."""
    same = before is not None and before.parent_id == parent_id
    parent = tx.find("units", id=parent_id) if same or writing.is_seen(tx, COLLECTIONS["units"], parent_id) else None
    if parent is None:
        findings.add("parent_id", NO_PARENT, PARENT_NOT_FOUND)
    elif before and parent.path.startswith(before.path):
        findings.add("parent_id", BELOW_ITSELF, INVALID_PARENT)
    elif not fits(tx, parent.level, level):
        findings.add("parent_id", BAD_PARENT, INVALID_PARENT)


def fits(tx: Tx, above: int, below: int) -> bool:
    """Whether a level may lie directly under another."""
    option = tx.find("options", name=SKIPPING)
    return above < below if option and option.value else above == below - 1


def check_children(tx: Tx, before: Row, level: int, findings: Findings) -> None:
    """The units directly below still fit under the new level."""
    below = tx.values(select(units.c.level).where(units.c.parent_id == before.id).distinct())
    if not all(fits(tx, level, one) for one in below):
        findings.add("children", BAD_CHILDREN, INVALID_PARENT)


def settle(tx: Tx, ident: int, before: Row | None, facts: dict[str, Any]) -> None:
    """The path of a unit follows its parent's, and those below follow it."""
    if before and "parent_id" not in facts:
        return
    row = tx.get("units", ident)
    above = tx.get("units", row.parent_id).path if row.parent_id else "/"
    path = f"{above}{ident}/"
    if before and before.path != path:
        inside = (units.c.path >= before.path, units.c.path < before.path[:-1] + "0")
        moved = path + func.substr(units.c.path, len(before.path) + 1)
        tx.run(update(units).where(*inside).values(path=moved))
    elif not before:
        tx.run(update(units).where(units.c.id == ident).values(path=path))


def complete(tx: Tx, rows: list[Row]) -> None:
    """How many lie directly below each."""
    counted = select(units.c.parent_id, func.count().label("times")).where(units.c.parent_id.in_([r.id for r in rows]))
    found = {row.parent_id: row.times for row in tx.all(counted.group_by(units.c.parent_id))}
    for row in rows:
        row["children_count"] = found.get(row.id, 0)


UNITS = register(
    Collection(
        name="units",
        title="单位",
        table=units,
        own_fields=(
            NAME,
            CODE,
            Field(
                "level",
                values.INTEGER,
                required=True,
                low=1,
                high=5,
                code=INVALID_LEVEL,
                choices=LEVELS,  # type: ignore[arg-type]
            ),
            refers("parent_id", "units", judged=True),
            Field("path", writable=False),
            Field("short_name", longest=64, searchable=True),
            Field("region_code", longest=64, searchable=True),
            LEADER,
            TELEPHONE,
            Field("address"),
            SORT_ORDER,
            STATUS,
            DESCRIPTION,
        ),
        unique=(NAME_UNIQUE, CODE_UNIQUE),
        computed=("children_count",),
        complete=complete,
        check=check,
        settle=settle,
        scope=scope.for_units,
        uses=(Use("被 {} 个用户组引用", user_groups.scoping("unit_ids")),),
    )
)
