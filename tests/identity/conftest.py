"""Hashing that costs little: these tests sign in often, and none is about its cost."""

import pytest

from appliance.app import App
from appliance.domain import passwords
from tests.conftest import PASSWORD


@pytest.fixture(autouse=True)
def cheap_hashing(appliance: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody's password hashed at the lowest cost."""
    monkeypatch.setattr(passwords, "COST", 4)
    hashed = passwords.hash_password(PASSWORD)
    monkeypatch.setattr(passwords, "DUMMY", hashed)
    with appliance.store.writing() as tx:
        for user in list(tx["users"].find()):
            tx["users"].update({"id": user["id"], "password_hash": hashed}, ["id"])
