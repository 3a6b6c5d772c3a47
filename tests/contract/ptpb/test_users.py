"""Chapter 二 of seed 001: each documented request with its documented answer."""

from typing import Any

from appliance.app import App
from tests.client import Client
from tests.contract.alike import alike
from tests.ptpb.people import employ

OK = {"code": 200, "msg": "OK"}
NEW = {
    "account": "test11",
    "password": "admin123",
    "name": "测试",
    "email": "someone@example.com",
    "status": True,
    "phone_number": None,
    "remark": None,
}
EDIT = {"id": 12, "email": "example@test.com", "name": "test111", "phone_number": "13800138000", "remark": "备注"}
USER = {
    "id": 1,
    "account": "administrator",
    "name": "管理员",
    "email": "someone@example.com",
    "status": True,
    "protected": True,
    "phone_number": None,
    "avatar": "/media/avatars/default.png",
    "create_date": "2025-01-01T08:00:00+08:00",
    "update_date": "2025-01-01T08:00:00+08:00",
    "login_date": None,
    "remark": None,
    "roles": [1],
}


def refusal(detail: Any) -> dict[str, Any]:
    return {"code": 400, "msg": "参数错误", "detail": detail}


def test_4_add(alice: Client) -> None:
    answer = alice.post("/api/rbac/user/add/", NEW)
    assert (answer.status, answer.json) == (200, OK)


def test_4_add_twice(alice: Client) -> None:
    alice.post("/api/rbac/user/add/", NEW)
    answer = alice.post("/api/rbac/user/add/", NEW | {"email": None})
    assert (answer.status, answer.json) == (400, refusal({"account": ["账户以被注册"]}))


def test_5_edit(appliance: App, alice: Client) -> None:
    employ(appliance, "test11", id=12)
    answer = alice.post("/api/rbac/user/edit/", EDIT)
    assert (answer.status, answer.json) == (200, OK)


def test_5_edit_to_what_others_have(appliance: App, alice: Client) -> None:
    employ(appliance, "other", email="example@test.com", phone="13800138000")
    employ(appliance, "test11", id=12)
    answer = alice.post("/api/rbac/user/edit/", EDIT)
    faults = {"email": ["邮箱已被注册"], "phone_number": ["具有 电话 的 用户 已存在。"]}
    assert (answer.status, answer.json) == (400, refusal(faults))


def test_6_remove(alice: Client) -> None:
    answer = alice.post("/api/rbac/user/del/", {"id_list": [1, 2]})
    assert answer.status == 200
    assert answer.json == {**OK, "detail": {"skipped": [1]}, "total": 1}


def test_6_remove_the_protected(alice: Client) -> None:
    answer = alice.post("/api/rbac/user/del/", {"id_list": [1]})
    assert (answer.status, answer.json) == (400, refusal("用户受保护,或对象不存在"))


def test_7_list(alice: Client) -> None:
    alice.post("/api/rbac/user/add/", NEW | {"name": "test"})
    answer = alice.get("/api/rbac/user/get/?page_size=2&name=tes")
    assert answer.status == 200
    assert alike(answer.json, {**OK, "total": 1, "detail": [USER], "extra": None})
    assert answer.json["total"] == len(answer.detail) == 1


def test_8_another_password(alice: Client) -> None:
    answer = alice.post("/api/rbac/user/reset_password/", {"old_password": alice.password, "new_password": "admin123"})
    assert (answer.status, answer.json) == (200, OK)


def test_8_the_same_password(alice: Client) -> None:
    same = {"old_password": alice.password, "new_password": alice.password}
    answer = alice.post("/api/rbac/user/reset_password/", same)
    assert (answer.status, answer.json) == (400, refusal({"new_password": ["新旧密码不能相同"]}))


def test_9_oneself(alice: Client) -> None:
    answer = alice.get("/api/rbac/user/detail/")
    assert answer.status == 200
    assert alike(answer.json, {**OK, "detail": {**USER, "ip": "127.0.0.1"}})
    assert (answer.detail["roles"], answer.detail["protected"], answer.detail["ip"]) == ([1], True, "127.0.0.1")


def test_10_roles(alice: Client) -> None:
    answer = alice.post("/api/rbac/user/role/", {"id": 1, "roles": [1]})
    assert (answer.status, answer.json) == (200, OK)


def test_10_role_1_of_the_protected_user(alice: Client) -> None:
    answer = alice.post("/api/rbac/user/role/", {"id": 1, "roles": []})
    assert (answer.status, answer.json) == (400, refusal("无法操作系统保留项"))
