"""Opens the database the way one gevent process needs it, and brings its schema up to date."""

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import Connection, inspect, text
from sqlalchemy.pool import StaticPool

from appliance.store.tables import metadata

PRAGMAS = [
    "PRAGMA foreign_keys=ON",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA wal_autocheckpoint=20000",
    "PRAGMA busy_timeout=50",
]
SECONDS_TO_CHECKPOINT = 5.0
MIGRATIONS = Path(__file__).parent / "migrations"
NEWEST = "0003"


STAND_INS = {
    "alembic": (),
    "alembic.migration": ("MigrationContext",),
    "alembic.operations": ("Operations",),
    "sqlalchemy.dialects.postgresql": ("JSONB",),
}


@contextmanager
def spared() -> Iterator[None]:
    """What dataset makes columns with, which we never let it; importing that costs every start 0.15 s and 8 MB."""
    names = [name for name in STAND_INS if name not in sys.modules]
    for name in names:
        sys.modules[name] = ModuleType(name)
        for missing in STAND_INS[name]:
            setattr(sys.modules[name], missing, None)
    yield
    for name in names:
        del sys.modules[name]


with spared():
    import dataset

Table = dataset.Table


class Database(dataset.Database):
    """Dataset on one connection of the whole process: its own pool goes by greenlet, which starves or leaks.

    The store begins and ends transactions on `driver`, which costs a tenth of what SQLAlchemy takes for it.
    """

    def __init__(self, file: Path) -> None:
        self.file = str(file)
        kwargs = {
            "poolclass": StaticPool,
            "connect_args": {"check_same_thread": False, "isolation_level": None},
            "hide_parameters": True,  # errors go to the log, and parameters may be secrets
        }
        super().__init__(
            f"sqlite:///{file}", ensure_schema=False, engine_kwargs=kwargs, on_connect_statements=list(PRAGMAS)
        )
        assert self.engine is not None
        self._connection = self.engine.connect()
        self.driver: sqlite3.Connection = self._connection.connection.driver_connection  # type: ignore[assignment]

    @property
    def executable(self) -> Connection:
        """Where statements are executed."""
        return self._connection

    @property
    def in_transaction(self) -> bool:
        """Always, so that no table commits by itself."""
        return True

    def commit(self) -> None:
        """Make what was done stand."""
        self._connection.commit()  # only tells SQLAlchemy, when it had a part in the transaction
        if self.driver.in_transaction:
            self.driver.execute("COMMIT")

    def rollback(self) -> None:
        """Undo what was not committed."""
        self._connection.rollback()
        if self.driver.in_transaction:
            self.driver.execute("ROLLBACK")  # a text that is compiled once, unlike that of driver.rollback()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()
        super().close()


def checkpoint(database: str) -> None:
    """Bring what was committed into the database file, and both to the disk. Takes its time: call it in a thread.

    With `synchronous=NORMAL` this is the only moment that waits for the disk; the loop's own connection only does so
    itself when 20,000 pages have gathered. What was committed before the last checkpoint survives a power cut, what was
    committed at all survives the end of the process.
    """
    connection = sqlite3.connect(database, timeout=SECONDS_TO_CHECKPOINT)
    try:
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    finally:
        connection.close()


def migrate(connection: Connection) -> None:
    """Bring the schema to its newest version, unless it has it; a step that fails leaves the one before."""
    found = version(connection)
    if found is None:
        make(connection)
    elif found != NEWEST:
        from alembic import command

        command.upgrade(alembic_config(connection), "head")


def make(connection: Connection) -> None:
    """A new database as the migrations would make it, which costs 14 MB and 0.2 s more."""
    metadata.create_all(connection, checkfirst=False)
    connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
    connection.execute(text("INSERT INTO alembic_version VALUES (:newest)"), {"newest": NEWEST})


def version(connection: Connection) -> str | None:
    """The version of the schema; None for an empty database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def alembic_config(connection: Connection) -> Any:
    """Alembic on an open connection, with the migrations that come with the package."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
