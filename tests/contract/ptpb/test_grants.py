"""Chapter 四 of seed 001: each documented request with its documented answer."""

from tests.client import Client
from tests.contract.alike import alike

OK = {"code": 200, "msg": "OK"}
GRANT = {
    "id": 1,
    "protected": True,
    "create_date": "2025-01-01T08:00:00+08:00",
    "role": 1,
    "permission": 21,
    "resource_group": 1,
}
EDIT = {"role_id": 1, "groups": [{"id": 2, "permission": [16, 17, 18, 19, 20, 21, 22, 23]}]}


def test_18_grants_of_a_role(alice: Client) -> None:
    answer = alice.get("/api/perm/group-auth/get/?role_id=1")
    assert answer.status == 200
    assert alike(answer.json, {**OK, "detail": [GRANT]})
    assert answer.detail[0] == GRANT | {"permission": 16}


def test_18_grants_of_no_role(alice: Client) -> None:
    answer = alice.get("/api/perm/group-auth/get/?role_id=99")
    assert (answer.status, answer.detail) == (404, "未找到。")


def test_19_give_grants(alice: Client) -> None:
    answer = alice.post("/api/perm/group-auth/edit/", EDIT)
    assert (answer.status, answer.json) == (200, OK)


def test_19_give_grants_on_no_group(alice: Client) -> None:
    answer = alice.post("/api/perm/group-auth/edit/", {"role_id": 1, "groups": [{"id": 99, "permission": [16]}]})
    faults = {"groups": {"0": {"id": {"group": "所添加至的组不存在"}}}}
    assert (answer.status, answer.json) == (400, {"code": 400, "msg": "参数错误", "detail": faults})
