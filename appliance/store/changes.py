"""Writes of one shape, compiled once: building and compiling a small one anew takes longer than doing it."""

import sqlite3
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Insert, Update, bindparam, insert, update

from appliance.store.prepared import Bound, require_columns, to_stored
from appliance.store.tables import metadata


class Change(Bound):
    """An Insert or Update that never changes, with a `bindparam` wherever a call brings a value."""

    def __init__(self, statement: Insert | Update) -> None:
        super().__init__(statement, to_stored)
        self.adds = statement.is_insert


Witness = Callable[[Change, tuple[Any, ...], sqlite3.Cursor], object]


@lru_cache(maxsize=512)
def insertion(table: str, names: tuple[str, ...]) -> tuple[Change, dict[str, Callable[[], Any]]]:
    """A row with values for these columns; and what makes those that have a value of their own."""
    require_columns(table, names)
    own = {column.name: column.default for column in metadata.tables[table].columns if column.default is not None}
    makers = {name: maker(default) for name, default in own.items() if name not in names}
    return Change(insert(metadata.tables[table]).values({n: bindparam(n) for n in (*names, *makers)})), makers


def maker(default: Any) -> Callable[[], Any]:
    """A column's default as something to call."""
    return (lambda: default.arg(None)) if default.is_callable else lambda: default.arg


@lru_cache(maxsize=512)
def alteration(table: str, names: tuple[str, ...], as_it_was: tuple[str, ...] = ("id",)) -> Change:
    """These columns of the row whose `was_…` columns are as the call says: compare-and-set where that is more."""
    require_columns(table, (*names, *as_it_was))
    columns = metadata.tables[table].columns
    same = [columns[name] == bindparam(f"was_{name}") for name in as_it_was]
    return Change(update(metadata.tables[table]).where(*same).values({n: bindparam(n) for n in names}))


def inserted(table: str, columns: Mapping[str, Any]) -> tuple[Change, dict[str, Any]]:
    """What adds a row, and its values."""
    change, makers = insertion(table, tuple(columns))
    return change, {**columns, **{name: make() for name, make in makers.items()}}
