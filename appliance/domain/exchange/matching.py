"""Which row of the address book a row of a workbook means: by its ID where the key agrees, else by the key (ipam 9)."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, select

from appliance.domain import cidr, listing, writing
from appliance.domain.exchange.lines import Line, Page
from appliance.domain.exchange.lookups import Lookups
from appliance.domain.exchange.sheets import CLEAR, Sheet
from appliance.domain.exchange.texts import cells, value_of
from appliance.domain.names import folded
from appliance.errors import Invalid
from appliance.query import batches
from appliance.store import Row, Tx

DEFAULT_AREA = 1
MAIN = {"code", "name", "employee_no", "ip", "cidr"}
"""Without any of these nothing is told of a row."""
DISAGREES = "ID与关键字段不符,已按关键字段匹配"
NO_ID = "ID无效,已按关键字段匹配"


def by_ids(tx: Tx, sheet: Sheet, lines: Iterable[Line]) -> dict[int, Row]:
    """The rows that lines name by their ID, as far as the actor sees them."""
    idents = [int(text) for line in lines if (text := line.texts.get("id", "")).isdecimal() and len(text) < 18]
    table = sheet.collection.table
    found: dict[int, Row] = {}
    seen = listing.seen(tx, sheet.collection)
    for batch in batches(dict.fromkeys(idents)):
        found |= {row.id: row for row in tx.all(select(table).where(table.c.id.in_(batch), *seen))}
    return found


def match(tx: Tx, page: Page, lines: list[Line], lookups: Lookups) -> list[tuple[Row | None, dict[str, str]]]:
    """The row that each line means with its texts as they are now; None for a new one."""
    sheet, named = page.sheet, by_ids(tx, page.sheet, lines)
    asked = list(named.values())
    shown = dict(zip((row.id for row in asked), cells(tx, sheet, page.known, asked), strict=True))
    found = [chosen(tx, sheet, line, named, shown, lookups) for line in lines]
    others = list({row.id: row for row in found if row is not None and row.id not in shown}.values())
    shown |= dict(zip((row.id for row in others), cells(tx, sheet, page.known, others), strict=True))
    return [(row, shown[row.id] if row is not None else {}) for row in found]


def chosen(
    tx: Tx, sheet: Sheet, line: Line, named: dict[int, Row], shown: dict[int, dict[str, str]], lookups: Lookups
) -> Row | None:
    """The row of one line."""
    ident = line.texts.get("id", "")
    row = named.get(int(ident)) if ident.isdecimal() and len(ident) < 18 else None
    if row is not None and agrees(sheet, line.texts, shown[row.id]):
        return row
    if ident and not line.is_sample:
        line.warnings.append(DISAGREES if row is not None else NO_ID)
    return by_key(tx, sheet, line.texts, lookups)


def agrees(sheet: Sheet, texts: dict[str, str], shown: dict[str, str]) -> bool:
    """Whether any of the natural keys is the same; what a line leaves open does not disagree."""
    for names in sheet.keys:
        said = [name for name in names if texts.get(name)]
        if MAIN & set(said) and all(same(name, texts[name], shown.get(name, "")) for name in said):
            return True
    return False


def same(name: str, one: str, other: str) -> bool:
    """Whether two texts of a key mean the same; addresses in any spelling."""
    if name == "ip":
        try:
            return cidr.parse_address(one) == cidr.parse_address(other)
        except Invalid:
            return False
    return folded(one) == folded(other)


def by_key(tx: Tx, sheet: Sheet, texts: dict[str, str], lookups: Lookups) -> Row | None:
    """The row with the natural key of a line."""
    if sheet.resource == "ips":
        return address(tx, sheet, texts, lookups)
    for where in KEYS.get(sheet.resource, code_or_name)(tx, sheet, texts, lookups):
        seen = listing.seen(tx, sheet.collection)
        found = tx.all(select(sheet.collection.table).where(*where, *seen).limit(2))
        if len(found) == 1:
            return found[0]
    return None


def address(tx: Tx, sheet: Sheet, texts: dict[str, str], lookups: Lookups) -> Row | None:
    """The row of an address, where it has one."""
    try:
        key = cidr.key(cidr.parse_address(texts.get("ip", "")))
        row = tx.find("addresses", area_id=area_of(texts, lookups), ip_key=key)
    except (Invalid, ValueError):
        return None
    return row if row is None or not lookups.scoped or writing.is_seen(tx, sheet.collection, row.id) else None


def area_of(texts: dict[str, str], lookups: Lookups) -> int:
    """The area a line names; the first one where it names none."""
    text = texts.get("network_area_id", "")
    return lookups.one("network_areas", text, {}) if text and text != CLEAR else DEFAULT_AREA


Where = list[list[ColumnElement[bool]]]


def code_or_name(tx: Tx, sheet: Sheet, texts: dict[str, str], lookups: Lookups) -> Where:
    """Areas, units, projects, groups."""
    columns = sheet.collection.table.c
    said = [(name, texts[name]) for name in ("code", "name") if texts.get(name) and texts[name] != CLEAR]
    return [[columns[f"{name}_key"] == folded(text)] for name, text in said]


def unit_and_name(tx: Tx, sheet: Sheet, texts: dict[str, str], lookups: Lookups) -> Where:
    """Departments."""
    columns, unit = sheet.collection.table.c, texts.get("unit_id", "")
    try:
        ident = lookups.one("units", unit, {}) if unit and unit != CLEAR else None
    except ValueError:
        return []
    return [[columns.unit_id.is_not_distinct_from(ident), columns.name_key == folded(texts.get("name", ""))]]


def number_or_name(tx: Tx, sheet: Sheet, texts: dict[str, str], lookups: Lookups) -> Where:
    """Contacts."""
    columns, number = sheet.collection.table.c, texts.get("employee_no")
    named = [columns.name_key == folded(texts.get("name", "")), columns.phone.is_not_distinct_from(texts.get("phone"))]
    if not number:
        return [named]
    return [[columns.employee_no == number], [*named, columns.employee_no.is_(None)]]


def area_and_ip(tx: Tx, sheet: Sheet, texts: dict[str, str], lookups: Lookups) -> Where:
    """Gateways."""
    columns = sheet.collection.table.c
    try:
        key = cidr.key(cidr.parse_address(texts.get("ip", "")))
        return [[columns.area_id == area_of(texts, lookups), columns.ip_key == key]]
    except (Invalid, ValueError):
        return []


def area_and_cidr(tx: Tx, sheet: Sheet, texts: dict[str, str], lookups: Lookups) -> Where:
    """Subnets."""
    columns = sheet.collection.table.c
    try:
        first, last = cidr.first_and_last(cidr.parse_network(texts.get("cidr", "")))
        return [[columns.area_id == area_of(texts, lookups), columns.first_key == first, columns.last_key == last]]
    except (Invalid, ValueError):
        return []


def resource_and_name(tx: Tx, sheet: Sheet, texts: dict[str, str], lookups: Lookups) -> Where:
    """Definitions of custom fields."""
    columns = sheet.collection.table.c
    column = next(one for one in sheet.columns if one.field == "resource_type")
    resource: Any = value_of(tx, sheet, column, texts.get("resource_type", ""))
    return [[columns.resource_type == resource, columns.name == texts.get("name", "")]]


KEYS = {
    "departments": unit_and_name,
    "user_contacts": number_or_name,
    "gateways": area_and_ip,
    "subnets": area_and_cidr,
    "field_definitions": resource_and_name,
}
