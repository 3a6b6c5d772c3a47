"""Works on a copy of the database what is to happen, and repeats the finished statements on the real one (ipam 9).

Judging twenty thousand rows by the API's own rules takes many seconds, and the whole workbook is one transaction. On
the copy that holds up nobody; the real database sees only prepared statements, each of which must touch exactly the
rows it touched on the copy. All of it belongs into a thread.
"""

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import event, func, select

from appliance.store import Change, Store, Tx
from appliance.store.tables import metadata

WATCHED = (
    *("areas", "units", "departments", "contacts", "projects", "gateways", "subnets"),
    *("user_groups", "field_definitions", "user_group_members", "users"),
)
"""What rows of a workbook are judged by; addresses are compared by the statements themselves."""
ROOM = "PRAGMA cache_size = -65536"
"""64 MB: what does not fit is written to the copy, and read again."""
LONGEST_STORY = 1000
"""So many single changes stand in one audit line; it says how many more there were."""


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
        """For after the commit, outside the thread."""

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

    def repeat(self, tx: Tx, step: Callable[[int], None]) -> None:
        """The same on the real database, all of it exactly as it was, or Overtaken."""
        if figures(tx) != self.figures:
            raise Overtaken
        driver = tx.store.driver
        for number, one in enumerate(self.statements, 1):
            cursor = driver.executemany(one.text, one.values) if one.many else driver.execute(one.text, one.values)
            if cursor.rowcount != one.touched or (one.ident is not None and cursor.lastrowid != one.ident):
                raise Overtaken
            step(number)
        tx.changes += self.changes
        if self.untold:
            tx.tell("import", further_changes=self.untold)


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
        copy(store.folder, place)
        shadow = Store(place, store.vault, store.settings)
        shadow.driver.execute(ROOM)
        with closing(shadow), suppress(Rehearsed), shadow.writing(actor) as tx:
            recorder = Recorder()
            recorder.figures = figures(tx)
            event.listen(tx.connection, "after_cursor_execute", recorder.note)
            tx.witness = recorder.witness
            tx.forget()
            yield tx, recorder
            recorder.changes, recorder.callbacks = tx.changes, tx.callbacks
            raise Rehearsed
    finally:
        shutil.rmtree(place, ignore_errors=True)


def copy(source: Path, target: Path) -> None:
    """A consistent copy of the database in one step."""
    connect = sqlite3.connect
    with closing(connect(source / "appliance.db")) as old, closing(connect(target / "appliance.db")) as new:
        old.backup(new)
