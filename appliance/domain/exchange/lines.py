"""A workbook as it is understood: its sheets, its columns as fields, and what every row says (ipam 9)."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from appliance.domain.exchange.reader import Book, Faulty, Given
from appliance.domain.exchange.sheets import BY_RESOURCE, CUSTOM, SAMPLE, SHEETS, Column, Sheet, all_columns
from appliance.domain.names import folded
from appliance.store import Tx

KEYED = re.compile(r".*\(\s*([a-z0-9_.]+)\s*\)")
UNKNOWN_COLUMN, TWICE = "未知的列已忽略", "重复的列已忽略"
CREATE, UPDATE, SKIP, ERROR = "create", "update", "skip", "error"


@dataclass(slots=True)
class Line:
    """One row: what it says by field, and what becomes of it."""

    number: int
    texts: dict[str, str]
    action: str = SKIP
    key: str = ""
    changes: dict[str, tuple[str, str]] = field(default_factory=dict)
    errors: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def is_sample(self) -> bool:
        """Whether it came with a template."""
        return self.texts.get("id") == SAMPLE


@dataclass
class Page:
    """One sheet that is understood."""

    sheet: Sheet
    title: str
    columns: list[Column | None]
    headers: list[str]
    lines: list[Line]
    warnings: list[str] = field(default_factory=list)

    @property
    def known(self) -> list[Column]:
        """The columns that mean something."""
        return [one for one in self.columns if one]

    def header(self, name: str) -> str:
        """Under which header a field is."""
        return next((h for h, one in zip(self.headers, self.columns, strict=True) if one and one.field == name), "")


def normal(text: str) -> str:
    """A header for comparing: whatever its width, its case, its star."""
    return folded(text).rstrip("*").strip()


def recognised(book: Book) -> tuple[dict[str, Given], list[str]]:
    """The sheets by their resource, and the titles of those nobody knows."""
    found: dict[str, Given] = {}
    unknown = []
    for given in book.sheets:
        resource = resource_of(book, given)
        if resource is None or resource in found:
            unknown.append(given.title)
        else:
            found[resource] = given
    return found, unknown


def resource_of(book: Book, given: Given) -> str | None:
    """By title, by name, or by the place the hidden sheet remembers for one that was renamed."""
    title = normal(given.title)
    for sheet in SHEETS:
        if title in (normal(sheet.title), normal(sheet.resource), normal(sheet.collection.title)):
            return sheet.resource
    titles = {one.title for one in book.sheets}
    for row in book.meta:
        if row[:1] == ["sheet"] and len(row) == 4 and row[3] == str(given.place) and row[2] not in titles:
            return row[1] if row[1] in BY_RESOURCE else None
    return None


def page_of(tx: Tx, book: Book, sheet: Sheet, given: Given) -> Page:
    """A sheet with its columns understood; custom fields as they are defined by now."""
    wide = max([len(given.headers), *(len(texts) for _, texts in given.rows)], default=0)
    headers = [*given.headers, *[""] * (wide - len(given.headers))]
    columns = mapped(headers, list(all_columns(tx, sheet)), sheet, remembered(book, sheet))
    page = Page(sheet, given.title, columns, headers, [])
    for header, one in zip(headers, columns, strict=True):
        if one is None and header:
            page.warnings.append(f"{header}: {UNKNOWN_COLUMN}")
    page.lines += [line_of(page, number, texts) for number, texts in given.rows]
    return page


def remembered(book: Book, sheet: Sheet) -> dict[int, str]:
    """The fields of columns by their place, as the hidden sheet has them."""
    rows = [row for row in book.meta if row[:2] == ["column", sheet.resource] and len(row) >= 4 and row[2].isdecimal()]
    return {int(row[2]): row[3] for row in rows}


def mapped(headers: list[str], columns: list[Column], sheet: Sheet, places: dict[int, str]) -> list[Column | None]:
    """The column of each header, each at most once; renamed ones by their place."""
    spoken: dict[str, Column] = {}
    for column in reversed(columns):
        spoken |= {normal(word): column for word in words(column, sheet)}
    found: list[Column | None] = []
    for header in headers:
        one = spoken.get(normal(header)) or keyed(header, spoken) if header else None
        found.append(None if one in found else one)
    for at, name in places.items():
        left = next((one for one in columns if one.field == name and one not in found), None)
        if left and at < len(found) and found[at] is None and headers[at]:
            found[at] = left
    return found


def words(column: Column, sheet: Sheet) -> Iterable[str]:
    """What a column may be called."""
    field = sheet.collection.fields.get(column.field)
    short = column.field.removeprefix(CUSTOM)
    return (column.header, column.field, short, *(field.aliases if field else ()), column.field.removesuffix("_id"))


def keyed(header: str, spoken: dict[str, Column]) -> Column | None:
    """The column of `标签(key)`."""
    match = KEYED.fullmatch(normal(unicodedata.normalize("NFKC", header)))
    return spoken.get(normal(match[1])) if match else None


def line_of(page: Page, number: int, texts: list[str]) -> Line:
    """What one row says; cells that may not be are its faults."""
    line = Line(number, {})
    for at, text in enumerate(texts):
        column = page.columns[at]
        if isinstance(text, Faulty):
            name = column.field if column else ""
            line.errors.append(fault(page.headers[at], name, "INVALID_PARAMETER", str(text)))
        elif column and text:
            line.texts[column.field] = text
    return line


def fault(header: str, name: str, code: str, message: str) -> dict[str, Any]:
    """One fault of one cell."""
    return {"column": header, "field": name, "code": code, "message": message}
