"""Chapter 一 of seed 001: each documented request with its documented answer."""

import pytest

from appliance.app import App
from appliance.domain import passwords, users
from tests.client import Client
from tests.contract.alike import alike

REQUEST = {"account": "administrator", "password": "administrator"}
TOKENS = {"code": 200, "msg": "OK", "token": {"access": "eyJ", "refresh": "eyJ"}}
OK = {"code": 200, "msg": "OK"}


@pytest.fixture
def administrator(appliance: App, stranger: Client) -> Client:
    """The account of the document's samples, which no rule of ours would let anybody make."""
    hashed = passwords.hash_password("administrator")
    with appliance.store.writing() as tx:
        users.insert(tx, login="administrator", password_hash=hashed, name="管理员")
    return stranger


def test_1_sign_in(administrator: Client) -> None:
    answer = administrator.post("/api/rbac/login/", REQUEST)
    assert answer.status == 200
    assert alike(answer.json, TOKENS)


def test_1_a_wrong_password(administrator: Client) -> None:
    answer = administrator.post("/api/rbac/login/", REQUEST | {"password": "other"})
    assert (answer.status, answer.json) == (401, {"code": 401, "msg": "未登录", "detail": "密码错误"})


def test_2_sign_out(alice: Client) -> None:
    answer = alice.call("POST", "/api/rbac/logout/")
    assert (answer.status, answer.json) == (200, OK)


def test_2_sign_out_of_nobody(stranger: Client) -> None:
    answer = stranger.call("POST", "/api/rbac/logout/")
    assert (answer.status, answer.json) == (401, {"code": 401, "msg": "未登录", "detail": "未登录"})


def test_3_refresh_by_cookie(administrator: Client) -> None:
    refresh = administrator.post("/api/rbac/login/", REQUEST).json["token"]["refresh"]
    answer = administrator.call("POST", "/api/rbac/refresh/", headers={"Cookie": f"refresh={refresh}"})
    assert answer.status == 200
    assert alike(answer.json, TOKENS)


def test_3_refresh_without_a_token(stranger: Client) -> None:
    answer = stranger.call("POST", "/api/rbac/refresh/")
    assert (answer.status, answer.json) == (400, {"code": 400, "msg": "参数错误", "detail": "refresh无效或已过期"})
