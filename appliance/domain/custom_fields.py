"""Custom fields: what may be defined, and the values of rows checked against it (ipam 6)."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import select

from appliance.domain import values
from appliance.domain.collections import Collection
from appliance.domain.findings import EXISTS, Findings
from appliance.domain.values import Kind
from appliance.store import Row, Tx
from appliance.store.address_tables import field_definitions

PREFIX = "custom_fields"
UNKNOWN, REQUIRED, FIXED, TAKEN = "未定义的字段", "不能为空", "不可修改", "已存在"
NO_CHOICE, NO_FORM = "不在可选项中", "格式不正确"
LONGEST_MATCHED = 255


class CustomKind(NamedTuple):
    """A type of custom field: how values are read, and whether they are one of, or several of, the options."""

    kind: Kind
    chosen: bool = False


KINDS = {
    "text": CustomKind(values.TEXT),
    "textarea": CustomKind(values.LINES),
    "integer": CustomKind(values.INTEGER),
    "decimal": CustomKind(values.DECIMAL),
    "boolean": CustomKind(values.BOOLEAN),
    "date": CustomKind(values.DATE),
    "datetime": CustomKind(values.MOMENT),
    "select": CustomKind(values.TEXT, chosen=True),
    "multiselect": CustomKind(values.WORDS, chosen=True),
    "url": CustomKind(values.LINK),
    "email": CustomKind(values.E_MAIL),
    "phone": CustomKind(values.NUMBER_OF_PHONE),
    "ip": CustomKind(values.ADDRESS),
    "mac": CustomKind(values.MAC_ADDRESS),
    "json": CustomKind(values.JSON),
}


def definitions(tx: Tx, resource_type: str) -> dict[str, Row]:
    """The active definitions of a collection, by name."""
    return dict(tx.kept(("custom fields", resource_type), lambda: found(tx, resource_type)))


def found(tx: Tx, resource_type: str) -> dict[str, Row]:
    """The same, asked anew."""
    mine = (field_definitions.c.resource_type == resource_type, field_definitions.c.is_active)
    order = (field_definitions.c.sort_order, field_definitions.c.id)
    return {row.name: row for row in tx.all(select(field_definitions).where(*mine).order_by(*order))}


def merged(tx: Tx, collection: Collection, before: Row | None, given: Any, findings: Findings) -> dict[str, Any]:
    """The values of a row after a change: keys that are given replace, null clears; every fault is told."""
    stored = dict(before.custom_fields or {}) if before else {}
    if not isinstance(given, Mapping):
        findings.add(PREFIX, values.NO_OBJECT)
        return stored
    known = definitions(tx, collection.name)
    now = dict(stored)
    for name, value in given.items():
        if name in known:
            put(known[name], now, value, findings)
        elif name not in stored or stored[name] != value:
            findings.add(f"{PREFIX}.{name}", UNKNOWN)
    complete(known, now, findings, new=before is None)
    unique(tx, collection, before, known, now, findings)
    return now


def put(definition: Row, now: dict[str, Any], value: Any, findings: Findings) -> None:
    """One value, in the form its definition asks for."""
    name, place = definition.name, f"{PREFIX}.{definition.name}"
    try:
        fresh = None if value is None or value == "" else read(definition, value)
    except ValueError as error:
        findings.add(place, str(error))
        return
    if not definition.editable and now.get(name) not in (None, fresh):
        findings.add(place, FIXED)
    if fresh is None:
        now.pop(name, None)
    else:
        now[name] = fresh


def read(definition: Row, value: Any) -> Any:
    """A value of a definition as it is kept, or ValueError with what is wrong."""
    kind = KINDS[definition.field_type]
    fresh = kind.kind.read(value)
    if kind.chosen:
        allowed = {str(option["value"]) for option in definition.options}
        if not {*(fresh if isinstance(fresh, list) else [fresh])} <= allowed:
            raise ValueError(NO_CHOICE)
    check_limits(definition, fresh)
    return fresh.strftime("%Y-%m-%dT%H:%M:%SZ") if kind.kind is values.MOMENT else fresh


def check_limits(definition: Row, fresh: Any) -> None:
    """Length, bounds and pattern of a value."""
    if isinstance(fresh, int | float) and not isinstance(fresh, bool):
        if definition.min is not None and fresh < float(definition.min):
            raise ValueError(f"不能小于{definition.min}")
        if definition.max is not None and fresh > float(definition.max):
            raise ValueError(f"不能大于{definition.max}")
    if isinstance(fresh, str):
        longest = definition.max_length or 4000
        if len(fresh) > longest:
            raise ValueError(f"不能超过{longest}个字符")
        if definition.regex and not (len(fresh) <= LONGEST_MATCHED and re.fullmatch(definition.regex, fresh)):
            raise ValueError(NO_FORM)


def complete(known: dict[str, Row], now: dict[str, Any], findings: Findings, *, new: bool) -> None:
    """Defaults of a new row; what is required and not there."""
    for name, definition in known.items():
        if new and name not in now and definition.default_value not in (None, ""):
            put(definition, now, definition.default_value, findings)
        if definition.required and name not in now and not findings.has(f"{PREFIX}.{name}"):
            findings.add(f"{PREFIX}.{name}", REQUIRED)


def unique(
    tx: Tx,
    collection: Collection,
    before: Row | None,
    known: dict[str, Row],
    now: dict[str, Any],
    findings: Findings,
) -> None:
    """Values that no two rows may share."""
    columns = collection.table.c
    for name, definition in known.items():
        if not definition.unique or name not in now or (before and (before.custom_fields or {}).get(name) == now[name]):
            continue
        same = columns.custom_fields[name].as_string() == as_text(now[name])
        if tx.value(select(columns.id).where(same, columns.id != (before.id if before else 0)).limit(1)):
            findings.add(f"{PREFIX}.{name}", TAKEN, EXISTS)


def as_text(value: Any) -> str:
    """A value as SQL's JSON functions show it as text."""
    return ("1" if value else "0") if isinstance(value, bool) else str(value)
