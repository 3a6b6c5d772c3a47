"""Removing rows of the address book: all or none, and nothing that is still referred to (ipam 3)."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import func, select

from appliance.domain.collections import Collection
from appliance.domain.incoming import ids_of, require_some
from appliance.domain.writing import NOT_FREE, require_known
from appliance.errors import Conflict
from appliance.query import batches
from appliance.store import Row, Tx
from appliance.store.tables import metadata

CALLED = {
    "areas": "个网络区域",
    "units": "个单位",
    "departments": "个部门",
    "contacts": "个使用人",
    "projects": "个项目",
    "gateways": "个网关",
    "subnets": "个子网",
    "addresses": "个IP地址",
    "applications": "个申请",
    "users": "个用户",
}


def remove(tx: Tx, collection: Collection, body: Mapping[str, Any]) -> dict[str, Any]:
    """Remove rows, all or none."""
    idents = ids_of(body)
    require_some(idents, "ids")
    rows = require_known(tx, collection, idents)
    require_unused(tx, collection, rows)
    tx.remove_all(collection.table.name, sorted(idents, reverse=True))  # what refers to a neighbour came later
    return {"deleted": len(idents), "ids": idents}


def require_unused(tx: Tx, collection: Collection, rows: Mapping[int, Row]) -> None:
    """Nothing else refers to any of them."""
    faults: dict[str, list[str]] = {}
    for ident, row in rows.items():
        if collection.protected and (why := collection.protected(row)):
            faults.setdefault(str(ident), []).append(why)
    for sentence, found in used(tx, collection, list(rows)):
        for ident, times in found.items():
            faults.setdefault(str(ident), []).append(sentence.format(times))
    if faults:
        raise Conflict(**faults).coded(NOT_FREE)


def used(tx: Tx, collection: Collection, idents: list[int]) -> Iterator[tuple[str, dict[int, int]]]:
    """Who refers to rows: by the database's own references, and by what else the collection knows."""
    for table in metadata.tables.values():
        for column in table.columns:
            for reference in column.foreign_keys:
                if reference.ondelete != "CASCADE" and reference.column.table is collection.table:
                    yield (
                        f"被 {{}} {CALLED.get(table.name, '条记录')}引用",
                        referring(tx, column, idents, table is collection.table),
                    )
    for use in collection.uses:
        yield use.sentence, use.counted(tx, idents)


def referring(tx: Tx, column: Any, idents: list[int], within: bool) -> dict[int, int]:
    """How many rows refer to each; rows that go along do not count."""
    found: dict[int, int] = {}
    going = set(idents)
    for batch in batches(idents):
        if within:
            rows = select(column.table.c.id, column.label("ident")).where(column.in_(batch))
            for row in tx.all(rows):
                if row.id not in going:
                    found[row.ident] = found.get(row.ident, 0) + 1
        else:
            counted = (
                select(column.label("ident"), func.count().label("times")).where(column.in_(batch)).group_by(column)
            )
            found |= {row.ident: row.times for row in tx.all(counted)}
    return found
