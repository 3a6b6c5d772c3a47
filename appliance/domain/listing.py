"""Lists of the address book: one page, how many, what pickers offer; what the caller may see comes first (ipam 3)."""

from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import ColumnElement, func, or_, select

from appliance.domain import custom_fields, filters, pages, values
from appliance.domain.collections import COLLECTIONS, Collection, names_of
from appliance.domain.pages import Order, Page
from appliance.errors import Invalid, Missing
from appliance.query import contains
from appliance.store import Row, Tx

PAGE_SIZE, LARGEST_PAGE, PICKED = 20, 1000, 200
PLAIN = {"page", "page_size", "order", "order_by", "filters", "keyword", "fields", "ids", "limit"}
POSITIVE, NO_ORDER = "必须是大于0的整数", "不支持的排序字段或方向"
LONGEST_KEYWORD = 255
Query = Mapping[str, Any]


# --- what is asked for -----------------------------------------------------------------------------------------------


def paging(query: Query) -> Page:
    """`page` and `page_size`, the latter clamped."""
    faults, found = {}, {}
    for name, default in (("page", 1), ("page_size", PAGE_SIZE)):
        try:
            found[name] = values.whole(query.get(name, default))
        except ValueError:
            found[name] = 0
        if found[name] < 1:
            faults[name] = POSITIVE
    if faults:
        raise Invalid(**faults)
    return Page(found["page"], min(found["page_size"], LARGEST_PAGE))


def ordering(tx: Tx, collection: Collection, query: Query) -> Order:
    """`order` and `order_by`, swapped or not; the newest first where nothing is said."""
    words = [str(query[name]).strip() for name in ("order", "order_by") if query.get(name)]
    ways = [word.lower() for word in words if word.lower() in ("asc", "desc")]
    names = [word for word in words if word.lower() not in ("asc", "desc")]
    if len(ways) > 1 or len(names) > 1:
        raise Invalid(order=NO_ORDER)
    if not words:
        return Order(collection.table.c.id, falling=True)
    return Order(sorted_by(tx, collection, names[0] if names else "id"), falling=ways == ["desc"])


def sorted_by(tx: Tx, collection: Collection, name: str) -> ColumnElement[Any]:
    """What a field sorts by: addresses by number."""
    try:
        place = filters.find(tx, collection, name)
    except LookupError:
        raise Invalid(order=NO_ORDER) from None
    if place.link is None or place.target is None:
        return place.value
    return select(place.value).where(place.target == place.link).scalar_subquery()


def seen(tx: Tx, collection: Collection) -> list[ColumnElement[bool]]:
    """What the caller may see of it, whatever he asks."""
    scope = collection.scope(tx)
    return [] if scope is None else [scope]


def wanted(tx: Tx, collection: Collection, query: Query) -> list[ColumnElement[bool]]:
    """The caller's own conditions: filters, keyword, ids, plain parameters named like a field."""
    found = filters.conditions(tx, collection, query.get("filters"))
    found += [filters.equal(tx, collection, name, query[name]) for name in query if is_field(tx, collection, name)]
    if query.get("keyword"):
        found.append(holding(tx, collection, str(query["keyword"])))
    if query.get("ids"):
        found.append(collection.table.c.id.in_(id_list(query["ids"])))
    return found


def is_field(tx: Tx, collection: Collection, name: str) -> bool:
    """Whether a parameter names a field; others are ignored."""
    if name in PLAIN:
        return False
    try:
        filters.find(tx, collection, name)
    except LookupError:
        return False
    return True


def holding(tx: Tx, collection: Collection, keyword: str) -> ColumnElement[bool]:
    """The keyword in any searchable text."""
    word = keyword.strip()[:LONGEST_KEYWORD]
    texts = [collection.expression(field) for field in collection.fields.values() if field.searchable]
    defined = custom_fields.definitions(tx, collection.name) if collection.custom else {}
    texts += [collection.table.c.custom_fields[n].as_string() for n, row in defined.items() if row.searchable]
    return or_(*(contains(text, word) for text in texts)) if word and texts else collection.table.c.id > 0


def id_list(raw: Any) -> list[int]:
    """Ids out of a query."""
    try:
        return values.ids(raw)
    except ValueError as error:
        raise Invalid(ids=str(error)) from None


# --- rows ------------------------------------------------------------------------------------------------------------


def page(tx: Tx, collection: Collection, query: Query, *more: ColumnElement[bool]) -> dict[str, Any]:
    """One page, with the total and the paging in effect."""
    part, order = paging(query), ordering(tx, collection, query)
    names = chosen(collection, query)
    where = [*seen(tx, collection), *more, *wanted(tx, collection, query)]
    total = counted(tx, collection, query, where, cached=not more)
    places = {} if more else tx.kept(("places", *question(tx, collection, query)), dict)
    rows = pages.rows_of(tx, collection, where, order, part, total, places)
    found = show(tx, collection, rows, names)
    return {"list": found, "total": total, "page": part.number, "page_size": part.size}


def chosen(collection: Collection, query: Query) -> list[str]:
    """`fields=a,b`: nothing for all of them."""
    names = [name.strip() for name in str(query.get("fields", "")).split(",") if name.strip()]
    known = {*collection.fields, *(link.shown_name for link in collection.references), *collection.computed}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise Invalid(fields=f"{filters.NO_FIELD}: {unknown[0][:64]}")
    return names


def counted(
    tx: Tx, collection: Collection, query: Query, where: list[ColumnElement[bool]], *, cached: bool = True
) -> int:
    """How many rows there are; the same question is answered from memory until somebody writes."""

    def count() -> int:
        known = collection.tally(tx, asked(query)) if cached and collection.scope(tx) is None else None
        if known is not None:
            return known
        return int(tx.value(select(func.count()).select_from(collection.table).where(*where)))

    if not cached:
        return count()
    return int(tx.kept(("count", *question(tx, collection, query)), count))


def asked(query: Query) -> dict[str, Any]:
    """What decides which rows are meant, without which part of them."""
    return {name: query[name] for name in query if name not in ("page", "page_size", "order", "order_by", "fields")}


def question(tx: Tx, collection: Collection, query: Query) -> tuple[Any, ...]:
    """What is asked, and by whose rights."""
    who = tx.actor.user_id if tx.actor else 0
    rights = hash(tuple(sorted(tx.actor.codes))) if tx.actor else 0
    told = orjson.dumps({name: str(value) for name, value in asked(query).items()}, option=orjson.OPT_SORT_KEYS)
    return collection.name, who, rights, told


def show(tx: Tx, collection: Collection, rows: list[Row], names: list[str] | None = None) -> list[dict[str, Any]]:
    """Rows as the document names things; references with the names of what they refer to."""
    if rows and (not names or set(names) & set(collection.computed)):
        collection.complete(tx, rows)
    links = [link for link in collection.references if not names or link.shown_name in names]
    called = {link.name: names_of(COLLECTIONS[link.refers], tx, (row[link.own] for row in rows)) for link in links}
    shown = [plain(collection, row, called) for row in rows]
    if not names:
        return shown
    return [{name: row[name] for name in dict.fromkeys(["id", *names])} for row in shown]


def plain(collection: Collection, row: Row, called: Mapping[str, dict[int, Any]]) -> dict[str, Any]:
    """One row."""
    shown: dict[str, Any] = {}
    for name, key, beside in collection.shown:
        shown[name] = row[key]
        if name in called:
            shown[beside] = called[name].get(row[key])
    return shown | {name: row[name] for name in collection.computed if name in row}


def one(tx: Tx, collection: Collection, ident: int) -> Row:
    """The row of that id that the caller sees, or Missing."""
    mine = (collection.table.c.id == ident, *seen(tx, collection))
    row = tx.one(pages.columns(collection).where(*mine)) if 0 < ident <= values.LARGEST else None
    if row is None:
        raise Missing()
    return row


def count(tx: Tx, collection: Collection, query: Query, *more: ColumnElement[bool]) -> dict[str, int]:
    """How many, under both of its names."""
    where = [*seen(tx, collection), *more, *wanted(tx, collection, query)]
    number = counted(tx, collection, query, where, cached=not more)
    return {"count": number, "total": number}


# --- pickers ---------------------------------------------------------------------------------------------------------


def options(tx: Tx, collection: Collection, query: Query) -> dict[str, Any]:
    """Rows for pickers, and the enumerations of fields."""
    where = [*seen(tx, collection), *wanted(tx, collection, query)]
    size = limit(query)
    total = counted(tx, collection, query, where)
    label = collection.fields[collection.label]
    order = Order(filters.placed(collection, label).value, falling=False)
    rows = pages.rows_of(tx, collection, where, order, Page(1, size), total)
    return {"list": [picked(collection, row) for row in rows], "total": total, "fields": enumerations(collection)}


def limit(query: Query) -> int:
    """`limit`, clamped."""
    try:
        asked = values.whole(query.get("limit", PICKED))
    except ValueError:
        asked = 0
    if asked < 1:
        raise Invalid(limit=POSITIVE)
    return min(asked, LARGEST_PAGE)


def picked(collection: Collection, row: Row) -> dict[str, Any]:
    """One row as a picker shows it."""
    label = collection.fields[collection.label]
    text = row[label.name if label.value is not None else label.own]
    named = row.get("name") or text
    places = {name: row.get(name) for name in ("code", "parent_id", "level")}
    return {"value": row.id, "label": text, "id": row.id, "name": named, **places, "disabled": is_off(row)}


def is_off(row: Row) -> bool:
    """Whether a row is switched off."""
    return row.get("status") == "disabled" or row.get("is_active") is False


def enumerations(collection: Collection) -> dict[str, list[dict[str, Any]]]:
    """What fields of fixed values may hold, with what people call it."""
    return {
        name: [{"value": value, "label": label} for value, label in field.choices.items()]
        for name, field in collection.fields.items()
        if field.choices
    }
