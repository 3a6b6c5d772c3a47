"""The appliance in this process, and its people: alice administers, bob operates the shop, carol audits."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.app import App
from appliance.domain import passwords, tokens, users
from appliance.domain.access import Actor
from appliance.settings import Settings
from tests.client import Client
from tests.live import Live

PASSWORD = "correct horse 1"
SHOP_CODES = ["resource.self.", "resource.voucher.", "resource.group."]

LONGEST = ("tests/ui/test_looks", "tests/ui/", "tests/terminal/", "tests/test_executable")
"""Files of tests that begin first, so that no process waits for another at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest first; files stay whole and in order."""

    def place(item: pytest.Item) -> int:
        return next((at for at, path in enumerate(LONGEST) if item.nodeid.startswith(path)), len(LONGEST))

    items.sort(key=place)


def people(app: App) -> dict[str, dict[str, Any]]:
    """Four users, the group shop (id 2) and the role of its operators (id 4)."""
    hashed = passwords.hash_password(PASSWORD)
    app.create_first_administrator("alice", PASSWORD)
    with app.store.writing() as tx:
        place = {"parent_id": None, "root_id": 2, "level": 0, "path": "/2/"}
        tx.insert("groups", id=2, name="shop", **place)
        tx.insert("roles", id=4, name="shopkeeper", name_key="shopkeeper", code="shop", code_key="shop")
        for row in list(tx["permissions"].find()):
            if row["code"].startswith(tuple(SHOP_CODES)):
                for role in (1, 4):
                    grant = {"role_id": role, "permission_id": row["id"], "group_id": 2}
                    tx.insert("grants", protected=role == 1, **grant)
        for login, roles in {"bob": [2, 4], "carol": [3], "mallory": []}.items():
            ident = users.insert(tx, login=login, password_hash=hashed, name=login)
            for role in roles:
                tx.insert("user_roles", user_id=ident, role_id=role)
        return {row["login"]: dict(row) for row in tx["users"].find()}


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with the people in it, made once and copied for each test."""
    folder = tmp_path_factory.mktemp("template") / "data"
    app = App(Settings(data=folder))
    people(app)
    app.store.close()
    return folder


@pytest.fixture
def settings() -> dict[str, Any]:
    """What a test module may override."""
    return {}


@pytest.fixture
def appliance(template: Path, tmp_path: Path, settings: dict[str, Any]) -> Iterator[App]:
    """A fresh appliance with the people in it."""
    shutil.copytree(template, tmp_path / "data")
    app = App(Settings(data=tmp_path / "data", **settings))
    yield app
    app.store.close()


def signed_in(app: App, login: str) -> Client:
    """A client with a token of that user."""
    with app.store.writing(Actor(address="127.0.0.1")) as tx:
        user = tx.find("users", login=login)
        assert user is not None
        pair = tokens.begin(tx, user.id)
    return Client(app, pair.access, id=user.id, login=login, password=PASSWORD)


@pytest.fixture
def alice(appliance: App) -> Client:
    """The administrator."""
    return signed_in(appliance, "alice")


@pytest.fixture
def bob(appliance: App) -> Client:
    """Operates the group shop."""
    return signed_in(appliance, "bob")


@pytest.fixture
def carol(appliance: App) -> Client:
    """The auditor."""
    return signed_in(appliance, "carol")


@pytest.fixture
def mallory(appliance: App) -> Client:
    """Signed in, without any right."""
    return signed_in(appliance, "mallory")


@pytest.fixture
def stranger(appliance: App) -> Client:
    """Not signed in."""
    return Client(appliance)


@pytest.fixture(scope="module")
def live(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A running appliance with the people in it, for a whole file of tests."""
    folder = tmp_path_factory.mktemp("live")
    shutil.copytree(template, folder / "data")
    running = Live(folder / "data", "--loopback-targets")
    yield running
    running.kill()
