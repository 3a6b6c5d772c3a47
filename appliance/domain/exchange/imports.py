"""Imports: what a workbook would do, and doing it (ipam 9)."""

import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any

from appliance import clock
from appliance.domain.exchange import answers, files, jobs, reader, safety
from appliance.domain.exchange.jobs import JUDGING, READING, WRITING, Work
from appliance.domain.exchange.reader import Book
from appliance.domain.exchange.recorder import Overtaken, Recorder, rehearsal
from appliance.domain.exchange.running import Outcome, Run
from appliance.domain.threads import discard, quick, within
from appliance.errors import Conflict, Invalid
from appliance.store import Store, Tx

BESIDES = 300
"""Rows that hold no data, at the most, in a workbook that is read at once: guide, headers, what a file remembers."""
KEPT, PREVIEW_LIFE = 100_000, timedelta(hours=1)
"""So many rows of all previews are remembered, and for so long."""
ON_ERROR = ("abort", "skip_invalid")
TRIES = 3
CHANGED_MEANWHILE = "数据在导入期间被他人修改,未写入任何数据,请重试"
GONE = "预览已过期,请重新上传文件"
Writing = Callable[..., AbstractContextManager[Tx]]
"""A transaction of a store, everybody's if none is named."""
Tell = Callable[[Outcome], dict[str, Any]]


@dataclass
class How:
    """Where to, by whom, and how somebody wants something imported."""

    store: Store
    actor: Any
    on_error: str = "abort"
    on_exists: str = "update"


@dataclass
class Wish:
    """A workbook to import; a large file is read only when it is its turn."""

    how: How
    name: str
    rows: int
    content: bytes = b""
    book: Book | None = None


@dataclass
class Preview:
    """A workbook that was looked at and may be executed without being sent again."""

    user_id: int
    book: Book
    due: datetime


_previews: dict[str, Preview] = {}


# --- how -------------------------------------------------------------------------------------------------------------


def chosen(name: str, value: Any, allowed: tuple[str, ...]) -> str:
    """One of the words a setting may be, the first when it is not named."""
    default = allowed[0]
    if value in (None, ""):
        return default
    if value not in allowed:
        raise Invalid(**{name: "不在可选值中"})
    return str(value)


def sent(how: How, name: str, content: bytes) -> Wish:
    """A file that came, or Invalid; few rows are read at once, and all that is wrong with their file is told."""
    wish = Wish(how, name, within(quick, safety.check, content), content)
    if wish.rows <= jobs.AT_ONCE + BESIDES:
        take(wish, within(quick, reader.read, name, content))
    return wish


def again(how: How, token: Any) -> Wish:
    """The workbook of a preview of the same user."""
    found = _previews.get(str(token))
    if found is None or found.user_id != how.actor.user_id or found.due <= clock.now():
        raise Invalid(preview_token=GONE)
    return Wish(how, found.book.name, found.book.total, book=found.book)


def take(wish: Wish, book: Book) -> None:
    """The workbook was read."""
    wish.book, wish.rows = book, book.total


def keep(user_id: int, book: Book) -> str:
    """Keep a workbook for an hour; the token that finds it again."""
    for token in [token for token, one in _previews.items() if one.due <= clock.now()]:
        del _previews[token]
    while _previews and book.total + sum(one.book.total for one in _previews.values()) > KEPT:
        del _previews[next(iter(_previews))]
    token = secrets.token_hex(16)
    _previews[token] = Preview(user_id, book, clock.now() + PREVIEW_LIFE)
    return token


# --- looking and doing -----------------------------------------------------------------------------------------------


def preview(wish: Wish, writing: Writing, work: Work) -> dict[str, Any]:
    """What every row would do, and everything that is wrong."""
    book = opened(wish, work)
    with writing() as tx:
        tx.tell("import_preview", file=book.name, rows=book.total)
    answer, recorder = rehearsed(wish, answers.previewed, work)
    within(work.pool, discard, recorder.statements)
    return {"preview_token": keep(wish.how.actor.user_id, book), "file_name": book.name} | answer


def execute(wish: Wish, writing: Writing, work: Work) -> dict[str, Any]:
    """Write what is right: all of it or nothing, or what is right alone."""
    begun = monotonic()
    tell = partial(answers.executed, whole=wish.how.on_error == "abort")
    opened(wish, work)
    for _ in range(TRIES):
        answer, recorder = rehearsed(wish, tell, work)
        if not answer["success"] or written(wish, recorder, writing, work):
            within(work.pool, clear, wish, recorder)
            return answer | {"duration_ms": round((monotonic() - begun) * 1000)}
    raise Conflict(CHANGED_MEANWHILE).coded("VERSION_CONFLICT")


def opened(wish: Wish, work: Work) -> Book:
    """The workbook, read by now."""
    if wish.book is None:
        take(wish, work.do(READING, wish.rows, reader.read, wish.name, wish.content, work.step))
    assert wish.book is not None
    return wish.book


def rehearsed(wish: Wish, tell: Tell, work: Work) -> tuple[dict[str, Any], Recorder]:
    """The whole workbook on a copy of the database."""
    return work.do(JUDGING, wish.rows, rehearse, wish, tell, work.step)


def rehearse(wish: Wish, tell: Tell, step: Callable[[int], None]) -> tuple[dict[str, Any], Recorder]:
    """The same in the thread."""
    assert wish.book is not None
    with rehearsal(wish.how.store, files.folder(wish.how.store.settings.data), wish.how.actor) as (tx, recorder):
        outcome = Run(tx, recorder, wish.how.on_exists, step).book(wish.book)
    answer = tell(outcome)
    for page in outcome.pages:
        discard(page.lines)
    return answer, recorder


def written(wish: Wish, recorder: Recorder, writing: Writing, work: Work) -> bool:
    """The statements of the rehearsal in one transaction; whether the database was still as judged.

    Twenty thousand rows take one or two seconds. On the connection everybody shares that would be a transaction that
    yields, and nobody could read before its end; on another one, in a thread, only those wait who want to write.
    """
    try:
        with wish.how.store.held():
            work.do(WRITING, len(recorder.statements), repeat, wish.how.store, recorder, writing, work.step)
    except Overtaken:
        return False
    for callback in recorder.callbacks:
        callback()
    return True


def repeat(store: Store, recorder: Recorder, writing: Writing, step: Callable[[int], None]) -> None:
    """The same in the thread."""
    with closing(store.another()) as other, writing(other) as tx:
        recorder.repeat(tx, step)


def clear(wish: Wish, recorder: Recorder) -> None:
    """What an import leaves in memory; a workbook whose preview is kept stays."""
    discard(recorder.statements)
    if wish.content and wish.book:
        for sheet in wish.book.sheets:
            discard(sheet.rows)
