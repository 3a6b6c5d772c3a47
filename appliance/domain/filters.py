"""The filter grammar of lists: named operators on an allow-list of fields, as conditions (ipam 3)."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import orjson
from sqlalchemy import ColumnElement, and_, false, or_, select

from appliance.domain import cidr, custom_fields, values
from appliance.domain.collections import COLLECTIONS, Collection, Field
from appliance.domain.values import Kind
from appliance.errors import Invalid
from appliance.query import contains
from appliance.store import Tx

LONGEST, MOST_CONDITIONS, MOST_VALUES = 8 * 1024, 20, 1000
NO_JSON, NO_OBJECT, TOO_LONG = "不是有效的JSON", "必须是对象", "过滤条件过长"
TOO_MANY = f"过滤条件不能超过{MOST_CONDITIONS}个"
TOO_MANY_VALUES = f"不能超过{MOST_VALUES}个值"
NO_FIELD, NO_OPERATOR = "不支持的字段", "不支持的运算符"
NO_PAIR, NO_PATTERN = "需要两个值", "至少需要1个字符"
KEEP_EMPTY = ("neq", "not_in", "is_null")
Value = ColumnElement[Any]


class Place(NamedTuple):
    """Where the values of a field are: what is compared, what text is looked at, what a reference goes through."""

    kind: Kind
    value: Value
    text: Value
    last: Value | None = None
    link: Value | None = None
    target: Value | None = None


# --- the expression as it came ---------------------------------------------------------------------------------------


def parsed(raw: Any, place: str = "filters") -> dict[str, Any]:
    """The bare object, from JSON text or data, unwrapped."""
    if isinstance(raw, str):
        raw = loaded(raw, place)
    if raw is None or raw == "":
        return {}
    if not isinstance(raw, dict):
        raise Invalid(**{place: NO_OBJECT})
    if set(raw) == {"filters"}:
        return parsed(raw["filters"], place)
    return raw


def loaded(text: str, place: str) -> Any:
    """JSON of bounded length."""
    if len(text.encode("utf-8", "replace")) > LONGEST:
        raise Invalid(**{place: TOO_LONG})
    try:
        return orjson.loads(text) if text.strip() else None
    except ValueError:
        raise Invalid(**{place: NO_JSON}) from None


def spelled_out(expression: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Field, operator and operand of each condition; a scalar means eq, a list in."""
    for name, wanted in expression.items():
        if isinstance(wanted, dict):
            for operator, operand in wanted.items():
                yield name, str(operator).lower(), operand
        else:
            yield name, "in" if isinstance(wanted, list) else "eq", wanted


def conditions(tx: Tx, collection: Collection, raw: Any, place: str = "filters") -> list[ColumnElement[bool]]:
    """An expression as conditions, or every fault of it by its path."""
    wanted = list(spelled_out(parsed(raw, place)))
    if len(wanted) > MOST_CONDITIONS:
        raise Invalid(**{place: TOO_MANY})
    faults: dict[str, str] = {}
    found = []
    for name, operator, operand in wanted:
        try:
            found.append(condition(find(tx, collection, name), operator, operand))
        except LookupError:
            faults[f"{place}.{name}"] = NO_FIELD
        except ValueError as error:
            faults[f"{place}.{name}.{operator}"] = str(error)
    if faults:
        raise Invalid(**faults)
    return found


def equal(tx: Tx, collection: Collection, name: str, text: str) -> ColumnElement[bool]:
    """A plain parameter named like a field."""
    try:
        return condition(find(tx, collection, name), "eq", text)
    except ValueError as error:
        raise Invalid(**{name: str(error)}) from None


# --- fields ----------------------------------------------------------------------------------------------------------


def find(tx: Tx, collection: Collection, name: str) -> Place:
    """Where the values of an allowed field are, or LookupError."""
    if name in collection.fields and collection.fields[name].stored:
        return placed(collection, collection.fields[name])
    if name.startswith("custom_fields."):
        return custom(tx, collection, name.partition(".")[2])
    for link in collection.references:
        inner = through(link, name)
        if inner:
            return behind(collection, link, inner)
    raise LookupError(name)


def placed(collection: Collection, field: Field) -> Place:
    """Where the values of a field of the collection's own are."""
    value = collection.expression(field)
    columns = collection.table.c
    sortable = columns[field.key] if field.key and field.kind in (values.ADDRESS, values.NETWORK) else value
    return Place(field.kind, sortable, value, columns[field.last] if field.last else None)


def through(link: Field, name: str) -> str:
    """The field of what a reference refers to, if the name says so: `unit_name`, `unit.level`."""
    if name == link.shown_name:
        return COLLECTIONS[link.refers].label
    first, dot, rest = name.partition(".")
    return rest if dot and first == link.name.removesuffix("_id") else ""


def behind(collection: Collection, link: Field, name: str) -> Place:
    """A field of what a reference refers to: one level."""
    target = COLLECTIONS[link.refers]
    field = target.fields[name]
    if not field.stored:
        raise LookupError(name)
    there = placed(target, field)
    return there._replace(link=collection.expression(link), target=target.table.c.id)


def custom(tx: Tx, collection: Collection, name: str) -> Place:
    """A custom field that is defined."""
    definition = custom_fields.definitions(tx, collection.name).get(name)
    if definition is None:
        raise LookupError(name)
    kind = custom_fields.KINDS[definition.field_type].kind
    element = collection.table.c.custom_fields[name]
    value: Value = element.as_string()
    if kind in (values.INTEGER, values.DECIMAL):
        value = element.as_float()
    elif kind is values.BOOLEAN:
        value = element.as_boolean()
    plain = kind if kind in (values.INTEGER, values.DECIMAL, values.BOOLEAN) else values.TEXT
    return Place(plain, value, element.as_string())


# --- operators -------------------------------------------------------------------------------------------------------


def condition(place: Place, operator: str, operand: Any) -> ColumnElement[bool]:
    """One operator on one field; ValueError says what is wrong."""
    if operator not in TESTS or operator not in place.kind.operators:
        raise ValueError(NO_OPERATOR)
    if operator in ("is_null", "is_not_null"):
        operator = nullness(operator, operand)
    elif operand is None and operator in ("eq", "neq"):
        operator = "is_null" if operator == "eq" else "is_not_null"
    test = TESTS[operator](place, operand)
    if place.link is None or place.target is None:
        return test
    inside = place.link.in_(select(place.target).where(test))
    return or_(place.link.is_(None), inside) if operator in KEEP_EMPTY else inside


def nullness(operator: str, operand: Any) -> str:
    """As named, unless the value is false."""
    asked = operand in ("", None) or values.switch(operand)
    return operator if asked else "is_not_null" if operator == "is_null" else "is_null"


def comparable(place: Place, operand: Any) -> Any:
    """An operand as the column compares it."""
    if place.kind is values.ADDRESS:
        return cidr.key(values.parsed_address(operand))
    if place.kind is values.NETWORK:
        return cidr.first_and_last(values.network(operand))[0]
    if place.kind is values.REFERENCE:
        return values.whole(operand)
    if isinstance(operand, list | dict):
        raise ValueError("需要单个值")
    return place.kind.read(operand)


def several(operand: Any) -> list[Any]:
    """A list, or text with commas."""
    if isinstance(operand, str):
        operand = [part.strip() for part in operand.split(",") if part.strip()]
    found = operand if isinstance(operand, list) else [operand]
    if len(found) > MOST_VALUES:
        raise ValueError(TOO_MANY_VALUES)
    return found


def is_equal(place: Place, operand: Any) -> ColumnElement[bool]:
    if place.kind is values.NETWORK:
        return place.text == values.NETWORK.read(operand)
    return place.value == comparable(place, operand)


def is_other(place: Place, operand: Any) -> ColumnElement[bool]:
    return or_(~is_equal(place, operand), place.value.is_(None))


def is_one_of(place: Place, operand: Any) -> ColumnElement[bool]:
    if place.kind is values.NETWORK:
        return place.text.in_([values.NETWORK.read(one) for one in several(operand)])
    return place.value.in_([comparable(place, one) for one in several(operand)])


def is_none_of(place: Place, operand: Any) -> ColumnElement[bool]:
    return or_(~is_one_of(place, operand), place.value.is_(None))


def is_between(place: Place, operand: Any) -> ColumnElement[bool]:
    ends = several(operand)
    if len(ends) != 2:
        raise ValueError(NO_PAIR)
    return place.value.between(comparable(place, ends[0]), comparable(place, ends[1]))


def is_like(place: Place, operand: Any) -> ColumnElement[bool]:
    part = values.text(operand)
    if not part:
        raise ValueError(NO_PATTERN)
    if place.kind in (values.ADDRESS, values.NETWORK):  # nothing to fold
        return place.text.contains(part.lower(), autoescape=True)
    return contains(place.text, part)


def lies_in(place: Place, operand: Any) -> ColumnElement[bool]:
    first, last = cidr.first_and_last(values.network(operand))
    end = place.value if place.last is None else place.last
    return and_(place.value >= first, end <= last)


def holds(place: Place, operand: Any) -> ColumnElement[bool]:
    key = cidr.key(values.parsed_address(operand))
    return and_(place.value <= key, place.last >= key) if place.last is not None else false()


TESTS: dict[str, Callable[[Place, Any], ColumnElement[bool]]] = {
    "eq": is_equal,
    "neq": is_other,
    "gt": lambda place, operand: place.value > comparable(place, operand),
    "gte": lambda place, operand: place.value >= comparable(place, operand),
    "lt": lambda place, operand: place.value < comparable(place, operand),
    "lte": lambda place, operand: place.value <= comparable(place, operand),
    "like": is_like,
    "in": is_one_of,
    "not_in": is_none_of,
    "is_null": lambda place, operand: place.text.is_(None),
    "is_not_null": lambda place, operand: place.text.is_not(None),
    "between": is_between,
    "in_cidr": lies_in,
    "contains_ip": holds,
}
