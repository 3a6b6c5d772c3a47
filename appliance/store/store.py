"""The database: one connection, one lock, and transactions that begin and end in one place."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gevent
from gevent.lock import RLock
from sqlalchemy.exc import IntegrityError, OperationalError

from appliance.crypto import Vault
from appliance.errors import Taken, Unavailable
from appliance.store.engine import Database, Table, checkpoint, migrate
from appliance.store.prepared import require_columns
from appliance.store.tables import metadata
from appliance.store.tx import Known, Tx

BUSY_TRIES, BUSY_PAUSE = 250, 0.02
MOST_KNOWN = 10_000  # rows


class StrictTable(Table):
    """A dataset table of our metadata, which refuses unknown columns instead of dropping or creating them."""

    def _reflect_table(self) -> None:
        self._columns = None
        self._table = metadata.tables[self.name]

    def _sync_columns(self, row: Mapping[str, Any], ensure: Any, types: Any = None) -> dict[str, Any]:
        require_columns(self.name, row)
        return dict(row)

    def _args_to_clause(self, args: dict[str, Any], clauses: Any = ()) -> Any:
        require_columns(self.name, args)
        return super()._args_to_clause(args, clauses)


class Store:
    """The database; everything reads and writes it inside `reading()` or `writing()`."""

    def __init__(self, folder: Path, vault: Vault, settings: Any) -> None:
        self.vault, self.settings = vault, settings
        self.read_only = ""
        self.writes = 0
        self.folder = folder
        self._db = Database(folder / "appliance.db")
        self.driver = self._db.driver
        self._lock, self._writers = RLock(), RLock()
        self._inside = False
        self._known = Known((0, 0))
        self._tables = {name: StrictTable(self._db, name) for name in metadata.tables}
        with self.writing(anyway=True) as tx:
            migrate(tx.connection)

    def table(self, name: str) -> StrictTable:
        """A dataset table, strict about names."""
        return self._tables[name]

    @contextmanager
    def reading(self, actor: Any = None) -> Iterator[Tx]:
        """A transaction that is always rolled back."""
        self._enter("BEGIN")
        try:
            yield Tx(self, self._db.executable, actor)
        except sqlite3.OperationalError as error:
            raise refused(error) from error
        finally:
            self._leave()

    @contextmanager
    def writing(self, actor: Any = None, *, anyway: bool = False) -> Iterator[Tx]:
        """A transaction that commits at the end of the block, or not at all. Never yield to the hub inside."""
        if self.read_only and not anyway:
            raise Unavailable(self.read_only)
        with self._writers:
            self._enter("BEGIN IMMEDIATE")
            tx = Tx(self, self._db.executable, actor, writing=True)
            try:
                yield tx
                self._db.commit()
                self.writes += 1
            except IntegrityError as error:
                raise taken(str(error.orig)) from error
            except sqlite3.IntegrityError as error:
                raise taken(str(error)) from error
            except sqlite3.OperationalError as error:
                raise refused(error) from error
            finally:
                self._leave()
        for callback in tx.callbacks:
            callback()

    def held(self) -> RLock:
        """While this is held nobody else in the process writes: they wait, and everybody reads on.

        For a long transaction of `another()` in a thread; without it, writers would meet its lock inside SQLite.
        """
        return self._writers

    def another(self) -> "Store":
        """The same database by a connection of its own."""
        other = Store(self.folder, self.vault, self.settings)
        other.read_only = self.read_only
        return other

    def version(self) -> tuple[int, int]:
        """Something else after every commit, be it another process's; costs next to nothing."""
        return self.writes, self.driver.execute("PRAGMA data_version").fetchone()[0]

    def known(self) -> Known:
        """What transactions found and kept; empty again once anybody wrote, here or in another process."""
        version = self.version()
        if version != self._known.version or self._known.size > MOST_KNOWN:
            self._known = Known(version)
        return self._known

    def _enter(self, mode: str) -> None:
        """Begin a transaction, alone."""
        self._lock.acquire()
        if self._inside:
            self._lock.release()
            raise RuntimeError("a transaction inside a transaction")
        self._inside = True
        try:
            self._begin(mode)
        except BaseException:
            self._leave()
            raise

    def _leave(self) -> None:
        """The end of a transaction; what was not committed by then is rolled back."""
        try:
            self._db.rollback()
        finally:
            self._inside = False
            self._lock.release()

    def _begin(self, mode: str) -> None:
        """Begin; while another process writes, wait without stalling the loop."""
        for _ in range(BUSY_TRIES):
            try:
                self.driver.execute(mode)
                return
            except sqlite3.OperationalError as error:
                busy = error
                gevent.sleep(BUSY_PAUSE)
        raise refused(busy) from busy

    def checkpoint(self) -> None:
        """Bring what was committed to the disk, in a thread."""
        gevent.get_hub().threadpool.apply(checkpoint, (self._db.file,))

    def close(self) -> None:
        """Let go of the database."""
        with self._lock:
            self._db.close()


def refused(error: sqlite3.OperationalError) -> OperationalError:
    """What the driver says of BEGIN, COMMIT or a prepared statement, as SQLAlchemy says it of all others."""
    return OperationalError(None, None, error)


def taken(text: str) -> Taken:
    """The last guard: a unique constraint in the words of the check that should have come first."""
    for table in metadata.tables.values():
        for column in table.columns:
            if "taken" in column.info and f"{table.name}.{column.name}" in text:
                field, sentence = column.info["taken"]
                return Taken(**{field: sentence})
    return Taken("数据冲突,请重试")
