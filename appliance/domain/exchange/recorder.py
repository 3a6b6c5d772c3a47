"""Works on a copy of the database what is to happen, and repeats the finished statements on the real one (ipam 9).

Judging twenty thousand rows by the API's own rules takes most of a minute. On the copy that may yield between rows, so
that terminals and everybody else go on; the real database sees only prepared statements in one transaction, each of
which must touch exactly the rows it touched on the copy.
"""

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

import gevent
from gevent.threadpool import ThreadPool
from sqlalchemy import event, func, select

from appliance.store import Change, Store, Tx
from appliance.store.tables import metadata

WATCHED = (
    *("areas", "units", "departments", "contacts", "projects", "gateways", "subnets"),
    *("user_groups", "field_definitions", "user_group_members", "users"),
)
"""What rows of a workbook are judged by; addresses are compared by the statements themselves."""
SLICE = 0.004
"""Seconds of work before others get their turn."""
LONGEST_STORY = 1000
"""So many single changes stand in one audit line; it says how many more there were."""
PAUSE = 0.0005
"""Not 0: the loop runs fifty pieces that only give way before it looks at its sockets again."""
_pool = ThreadPool(1)


class Statement(NamedTuple):
    """One write as it was executed, and what it did."""

    text: str
    values: Any
    many: bool
    touched: int
    ident: int | None


class Overtaken(Exception):
    """Somebody else wrote meanwhile; what was judged no longer holds."""


class Rehearsed(Exception):
    """The end of a rehearsal: nothing of it stays on the copy either."""


class Attempt:
    """One row's part of the recording."""

    def __init__(self, recorder: "Recorder", tx: Tx) -> None:
        self.recorder, self.tx = recorder, tx
        self.marks = len(recorder.statements), len(tx.changes), len(tx.callbacks)
        self.undone = False

    @property
    def wrote(self) -> bool:
        """Whether anything was written."""
        return len(self.recorder.statements) > self.marks[0]

    def undo(self) -> None:
        """Nothing of it shall stay."""
        self.undone = True

    def forget(self) -> None:
        """What was recorded never happened."""
        del self.recorder.statements[self.marks[0] :]
        del self.tx.changes[self.marks[1] :]
        del self.tx.callbacks[self.marks[2] :]


class Recorder:
    """The statements that were executed on a copy."""

    def __init__(self) -> None:
        self.statements: list[Statement] = []
        self.figures: list[Any] = []
        self.changes: list[dict[str, Any]] = []
        self.untold = 0
        """Changes beyond those that stand in the audit line."""
        self.callbacks: list[Callable[[], object]] = []

    def note(self, _conn: Any, cursor: Any, text: str, values: Any, context: Any, many: bool) -> None:
        """SQLAlchemy executed something."""
        if context.isinsert or context.isupdate or context.isdelete:
            single = context.isinsert and cursor.rowcount == 1 and not many
            self.statements.append(Statement(text, values, many, cursor.rowcount, cursor.lastrowid if single else None))

    def witness(self, change: Change, values: tuple[Any, ...], cursor: sqlite3.Cursor) -> None:
        """The transaction executed a prepared one."""
        ident = cursor.lastrowid if change.adds else None
        self.statements.append(Statement(change.sql, values, False, cursor.rowcount, ident))

    @contextmanager
    def attempt(self, tx: Tx) -> Iterator[Attempt]:
        """A part that can be undone alone."""
        attempt = Attempt(self, tx)
        tx.store.driver.execute("SAVEPOINT attempt")
        try:
            yield attempt
        except BaseException:
            attempt.undone = True
            raise
        finally:
            if attempt.undone:
                tx.store.driver.execute("ROLLBACK TO attempt")
                attempt.forget()
            self.untold += len(tx.changes[LONGEST_STORY:])
            del tx.changes[LONGEST_STORY:]
            tx.store.driver.execute("RELEASE attempt")

    def repeat(self, tx: Tx, turn: Callable[[], None]) -> None:
        """The same on the real database, all of it exactly as it was, or Overtaken."""
        if figures(tx) != self.figures:
            raise Overtaken
        driver = tx.store.driver
        for one in self.statements:
            cursor = driver.executemany(one.text, one.values) if one.many else driver.execute(one.text, one.values)
            if cursor.rowcount != one.touched or (one.ident is not None and cursor.lastrowid != one.ident):
                raise Overtaken
            turn()
        tx.changes += self.changes
        if self.untold:
            tx.tell("import", further_changes=self.untold)
        tx.callbacks += self.callbacks


def figures(tx: Tx) -> list[Any]:
    """What differs as soon as somebody wrote a row by which others are judged."""
    found = []
    for name in WATCHED:
        columns = metadata.tables[name].c
        wanted = [func.count(columns.id), func.max(columns.id)]
        wanted += [func.sum(columns.version)] if "version" in columns else []
        found.append(tuple(tx.connection.execute(select(*wanted)).one()))
    return found


@contextmanager
def rehearsal(store: Store, folder: Path, actor: Any) -> Iterator[tuple[Tx, Recorder]]:
    """A transaction on a copy of the database as it is now; it never commits."""
    place = Path(tempfile.mkdtemp(prefix="work-", dir=folder))
    try:
        _pool.apply(copy, (store.driver.execute("PRAGMA database_list").fetchone()[2], place / "appliance.db"))
        shadow = Store(place, store.vault, store.settings)
        try:
            with suppress(Rehearsed), shadow.writing(actor) as tx:
                recorder = Recorder()
                recorder.figures = figures(tx)
                event.listen(tx.connection, "after_cursor_execute", recorder.note)
                tx.witness, tx.remembered = recorder.witness, {}
                yield tx, recorder
                recorder.changes, recorder.callbacks = tx.changes, tx.callbacks
                raise Rehearsed
        finally:
            shadow.close()
    finally:
        shutil.rmtree(place, ignore_errors=True)


def copy(source: str, target: Path) -> None:
    """A consistent copy in one step, in the thread."""
    with sqlite3.connect(source) as old, sqlite3.connect(target) as new:
        old.backup(new)
    old.close()
    new.close()


class Turns:
    """Lets others have their turn when some milliseconds are over."""

    def __init__(self) -> None:
        self.since = monotonic()
        self.longest = 0.0

    def __call__(self, *_: Any) -> None:
        """Once for every small piece of work."""
        spent = monotonic() - self.since
        if spent > SLICE:
            self.longest = max(self.longest, spent)
            gevent.sleep(PAUSE)
            self.since = monotonic()
