"""Chapter 七 of seed 001: each documented request with its documented answer."""

from typing import Any

import pytest

from tests.client import Client
from tests.contract.alike import alike

OK = {"code": 200, "msg": "OK"}
NEW = {"name": "ptp", "username": "root", "password": "Example-2026.0", "group": 2}
EDIT = {
    "id": 1,
    "name": "ptp",
    "username": "root",
    "password": "Example-2026.0",
    "private_key": None,
    "description": None,
    "group": 2,
}
ROW = {
    "id": 1,
    "name": "ptp",
    "username": "root",
    "description": None,
    "create_date": "2026-02-12T15:21:02.158396+08:00",
    "update_date": "2026-02-13T12:34:12.671695+08:00",
    "group": 2,
}


def refusal(detail: Any) -> dict[str, Any]:
    return {"code": 400, "msg": "参数错误", "detail": detail}


@pytest.fixture
def ptp(alice: Client) -> Client:
    """The administrator, with the sample's voucher."""
    assert alice.post("/api/resource/voucher/add/", NEW).json == OK
    return alice


def test_28_add(alice: Client) -> None:
    answer = alice.post("/api/resource/voucher/add/", NEW)
    assert (answer.status, answer.json) == (200, OK)


def test_28_add_twice(ptp: Client) -> None:
    answer = ptp.post("/api/resource/voucher/add/", NEW)
    assert (answer.status, answer.json) == (400, refusal({"name": ["名称已被占用"]}))


def test_29_edit(ptp: Client) -> None:
    answer = ptp.post("/api/resource/voucher/edit/", EDIT)
    assert (answer.status, answer.json) == (200, OK)


def test_29_edit_to_another_system_while_bound(ptp: Client) -> None:
    host = {"name": "ptp", "ipv4_address": "203.0.113.137", "group": 2, "protocol": 1, "voucher_ids": [1]}
    assert ptp.post("/api/resource/resource/add/", host).json == OK
    answer = ptp.post("/api/resource/voucher/edit/", EDIT | {"group": 1})
    assert (answer.status, answer.json) == (400, refusal("有关联当前组数据,无法切组"))


def test_30_remove(ptp: Client) -> None:
    ptp.post("/api/resource/voucher/add/", NEW | {"name": "other"})
    answer = ptp.post("/api/resource/voucher/del/", {"id_list": [1, 2]})
    assert (answer.status, answer.json) == (200, {**OK, "total": 2})


def test_30_remove_what_is_not_there(alice: Client) -> None:
    answer = alice.post("/api/resource/voucher/del/", {"id_list": [1, 2]})
    assert (answer.status, answer.json) == (400, refusal("错误参数"))


def test_31_list(ptp: Client) -> None:
    answer = ptp.get("/api/resource/voucher/get/")
    assert answer.status == 200
    assert alike(answer.json, {**OK, "total": 1, "detail": [ROW], "extra": None})
    (row,) = answer.detail
    assert row == ROW | {name: row[name] for name in ("create_date", "update_date")}


def test_31_list_without_a_right(mallory: Client) -> None:
    answer = mallory.get("/api/resource/voucher/get/")
    assert (answer.status, answer.json) == (403, {"code": 403, "msg": "权限错误", "detail": "您无当前权限访问"})
