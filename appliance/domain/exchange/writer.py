"""Writes workbooks in a thread: every cell a text, choices as drop-downs, rules as comments (ipam 9, A29)."""

from collections.abc import Iterable
from copy import copy
from pathlib import Path
from typing import Any

from appliance.domain.exchange.sheets import GUIDE, META, SCHEMA, Column
from appliance.domain.threads import quick

HINTS = (
    "每个工作表的第一行是表头,带 * 的列必填;请勿修改隐藏的 _meta 工作表。",
    "关联按名称填写:单位、部门、项目、使用人填名称,网关填IP地址,子网填CIDR。",
    "留空的单元格表示不修改,填写 <清空> 表示清空该字段。",
    "导入不会删除任何数据;ID为“示例”的行会被忽略。",
    "IP地址的状态只能按分配与释放的规则变化。",
)
LAST_ROW = 50_001
LONGEST_LIST = 255
"""What a drop-down may hold, by the format's own rule."""


class Writer:
    """A workbook that grows; every method works in the thread and waits for it."""

    def __init__(self) -> None:
        self.book: Any = None
        self.sheet: Any = None
        self.text: Any = None
        self.meta: list[list[str]] = [["schema_version", SCHEMA]]
        quick.apply(self._begin)

    def begin(self, resource: str, title: str, columns: list[tuple[Column, list[str], str]]) -> None:
        """A new sheet: its columns, with what may be chosen and the rule of each."""
        place = len(self.book.worksheets)
        self.meta.append(["sheet", resource, title, str(place)])
        self.meta += [["column", resource, str(at), one.field, one.shown] for at, (one, _, _) in enumerate(columns)]
        quick.apply(self._sheet, (title, columns))

    def append(self, rows: Iterable[list[str]]) -> None:
        """Further rows of the sheet."""
        quick.apply(self._rows, (list(rows),))

    def save(self, target: Path | Any) -> None:
        """Finish it into a file."""
        quick.apply(self._save, (target,))

    def _begin(self) -> None:
        import openpyxl  # here, so that starting the appliance does not wait for it

        self.book = openpyxl.Workbook(write_only=True)
        guide = self.book.create_sheet(GUIDE)
        guide.column_dimensions["A"].width = 90
        self.text = self._style(guide)
        for hint in HINTS:
            guide.append([self._cell(guide, hint)])

    def _style(self, sheet: Any) -> Any:
        """The style of a cell that stays a text when somebody edits it."""
        from openpyxl.cell import WriteOnlyCell

        cell = WriteOnlyCell(sheet, value="")
        cell.number_format = "@"
        return cell._style

    def _sheet(self, title: str, columns: list[tuple[Column, list[str], str]]) -> None:
        from openpyxl.comments import Comment
        from openpyxl.styles import Font

        self.sheet = sheet = self.book.create_sheet(title)
        sheet.freeze_panes = "A2"
        headers = []
        for at, (column, choices, rule) in enumerate(columns):
            letter = letter_of(at)
            sheet.column_dimensions[letter].width = max(14, 2 * len(column.shown) + 4)
            cell = self._cell(sheet, column.shown)
            cell.font = Font(bold=True)
            if rule:
                cell.comment = Comment(rule, "appliance")
            headers.append(cell)
            self._choices(sheet, letter, choices)
        sheet.append(headers)

    def _choices(self, sheet: Any, letter: str, choices: list[str]) -> None:
        from openpyxl.worksheet.datavalidation import DataValidation

        offered = ",".join(choices)
        if not choices or len(offered) > LONGEST_LIST or any("," in one or '"' in one for one in choices):
            return
        rule = DataValidation(type="list", formula1=f'"{offered}"', allow_blank=True)
        rule.showErrorMessage = False  # <清空> is always right
        rule.add(f"{letter}2:{letter}{LAST_ROW}")
        sheet.data_validations.append(rule)

    def _rows(self, rows: list[list[str]]) -> None:
        for row in rows:
            self.sheet.append([self._cell(self.sheet, text) if text else None for text in row])

    def _cell(self, sheet: Any, text: str) -> Any:
        """A text, whatever it begins with."""
        from openpyxl.cell import WriteOnlyCell

        cell = WriteOnlyCell(sheet, value=text)
        cell.data_type = "s"
        cell._style = copy(self.text) if self.text else cell._style
        return cell

    def _save(self, target: Any) -> None:
        hidden = self.book.create_sheet(META)
        hidden.sheet_state = "hidden"
        for row in self.meta:
            hidden.append([self._cell(hidden, text) for text in row])
        self.book.save(target)


def letter_of(at: int) -> str:
    """The letters of a column."""
    from openpyxl.utils import get_column_letter

    return str(get_column_letter(at + 1))
