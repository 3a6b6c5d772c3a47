"""Groups of users, and the part of the address book they see (ipam 6, 19)."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import delete, func, select

from appliance.domain import values
from appliance.domain.collections import (
    CODE,
    CODE_UNIQUE,
    DESCRIPTION,
    NAME,
    NAME_UNIQUE,
    STATUS,
    Collection,
    Field,
    Use,
    register,
)
from appliance.domain.findings import Findings
from appliance.query import batches
from appliance.store import Row, Tx
from appliance.store.address_tables import user_group_members, user_groups
from appliance.store.tables import metadata

TARGETS = {
    "user_ids": ("user_ids", "users", "用户"),
    "unit_ids": ("unit_ids", "units", "单位"),
    "area_ids": ("network_area_ids", "areas", "网络区域"),
    "subnet_ids": ("subnet_ids", "subnets", "子网"),
}
"""By our column: the document's name, the table, and what people call its rows."""


def check(tx: Tx, before: Row | None, merged: dict[str, Any], findings: Findings) -> None:
    """Whom and what a group names is there."""
    for column, (name, table, title) in TARGETS.items():
        if merged.get(column) and not findings.has(name):
            unknown = missing(tx, table, merged[column])
            if unknown:
                findings.add(name, f"{title}不存在: {', '.join(map(str, unknown[:20]))}")


def missing(tx: Tx, table: str, idents: list[int]) -> list[int]:
    """Those of the ids that no row has."""
    column = metadata.tables[table].c.id
    known = {ident for batch in batches(idents) for ident in tx.values(select(column).where(column.in_(batch)))}
    return [ident for ident in idents if ident not in known]


def settle(tx: Tx, ident: int, before: Row | None, facts: dict[str, Any]) -> None:
    """Replace the members, where they were given."""
    if facts.get("user_ids") is None:
        return
    members, wanted = user_group_members.c, set(facts["user_ids"])
    now = set(tx.values(select(members.user_id).where(members.user_group_id == ident)))
    for batch in batches(now - wanted):
        tx.run(delete(user_group_members).where(members.user_group_id == ident, members.user_id.in_(batch)))
    for user_id in sorted(wanted - now):
        tx["user_group_members"].insert({"user_group_id": ident, "user_id": user_id})
    if now != wanted:
        tx.tell("user_group_members", id=ident, old=sorted(now), new=sorted(wanted))


def complete(tx: Tx, rows: list[Row]) -> None:
    """Who is in each."""
    members = user_group_members.c
    theirs = select(members.user_group_id, members.user_id).where(members.user_group_id.in_([row.id for row in rows]))
    found = tx.all(theirs.order_by(members.user_id))
    for row in rows:
        row["user_ids"] = [one.user_id for one in found if one.user_group_id == row.id]
        row["member_count"] = len(row["user_ids"])


def scoping(column: str) -> Callable[[Tx, list[int]], dict[int, int]]:
    """How many groups name each row: a scope never loses one silently, or it might end up naming nothing at all."""

    def counted(tx: Tx, idents: list[int]) -> dict[int, int]:
        lists = tx.values(select(user_groups.c[column]))
        found = {ident: sum(ident in named for named in lists) for ident in idents}
        return {ident: times for ident, times in found.items() if times}

    return counted


def approving(tx: Tx, idents: list[int]) -> dict[int, int]:
    """How many subnets leave decisions to each group."""
    column = metadata.tables["subnets"].c.approver_group_id
    counted = select(column.label("ident"), func.count().label("times")).where(column.in_(idents)).group_by(column)
    return {row.ident: row.times for row in tx.all(counted)}


USER_GROUPS = register(
    Collection(
        name="user-groups",
        title="用户组",
        table=user_groups,
        own_fields=(
            NAME,
            CODE,
            Field("user_ids", values.IDS, aliases=("members",), stored=False),
            Field("unit_ids", values.IDS, default=[]),
            Field("network_area_ids", values.IDS, column="area_ids", default=[]),
            Field("subnet_ids", values.IDS, default=[]),
            STATUS,
            DESCRIPTION,
        ),
        unique=(NAME_UNIQUE, CODE_UNIQUE),
        computed=("user_ids", "member_count"),
        complete=complete,
        check=check,
        settle=settle,
        uses=(Use("被 {} 个子网引用", approving),),
        custom=False,
    )
)
