"""Part C on every list of the family."""

from typing import Any

import pytest

from appliance import clock
from appliance.app import App
from tests.client import Client
from tests.ptpb.estate import add_host, add_voucher

INTEGER, BOOLEAN = "请填写合法的整数值。", "必须是有效的布尔值。"
LISTS: dict[str, list[Any] | None] = {
    "/api/rbac/user/get/": None,
    "/api/rbac/role/get/": None,
    "/api/resource/group/get/": None,
    "/api/resource/resource/get/": [],
    "/api/resource/voucher/get/": None,
    "/api/audit/login/get/": None,
    "/api/audit/opera/get/": None,
    "/api/audit/session/get/": None,
}
"""And what is `extra` on an empty page."""
each_list = pytest.mark.parametrize("path", LISTS)


@pytest.fixture
def full(appliance: App, alice: Client) -> Client:
    """An administrator with three rows at least on every list."""
    for number in range(3):
        add_host(alice, f"host {number}", f"192.0.2.{number + 1}")
        add_voucher(alice, f"voucher {number}")
        alice.post("/api/resource/group/add/", {"name": f"group {number}", "role": 1})
    who = {"user_id": 1, "user_name": "alice", "login": "alice", "address": "127.0.0.1"}
    where = {"host_id": 1, "host_name": "x", "host_address": "192.0.2.1", "voucher_id": 1, "username": "root"}
    with appliance.store.writing() as tx:
        for _ in range(3):
            tx.insert("login_records", dialect="ptpb", **who)
            tx.insert("sessions", status="close", started_at=clock.now(), **who, **where)
    return alice


def ids(client: Client, path: str, **query: Any) -> list[int]:
    answer = client.get(path, **query)
    assert answer.status == 200, answer.body
    return [row["id"] for row in answer.detail]


@each_list
def test_pages_of_every_list(full: Client, path: str) -> None:
    everything = ids(full, path, all="true")
    assert len(everything) >= 3
    assert everything == sorted(everything)
    assert ids(full, path, all="1", page=9, page_size=1) == everything
    assert ids(full, path, all="yes", desc="on") == everything[::-1]
    assert ids(full, path, page_size=2) == everything[:2]
    assert ids(full, path, page_size="2", page=2) == ids(full, path, page_size=2, page=1, page_number=2)
    assert ids(full, path, page_size=2, page=2) == everything[2:4]
    assert ids(full, path, colour="red", page="", all="false") == everything[:10]


@each_list
def test_a_page_past_the_end_of_every_list(full: Client, path: str) -> None:
    for page in (99, 10**15, 10**29):
        answer = full.get(path, page=page).json
        total = len(ids(full, path, all="true"))
        assert answer == {"code": 200, "msg": "OK", "total": total, "detail": [], "extra": LISTS[path]}


@each_list
@pytest.mark.parametrize("key", ["page", "page_number", "page_size"])
def test_a_page_that_is_none_is_told_on_its_key(alice: Client, path: str, key: str) -> None:
    for wrong in ("0", "-1", "x", "1.5", "1e3", " "):
        answer = alice.get(path, **{key: wrong})
        assert (answer.status, answer.detail) == (400, {key: [INTEGER]}), wrong


@each_list
@pytest.mark.parametrize("key", ["all", "desc"])
def test_a_switch_that_is_none_is_told_on_its_key(alice: Client, path: str, key: str) -> None:
    assert alice.get(path, **{key: "maybe"}).detail == {key: [BOOLEAN]}


def test_a_page_has_a_hundred_rows_at_most(appliance: App, alice: Client) -> None:
    with appliance.store.writing() as tx:
        for number in range(120):
            tx.insert("roles", name=f"r{number}", name_key=f"r{number}", code=f"r{number}", code_key=f"r{number}")
    assert [len(ids(alice, "/api/rbac/role/get/", page_size=size)) for size in (100, 101, 10**6, 10**20)] == [100] * 4
    assert len(ids(alice, "/api/rbac/role/get/")) == 10
