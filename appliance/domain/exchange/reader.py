"""Reads workbooks: texts of cells, and what may not be in one (ipam 9, A29). Takes its time: call it in a thread."""

import datetime as dates
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from appliance.domain.exchange import safety
from appliance.domain.exchange.sheets import GUIDE, META
from appliance.domain.exchange.texts import clean
from appliance.errors import Invalid

MOST_ROWS, MOST_COLUMNS, MOST_SHEETS = 50_000, 64, 40
WIDEST = 256
"""Cells beyond are not even looked at; a row that has any between is refused."""
FURTHEST = 200_000
NO_FORMULA, NO_ERROR = "不允许公式", "单元格为错误值"
Step = Callable[[int], None]


class Faulty(str):
    """The text of a cell that may not be; it says why."""

    __slots__ = ()


@dataclass
class Given:
    """One sheet as it came: its place, its headers, and the rows that hold anything."""

    title: str
    place: int
    headers: list[str]
    rows: list[tuple[int, list[str]]] = field(default_factory=list)


@dataclass
class Book:
    """One workbook as it came."""

    name: str
    sheets: list[Given]
    meta: list[list[str]]

    @property
    def total(self) -> int:
        """How many rows."""
        return sum(len(sheet.rows) for sheet in self.sheets)


def read(name: str, content: bytes, step: Step = lambda rows: None) -> Book:
    """A workbook that passed the check, or Invalid; `step` hears how many rows were read so far."""
    import openpyxl  # here, so that starting the appliance does not wait for it

    try:
        workbook = openpyxl.load_workbook(BytesIO(content), read_only=True, keep_links=False)
        return book_of(name, workbook, step)
    except Invalid:
        raise
    except Exception:  # noqa: BLE001 -- openpyxl raises whatever it stumbles over; to the sender all of it is one
        raise Invalid(file=safety.NO_XLSX) from None


def book_of(name: str, workbook: Any, step: Step) -> Book:
    """Every sheet of it."""
    if len(workbook.worksheets) > MOST_SHEETS:
        raise Invalid(file=f"工作表不能超过{MOST_SHEETS}个")
    book = Book(name, [], [])
    for place, sheet in enumerate(workbook.worksheets):
        rows = list(filled(sheet, book.total, step))
        if sheet.title == META:
            book.meta = [texts for _, texts in rows]
        elif sheet.title != GUIDE and rows:
            headers = rows[0][1] if rows[0][0] == 1 else []
            book.sheets.append(Given(sheet.title, place, headers, [one for one in rows if one[0] > 1]))
        if book.total > MOST_ROWS:
            raise Invalid(file=f"数据不能超过{MOST_ROWS}行")
    return book


def filled(sheet: Any, found: int, step: Step) -> Iterator[tuple[int, list[str]]]:
    """The rows that hold anything, with their numbers; so many were found before."""
    sheet.reset_dimensions()  # what the file says of its size is not believed
    for number, row in enumerate(sheet.iter_rows(max_col=WIDEST), 1):
        if number > FURTHEST or found > MOST_ROWS + 2:
            raise Invalid(file=f"数据不能超过{MOST_ROWS}行")
        texts = texts_of(row)
        if len(texts) > MOST_COLUMNS:
            raise Invalid(file=f"列数不能超过{MOST_COLUMNS}")
        if texts:
            found += 1
            step(found)
            yield number, texts


def texts_of(row: tuple[Any, ...]) -> list[str]:
    """The cells of a row as texts, up to the last that holds anything."""
    width = len(row)
    while width and row[width - 1].value is None:
        width -= 1
    texts = [text_of(cell) for cell in row[:width]]
    while texts and not texts[-1]:
        texts.pop()
    return texts


def text_of(cell: Any) -> str:
    """A cell as text; numbers and dates as people would write them."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        return Faulty(NO_FORMULA)
    if cell.data_type == "e":
        return Faulty(NO_ERROR)
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if isinstance(value, dates.datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return clean(str(value))
