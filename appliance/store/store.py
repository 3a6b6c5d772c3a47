"""Transactions: one connection, one lock, and a Tx that knows who acts and what changed."""

import sqlite3
import uuid
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gevent
from gevent.lock import RLock
from sqlalchemy import Connection, Executable, Select, delete, select
from sqlalchemy.exc import IntegrityError, OperationalError

from appliance import clock
from appliance.crypto import Vault
from appliance.errors import Missing, Taken, Unavailable
from appliance.query import batches
from appliance.store.engine import Database, Table, checkpoint, migrate
from appliance.store.prepared import Prepared, Row, by_equality, counted, paged
from appliance.store.tables import metadata

BUSY_TRIES, BUSY_PAUSE = 250, 0.02
MOST_KNOWN, LONGEST_KNOWN = 10_000, 100  # rows
UNSEEN = {"created_at", "updated_at", "id", "uuid", "path", "root_id", "level"}
SECRET = {"password_hash", "key_hash", "secret", "passphrase"}
UNTOLD = {
    *("tokens", "sign_ins", "strikes", "admissions", "password_history", "second_factors", "recovery_codes"),
    "api_key_usage",
    *("operations", "login_records", "sessions", "options"),
}


class StrictTable(Table):
    """A dataset table of our metadata, which refuses unknown columns instead of dropping or creating them."""

    def _reflect_table(self) -> None:
        self._columns = None
        self._table = metadata.tables[self.name]

    def _sync_columns(self, row: Mapping[str, Any], ensure: Any, types: Any = None) -> dict[str, Any]:
        self._know(row)
        return dict(row)

    def _args_to_clause(self, args: dict[str, Any], clauses: Any = ()) -> Any:
        self._know(args)
        return super()._args_to_clause(args, clauses)

    def _know(self, names: Mapping[str, Any]) -> None:
        unknown = set(names) - set(metadata.tables[self.name].columns.keys())
        if unknown:
            raise KeyError(f"{self.name} has no column {sorted(unknown)}")


class Known(dict[Hashable, Any]):
    """What was found in one version of the database; `size` counts rows."""

    def __init__(self, version: tuple[int, int]) -> None:
        super().__init__()
        self.version, self.size = version, 0

    def add(self, name: Hashable, value: Any) -> Any:
        """Keep it, unless it is a long list; the value."""
        size = len(value) if isinstance(value, list) else 1
        if size <= LONGEST_KNOWN:
            self[name] = value
            self.size += size + 1
        return value


class Tx:
    """An open transaction and its actor."""

    def __init__(self, store: "Store", connection: Connection, actor: Any, *, writing: bool = False) -> None:
        self.store, self.connection, self.actor = store, connection, actor
        self._changing = writing
        self.vault, self.settings = store.vault, store.settings
        self.changes: list[dict[str, Any]] = []
        self.callbacks: list[Callable[[], object]] = []
        self._known: Known | None = None

    def __getitem__(self, name: str) -> StrictTable:
        """A dataset table: `tx["users"].count(login=…)`."""
        self._changing = True
        return self.store.table(name)

    def all(self, statement: Executable | Prepared, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        """Every row of a statement, read to its end."""
        if isinstance(statement, Prepared):
            return [Row(row) for row in self._answer(statement, parameters)]
        return [Row(row) for row in self.connection.execute(statement, parameters or {}).mappings()]

    def one(self, statement: Executable | Prepared, parameters: Mapping[str, Any] | None = None) -> Row | None:
        """The first row, or None."""
        if isinstance(statement, Prepared):
            return next((Row(row) for row in self._answer(statement, parameters)), None)
        row = self.connection.execute(statement, parameters or {}).mappings().first()
        return Row(row) if row is not None else None

    def value(self, statement: Executable | Prepared, parameters: Mapping[str, Any] | None = None) -> Any:
        """The first column of the first row, or None."""
        if isinstance(statement, Prepared):
            return next((row[statement.first] for row in self._answer(statement, parameters)), None)
        return self.connection.execute(statement, parameters or {}).scalar()

    def values(self, statement: Executable | Prepared, parameters: Mapping[str, Any] | None = None) -> list[Any]:
        """The first column of every row."""
        if isinstance(statement, Prepared):
            return [row[statement.first] for row in self._answer(statement, parameters)]
        return list(self.connection.execute(statement, parameters or {}).scalars())

    def count(self, statement: Select[Any] | Prepared) -> int:
        """How many rows a statement has."""
        return int(self.value(statement.count if isinstance(statement, Prepared) else counted(statement)))

    def page(
        self, statement: Select[Any] | Prepared, *, size: int | None, start: int = 0, falling: bool = False
    ) -> list[Row]:
        """So many rows of a statement, all without a size, in the order of their ids."""
        part = {"size": -1 if size is None else size, "start": start}
        if isinstance(statement, Prepared):
            return self.all(statement.falling if falling else statement.rising, part)
        return self.all(paged(statement, falling=falling), part)

    def run(self, statement: Executable) -> int:
        """Execute a change; how many rows it touched."""
        self._changing = True
        return int(getattr(self.connection.execute(statement), "rowcount", 0))

    def find(self, table: str, **equals: Any) -> Row | None:
        """One row by equality, or None."""
        return self.one(by_equality(table, tuple(equals)), equals)

    def get(self, table: str, ident: int) -> Row:
        """The row with that id, or Missing."""
        row = self.find(table, id=ident)
        if row is None:
            raise Missing()
        return row

    def kept(self, name: Hashable, find: Callable[[], Any]) -> Any:
        """What `find` gives, kept until anybody writes, be it another process. Not to be changed by the caller.

        A transaction that changes something asks anew, because it sees what nobody else may ever see.
        """
        if self._changing:
            return find()
        if self._known is None:
            self._known = self.store.known()
        return self._known[name] if name in self._known else self._known.add(name, find())

    def _answer(self, statement: Prepared, values: Mapping[str, Any] | None) -> list[Row]:
        """What a prepared statement finds, asked anew only when somebody wrote since. Not to be changed."""
        compiled = statement.compiled
        bound = compiled.bound(values or {})
        if self._changing:
            return compiled.rows(self.store.driver, bound)
        if self._known is None:
            self._known = self.store.known()
        found: list[Row] | None = self._known.get((compiled, bound))
        if found is None:
            found = self._known.add((compiled, bound), compiled.rows(self.store.driver, bound))
        return found

    def insert(self, table: str, **columns: Any) -> int:
        """Add a row; its id. Makes the uuid and the dates where the table has them."""
        names = metadata.tables[table].columns
        moment = clock.now()
        for name in ("created_at", "updated_at"):
            if name in names:
                columns.setdefault(name, moment)
        if "uuid" in names:
            columns.setdefault("uuid", str(uuid.uuid4()))
        ident = self[table].insert(columns)
        self._tell(table, ident, {}, columns)
        return int(ident)

    def change(self, table: str, ident: int, **columns: Any) -> None:
        """Set columns of one row and its `updated_at`."""
        before = self.get(table, ident) if table not in UNTOLD else Row()
        if "updated_at" in metadata.tables[table].columns:
            columns.setdefault("updated_at", clock.now())
        self[table].update({"id": ident, **columns}, ["id"])
        self._tell(table, ident, before, columns)

    def remove(self, table: str, ident: int) -> None:
        """Delete one row, and with it what is bound to it by cascade."""
        before = self.find(table, id=ident) or Row()
        self[table].delete(id=ident)
        self._tell(table, ident, before, {})

    def remove_all(self, table: str, idents: Iterable[int]) -> None:
        """Delete several rows as `remove` does one."""
        rows = metadata.tables[table]
        for batch in batches(idents):
            before = self.all(select(rows).where(rows.c.id.in_(batch)))
            self.run(delete(rows).where(rows.c.id.in_(batch)))
            for row in before:
                self._tell(table, row.id, row, {})

    def after_commit(self, callback: Callable[[], object]) -> None:
        """Call once the transaction stands; not at all when it is rolled back."""
        self.callbacks.append(callback)

    def note(self, operation: str) -> None:
        """Say what the audit line of this call is, where the route's own text does not; also should it be refused."""
        if self.actor is not None:
            self.actor.operation = operation

    def tell(self, what: str, **facts: Any) -> None:
        """Keep a fact beside the audit line that no single row shows."""
        self.changes.append({"what": what, **facts})

    def _tell(self, table: str, ident: int, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        if table in UNTOLD:
            return
        names = [n for n in after or before if n not in UNSEEN and not n.endswith("_key")]
        old = {n: shown(n, before[n]) for n in names if n in before}
        new = {n: shown(n, after[n]) for n in names if n in after}
        same = [n for n in new if n in old and old[n] == new[n] and n not in SECRET]
        for name in same:
            del old[name], new[name]
        if old or new:
            self.changes.append({"what": table, "id": ident, "old": old, "new": new})


def shown(name: str, value: Any) -> Any:
    """A column as the audit keeps it: never a secret, always JSON."""
    if name in SECRET:
        return "***" if value else None
    return value if isinstance(value, str | int | float | bool | list | dict | None) else str(value)


class Store:
    """The database; everything reads and writes it inside `reading()` or `writing()`."""

    def __init__(self, folder: Path, vault: Vault, settings: Any) -> None:
        self.vault, self.settings = vault, settings
        self.read_only = ""
        self.writes = 0
        self._db = Database(folder / "appliance.db")
        self.driver = self._db.driver
        self._lock = RLock()
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
        self._enter("BEGIN IMMEDIATE")
        tx = Tx(self, self._db.executable, actor, writing=True)
        try:
            yield tx
            self._db.commit()
            self.writes += 1
        except IntegrityError as error:
            raise taken(error) from error
        except sqlite3.OperationalError as error:
            raise refused(error) from error
        finally:
            self._leave()
        for callback in tx.callbacks:
            callback()

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


def taken(error: IntegrityError) -> Taken:
    """The last guard: a unique constraint in the words of the check that should have come first."""
    text = str(error.orig)
    for table in metadata.tables.values():
        for column in table.columns:
            if "taken" in column.info and f"{table.name}.{column.name}" in text:
                field, sentence = column.info["taken"]
                return Taken(**{field: sentence})
    return Taken("数据冲突,请重试")
