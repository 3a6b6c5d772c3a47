"""Reading beside the one connection, in threads: for questions that take long, so that nobody else waits for them."""

import sqlite3
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

from gevent.threadpool import ThreadPool
from sqlalchemy import Executable

from appliance.store.prepared import Prepared, Row
from appliance.store.store import Store
from appliance.store.tx import Tx

AT_ONCE = 2
_pool = ThreadPool(AT_ONCE)
_idle: WeakKeyDictionary[Store, list[sqlite3.Connection]] = WeakKeyDictionary()


class Aside(Tx):
    """What a reading transaction is to its users; each statement sees what was committed when it began."""

    def __init__(self, store: Store, reader: sqlite3.Connection, actor: Any) -> None:
        nothing: Any = None  # of what is asked here runs on the one connection
        super().__init__(store, nothing, actor)
        self._reader = reader

    def all(self, statement: Executable | Prepared, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        """Every row of a statement, asked in a thread."""
        prepared = statement if isinstance(statement, Prepared) else Prepared(statement)  # type: ignore[arg-type]
        compiled = prepared.compiled
        return _pool.apply(compiled.rows, (self._reader, compiled.bound(parameters or {})))

    def one(self, statement: Executable | Prepared, parameters: Mapping[str, Any] | None = None) -> Row | None:
        """The first row, or None."""
        return next(iter(self.all(statement, parameters)), None)

    def values(self, statement: Executable | Prepared, parameters: Mapping[str, Any] | None = None) -> list[Any]:
        """The first column of every row."""
        return [next(iter(row.values())) for row in self.all(statement, parameters)]

    def value(self, statement: Executable | Prepared, parameters: Mapping[str, Any] | None = None) -> Any:
        """The first column of the first row, or None."""
        return next(iter(self.values(statement, parameters)), None)

    def kept(self, name: Hashable, find: Callable[[], Any]) -> Any:
        """As of any reading transaction; what was found while somebody wrote is not kept."""
        known = self.store.known()
        if name in known:
            return known[name]
        value = find()
        return known.add(name, value) if self.store.known() is known else value


@contextmanager
def beside(store: Store, actor: Any) -> Iterator[Aside]:
    """Read beside everybody else. Never inside a transaction."""
    idle = _idle.setdefault(store, [])
    reader = idle.pop() if idle else connect(store)
    try:
        yield Aside(store, reader, actor)
    except BaseException:
        reader.close()
        raise
    if len(idle) < AT_ONCE:
        idle.append(reader)
    else:
        reader.close()


def connect(store: Store) -> sqlite3.Connection:
    """A connection that cannot write."""
    file = store.driver.execute("PRAGMA database_list").fetchone()[2]
    reader = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    reader.execute("PRAGMA query_only=ON")
    return reader
