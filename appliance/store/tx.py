"""An open transaction: reads that remember, writes that tell what they changed, and who acts."""

import sqlite3
import uuid
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Executable, Select, delete, select

from appliance import clock
from appliance.errors import Missing
from appliance.query import batches
from appliance.store.changes import Change, Witness, alteration, inserted
from appliance.store.prepared import Prepared, Row, by_equality, counted, paged
from appliance.store.tables import metadata

if TYPE_CHECKING:
    from appliance.store.store import Store, StrictTable

LONGEST_KNOWN = 100  # rows
UNSEEN = {"created_at", "updated_at", "id", "uuid", "path", "root_id", "level"}
SECRET = {"password_hash", "key_hash", "secret", "passphrase"}
UNTOLD = {
    *("tokens", "sign_ins", "strikes", "admissions", "password_history", "second_factors", "recovery_codes"),
    *("api_key_usage", "address_history"),
    *("operations", "login_records", "sessions", "options"),
}


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
        self.witness: Witness | None = None
        """Hears of every Change; SQLAlchemy's own events tell of all other statements."""
        self._remembered: dict[Hashable, Any] | None = None
        self._known: Known | None = None

    def __getitem__(self, name: str) -> "StrictTable":
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

    def run(self, statement: Executable | Change, parameters: Mapping[str, Any] | None = None) -> int:
        """Execute a change; how many rows it touched."""
        if isinstance(statement, Change):
            return self._write(statement, parameters or {}).rowcount
        self._changing = True
        return int(getattr(self.connection.execute(statement, parameters or {}), "rowcount", 0))

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
        if self._remembered is not None:
            if name not in self._remembered:
                self._remembered[name] = find()
            return self._remembered[name]
        if self._changing:
            return find()
        if self._known is None:
            self._known = self.store.known()
        return self._known[name] if name in self._known else self._known.add(name, find())

    def forget(self) -> None:
        """From here on keep although it changes things, until this is called again: for one that asks very often."""
        self._remembered = {}

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

    def _write(self, change: Change, values: Mapping[str, Any]) -> sqlite3.Cursor:
        self._changing = True
        bound = change.bound(values)
        cursor = self.store.driver.execute(change.sql, bound)
        if self.witness:
            self.witness(change, bound, cursor)
        return cursor

    def insert(self, table: str, **columns: Any) -> int:
        """Add a row; its id. Makes the uuid and the dates where the table has them."""
        names = metadata.tables[table].columns
        moment = clock.now()
        for name in ("created_at", "updated_at"):
            if name in names:
                columns.setdefault(name, moment)
        if "uuid" in names:
            columns.setdefault("uuid", str(uuid.uuid4()))
        ident = int(self._write(*inserted(table, columns)).lastrowid or 0)
        self._tell(table, ident, {}, columns)
        return ident

    def change(self, table: str, ident: int, **columns: Any) -> None:
        """Set columns of one row and its `updated_at`."""
        before = self.get(table, ident) if table not in UNTOLD else Row()
        if "updated_at" in metadata.tables[table].columns:
            columns.setdefault("updated_at", clock.now())
        if columns:
            self._write(alteration(table, tuple(columns)), {"was_id": ident, **columns})
        self._tell(table, ident, before, columns)

    def swap(self, table: str, row: Row, same: tuple[str, ...], **columns: Any) -> bool:
        """Set columns of a row if it still has these as it had; whether it has. Tells nothing."""
        was = {f"was_{name}": row[name] for name in same}
        return self.run(alteration(table, tuple(columns), same), was | columns) == 1

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
