"""Chapter 六 of seed 001: each documented request with its documented answer."""

from typing import Any

import pytest

from tests.client import Client
from tests.contract.alike import alike

OK = {"code": 200, "msg": "OK"}
NEW = {"name": "ptp", "ipv4_address": "203.0.113.137", "group": 1, "protocol": 1}
EDIT = {"id": 1, "description": "改了啊,不是摸鱼了"}
VOUCHER = {"name": "ptp", "username": "root", "password": "Example-2026.0", "group": 1}
GROUP = {
    "id": 1,
    "name": "Default",
    "description": "默认资源部组",
    "create_date": "2025-01-01T08:00:00+08:00",
    "update_date": "2025-01-01T08:00:00+08:00",
    "level": 0,
    "parent": None,
    "root": 1,
}
ROW = {
    "id": 1,
    "vouchers": [
        {
            "id": 1,
            "name": "ptp",
            "username": "root",
            "description": None,
            "create_date": "2026-02-05T13:55:41.559349+08:00",
            "update_date": "2026-02-05T13:55:41.559367+08:00",
            "group": 1,
        }
    ],
    "name": "ptp",
    "status": True,
    "ipv4_address": "203.0.113.137",
    "ipv6_address": None,
    "domain": None,
    "port": 22,
    "description": None,
    "create_date": "2026-02-05T13:55:38.477859+08:00",
    "update_date": "2026-02-05T14:03:48.490958+08:00",
    "group": 1,
    "protocol": 1,
    "host_key": None,
}


def refusal(detail: Any) -> dict[str, Any]:
    return {"code": 400, "msg": "参数错误", "detail": detail}


def undated(row: dict[str, Any]) -> dict[str, Any]:
    """A row without its dates."""
    return {key: value for key, value in row.items() if not key.endswith("_date")}


@pytest.fixture
def ptp(alice: Client) -> Client:
    """The administrator, with the sample's voucher and the sample's host."""
    assert alice.post("/api/resource/voucher/add/", VOUCHER).json == OK
    assert alice.post("/api/resource/resource/add/", NEW | {"voucher_ids": [1]}).json == OK
    return alice


def test_24_add(alice: Client) -> None:
    answer = alice.post("/api/resource/resource/add/", NEW)
    assert (answer.status, answer.json) == (200, OK)


def test_24_add_with_a_voucher_of_another_system(ptp: Client) -> None:
    answer = ptp.post(
        "/api/resource/resource/add/",
        NEW | {"name": "other", "ipv4_address": "203.0.113.138", "group": 2, "voucher_ids": [1]},
    )
    assert (answer.status, answer.json) == (400, refusal({"voucher": ["不同系统组,禁止使用"]}))


def test_25_edit(ptp: Client) -> None:
    answer = ptp.post("/api/resource/resource/edit/", EDIT)
    assert (answer.status, answer.json) == (200, OK)


def test_25_edit_to_another_system_with_vouchers_bound(ptp: Client) -> None:
    answer = ptp.post("/api/resource/resource/edit/", EDIT | {"group": 2})
    assert (answer.status, answer.json) == (400, refusal("有关联当前组数据,无法切组"))


def test_26_remove(ptp: Client) -> None:
    ptp.post("/api/resource/resource/add/", NEW | {"name": "other", "ipv4_address": "203.0.113.138"})
    answer = ptp.post("/api/resource/resource/del/", {"id_list": [1, 2]})
    assert (answer.status, answer.json) == (200, {**OK, "total": 2})


def test_26_remove_what_is_not_there(alice: Client) -> None:
    answer = alice.post("/api/resource/resource/del/", {"id_list": [1, 2]})
    assert (answer.status, answer.json) == (400, refusal("错误参数"))


def test_27_list(ptp: Client) -> None:
    answer = ptp.get("/api/resource/resource/get/")
    assert (answer.status, list(answer.json)) == (200, ["code", "msg", "total", "detail", "extra"])
    assert (answer.json["total"], answer.json["extra"]) == (1, [GROUP])
    (row,) = answer.detail
    assert alike(row, ROW)
    assert undated(row) | {"vouchers": None} == undated(ROW) | {"vouchers": None}
    assert [undated(voucher) for voucher in row["vouchers"]] == [undated(voucher) for voucher in ROW["vouchers"]]


def test_27_list_without_a_right(mallory: Client) -> None:
    answer = mallory.get("/api/resource/resource/get/")
    assert (answer.status, answer.json) == (403, {"code": 403, "msg": "权限错误", "detail": "您无当前权限访问"})
