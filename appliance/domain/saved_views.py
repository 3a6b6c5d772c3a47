"""Queries that users keep by name, each for himself."""

from typing import Any

import orjson
from sqlalchemy import ColumnElement, select

from appliance.domain import values
from appliance.domain.collections import COLLECTIONS, NAME, Collection, Field, Unique
from appliance.domain.findings import NAME_EXISTS, Findings
from appliance.domain.incoming import NO_CHOICE
from appliance.store import Row, Tx
from appliance.store.address_tables import saved_views

MOST, LONGEST = 100, 8 * 1024
TOO_MANY = f"最多保存{MOST}个视图"


def query(value: Any) -> dict[str, Any]:
    """What a list is asked with, of bounded size."""
    if not isinstance(value, dict):
        raise ValueError(values.NO_OBJECT)
    if len(orjson.dumps(value)) > LONGEST:
        raise ValueError(values.TOO_LONG)
    return value


def mine(tx: Tx) -> ColumnElement[bool]:
    """One's own."""
    return saved_views.c.user_id == tx.actor.user_id


def check(tx: Tx, before: Row | None, merged: dict[str, Any], findings: Findings) -> None:
    """Of a collection there is; a new one is one's own, and not one too many."""
    if merged.get("collection") and merged["collection"] not in COLLECTIONS:
        findings.add("collection", NO_CHOICE)
    if before is None:
        merged["user_id"] = tx.actor.user_id
        if tx.count(select(saved_views.c.id).where(mine(tx))) >= MOST:
            findings.add("name", TOO_MANY)


VIEWS = Collection(
    name="saved-views",
    title="已存视图",
    table=saved_views,
    own_fields=(
        Field("collection", required=True, longest=32, fixed=True),
        NAME,
        Field("query", values.Kind("json", query, values.JSON.operators), required=True),
    ),
    unique=(Unique(("user_id", "collection", "name_key"), "name", NAME_EXISTS, "名称已存在"),),
    check=check,
    scope=mine,
    custom=False,
)
