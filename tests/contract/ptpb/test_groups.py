"""Chapter 五 of seed 001: each documented request with its documented answer."""

from typing import Any

from tests.client import Client

OK = {"code": 200, "msg": "OK"}
NEW = {"name": "测试组", "description": "测试描述", "parent": None, "role": 1}
EDIT = {"id": 3, "description": "改了啊,不是摸鱼了"}
DEFAULT = {
    "id": 1,
    "name": "Default",
    "description": "默认资源部组",
    "create_date": "2025-01-01T08:00:00+08:00",
    "update_date": "2025-01-01T08:00:00+08:00",
    "level": 0,
    "parent": None,
    "root": 1,
}


def refusal(detail: Any) -> dict[str, Any]:
    return {"code": 400, "msg": "参数错误", "detail": detail}


def test_20_add(alice: Client) -> None:
    answer = alice.post("/api/resource/group/add/", NEW)
    assert (answer.status, answer.json) == (200, OK)


def test_20_add_twice(alice: Client) -> None:
    alice.post("/api/resource/group/add/", NEW)
    answer = alice.post("/api/resource/group/add/", NEW)
    assert (answer.status, answer.json) == (400, refusal({"name": ["名称已被占用"]}))


def test_21_edit(alice: Client) -> None:
    alice.post("/api/resource/group/add/", NEW)
    answer = alice.post("/api/resource/group/edit/", EDIT)
    assert (answer.status, answer.json) == (200, OK)


def test_21_edit_the_reserved_one(alice: Client) -> None:
    answer = alice.post("/api/resource/group/edit/", EDIT | {"id": 1})
    assert (answer.status, answer.json) == (400, refusal("无法操作系统保留项"))


def test_22_remove(alice: Client) -> None:
    answer = alice.post("/api/resource/group/del/", {"id_list": [1, 2]})
    assert (answer.status, answer.json) == (200, {**OK, "detail": {"skipped": [1]}, "total": 1})


def test_22_remove_the_reserved_one(alice: Client) -> None:
    answer = alice.post("/api/resource/group/del/", {"id_list": [1]})
    assert (answer.status, answer.json) == (400, refusal("无法操作系统保留项"))


def test_23_list(alice: Client) -> None:
    answer = alice.get("/api/resource/group/get/")
    assert (answer.status, list(answer.json)) == (200, ["code", "msg", "total", "detail", "extra"])
    assert (answer.json["total"], answer.json["extra"], answer.detail[0]) == (2, None, DEFAULT)
    assert list(answer.detail[0]) == list(DEFAULT)


def test_23_list_without_a_right(mallory: Client) -> None:
    answer = mallory.get("/api/resource/group/get/")
    assert (answer.status, answer.json) == (403, {"code": 403, "msg": "权限错误", "detail": "您无当前权限访问"})
