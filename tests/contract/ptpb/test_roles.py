"""Chapter 三 of seed 001: each documented request with its documented answer."""

from typing import Any

from appliance.app import App
from tests.client import Client
from tests.contract.alike import alike
from tests.ptpb.people import make_role

OK = {"code": 200, "msg": "OK"}
NEW = {"name": "test", "code": "test", "description": "测试"}
ADMINISTRATOR = {
    "id": 1,
    "name": "管理员",
    "code": "Administrator",
    "description": "超级管理员",
    "status": True,
    "protected": True,
    "create_date": "2025-01-01T08:00:00+08:00",
    "update_date": "2025-01-01T08:00:00+08:00",
}
FIRST_PERMISSION = {
    "id": 1,
    "scope": "system",
    "object": "user",
    "action": "create",
    "code": "system.user.create",
    "name": "创建用户",
}


def refusal(detail: Any) -> dict[str, Any]:
    return {"code": 400, "msg": "参数错误", "detail": detail}


def role_5(app: App) -> None:
    with app.store.writing() as tx:
        assert make_role(tx, "fifth") == 5


def test_11_add(alice: Client) -> None:
    answer = alice.post("/api/rbac/role/add/", NEW)
    assert (answer.status, answer.json) == (200, OK)


def test_11_add_twice(alice: Client) -> None:
    alice.post("/api/rbac/role/add/", NEW)
    answer = alice.post("/api/rbac/role/add/", NEW)
    faults = {"name": ["具有 name 的 role 已存在。"], "code": ["具有 code 的 role 已存在。"]}
    assert (answer.status, answer.json) == (400, refusal(faults))


def test_12_edit(appliance: App, alice: Client) -> None:
    role_5(appliance)
    body = {"id": 5, "name": "test21", "code": "test111", "description": "测试"}
    assert alice.post("/api/rbac/role/edit/", body).json == OK


def test_12_edit_the_protected(alice: Client) -> None:
    body = {"id": 2, "name": "test21", "code": "test111", "description": "测试"}
    answer = alice.post("/api/rbac/role/edit/", body)
    assert (answer.status, answer.json) == (400, refusal("无法操作系统保留项"))


def test_13_remove(appliance: App, alice: Client) -> None:
    role_5(appliance)
    answer = alice.post("/api/rbac/role/del/", {"id_list": [5]})
    assert (answer.status, answer.json) == (200, {**OK, "total": 1})


def test_13_remove_the_protected(alice: Client) -> None:
    answer = alice.post("/api/rbac/role/del/", {"id_list": [1, 2]})
    assert (answer.status, answer.json) == (400, refusal("角色受保护,或对象不存在"))


def test_14_list(alice: Client) -> None:
    answer = alice.get("/api/rbac/role/get/?page_size=1&all=true&name=管")
    assert (answer.status, answer.json) == (200, {**OK, "total": 1, "detail": [ADMINISTRATOR], "extra": None})
    assert list(answer.detail[0]) == list(ADMINISTRATOR)


def test_15_permissions_of_a_role(alice: Client) -> None:
    answer = alice.get("/api/rbac/role/get/permission/?id=1")
    assert answer.status == 200
    assert alike(answer.json, {**OK, "detail": {"id": 3, "perms": [16, 17, 18]}})
    assert answer.detail["id"] == 1


def test_15_permissions_of_no_role(alice: Client) -> None:
    answer = alice.get("/api/rbac/role/get/permission/?id=99")
    assert (answer.status, answer.detail) == (404, "未找到。")


def test_16_give_permissions(appliance: App, alice: Client) -> None:
    role_5(appliance)
    answer = alice.post("/api/rbac/role/edit/permission/", {"id": 5, "perms": [1, 2, 3, 4, 5, 6, 7, 8, 9]})
    assert (answer.status, answer.json) == (200, OK)


def test_16_give_permissions_that_come_by_group(appliance: App, alice: Client) -> None:
    role_5(appliance)
    answer = alice.post("/api/rbac/role/edit/permission/", {"id": 5, "perms": [16]})
    assert (answer.status, answer.json) == (400, refusal({"perms": ["权限错误"]}))


def test_17_the_catalogue(alice: Client) -> None:
    answer = alice.get("/api/rbac/perm/")
    assert answer.status == 200
    assert alike(answer.json, {**OK, "detail": [FIRST_PERMISSION]})
    assert answer.detail[0] == FIRST_PERMISSION
