"""The tables of the address book's collections: their fields, their names outside, their rules as functions."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Table, select

from appliance.domain import values
from appliance.domain.findings import Findings
from appliance.domain.values import Kind
from appliance.store import Row, Tx

READ, WRITE = "ipam.core.read", "ipam.core.write"
Check = Callable[[Tx, Row | None, dict[str, Any], Findings], None]
Settle = Callable[[Tx, int, Row | None, dict[str, Any]], None]
Complete = Callable[[Tx, list[Row]], None]
Tally = Callable[[Tx, Mapping[str, Any]], int | None]
Scope = Callable[[Tx], ColumnElement[bool] | None]
Skip = Callable[[Tx, ColumnElement[Any], bool, int, int], tuple[int, ColumnElement[bool]] | None]


class Field(NamedTuple):
    """A field: the document's name and, where they differ, our column; how it is read, and what limits it."""

    name: str
    kind: Kind = values.TEXT
    column: str = ""
    required: bool = False
    default: Any = None
    longest: int = 255
    low: int | None = None
    high: int | None = None
    choices: dict[str, str] | None = None
    aliases: tuple[str, ...] = ()
    refers: str = ""
    """The collection whose id it holds."""
    key: str = ""
    """The column of the folded name, or of the sortable address, that goes with it."""
    last: str = ""
    """Of a network: the column of its last address."""
    code: str = "INVALID_PARAMETER"
    """What a value of the wrong form is called."""
    writable: bool = True
    fixed: bool = False
    """Given once: sent back unchanged or not at all."""
    judged: bool = False
    """Of a reference: whether it is there is said by the collection's own check."""
    hidden: bool = False
    """Sorts and is found, but is not shown."""
    stored: bool = True
    """False: no column of the table; the collection's functions see to it."""
    searchable: bool = False
    value: ColumnElement[Any] | None = None
    """What it is when there is no such column but an expression."""

    @property
    def own(self) -> str:
        """Our column."""
        return self.column or self.name

    @property
    def shown_name(self) -> str:
        """Of a reference: under which name the name of what it refers to comes out."""
        return self.name.removesuffix("_id") + "_name"


class Unique(NamedTuple):
    """Columns no two rows share; nothing is compared while the last one is empty."""

    columns: tuple[str, ...]
    field: str
    code: str
    sentence: str


@dataclass(frozen=True)
class Use:
    """Where else rows are needed: how many times each, in a sentence with the count."""

    sentence: str
    counted: Callable[[Tx, list[int]], dict[int, int]]


def nothing_more(tx: Tx, ident: int, before: Row | None, facts: dict[str, Any]) -> None:
    """For collections whose rows need nothing after they were written."""


def no_tally(tx: Tx, query: Mapping[str, Any]) -> None:
    """For collections that are counted row by row."""


def no_skip(tx: Tx, by: ColumnElement[Any], falling: bool, offset: int, total: int) -> None:
    """For collections whose rows are passed one by one."""


def no_rule(tx: Tx, before: Row | None, merged: dict[str, Any], findings: Findings) -> None:
    """For collections whose fields say everything."""


def nothing_beside(tx: Tx, rows: list[Row]) -> None:
    """For collections that show their columns alone."""


def unscoped(tx: Tx) -> None:
    """For collections that everybody with the right sees whole."""


@dataclass(frozen=True)
class Collection:
    """One collection: values and names; whatever has a rule is a function."""

    name: str
    title: str
    table: Table
    own_fields: tuple[Field, ...]
    label: str = "name"
    unique: tuple[Unique, ...] = ()
    computed: tuple[str, ...] = ()
    """What `complete` adds to rows."""
    complete: Complete = nothing_beside
    check: Check = no_rule
    settle: Settle = nothing_more
    scope: Scope = unscoped
    tally: Tally = no_tally
    """How many rows a query finds, where that is known without counting them."""
    skip: Skip = no_skip
    """How many of all rows may be skipped on the way to an offset, where that is known without counting them."""
    uses: tuple[Use, ...] = ()
    messages: dict[str, str] = field(default_factory=dict)
    custom: bool = True
    """Whether custom fields may be defined for it."""
    protected: Callable[[Row], str] | None = None
    """Why a row can never be removed, or an empty text."""

    @cached_property
    def fields(self) -> dict[str, Field]:
        """Every field by its name, the common ones first and last."""
        there = self.table.columns
        own = {one.name for one in self.own_fields} | (set() if self.custom else {"custom_fields"})
        ends = [one for one in ENDS if one.own in there and one.name not in own]
        return {one.name: one for one in (ID, *self.own_fields, *ends)}

    @cached_property
    def references(self) -> list[Field]:
        """Fields that hold an id of another collection."""
        return [one for one in self.fields.values() if one.refers]

    @cached_property
    def shown(self) -> list[tuple[str, str, str]]:
        """Of each field that rows come out with: its name, where a row has it, the name of what it refers to."""
        fields = [one for one in self.fields.values() if one.stored and not one.hidden]
        keys = {one.name: one.name if one.value is not None else one.own for one in fields}
        return [(one.name, keys[one.name], one.shown_name) for one in fields if one.name not in self.computed]

    @cached_property
    def written(self) -> list[Field]:
        """Fields that clients may write."""
        return [one for one in self.fields.values() if one.writable]

    def expression(self, one: Field) -> ColumnElement[Any]:
        """The value of a field in a statement."""
        return one.value if one.value is not None else self.table.columns[one.own]


ID = Field("id", values.INTEGER, writable=False)
ENDS = (
    Field("version", values.INTEGER, writable=False),
    Field("created_at", values.MOMENT, writable=False),
    Field("updated_at", values.MOMENT, writable=False),
    Field("created_by", values.INTEGER, writable=False),
    Field("updated_by", values.INTEGER, writable=False),
    Field("custom_fields", values.JSON, writable=False),
)
STATUSES = {"active": "启用", "disabled": "停用"}
STATUS = Field("status", values.TEXT, default="active", choices=STATUSES)
DESCRIPTION = Field("description", values.LINES, longest=500, searchable=True)
SORT_ORDER = Field("sort_order", values.INTEGER, default=0, low=-1_000_000, high=1_000_000)
LEADER = Field("leader", longest=64, searchable=True)
TELEPHONE = Field("phone", longest=64, searchable=True)
NAME = Field("name", required=True, longest=64, key="name_key", searchable=True)
CODE = Field("code", longest=64, key="code_key", searchable=True)
CODE_UNIQUE = Unique(("code_key",), "code", "CODE_EXISTS", "编码已存在")
NAME_UNIQUE = Unique(("name_key",), "name", "NAME_EXISTS", "名称已存在")

COLLECTIONS: dict[str, Collection] = {}
"""Every collection by its name; the modules that define them fill it."""


def register(collection: Collection) -> Collection:
    """Make a collection known to those that refer to it."""
    COLLECTIONS[collection.name] = collection
    return collection


def refers(name: str, collection: str, **more: Any) -> Field:
    """A field that holds an id of another collection."""
    return Field(name, values.REFERENCE, refers=collection, **more)


def names_of(collection: Collection, tx: Tx, idents: Iterable[int]) -> dict[int, Any]:
    """What rows are called."""
    columns = collection.table.c
    wanted = list({ident for ident in idents if ident})
    label = collection.expression(collection.fields[collection.label])
    found = tx.all(select(columns.id, label.label("label")).where(columns.id.in_(wanted))) if wanted else []
    return {row.id: row.label for row in found}
