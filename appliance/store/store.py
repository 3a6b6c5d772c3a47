"""Transactions: one connection, one lock, and a Tx that knows who acts and what changed."""

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dataset
import gevent
from gevent.lock import RLock
from sqlalchemy import Connection, Executable, delete, event, select
from sqlalchemy.exc import IntegrityError, OperationalError

from appliance import clock
from appliance.crypto import Vault
from appliance.errors import Missing, Taken, Unavailable
from appliance.query import batches
from appliance.store.engine import checkpoint, migrate, open_database
from appliance.store.tables import metadata

BUSY_TRIES, BUSY_PAUSE = 250, 0.02
UNSEEN = {"created_at", "updated_at", "id", "uuid", "path", "root_id", "level"}
SECRET = {"password_hash", "secret", "passphrase"}
UNTOLD = {
    *("tokens", "sign_ins", "strikes", "admissions", "password_history", "second_factors", "recovery_codes"),
    *("operations", "login_records", "sessions", "options"),
}


class Row(dict[str, Any]):
    """A row whose columns are attributes too."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class StrictTable(dataset.Table):
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


class Tx:
    """An open transaction and its actor."""

    def __init__(self, store: "Store", connection: Connection, actor: Any) -> None:
        self.store, self.connection, self.actor = store, connection, actor
        self.vault, self.settings = store.vault, store.settings
        self.changes: list[dict[str, Any]] = []
        self.callbacks: list[Callable[[], object]] = []

    def __getitem__(self, name: str) -> StrictTable:
        """A dataset table: `tx["users"].count(login=…)`."""
        return self.store.table(name)

    def all(self, statement: Executable, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        """Every row of a statement, read to its end."""
        return [Row(row) for row in self.connection.execute(statement, parameters or {}).mappings()]

    def one(self, statement: Executable) -> Row | None:
        """The first row, or None."""
        row = self.connection.execute(statement).mappings().first()
        return Row(row) if row is not None else None

    def value(self, statement: Executable) -> Any:
        """The first column of the first row, or None."""
        return self.connection.execute(statement).scalar()

    def values(self, statement: Executable) -> list[Any]:
        """The first column of every row."""
        return list(self.connection.execute(statement).scalars())

    def run(self, statement: Executable) -> int:
        """Execute a change; how many rows it touched."""
        return int(getattr(self.connection.execute(statement), "rowcount", 0))

    def find(self, table: str, **equals: Any) -> Row | None:
        """One row by equality, or None."""
        found = self[table].find_one(**equals)
        return Row(found) if found is not None else None

    def get(self, table: str, ident: int) -> Row:
        """The row with that id, or Missing."""
        row = self.find(table, id=ident)
        if row is None:
            raise Missing()
        return row

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

    def __init__(self, url: str, vault: Vault, settings: Any) -> None:
        self.vault, self.settings = vault, settings
        self.read_only = ""
        self.writes = 0
        self._db = open_database(url)
        self._lock = RLock()
        self._inside = False
        self._mode = "BEGIN"
        self._tables = {name: StrictTable(self._db, name) for name in metadata.tables}
        assert self._db.engine is not None
        self.engine = self._db.engine
        if self._db.is_sqlite:
            event.listen(self.engine, "connect", hand_over_transactions)
            event.listen(self.engine, "begin", lambda connection: connection.exec_driver_sql(self._mode))
        migrate(self.engine)

    def table(self, name: str) -> StrictTable:
        """A dataset table, strict about names."""
        return self._tables[name]

    @contextmanager
    def reading(self, actor: Any = None) -> Iterator[Tx]:
        """A transaction that is always rolled back."""
        with self._transaction("BEGIN") as connection:
            try:
                yield Tx(self, connection, actor)
            finally:
                self._db.rollback()

    @contextmanager
    def writing(self, actor: Any = None, *, anyway: bool = False) -> Iterator[Tx]:
        """A transaction that commits at the end of the block, or not at all. Never yield to the hub inside."""
        if self.read_only and not anyway:
            raise Unavailable(self.read_only)
        with self._transaction("BEGIN IMMEDIATE") as connection:
            tx = Tx(self, connection, actor)
            try:
                yield tx
                self._db.commit()
                self.writes += 1
            except IntegrityError as error:
                self._db.rollback()
                raise taken(error) from error
            except BaseException:
                self._db.rollback()
                raise
        for callback in tx.callbacks:
            callback()

    @contextmanager
    def _transaction(self, mode: str) -> Iterator[Connection]:
        with self._lock:
            if self._inside:
                raise RuntimeError("a transaction inside a transaction")
            self._inside = True
            try:
                self._begin(mode)
                yield self._db.executable
            finally:
                self._inside = False

    def _begin(self, mode: str) -> None:
        """Begin; while another process writes, wait without stalling the loop."""
        self._mode = mode
        for attempt in range(BUSY_TRIES):
            try:
                return self._db.begin()
            except OperationalError:
                if attempt == BUSY_TRIES - 1:
                    raise
                self._db._release_connection()
                gevent.sleep(BUSY_PAUSE)
        return None

    def checkpoint(self) -> None:
        """Bring what was committed to the disk, in a thread."""
        if self._db.is_sqlite:
            gevent.get_hub().threadpool.apply(checkpoint, (self.engine.url.database,))

    def close(self) -> None:
        """Let go of the database."""
        with self._lock:
            self._db.close()


def hand_over_transactions(connection: Any, record: Any) -> None:
    """Let SQLAlchemy begin transactions itself, so that schema changes are part of them."""
    connection.isolation_level = None


def taken(error: IntegrityError) -> Taken:
    """The last guard: a unique constraint in the words of the check that should have come first."""
    text = str(error.orig)
    for table in metadata.tables.values():
        for column in table.columns:
            if "taken" in column.info and f"{table.name}.{column.name}" in text:
                field, sentence = column.info["taken"]
                return Taken(**{field: sentence})
    return Taken("数据冲突,请重试")


def sqlite_url(folder: Path) -> str:
    """Where the database of a data directory lies."""
    return f"sqlite:///{folder / 'appliance.db'}"
