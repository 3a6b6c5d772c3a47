"""The store: greenlets do not leak, writers queue, typos are refused, nothing is half-written."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import gevent
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text

from appliance.app import App
from appliance.crypto import BadKey, Vault
from appliance.errors import Taken, Unavailable
from appliance.settings import Settings
from appliance.store import Store
from appliance.store.engine import alembic_config
from appliance.store.tables import metadata


def open_files() -> int:
    """How many file descriptors this process holds."""
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_thousand_greenlets_share_one_connection(appliance: App) -> None:
    def look() -> int:
        with appliance.store.reading() as tx:
            return tx["users"].count()

    before = open_files()
    jobs = [gevent.spawn(look) for _ in range(1000)]
    gevent.joinall(jobs, timeout=20, raise_error=True)
    assert {job.value for job in jobs} == {4}
    assert open_files() - before <= 3


def test_writers_queue_and_each_write_counts(appliance: App) -> None:
    def write(number: int) -> None:
        with appliance.store.writing() as tx:
            tx.change("users", 1, login_count=tx.get("users", 1).login_count + 1)

    gevent.joinall([gevent.spawn(write, number) for number in range(200)], timeout=20, raise_error=True)
    with appliance.store.reading() as tx:
        assert tx.get("users", 1).login_count == 200


@pytest.mark.parametrize("verb", ["find", "insert", "count"])
def test_a_mistyped_column_is_refused(appliance: App, verb: str) -> None:
    with pytest.raises(KeyError, match="logn"), appliance.store.writing() as tx:
        {"find": tx.find, "insert": tx.insert, "count": lambda name, **c: tx[name].count(**c)}[verb]("users", logn="x")


def test_a_failed_transaction_leaves_nothing(appliance: App) -> None:
    def half() -> None:
        with appliance.store.writing() as tx:
            tx.change("users", 1, name="half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    with appliance.store.reading() as tx:
        assert tx.get("users", 1).name != "half"


def test_the_last_guard_speaks_like_the_first(appliance: App) -> None:
    with pytest.raises(Taken) as refusal, appliance.store.writing() as tx:
        tx.insert("roles", name="again", name_key="again", code="Audit", code_key="audit")
    assert refusal.value.faults == {"code": ["具有 code 的 role 已存在。"]}


def test_another_process_that_writes_is_waited_for(appliance: App) -> None:
    other = sqlite3.connect(appliance.settings.data / "appliance.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    gevent.spawn_later(0.3, other.execute, "COMMIT")
    with appliance.store.writing() as tx:
        tx.change("users", 1, name="patient")
    with appliance.store.reading() as tx:
        assert tx.get("users", 1).name == "patient"


def test_while_another_connection_writes_everybody_reads_and_writers_wait(appliance: App) -> None:
    def rename() -> None:
        with appliance.store.writing() as tx:
            tx.change("users", 1, name="after")

    def name() -> str:
        with appliance.store.reading() as tx:
            return str(tx.get("users", 1).name)

    before = name()
    with appliance.store.held(), closing(appliance.store.another()) as other:
        with other.writing() as tx:
            tx.change("users", 1, name="meanwhile")
            writer = gevent.spawn(rename)
            gevent.sleep(0)
            assert (name(), writer.ready()) == (before, False)
        assert name() == "meanwhile"
    writer.get(timeout=5)
    assert name() == "after"


def test_a_row_that_somebody_else_changed_is_not_swapped(appliance: App) -> None:
    with appliance.store.writing() as tx:
        row = tx.get("users", 1)
        assert tx.swap("users", row, ("id", "login_count"), login_count=7)
        assert not tx.swap("users", row, ("id", "login_count"), login_count=8)
        assert tx.get("users", 1).login_count == 7


def test_a_checkpoint_moves_commits_into_the_database_file(appliance: App) -> None:
    with appliance.store.writing() as tx:
        tx.change("users", 1, name="on the disk")
    file = appliance.settings.data / "appliance.db"
    assert b"on the disk" not in file.read_bytes()
    appliance.store.checkpoint()
    assert b"on the disk" in file.read_bytes()


def test_a_transaction_inside_a_transaction_is_a_mistake(appliance: App) -> None:
    with pytest.raises(RuntimeError, match="inside"), appliance.store.reading(), appliance.store.reading():
        pass


def test_a_secret_opens_only_where_it_was_sealed() -> None:
    vault = Vault(b"k" * 32)
    sealed = vault.seal("s3cret", "vouchers.secret:a")
    assert vault.open(sealed, "vouchers.secret:a") == "s3cret"
    with pytest.raises(BadKey):
        vault.open(sealed, "vouchers.secret:b")
    with pytest.raises(BadKey):
        Vault(b"x" * 32).open(sealed, "vouchers.secret:a")


def test_a_wrong_master_key_reads_but_never_writes(appliance: App) -> None:
    appliance.store.close()
    (appliance.settings.data / "master.key").write_text("QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=")
    locked = App(Settings(data=appliance.settings.data))
    with locked.store.reading() as tx:
        assert tx["users"].count() == 4
    with pytest.raises(Unavailable), locked.store.writing() as tx:
        tx.change("users", 1, name="lost")
    assert locked.healthz().status == 503
    locked.store.close()


def test_a_lost_master_key_is_not_replaced(appliance: App) -> None:
    appliance.store.close()
    (appliance.settings.data / "master.key").unlink()
    locked = App(Settings(data=appliance.settings.data))
    assert locked.store.read_only
    assert not (appliance.settings.data / "master.key").exists()
    locked.store.close()


def test_files_of_the_data_directory_are_private(appliance: App) -> None:
    assert (appliance.settings.data / "master.key").stat().st_mode & 0o777 == 0o600


KILLER = """
import os, signal, sys, time
from pathlib import Path
from appliance.crypto import Vault
from appliance.store import Store

def write(say):
    store = Store(Path(sys.argv[1]), Vault(b"k" * 32), None)
    os.write(say, b"!")
    same = dict(user_name="a", login="a", address="", dialect="x")
    while True:
        with store.writing() as tx:
            ident = tx.insert("operations", user_id=1, operation="one", **same)
            tx.insert("operations", user_id=ident, operation="two", **same)

for round in range(100):
    hear, say = os.pipe()
    child = os.fork()
    if child == 0:
        write(say)
    os.read(hear, 1)
    time.sleep(0.002 * (round % 10))  # another moment of the write each time
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(hear), os.close(say)
"""


def test_killed_a_hundred_times_while_writing_it_opens_with_nothing_half_made(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLER, tmp_path], check=True, timeout=120)
    check(tmp_path / "appliance.db")


def check(path: Path) -> None:
    """Every first half has its second half, and the file is sound."""
    database = sqlite3.connect(path)
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    first = {row[0] for row in database.execute("SELECT id FROM operations WHERE operation = 'one'")}
    second = {row[0] for row in database.execute("SELECT user_id FROM operations WHERE operation = 'two'")}
    assert first
    assert first == second


def test_what_is_kept_is_forgotten_when_anybody_writes(appliance: App) -> None:
    def name() -> str:
        with appliance.store.reading() as tx:
            return str(tx.kept("name", lambda: tx.get("users", 1).name))

    assert [name(), name()] == ["管理员", "管理员"]
    with appliance.store.writing() as tx:
        tx.change("users", 1, name="of us")
    assert name() == "of us"
    with sqlite3.connect(appliance.settings.data / "appliance.db") as other:
        other.execute("UPDATE users SET name = 'another process' WHERE id = 1")
    assert name() == "another process"


def test_what_a_transaction_saw_that_failed_is_not_kept(appliance: App) -> None:
    with pytest.raises(RuntimeError), appliance.store.writing() as tx:  # noqa: PT012 -- it fails after it looked
        tx.change("users", 1, name="undone")
        tx.kept("name", lambda: tx.get("users", 1).name)
        raise RuntimeError
    with appliance.store.reading() as tx:
        assert tx.kept("name", lambda: tx.get("users", 1).name) == "管理员"


def test_a_prepared_question_is_asked_once_until_somebody_writes(appliance: App) -> None:
    asked: list[str] = []

    def alice() -> str:
        with appliance.store.reading() as tx:
            row = tx.get("users", 1)
            row["name"], name = "spoilt", row.name
            return str(name)

    appliance.store.driver.set_trace_callback(asked.append)
    assert [alice() for _ in range(3)] == ["管理员"] * 3
    assert len([text for text in asked if "FROM users" in text]) == 1
    with appliance.store.writing() as tx:
        tx.change("users", 1, name="Alice")
    assert alice() == "Alice"


def test_what_a_rehearsal_saw_is_not_kept(appliance: App) -> None:
    with appliance.store.reading() as tx:
        tx.change("users", 1, name="rehearsed")
        assert tx.get("users", 1).name == "rehearsed"
    with appliance.store.reading() as tx:
        assert tx.get("users", 1).name == "管理员"


def test_migrations_make_what_the_tables_say(tmp_path: Path) -> None:
    with migrated(tmp_path / "appliance.db") as connection:
        found = compare_metadata(MigrationContext.configure(connection), metadata)
    assert found == []


def test_a_new_database_is_what_the_migrations_make(tmp_path: Path) -> None:
    Store(tmp_path, Vault(b"k" * 32), None).close()
    with migrated(tmp_path / "other.db") as other:
        wanted = shape(other)
    with create_engine(f"sqlite:///{tmp_path / 'appliance.db'}").connect() as new:
        assert shape(new) == wanted


@contextmanager
def migrated(file: Path) -> Iterator[Connection]:
    """A database that went through every migration."""
    with create_engine(f"sqlite:///{file}").connect() as connection:
        command.upgrade(alembic_config(connection), "head")
        connection.commit()
        yield connection


def shape(connection: Connection) -> list[Any]:
    """Of each table its columns and references, in no order; of each index its columns and its words."""
    found = []
    for kind, name, table, words in connection.execute(text("SELECT type, name, tbl_name, sql FROM sqlite_master")):
        parts = ("table_info", "foreign_key_list") if kind == "table" else ("index_xinfo",)
        told = [rows(connection, f"{part}('{name}')") for part in parts]
        found.append(str((table, told, "AUTOINCREMENT" in (words or "") if kind == "table" else words)))
    return sorted(found)


def rows(connection: Connection, pragma: str) -> list[str]:
    """What a pragma tells, without numbers that only count."""
    told = connection.execute(text(f"PRAGMA {pragma}")).mappings().all()
    return sorted(str([value for name, value in row.items() if name not in ("id", "cid", "seq")]) for row in told)


def test_an_older_database_comes_along_with_its_rows(tmp_path: Path) -> None:
    before = tmp_path / "appliance.db"
    with create_engine(f"sqlite:///{before}").connect() as connection:
        command.upgrade(alembic_config(connection), "0001")
        connection.execute(text("INSERT INTO options (name, value) VALUES ('kept', '1')"))
        connection.commit()
    store = Store(tmp_path, Vault(b"k" * 32), None)
    with store.reading() as tx:
        assert tx.get("options", 1).name == "kept"
        assert tx["subnets"].count() == 0
    store.close()
