"""What clients send about rows of the address book, as our columns; what is to become of which rows (ipam 3)."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from appliance.domain import values
from appliance.domain.collections import Collection, Field
from appliance.domain.findings import Findings
from appliance.errors import Invalid

MOST = 1000
BLANK = "不能为空"
NO_CHOICE, NO_ROWS = "不在可选值中", "至少需要一项"
TOO_MANY = f"一次不能超过{MOST}项"


class Change(NamedTuple):
    """What is to become of one row; `guard` is the version it must have."""

    ident: int
    facts: Mapping[str, Any]
    guard: int | None = None


# --- one row ---------------------------------------------------------------------------------------------------------


def given(collection: Collection, body: Mapping[str, Any], findings: Findings) -> dict[str, Any]:
    """Our columns of the known keys in a body, with every fault of form."""
    facts: dict[str, Any] = {}
    for field in collection.written:
        name = field.name if field.name in body else next((name for name in field.aliases if name in body), None)
        if name is None:
            continue
        try:
            facts[field.own] = read(field, body[name])
        except ValueError as error:
            findings.add(name, str(error), field.code)
    return facts


def read(field: Field, value: Any) -> Any:
    """One value as it is kept; empty is null where that may be."""
    empty = value is None or (isinstance(value, str) and not value.strip())
    if empty and field.kind not in (values.IDS, values.WORDS, values.LIST):
        if field.required:
            raise ValueError(BLANK)
        return field.default if field.default is not None else None
    if value is None:
        return []
    fresh = field.kind.read(value)
    if isinstance(fresh, str) and len(fresh) > field.longest:
        raise ValueError(f"不能超过{field.longest}个字符")
    if isinstance(fresh, int | float) and not isinstance(fresh, bool):
        check_bounds(field, fresh)
    if field.choices and fresh not in field.choices:
        raise ValueError(NO_CHOICE)
    return fresh


def check_bounds(field: Field, fresh: float) -> None:
    """Within the limits of a field."""
    if field.low is not None and fresh < field.low:
        raise ValueError(f"不能小于{field.low}")
    if field.high is not None and fresh > field.high:
        raise ValueError(f"不能大于{field.high}")


def defaults(collection: Collection, body: Mapping[str, Any], facts: dict[str, Any], findings: Findings) -> None:
    """What a new row has where nothing was said; what it cannot do without."""
    for field in collection.written:
        if field.own in facts:
            continue
        if field.required and not findings.has(field.name) and not any(findings.has(name) for name in field.aliases):
            findings.add(field.name, BLANK, field.code)
        facts[field.own] = list(field.default) if isinstance(field.default, list) else field.default


# --- which rows ------------------------------------------------------------------------------------------------------


def changes(body: Any, guard: int | None = None) -> list[Change]:
    """One row, several with the same facts, or items with their own: as the body says it."""
    if isinstance(body, list) or "items" in body:
        items = body if isinstance(body, list) else body["items"]
        if not isinstance(items, list):
            raise Invalid(items=values.NO_LIST)
        require_some(items, "items")
        return [change_of(item, guard) for item in items]
    if "ids" in body:
        facts = body["data"] if isinstance(body.get("data"), Mapping) else body
        idents = ids_of(body)
        require_some(idents, "ids")
        return [Change(ident, facts, version_of(facts, guard)) for ident in idents]
    return [change_of(body, guard)]


def change_of(item: Any, guard: int | None) -> Change:
    """One row and what becomes of it."""
    if not isinstance(item, Mapping):
        raise Invalid(items=values.NO_OBJECT)
    try:
        ident = values.reference(item.get("id"))
    except ValueError as error:
        raise Invalid(id=str(error)) from None
    if ident is None:
        raise Invalid(id=BLANK)
    return Change(ident, item, version_of(item, guard))


def version_of(facts: Mapping[str, Any], guard: int | None) -> int | None:
    """The version a row must have: the body's, else the header's."""
    if facts.get("version") is None:
        return guard
    try:
        return values.whole(facts["version"])
    except ValueError as error:
        raise Invalid(version=str(error)) from None


def ids_of(body: Mapping[str, Any]) -> list[int]:
    """`ids`, or `id`."""
    try:
        if body.get("ids") not in (None, ""):
            return values.ids(body["ids"] if isinstance(body["ids"], list | str) else [body["ids"]])
        return [ident] if (ident := values.reference(body.get("id"))) else []
    except ValueError as error:
        raise Invalid(ids=str(error)) from None


def require_some(rows: list[Any], field: str = "body") -> None:
    """At least one, at most so many."""
    if not rows:
        raise Invalid(**{field: NO_ROWS})
    if len(rows) > MOST:
        raise Invalid(**{field: TOO_MANY})
