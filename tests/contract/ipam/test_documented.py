"""Every documented request of sign-in, users and the plain collections, with its documented answer."""

from typing import Any

import pytest

from appliance.app import App
from tests.client import Client
from tests.contract.alike import alike
from tests.ipam.calls import made

JWT = "eyJhbGciOiJIUzI1NiIs..."
LOGIN = {
    "token": JWT,
    "user": {"id": 1, "username": "admin", "nickname": "管理员", "role": "admin"},
    "first_login": False,
}
COLLECTIONS = (
    "gateways",
    "network_areas",
    "units",
    "departments",
    "projects",
    "user_contacts",
    "user-groups",
    "field_definitions",
)
BODIES: dict[str, dict[str, Any]] = {
    "gateways": {"ip": "192.168.1.1"},
    "network_areas": {"name": "生产区"},
    "units": {"name": "省公司", "level": 1},
    "departments": {"name": "研发部"},
    "projects": {"name": "官网"},
    "user_contacts": {"name": "张三"},
    "user-groups": {"name": "北区"},
    "field_definitions": {"resource_type": "ips", "name": "rack", "label": "机柜", "field_type": "text"},
}
NAMES = {"gateways": "name", "field_definitions": "label"}


def within(ours: dict[str, Any], documented: dict[str, Any]) -> bool:
    """Whether all that the document shows is there; what is additive may be too."""
    return alike({key: ours[key] for key in documented}, documented)


def test_the_captcha(stranger: Client) -> None:
    sample = {"captcha_id": "captcha_abc123", "image": "data:image/png;base64,..."}
    answer = stranger.get("/api/captcha").json
    assert (answer["code"], alike(answer["data"], sample)) == (200, True)


def test_signing_in_with_and_without_a_captcha(stranger: Client) -> None:
    who = {"username": "alice", "password": "correct horse 1"}
    for body in (who, who | {"captcha_id": "captcha_abc123", "captcha_code": "abcd"}):
        answer = stranger.post("/api/login", body).json
        assert (answer["code"], answer["message"]) == (200, "登录成功")
        assert within(answer["data"]["user"], LOGIN["user"])
        assert list(answer["data"])[:3] == list(LOGIN)


def test_signing_out_and_the_profile(alice: Client) -> None:
    assert alice.get("/api/profile").json["data"]["username"] == "alice"
    answer = alice.call("POST", "/api/logout").json
    assert (answer["code"], answer["message"]) == (200, "注销成功")


def test_registering(stranger: Client) -> None:
    body = {"username": "newuser", "password": "password123", "nickname": "新用户"}
    assert stranger.post("/api/users/register", body).status == 201
    data = stranger.get("/api/auth/register-config").json["data"]
    assert within(data, {"allow_register": True, "default_role": "operator"})


def test_the_configuration_of_registration(alice: Client) -> None:
    assert alice.get("/api/config/registration").status == 200
    assert alice.put("/api/config/registration", {"allow_register": True}).status == 200


@pytest.mark.parametrize("name", COLLECTIONS)
def test_the_six_calls_of_a_collection(alice: Client, name: str) -> None:
    row = made(alice, name, **BODIES[name])
    listed = alice.get(f"/api/{name}", page=1, page_size=20, order="id", order_by="desc").json
    assert listed["data"]["list"][0] == row
    assert alike(listed, {"code": 200, "message": "success", "data": None})
    assert list(listed["data"]) == ["list", "total", "page", "page_size"]
    assert alice.get(f"/api/{name}/count").json["data"]["count"] == listed["data"]["total"]
    assert row["id"] in [one["value"] for one in alice.get(f"/api/{name}/options").json["data"]["list"]]
    changed = alice.call("PATCH", f"/api/{name}", body={"id": row["id"], NAMES.get(name, "name"): "新名称"})
    assert changed.json["data"][NAMES.get(name, "name")] == "新名称"
    gone = alice.call("DELETE", f"/api/{name}", body={"ids": [row["id"]]})
    assert gone.json == {"code": 200, "message": "操作成功", "data": {"deleted": 1, "ids": [row["id"]]}}


def test_the_calls_of_users(alice: Client) -> None:
    user = made(alice, "users", username="newuser", password="password123", nickname="新用户")
    assert alice.get("/api/users").json["data"]["list"][0] == user
    changed = alice.call("PATCH", "/api/users", body={"id": user["id"], "nickname": "新名称"})
    assert changed.json["data"]["nickname"] == "新名称"
    assert alice.call("DELETE", "/api/users", body={"ids": [user["id"]]}).json["data"]["deleted"] == 1


def test_the_calls_of_the_log(stranger: Client, alice: Client) -> None:
    stranger.post("/api/login", {"username": "alice", "password": "correct horse 1"})
    row = alice.get("/api/login-logs").json["data"]["list"][0]
    assert alice.call("DELETE", "/api/login-logs", body={"ids": [row["id"]]}).json["data"] == {"deleted": 1}


def test_a_refusal_has_the_documented_shape(appliance: App, alice: Client) -> None:
    sample = {"code": 400, "message": "请求参数错误", "error": {"code": "INVALID_PARAMETER", "details": None}}
    assert alike(alice.post("/api/units", {}).json, sample)
    assert Client(appliance).get("/api/units").json["error"]["code"] == "UNAUTHORIZED"
