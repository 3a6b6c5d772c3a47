"""Chapter 3 of seed 003: each documented request with its documented answer."""

import pytest

from appliance.app import App
from appliance.domain import passwords, users
from tests.client import Client
from tests.contract.identity.samples import REFRESHED, SIGN_IN, SIGNED_IN, SIGNED_OUT
from tests.contract.identity.shapes import as_shown, refused


@pytest.fixture
def admin(appliance: App) -> Client:
    """The account of the document's samples, which no rule of ours would let anybody make; not signed in."""
    hashed = passwords.hash_password(SIGN_IN["password"])
    with appliance.store.writing() as tx:
        ident = users.insert(tx, login="admin", password_hash=hashed, name="管理员", email="admin@example.com")
        for role in (1, 2):
            tx.insert("user_roles", user_id=ident, role_id=role)
    return Client(appliance)


def test_3_1_sign_in(admin: Client) -> None:
    answer = admin.post("/api/v1/auth/login", SIGN_IN)
    assert as_shown(answer, SIGNED_IN)
    who = answer.json["data"]["user_info"]
    assert (who["roles"], who["permissions"]) == (["admin", "user"], ["read", "write", "admin"])
    assert answer.header("Cache-Control") == "no-store"


def test_3_1_a_wrong_password(admin: Client) -> None:
    answer = admin.post("/api/v1/auth/login", SIGN_IN | {"password": "other"})
    assert refused(answer) == (401, "用户名或密码错误")


def test_3_2_refresh_with_the_token_in_header_and_body(admin: Client) -> None:
    token = admin.post("/api/v1/auth/login", SIGN_IN).json["data"]["token"]
    answer = admin.post("/api/v1/auth/refresh", {"token": token}, Authorization=f"Bearer {token}")
    assert as_shown(answer, REFRESHED)
    assert list(answer.json["data"]) == ["token", "expires_at"]


def test_3_3_sign_out(alice: Client) -> None:
    assert as_shown(alice.call("POST", "/api/v1/auth/logout"), SIGNED_OUT)
    assert refused(alice.call("POST", "/api/v1/auth/logout")) == (401, "Token无效")
