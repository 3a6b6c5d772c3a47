"""Which rows are on a page: found by an index, from the nearest place whose position is known (ipam 3)."""

from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Select, select, true, tuple_

from appliance.domain.collections import Collection
from appliance.query import batches
from appliance.store import Row, Tx

FURTHEST = 2**62
MOST_PLACES = 200
FAR = 2000
"""So many rows are passed one by one before it is worth asking how to skip them."""
Places = dict[tuple[str, bool, int], tuple[Any, Any]]
"""Rows that were reached: by their order, its direction and how many there are up to them; the id and the value."""


class Page(NamedTuple):
    """Which part of a list."""

    number: int
    size: int


class Order(NamedTuple):
    """By what, and in which direction."""

    by: ColumnElement[Any]
    falling: bool


class Start(NamedTuple):
    """Where a search begins: so many rows come before those that this holds for."""

    passed: int
    rest: ColumnElement[bool]


BEGINNING = Start(0, true())


def rows_of(
    tx: Tx,
    collection: Collection,
    where: list[ColumnElement[bool]],
    order: Order,
    part: Page,
    total: int,
    places: Places | None = None,
) -> list[Row]:
    """The rows of one page: ids first, by an index and from the nearer end, then the rows themselves."""
    start = min((part.number - 1) * part.size, FURTHEST)
    size = min(part.size, total - start)
    if size <= 0:
        return []
    behind = total - start - size
    backwards = behind < start
    turned = Order(order.by, falling=order.falling != backwards)
    offset = behind if backwards else start
    begin = BEGINNING if where else skipped(tx, collection, turned, offset, total)
    ident = collection.table.c.id
    found = select(ident, order.by.label("by")).where(*where).order_by(*terms(turned, ident)).limit(size)
    idents = jump(tx, found, turned, ident, offset, begin, {} if places is None else places)
    return by_ids(tx, collection, reversed(idents) if backwards else idents)


def terms(order: Order, ident: ColumnElement[int]) -> list[ColumnElement[Any]]:
    """What rows are ordered by: ties by id."""
    return [one.desc() if order.falling else one.asc() for one in dict.fromkeys([order.by, ident])]


def skipped(tx: Tx, collection: Collection, order: Order, offset: int, total: int) -> Start:
    """The furthest start that the collection knows without looking at rows, of all its rows."""
    if offset <= FAR or not isinstance(order.by, Column):
        return BEGINNING
    found = collection.skip(tx, order.by, order.falling, offset, total)
    return BEGINNING if found is None else Start(*found)


def jump(
    tx: Tx,
    found: Select[Any],
    order: Order,
    ident: ColumnElement[int],
    offset: int,
    begin: Start,
    places: Places,
) -> list[int]:
    """The ids from an offset on; begins behind a row that was reached before, which costs nothing, not at the end."""
    steady = isinstance(order.by, Column) and not order.by.nullable
    if steady:
        begin = max(begin, nearest(order, ident, offset, places), key=lambda start: start.passed)
    rows = tx.all(found.where(begin.rest).offset(offset - begin.passed))
    if steady and rows and len(places) < MOST_PLACES:
        places[(str(order.by), order.falling, offset + len(rows))] = (rows[-1].id, rows[-1]["by"])
    return [row.id for row in rows]


def nearest(order: Order, ident: ColumnElement[int], offset: int, places: Places) -> Start:
    """Behind the last row before the offset that was reached."""
    mine = [place for place in places if place[:2] == (str(order.by), order.falling) and place[2] <= offset]
    if not mine:
        return BEGINNING
    place = max(mine, key=lambda one: one[2])
    last, value = places[place]
    row, there = (ident, last) if order.by is ident else (tuple_(order.by, ident), tuple_(value, last))
    return Start(place[2], row < there if order.falling else row > there)


def by_ids(tx: Tx, collection: Collection, idents: Any) -> list[Row]:
    """Rows in the order of these ids."""
    order = list(idents)
    rows: dict[int, Row] = {}
    for batch in batches(order):
        rows |= {row.id: row for row in tx.all(columns(collection).where(collection.table.c.id.in_(batch)))}
    return [rows[ident] for ident in order if ident in rows]


def columns(collection: Collection) -> Select[Any]:
    """Every column, and every expression under its field's name; what is computed anyway is not asked for."""
    found = [one for one in collection.fields.values() if one.value is not None and one.name not in collection.computed]
    return select(collection.table, *(one.value.label(one.name) for one in found if one.value is not None))
