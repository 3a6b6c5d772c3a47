"""Statements built and compiled once: SQLAlchemy needs ten times as long for a small one as SQLite itself."""

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cached_property, lru_cache
from operator import itemgetter
from typing import Any

import orjson
from sqlalchemy import JSON, Insert, Integer, Select, Update, bindparam, func, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.types import TypeEngine

from appliance.store.tables import UtcTime, metadata

Convert = Callable[[Any], Any]
Converter = Callable[[TypeEngine[Any]], Convert | None]
DIALECT = sqlite.dialect()


class Row(dict[str, Any]):
    """A row whose columns are attributes too."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


for column in {column.name for table in metadata.tables.values() for column in table.columns} - set(dir(dict)):
    # Seven times as fast as __getattr__, which knows all other names.
    setattr(Row, column, property(itemgetter(column)))


class Prepared:
    """A Select that never changes, with a `bindparam` wherever a call brings a value; for what is asked often.

    It is compiled once, and in reading transactions asked the same only once until somebody writes.
    """

    def __init__(self, statement: Select[Any]) -> None:
        self.statement = statement

    @cached_property
    def compiled(self) -> "Compiled":
        """Made at the first call rather than when the module is imported."""
        return Compiled(self.statement)

    @cached_property
    def first(self) -> str:
        """The name of the first column."""
        return self.compiled.names[0]

    @cached_property
    def count(self) -> "Prepared":
        """How many rows there are."""
        return Prepared(counted(self.statement))

    @cached_property
    def rising(self) -> "Prepared":
        """A page of it, oldest rows first."""
        return Prepared(paged(self.statement))

    @cached_property
    def falling(self) -> "Prepared":
        """A page of it, newest rows first."""
        return Prepared(paged(self.statement, falling=True))


def counted(statement: Select[Any]) -> Select[Any]:
    """How many rows a Select has."""
    return statement.with_only_columns(func.count(), maintain_column_froms=True).order_by(None)


def paged(statement: Select[Any], *, falling: bool = False) -> Select[Any]:
    """`size` rows of a Select from `start` on, in the order of their ids."""
    ident = statement.selected_columns["id"]
    ordered = statement.order_by(ident.desc() if falling else ident)
    return ordered.limit(bindparam("size", type_=Integer)).offset(bindparam("start", type_=Integer))


class Bound:
    """The text of a statement for SQLite, and how values go in."""

    def __init__(self, statement: Select[Any] | Insert | Update, converter: Converter) -> None:
        compiled = statement.compile(dialect=DIALECT)
        brought = [name for name, bind in compiled.binds.items() if bind.required]
        whole = compiled.construct_expanded_state(dict.fromkeys(brought))  # lists given with the statement, spelled out
        self.sql = whole.statement
        names = whole.positiontup or []
        self.fixed = {name: whole.parameters[name] for name in names if name not in brought}
        converters = {**whole.processors, **{name: converter(bind.type) for name, bind in compiled.binds.items()}}
        self.places = [(name, converters.get(name)) for name in names]

    def bound(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """The values of a call as SQLite takes them."""
        if not self.places:
            return ()
        values = {**self.fixed, **values}
        return tuple([convert(values[name]) if convert else values[name] for name, convert in self.places])


class Compiled(Bound):
    """A Select for SQLite, and how columns come out."""

    def __init__(self, statement: Select[Any]) -> None:
        super().__init__(statement, to_asked)
        self.names = statement.selected_columns.keys()
        readers = [from_stored(column.type) for column in statement.selected_columns]
        self.converted = [(name, read) for name, read in zip(self.names, readers, strict=True) if read]

    def rows(self, driver: sqlite3.Connection, bound: tuple[Any, ...]) -> list[Row]:
        """What SQLite answers, read to its end, each column as its type has it."""
        rows = [Row(zip(self.names, found, strict=True)) for found in driver.execute(self.sql, bound).fetchall()]
        for name, convert in self.converted:
            for row in rows:
                row[name] = convert(row[name])
        return rows


def to_asked(kind: TypeEngine[Any]) -> Convert | None:
    """How a value of that type is handed to SQLite in a question."""
    return as_json if isinstance(kind, JSON) else to_stored(kind)


def to_stored(kind: TypeEngine[Any]) -> Convert | None:
    """How a value of that type is kept; None for what SQLite takes as it is."""
    return kind.dialect_impl(DIALECT).bind_processor(DIALECT)


def from_stored(kind: TypeEngine[Any]) -> Convert | None:
    """How a column of that type is read; None for what SQLite hands over as it is."""
    if isinstance(kind, UtcTime):
        return moment
    if isinstance(kind, JSON):
        return from_json
    return kind.dialect_impl(DIALECT).result_processor(DIALECT, None)


def as_json(value: Any) -> str:
    """Ten times as fast as the standard library's, which SQLAlchemy takes."""
    return orjson.dumps(value).decode()


def from_json(text: str | float | None) -> Any:
    """What a column of JSON holds; SQLite makes a number of the text of one."""
    return orjson.loads(text) if isinstance(text, str) else text


@lru_cache(maxsize=4096)
def moment(text: str | None) -> datetime | None:
    """A stored time with its zone, in one step instead of SQLAlchemy's three; lists show the same ones again."""
    return datetime.fromisoformat(text + "+00:00") if text else None


def require_columns(table: str, names: Iterable[str]) -> None:
    """KeyError if the table has not all of these."""
    unknown = set(names) - set(metadata.tables[table].columns.keys())
    if unknown:
        raise KeyError(f"{table} has no column {sorted(unknown)}")


@lru_cache(maxsize=512)
def by_equality(table: str, names: tuple[str, ...]) -> Prepared:
    """One row of a table by the values of some columns; None finds what is null."""
    require_columns(table, names)
    columns = metadata.tables[table].columns
    equal = [columns[name].is_not_distinct_from(bindparam(name)) for name in names]
    return Prepared(select(metadata.tables[table]).where(*equal).limit(1))


def any_of(name: str) -> Select[Any]:
    """For `column.in_(any_of("ids"))`: a list that the call brings, of any length without another statement."""
    return select(func.json_each(bindparam(name, type_=JSON)).table_valued("value").c.value)
