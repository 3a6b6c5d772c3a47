"""The bodies of collections as JSON schemas, from the fields they declare."""

from typing import Any

from appliance.domain.collections import Collection, Field

Schema = dict[str, Any]
TEXT, LIST = {"type": "string"}, {"type": "array"}
FORMS: dict[str, Schema] = {
    "integer": {"type": "integer"},
    "reference": {"type": "integer"},
    "decimal": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": TEXT | {"format": "date"},
    "datetime": TEXT | {"format": "date-time"},
    "email": TEXT | {"format": "email"},
    "url": TEXT | {"format": "uri"},
    "ids": LIST | {"items": {"type": "integer"}},
    "words": LIST | {"items": TEXT},
    "servers": LIST | {"items": TEXT},
    "methods": LIST | {"items": TEXT},
    "ranges": LIST | {"items": {"type": "object"}},
    "list": LIST,
    "json": {},
}
"""By the name of a kind; all others are text."""
IDENTS = FORMS["ids"]


def field_schema(field: Field) -> Schema:
    """What one field takes."""
    found = dict(FORMS.get(field.kind.name, TEXT))
    if field.choices:
        found["enum"] = list(field.choices)
    elif found == TEXT:
        found["maxLength"] = field.longest
    limits = {"minimum": field.low, "maximum": field.high, "default": field.default}
    return found | {name: value for name, value in limits.items() if value is not None}


def row_schema(collection: Collection) -> Schema:
    """What a row takes."""
    properties = {field.name: field_schema(field) for field in collection.written}
    if collection.custom:
        properties["custom_fields"] = {"type": "object"}
    return {"type": "object", "properties": properties}


def one_or_many(row: Schema, *more: Schema) -> Schema:
    """A row, or a list of them."""
    return {"oneOf": [row, {"type": "array", "items": row, "maxItems": 1000}, *more]}


def new_rows(collection: Collection) -> Schema:
    """POST: a row or several, with what they cannot do without."""
    required = [field.name for field in collection.written if field.required]
    return one_or_many(row_schema(collection) | ({"required": required} if required else {}))


def changed_rows(collection: Collection) -> Schema:
    """PATCH: a row by its id, several with the same facts, or items with their own."""
    row = row_schema(collection)
    named = row | {"properties": {"id": FORMS["integer"]} | row["properties"], "required": ["id"]}
    alike = {"type": "object", "properties": {"ids": IDENTS, "data": row}, "required": ["ids"]}
    items = {"type": "object", "properties": {"items": LIST | {"items": named}}, "required": ["items"]}
    return one_or_many(named, alike, items)


def gone_rows() -> Schema:
    """DELETE: which rows."""
    return {"type": "object", "properties": {"ids": IDENTS, "id": FORMS["integer"]}}
