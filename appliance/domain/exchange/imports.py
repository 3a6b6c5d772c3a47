"""Imports: what a workbook would do, doing it, and large ones in the background with their progress (ipam 9)."""

import gc
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import gevent
from gevent.lock import BoundedSemaphore

from appliance import clock, logs
from appliance.domain.exchange import files
from appliance.domain.exchange.lines import CREATE, ERROR, SKIP, UPDATE, Line, Page
from appliance.domain.exchange.reader import Book
from appliance.domain.exchange.recorder import Overtaken, Recorder, Turns, rehearsal
from appliance.domain.exchange.running import Outcome, Run
from appliance.errors import Conflict, Invalid, Missing, Problem, Throttled
from appliance.store import Store, Tx

AT_ONCE = 2000
"""Rows that the caller waits for; more are worked on in the background."""
SHOWN, TOLD = 500, 1000
KEPT, JOBS, WAITING = 10, 50, 4
PREVIEW_LIFE, JOB_LIFE = timedelta(hours=1), timedelta(days=1)
ON_ERROR = ("abort", "skip_invalid")
TRIES = 3
NEVER = 1_000_000
CHANGED_MEANWHILE = "数据在导入期间被他人修改,未写入任何数据,请重试"
GONE = "预览已过期,请重新上传文件"
BROKEN = "导入失败,未写入任何数据"
Writing = Callable[[], AbstractContextManager[Tx]]
_one_at_a_time = BoundedSemaphore(1)


@dataclass
class Wish:
    """What somebody wants imported, and how."""

    store: Store
    actor: Any
    book: Book
    on_error: str = "abort"
    on_exists: str = "update"


@dataclass
class Preview:
    """A workbook that was looked at and may be executed without being sent again."""

    user_id: int
    book: Book
    due: datetime


@dataclass
class Job:
    """An import in the background."""

    ident: str
    user_id: int
    kind: str
    total: int
    done: int = 0
    status: str = "running"
    result: dict[str, Any] | None = None
    error: str = ""
    begun: datetime = field(default_factory=clock.now)
    ended: datetime | None = None


_previews: dict[str, Preview] = {}
_jobs: dict[str, Job] = {}


# --- how -------------------------------------------------------------------------------------------------------------


def chosen(name: str, value: Any, allowed: tuple[str, ...]) -> str:
    """One of the words a setting may be, the first when it is not named."""
    default = allowed[0]
    if value in (None, ""):
        return default
    if value not in allowed:
        raise Invalid(**{name: "不在可选值中"})
    return str(value)


def keep(user_id: int, book: Book) -> str:
    """Keep a workbook for an hour; the token that finds it again."""
    for token in [token for token, one in _previews.items() if one.due <= clock.now()]:
        del _previews[token]
    while len(_previews) >= KEPT:
        del _previews[next(iter(_previews))]
    token = secrets.token_hex(16)
    _previews[token] = Preview(user_id, book, clock.now() + PREVIEW_LIFE)
    return token


def kept(user_id: int, token: Any) -> Book:
    """The workbook of a preview of the same user."""
    found = _previews.get(str(token))
    if found is None or found.user_id != user_id or found.due <= clock.now():
        raise Invalid(preview_token=GONE)
    return found.book


# --- looking and doing -----------------------------------------------------------------------------------------------


def preview(wish: Wish, step: Callable[[int], None]) -> dict[str, Any]:
    """What every row would do, and everything that is wrong."""
    with alone():
        outcome = rehearsed(wish, step)[0]
    return previewed(wish, outcome) | {"preview_token": keep(wish.actor.user_id, wish.book)}


@contextmanager
def alone() -> Iterator[None]:
    """One import at a time; the collector leaves its oldest generation alone meanwhile.

    A large workbook is half a million objects that all live to its end: looking through them again and again finds
    nothing, and each time stops every terminal for a sixth of a second.
    """
    with _one_at_a_time:
        usual = gc.get_threshold()
        gc.set_threshold(usual[0], usual[1], NEVER)
        try:
            yield
        finally:
            gc.set_threshold(*usual)


def rehearsed(wish: Wish, step: Callable[[int], None]) -> tuple[Outcome, Recorder]:
    """The whole workbook on a copy of the database."""
    turns = Turns()

    def advance(done: int) -> None:
        step(done)
        turns()

    with rehearsal(wish.store, files.folder(wish.store.settings.data), wish.actor) as (tx, recorder):
        outcome = Run(tx, recorder, wish.on_exists, advance).book(wish.book)
    return outcome, recorder


def execute(wish: Wish, writing: Writing, step: Callable[[int], None]) -> dict[str, Any]:
    """Write what is right: all of it or nothing, or what is right alone."""
    begun = monotonic()
    with alone():
        for _ in range(TRIES):
            outcome, recorder = rehearsed(wish, step)
            if outcome.total(ERROR) and wish.on_error == "abort":
                return executed(outcome, begun, succeeded=False)
            try:
                repeat(recorder, writing)
            except Overtaken:
                continue
            return executed(outcome, begun, succeeded=True)
    raise Conflict(CHANGED_MEANWHILE).coded("VERSION_CONFLICT")


def repeat(recorder: Recorder, writing: Writing) -> None:
    """The statements of the rehearsal in one transaction.

    It lets terminals have their turn while it holds the database: whoever wants to read or write waits for its end.
    """
    with writing() as tx:
        recorder.repeat(tx, Turns())


def previewed(wish: Wish, outcome: Outcome) -> dict[str, Any]:
    """A preview as it is told."""
    names = {"create": CREATE, "update": UPDATE, "skip": SKIP, "error": ERROR}
    warned = len(outcome.warnings) + sum(
        len(page.warnings) + sum(len(line.warnings) for line in page.lines) for page in outcome.pages
    )
    total = sum(len(page.lines) for page in outcome.pages)
    summary = {"total": total, **{name: outcome.total(action) for name, action in names.items()}, "warning": warned}
    can = total > 0 and not summary["error"]
    sheets = [told(page) for page in outcome.pages]
    return {
        "file_name": wish.book.name,
        "summary": summary,
        "sheets": sheets,
        "warnings": outcome.warnings,
        "can_import": can,
    }


def told(page: Page) -> dict[str, Any]:
    """One sheet of a preview; what is wrong comes first."""
    counted = {action: sum(line.action == action for line in page.lines) for action in (CREATE, UPDATE, SKIP, ERROR)}
    mapping = [
        {"header": header, "field": column.field if column else None, "mapped": column is not None}
        for header, column in zip(page.headers, page.columns, strict=True)
    ]
    unknown = [one["header"] for one in mapping if not one["mapped"] and one["header"]]
    rows = sorted(page.lines, key=lambda line: (line.action != ERROR, line.number))
    return {
        "resource": page.sheet.resource,
        "sheet_name": page.title,
        "total": len(page.lines),
        **counted,
        "columns": mapping,
        "unknown_columns": unknown,
        "warnings": page.warnings,
        "rows": [shown(line) for line in rows[:SHOWN]],
        "rows_truncated": len(rows) > SHOWN,
    }


def shown(line: Line) -> dict[str, Any]:
    """One row of a preview."""
    found = {"row": line.number, "action": line.action, "key": line.key, "data": line.texts, "changes": line.changes}
    return found | {"errors": line.errors, "warnings": line.warnings}


def executed(outcome: Outcome, begun: float, *, succeeded: bool) -> dict[str, Any]:
    """What an import did, as it is told."""
    errors = [
        {"resource": page.sheet.resource, "sheet_name": page.title, "row": line.number, "key": line.key, **one}
        for page in outcome.pages
        for line in page.lines
        for one in line.errors
    ]
    nothing = dict.fromkeys(outcome.count(CREATE), 0)
    return {
        "success": succeeded,
        "created": outcome.count(CREATE) if succeeded else nothing,
        "updated": outcome.count(UPDATE) if succeeded else nothing,
        "skipped": outcome.count(SKIP) if succeeded else nothing,
        "failed": outcome.total(ERROR),
        "errors": errors[:TOLD],
        "errors_truncated": len(errors) > TOLD,
        "duration_ms": round((monotonic() - begun) * 1000),
        "backup_record_id": None,
    }


# --- in the background -----------------------------------------------------------------------------------------------


def run(wish: Wish, kind: str, work: Callable[[Callable[[int], None]], dict[str, Any]]) -> dict[str, Any]:
    """The result, or the job that will have it."""
    if wish.book.total <= AT_ONCE:
        return work(lambda done: None)
    job = enrol(wish, kind)
    gevent.spawn(labour, job, work)
    return {"job_id": job.ident, "status": job.status}


def enrol(wish: Wish, kind: str) -> Job:
    """A new job; only so many wait, and old ones are forgotten."""
    for ident in [ident for ident, one in _jobs.items() if one.ended and one.ended + JOB_LIFE <= clock.now()]:
        del _jobs[ident]
    running = [job for job in _jobs.values() if not job.ended]
    if len(running) >= WAITING:
        raise Throttled(60)
    while len(_jobs) >= JOBS:
        del _jobs[next(ident for ident, one in _jobs.items() if one.ended)]
    job = Job(secrets.token_hex(16), wish.actor.user_id, kind, wish.book.total)
    _jobs[job.ident] = job
    return job


def labour(job: Job, work: Callable[[Callable[[int], None]], dict[str, Any]]) -> None:
    """Work on a job to its end, whatever that is."""

    def step(done: int) -> None:
        job.done = done

    try:
        job.result = work(step)
        job.status = "success" if job.result.get("success", True) else "failed"
        job.error = "" if job.status == "success" else BROKEN
    except Problem as problem:
        job.status, job.error = "failed", problem.sentence or str(problem.faults)
    except Exception as error:  # noqa: BLE001 -- the job says that it failed, the log why
        logs.fail("import.failed", error)
        job.status, job.error = "failed", BROKEN
    job.ended = clock.now()


def state(user_id: int, ident: str, *, is_admin: bool) -> dict[str, Any]:
    """A job as its owner sees it."""
    job = _jobs.get(ident)
    if job is None or (job.user_id != user_id and not is_admin):
        raise Missing()
    progress = {"done": job.done, "total": job.total, "percent": round(100 * job.done / max(job.total, 1), 1)}
    found = {"job_id": job.ident, "kind": job.kind, "status": job.status, "progress": progress, "result": job.result}
    return found | {"error": job.error or None, "created_at": job.begun, "finished_at": job.ended}
