"""Chapter 八 of seed 001: each documented request with its documented answer."""

from datetime import UTC, datetime

from appliance.app import App
from tests.client import Client
from tests.contract.alike import alike

OK = {"code": 200, "msg": "OK"}
USER = {"id": 1, "name": "管理员"}
SIGN_IN = {"id": 29, "user": USER, "ip": "127.0.0.1", "status": "succeed", "date": "2026-02-11T13:53:46.004920+08:00"}
OPERATION = {
    "id": 1,
    "user": USER,
    "ip": "127.0.0.1",
    "operation": "添加资源",
    "status": True,
    "date": "2026-02-05T13:55:38.502920+08:00",
}
SESSION = {
    "id": 1,
    "user": USER,
    "resource": {"id": 1, "name": "ptp", "ip": "203.0.113.137"},
    "voucher": {"id": 1, "username": "root"},
    "start_time": "2026-02-05T20:34:30.443360+08:00",
    "end_time": "2026-02-05T20:34:34.869207+08:00",
    "status": "close",
    "ip": "127.0.0.1",
}
DENIED = {"code": 403, "msg": "权限错误", "detail": "您无当前权限访问"}


def test_32_sign_ins(alice: Client) -> None:
    for _ in range(2):
        alice.post("/api/rbac/login/", {"account": alice.login, "password": alice.password})
    answer = alice.get("/api/audit/login/get/?self=true&desc=true")
    assert (answer.status, answer.json["total"]) == (200, 2)
    assert alike(answer.json, {**OK, "total": 29, "detail": [SIGN_IN], "extra": None})
    assert answer.detail[0] == SIGN_IN | {"id": 2, "date": answer.detail[0]["date"]}


def test_33_operations(alice: Client) -> None:
    host = {"name": "ptp", "ipv4_address": "203.0.113.137", "group": 1, "protocol": 1}
    alice.post("/api/resource/resource/add/", host)
    answer = alice.get("/api/audit/opera/get/?self=true&operation=添加")
    assert (answer.status, answer.json["total"]) == (200, 1)
    assert alike(answer.json, {**OK, "total": 17, "detail": [OPERATION], "extra": None})
    assert answer.detail == [OPERATION | {"date": answer.detail[0]["date"]}]


def test_34_sessions(appliance: App, alice: Client) -> None:
    with appliance.store.writing() as tx:
        who = {"user_id": 1, "user_name": "管理员", "login": "alice", "address": "127.0.0.1"}
        where = {"host_id": 1, "host_name": "ptp", "host_address": "203.0.113.137", "voucher_id": 1, "username": "root"}
        began = datetime(2026, 2, 5, 12, 34, 30, 443360, tzinfo=UTC)
        ended = datetime(2026, 2, 5, 12, 34, 34, 869207, tzinfo=UTC)
        tx.insert("sessions", started_at=began, ended_at=ended, status="close", **who, **where)
    answer = alice.get("/api/audit/session/get/?self=true&resource=p")
    assert (answer.status, answer.json) == (200, {**OK, "total": 1, "detail": [SESSION], "extra": None})
    assert alike(answer.json, {**OK, "total": 3, "detail": [SESSION], "extra": None})


def test_each_history_is_refused_without_its_right(mallory: Client) -> None:
    for path in ("login", "opera", "session"):
        answer = mallory.get(f"/api/audit/{path}/get/")
        assert (answer.status, answer.json) == (403, DENIED), path
