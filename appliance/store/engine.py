"""Opens the database the way one gevent process needs it, and brings its schema up to date."""

import sqlite3
from pathlib import Path

import dataset
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine
from sqlalchemy.pool import StaticPool

PRAGMAS = [
    "PRAGMA foreign_keys=ON",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA wal_autocheckpoint=20000",
    "PRAGMA busy_timeout=50",
]
SECONDS_TO_CHECKPOINT = 5.0
MIGRATIONS = Path(__file__).parent / "migrations"


def open_database(url: str) -> dataset.Database:
    """One process-wide connection (StaticPool): dataset pools by greenlet, which starves or leaks under gevent."""
    if not url.startswith("sqlite"):
        return dataset.Database(url, ensure_schema=False)
    kwargs = {"poolclass": StaticPool, "connect_args": {"check_same_thread": False, "timeout": 0.05}}
    return dataset.Database(url, ensure_schema=False, engine_kwargs=kwargs, on_connect_statements=list(PRAGMAS))


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


def migrate(engine: Engine) -> None:
    """Bring the schema to its newest version; a step that fails leaves the one before."""
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), "head")


def alembic_config(connection: Connection) -> Config:
    """Alembic on an open connection, with the migrations that come with the package."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
