"""Chapter 4 of seed 003: each documented request with its documented answer."""

import pytest

from tests.client import Client
from tests.contract.identity import samples
from tests.contract.identity.shapes import as_shown, refused


@pytest.fixture
def newuser(alice: Client) -> Client:
    """The user of the samples, signed in."""
    ident = alice.post("/api/v1/auth/users", samples.USER_NEW).json["data"]["id"]
    words = {name: samples.USER_NEW[name] for name in ("username", "password")}
    token = Client(alice.app).post("/api/v1/auth/login", words).json["data"]["token"]
    return Client(alice.app, f"Bearer {token}", id=ident, login="newuser")


def test_4_1_list(alice: Client) -> None:
    answer = alice.get("/api/v1/auth/users", page=1, page_size=20, status="active")
    assert as_shown(answer, samples.USERS)
    assert answer.json["data"]["total"] == len(answer.json["data"]["users"]) == 4


def test_4_2_detail(alice: Client) -> None:
    answer = alice.get("/api/v1/auth/users/1")
    assert as_shown(answer, samples.USER)
    assert answer.json["data"]["permissions"] == ["read", "write", "admin"]


def test_4_3_create(alice: Client) -> None:
    answer = alice.post("/api/v1/auth/users", samples.USER_NEW)
    assert as_shown(answer, samples.USER_MADE)
    ident = answer.json["data"]["id"]
    assert alice.get(f"/api/v1/auth/users/{ident}").json["data"]["profile"] == samples.USER_NEW["profile"]


def test_4_4_update_once_the_role_is_there(alice: Client, newuser: Client) -> None:
    place = f"/api/v1/auth/users/{newuser.id}"
    answer = alice.put(place, samples.USER_EDIT)
    assert (*refused(answer), answer.json["errors"]) == (400, "参数错误", {"roles": ["角色不存在: analyst"]})
    alice.post("/api/v1/auth/roles", samples.ROLE_NEW)
    answer = alice.put(place, samples.USER_EDIT)
    assert as_shown(answer, samples.USER_CHANGED)
    assert answer.json["data"]["roles"] == ["user", "analyst"]
    assert alice.get(place).json["data"]["profile"] == samples.USER_EDIT["profile"]


def test_4_5_delete(alice: Client, newuser: Client) -> None:
    assert as_shown(alice.delete(f"/api/v1/auth/users/{newuser.id}"), samples.USER_REMOVED)
    assert refused(alice.delete(f"/api/v1/auth/users/{newuser.id}")) == (404, "用户不存在")


def test_4_6_change_the_password(newuser: Client) -> None:
    answer = newuser.put(f"/api/v1/auth/users/{newuser.id}/password", samples.PASSWORDS)
    assert as_shown(answer, samples.PASSWORD_CHANGED)


def test_4_7_reset_the_password(alice: Client, newuser: Client) -> None:
    answer = alice.post(f"/api/v1/auth/users/{newuser.id}/reset-password", {"send_email": True})
    assert as_shown(answer, samples.PASSWORD_RESET)
    assert answer.json["data"]["expires_in"] == 86400
    assert answer.header("Cache-Control") == "no-store"
