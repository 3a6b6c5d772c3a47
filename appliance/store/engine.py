"""Opens the database the way one gevent process needs it, and brings its schema up to date."""

from pathlib import Path

import dataset
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine
from sqlalchemy.pool import StaticPool

PRAGMAS = [
    "PRAGMA foreign_keys=ON",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA wal_autocheckpoint=1000",
    "PRAGMA busy_timeout=50",
]
MIGRATIONS = Path(__file__).parent / "migrations"


def open_database(url: str) -> dataset.Database:
    """One process-wide connection (StaticPool): dataset pools by greenlet, which starves or leaks under gevent."""
    if not url.startswith("sqlite"):
        return dataset.Database(url, ensure_schema=False)
    kwargs = {"poolclass": StaticPool, "connect_args": {"check_same_thread": False, "timeout": 0.05}}
    return dataset.Database(url, ensure_schema=False, engine_kwargs=kwargs, on_connect_statements=list(PRAGMAS))


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
