"""Abuse of the first start, and of randomness."""

import ast
import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

import appliance
from appliance.app import App
from appliance.domain import passwords
from appliance.settings import Settings
from tests.client import Client
from tests.ptpb.people import later, row, rows

# --- A12: the first start --------------------------------------------------------------------------------------------


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[App]:
    """An appliance nobody has set up."""
    app = App(Settings(data=tmp_path / "fresh"))
    yield app
    app.store.close()


def set_up(app: App, token: str | None) -> int:
    first = {"token": token, "account": "root", "password": "Correct horse 1"}
    return Client(app).post("/api/rbac/setup/", first).status


def test_a_stranger_does_not_get_past_the_wizard(fresh: App) -> None:
    assert set_up(fresh, "") == 400
    assert set_up(fresh, "guess") == 403
    assert fresh.setup_token()
    assert set_up(fresh, "guess") == 403
    assert rows(fresh, "users") == []


def test_the_set_up_token_lives_half_an_hour(fresh: App, monkeypatch: pytest.MonkeyPatch) -> None:
    token = fresh.setup_token()
    later(monkeypatch, minutes=30, seconds=1)
    assert set_up(fresh, token) == 403


def test_the_file_with_the_set_up_address_is_gone_once_it_was_used(fresh: App) -> None:
    file = fresh.settings.data / "setup-url"
    file.write_text("http://127.0.0.1/#/setup/…")
    assert set_up(fresh, fresh.setup_token()) == 200
    assert not file.exists()


def test_a_newer_set_up_token_voids_the_older(fresh: App) -> None:
    older, newer = fresh.setup_token(), fresh.setup_token()
    assert (set_up(fresh, older), set_up(fresh, newer)) == (403, 200)


def test_a_set_up_token_is_used_once_and_the_wizard_is_dead_afterwards(fresh: App) -> None:
    token = fresh.setup_token()
    assert [set_up(fresh, token), set_up(fresh, token)] == [200, 404]
    assert fresh.setup_token() is None
    assert len(rows(fresh, "users")) == 1


def test_of_two_who_race_one_becomes_the_administrator(fresh: App, monkeypatch: pytest.MonkeyPatch) -> None:
    token = fresh.setup_token()
    hashing, answers = passwords.hash_password, []

    def slow(password: str) -> str:
        monkeypatch.setattr(passwords, "hash_password", hashing)
        answers.append(set_up(fresh, token))
        return hashing(password)

    monkeypatch.setattr(passwords, "hash_password", slow)
    assert (set_up(fresh, token), answers) == (404, [200])


def test_an_old_backup_does_not_open_the_wizard_again(fresh: App) -> None:
    token = fresh.setup_token()
    stale = row(fresh, "options", name="setup_token")
    set_up(fresh, token)
    with fresh.store.writing() as tx:
        tx["options"].insert(stale)
    assert set_up(fresh, token) == 404


def test_the_database_holds_no_set_up_token(fresh: App) -> None:
    token = fresh.setup_token()
    assert token is not None
    assert len(base64.urlsafe_b64decode(token)) >= 16
    assert token not in str(rows(fresh, "options"))


# --- A54: randomness -------------------------------------------------------------------------------------------------


GUESSABLE = {"import random", "uuid1", "getnode", "mktemp", "getrandbits", "RandomState"}


def test_nothing_guessable_is_used_for_randomness() -> None:
    modules = list(Path(appliance.__file__).parent.rglob("*.py"))
    assert len(modules) > 50
    for module in modules:
        names = {word for node in ast.walk(ast.parse(module.read_text())) for word in words(node)}
        assert not names & GUESSABLE, module


def words(node: ast.AST) -> set[str]:
    """The names of modules and functions that a piece of source mentions."""
    if isinstance(node, ast.Import):
        return {f"import {alias.name}" for alias in node.names}
    if isinstance(node, ast.ImportFrom):
        return {f"import {node.module}", *(alias.name for alias in node.names)}
    return {getattr(node, "attr", ""), getattr(node, "id", "")}
