"""Whether a list can be answered by indexes alone; what cannot, in a large table, is asked beside everybody else."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import PrimaryKeyConstraint, Table, UniqueConstraint, func, select

from appliance.domain import filters, values
from appliance.domain.access import Actor
from appliance.domain.collections import Collection, Field
from appliance.errors import Invalid
from appliance.store import Store, Tx
from appliance.store.aside import beside

LARGE = 20_000
SEARCHING = ("like", "neq", "not_in", "is_null", "is_not_null")
CHOOSING = {"page", "page_size", "fields", "ids", "limit", "filters", "order", "order_by"}


def answer(
    store: Store, actor: Actor, collection: Collection, query: Mapping[str, Any], question: Callable[..., Any]
) -> Any:
    """What a question about a collection finds: at once, or beside everybody else. Never inside a transaction."""
    with store.reading(actor) as tx:
        if not is_long(tx, collection, query):
            return question(tx, collection, query)
    with beside(store, actor) as tx:
        return question(tx, collection, query)


def is_long(tx: Tx, collection: Collection, query: Mapping[str, Any]) -> bool:
    """Whether the rows asked for have to be looked for one by one, among many."""
    return not by_index(collection, query) and is_large(tx, collection.table)


def is_large(tx: Tx, table: Table) -> bool:
    """Whether a table has so many rows that looking at each takes time."""
    return int(tx.value(select(func.max(table.c.id))) or 0) > LARGE


def by_index(collection: Collection, query: Mapping[str, Any]) -> bool:
    """Whether every condition, and the order, has its index."""
    if query.get("keyword"):
        return False
    try:
        asked = list(filters.spelled_out(filters.parsed(query.get("filters"))))
    except Invalid:
        return True  # it will be refused
    if any(operator in SEARCHING for _, operator, _ in asked):
        return False
    names = [name for name, _, _ in asked] + [name for name in query if name not in CHOOSING]
    words = [str(query.get(name, "")).lower() for name in ("order", "order_by")]
    return are_indexed(collection, [*names, *(word for word in words if word not in ("asc", "desc", ""))])


def are_indexed(collection: Collection, names: Iterable[str]) -> bool:
    """Whether all these fields are; what is no field is ignored, or refused later."""
    fields = [collection.fields[name] for name in names if name in collection.fields]
    deep = any("." in name or name.endswith("_name") for name in names)
    return not deep and all(compared(field) in leading(collection.table) for field in fields)


def compared(field: Field) -> str:
    """The column that filters and orders look at."""
    return field.key if field.key and field.kind in (values.ADDRESS, values.NETWORK) else field.own


@cache
def leading(table: Table) -> frozenset[str]:
    """The columns an index of the table begins with."""
    unique = [one for one in table.constraints if isinstance(one, UniqueConstraint | PrimaryKeyConstraint)]
    starts = [next(iter(one.columns), None) for one in [*table.indexes, *unique]]
    return frozenset(column.name for column in starts if column is not None)
