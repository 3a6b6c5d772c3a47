"""Goes through a workbook in one transaction: every row judged and written, faults kept, progress told (ipam 9)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from appliance.domain.exchange import applying, matching
from appliance.domain.exchange.lines import CREATE, ERROR, SKIP, UPDATE, Line, Page, fault, page_of, recognised
from appliance.domain.exchange.lookups import Lookups
from appliance.domain.exchange.reader import Book
from appliance.domain.exchange.recorder import Recorder
from appliance.domain.exchange.sheets import APPLIED, CLEAR, SHEETS, Sheet
from appliance.domain.names import folded
from appliance.store import Row, Tx

PORTION = 200
ON_EXISTS = ("update", "skip", "error")
EXISTS, NEEDS_ADMIN, SAMPLE_ROW = "数据已存在", "需要管理员权限", "示例行已忽略"
AGAIN = "与第{}行重复"
UNKNOWN_SHEET = "未知的工作表已忽略"
Step = Callable[[int], None]


@dataclass
class Outcome:
    """What became of a workbook."""

    pages: list[Page] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def count(self, action: str) -> dict[str, int]:
        """Rows of one fate by resource."""
        return {page.sheet.resource: sum(one.action == action for one in page.lines) for page in self.pages}

    def total(self, action: str) -> int:
        """Rows of one fate."""
        return sum(self.count(action).values())


class Run:
    """One workbook on its way through a transaction of a thread: never of the store everybody uses."""

    def __init__(self, tx: Tx, recorder: Recorder, on_exists: str, step: Step) -> None:
        self.tx, self.recorder, self.on_exists, self.step = tx, recorder, on_exists, step
        self.lookups = Lookups(tx)
        self.done = 0

    def book(self, book: Book) -> Outcome:
        """All sheets, in the order in which they depend."""
        given, unknown = recognised(book)
        outcome = Outcome(warnings=[f"{title}: {UNKNOWN_SHEET}" for title in unknown])
        for sheet in APPLIED:
            if sheet.resource in given:
                page = page_of(self.tx, book, sheet, given[sheet.resource])
                outcome.pages.append(page)
                self.page(page)
        outcome.pages.sort(key=lambda page: SHEETS.index(page.sheet))
        return outcome

    def page(self, page: Page) -> None:
        """One sheet; parents before what lies below them."""
        mark_repeated(page)
        lines = parents_first(page.lines)
        for start in range(0, len(lines), PORTION):
            part = [one for one in lines[start : start + PORTION] if self.takes(page, one)]
            found = matching.match(self.tx, page, part, self.lookups)
            for line, (row, shown) in zip(part, found, strict=True):
                self.line(page, line, row, shown)
                self.done += 1
                self.step(self.done)

    def takes(self, page: Page, line: Line) -> bool:
        """Whether a row is to be looked at at all."""
        line.key = " ".join(filter(None, (line.texts.get(name, "") for name in key_names(page.sheet, line.texts))))
        if line.is_sample:
            line.warnings.append(SAMPLE_ROW)
            return False
        if page.sheet.admin and not self.tx.actor.is_admin:
            line.errors.append(fault("", "", "FORBIDDEN", NEEDS_ADMIN))
        line.action = ERROR if line.errors else SKIP
        return True

    def line(self, page: Page, line: Line, row: Row | None, shown: dict[str, str]) -> None:
        """One row: nothing, or written whole, or not at all."""
        changed = {name: text for name, text in line.texts.items() if name != "id" and differs(text, shown.get(name))}
        line.action = ERROR if line.errors else CREATE if row is None else UPDATE if changed else SKIP
        if row is not None and self.on_exists == "error" and not line.errors:
            self.refuse(line, EXISTS)
        if row is not None and self.on_exists == "skip" and not line.errors:
            line.action = SKIP
        whole = any(not one["field"] for one in line.errors)  # the row as such is refused; its cells do not matter
        if whole or (line.action not in (CREATE, UPDATE) and not (line.errors and changed)):
            return
        if row is not None:
            texts = {name: "" if text == CLEAR else text for name, text in changed.items()}
            line.changes = {name: (shown.get(name, ""), text) for name, text in texts.items()}
        with self.recorder.attempt(self.tx) as attempt:
            applying.apply(self.tx, page, line, row, changed, self.lookups)
            if line.errors:
                line.action = ERROR
                attempt.undo()
            elif line.action == UPDATE and not attempt.wrote:
                line.action = SKIP

    def refuse(self, line: Line, sentence: str) -> None:
        """A row that is there already, where that was to be an error."""
        line.action = ERROR
        line.errors.append(fault("", "", "ALREADY_EXISTS", sentence))


def differs(text: str, now: str | None) -> bool:
    """Whether a cell asks for something else than there is."""
    return bool(now) if text == CLEAR and now is not None else text != now


def key_names(sheet: Sheet, texts: dict[str, str]) -> tuple[str, ...]:
    """The natural key that a row has."""
    return next((names for names in sheet.keys if texts.get(names[-1])), sheet.keys[-1])


def mark_repeated(page: Page) -> None:
    """Two rows that mean the same thing: the second is at fault."""
    seen: dict[Any, int] = {}
    for line in page.lines:
        names = key_names(page.sheet, line.texts)
        key = (names, *(folded(line.texts.get(name, "")) for name in names))
        if line.texts.get("id") and names == ("name", "phone"):
            key = (*key, line.texts["id"])
        if line.is_sample or not any(key[1:]):
            continue
        if key in seen:
            line.errors.append(fault("", "", "ALREADY_EXISTS", AGAIN.format(seen[key])))
        seen.setdefault(key, line.number)


def parents_first(lines: list[Line]) -> list[Line]:
    """Rows in an order in which no row comes before the one it lies below."""
    if not any("parent_id" in line.texts for line in lines):
        return lines
    named: dict[str, Line] = {}
    for line in reversed(lines):
        named |= {folded(line.texts[name]): line for name in ("code", "name") if line.texts.get(name)}
    ordered: dict[int, Line] = {}
    for line in lines:
        chain: dict[int, Line] = {}
        at: Line | None = line
        while at is not None and at.number not in ordered and at.number not in chain:
            chain[at.number] = at
            at = named.get(folded(at.texts.get("parent_id", "")))
        ordered |= dict(reversed(chain.items()))
    return list(ordered.values())
