"""Rows as the texts of cells: relations by name, choices by their label, times in the appliance's zone (ipam 9)."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Table, select

from appliance.domain import custom_fields, values
from appliance.domain.collections import COLLECTIONS, Collection, Field
from appliance.domain.exchange.sheets import CUSTOM, Column, Sheet
from appliance.query import batches
from appliance.store import Row, Tx
from appliance.store.address_tables import gateways, subnets
from appliance.store.tables import users

LONGEST = 32_767
"""What a cell holds."""
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
LISTS: dict[str, tuple[Table, ColumnElement[Any]]] = {
    "user_ids": (users, users.c.login),
    "unit_ids": (COLLECTIONS["units"].table, COLLECTIONS["units"].table.c.name),
    "network_area_ids": (COLLECTIONS["network_areas"].table, COLLECTIONS["network_areas"].table.c.name),
    "subnet_ids": (subnets, subnets.c.cidr),
}
"""Fields that hold several ids: the table they are of, and what its rows are called."""
Named = dict[str, dict[int, Any]]


def cells(tx: Tx, sheet: Sheet, columns: Iterable[Column], rows: list[Row]) -> list[dict[str, str]]:
    """The texts of rows by field, empty ones too."""
    wanted = list(columns)
    if any(one.field in sheet.collection.computed for one in wanted):
        sheet.collection.complete(tx, rows)
    named = names(tx, sheet, wanted, rows)
    return [{one.field: text_of(sheet, one, row, named) for one in wanted} for row in rows]


def names(tx: Tx, sheet: Sheet, columns: list[Column], rows: list[Row]) -> Named:
    """What the rows that others refer to are called, by field."""
    found: Named = {}
    for one in columns:
        field = sheet.collection.fields.get(one.field)
        if field and field.refers:
            table, label = label_of(COLLECTIONS[field.refers])
            found[one.field] = called(tx, table, label, {row[field.own] for row in rows if row[field.own]})
        elif field and one.field in LISTS and sheet.collection.name == "user-groups":
            idents = {ident for row in rows for ident in row[field.own] or ()}
            found[one.field] = called(tx, *LISTS[one.field], idents)
    return found


def label_of(collection: Collection) -> tuple[Table, ColumnElement[Any]]:
    """What rows are called in cells: gateways by address, subnets by network, others by name."""
    if collection.name == "gateways":
        return gateways, gateways.c.ip
    return collection.table, subnets.c.cidr if collection.name == "subnets" else collection.table.c.name


def called(tx: Tx, table: Table, label: ColumnElement[Any], idents: Iterable[int]) -> dict[int, Any]:
    """Names by id."""
    found: dict[int, Any] = {}
    for batch in batches(idents):
        rows = tx.all(select(table.c.id, label.label("label")).where(table.c.id.in_(batch)))
        found |= {row.id: row.label for row in rows}
    return found


def text_of(sheet: Sheet, column: Column, row: Row, named: Named) -> str:
    """One cell."""
    if column.field.startswith(CUSTOM):
        return plain((row.custom_fields or {}).get(column.field.removeprefix(CUSTOM)))
    field = sheet.collection.fields[column.field]
    value = row[field.name if field.value is not None else field.own]
    if value is None:
        return ""
    if column.field in named:
        several = isinstance(value, list)
        return plain(
            [named[column.field].get(one, one) for one in value] if several else named[column.field].get(value)
        )
    return plain(labelled(field, value))


def labelled(field: Field, value: Any) -> Any:
    """A choice by its label."""
    return field.choices.get(value, value) if field.choices else value


def plain(value: Any) -> str:
    """A value as text that a cell can hold."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        return value.astimezone(values.Zone.zone).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, Mapping) or (isinstance(value, list) and any(isinstance(one, dict | list) for one in value)):
        return clean(orjson.dumps(value).decode())
    return clean(",".join(map(str, value)) if isinstance(value, list) else str(value))


def clean(text: str) -> str:
    """Without what XML cannot say, with plain line ends, no longer than a cell."""
    if not text.isprintable():  # most are, and then there is nothing to find
        text = CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return text.strip()[:LONGEST]


def value_of(tx: Tx, sheet: Sheet, column: Column, text: str) -> Any:
    """A cell's text as the API takes it; what is wrong with it the API's own rules say."""
    if column.field.startswith(CUSTOM):
        definition = custom_fields.definitions(tx, sheet.resource)[column.field.removeprefix(CUSTOM)]
        return spoken(definition.field_type, text)
    field = sheet.collection.fields[column.field]
    if field.choices:
        by_label = {str(label).casefold(): value for value, label in field.choices.items()}
        return by_label.get(text.casefold(), text)
    return spoken(field.kind.name, text)


def spoken(kind: str, text: str) -> Any:
    """Yes and no, lists and objects; all else as it is written."""
    if kind == "boolean":
        return {"是": "true", "否": "false"}.get(text, text)
    if kind in ("json", "list"):
        try:
            return orjson.loads(text)
        except ValueError:
            return text
    return text
