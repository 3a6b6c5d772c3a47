"""What is not one's own is not there: every call with an id, made with the id of something its caller cannot see."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from appliance.app import App
from appliance.web.route import Route
from tests.client import Answer, Client
from tests.ptpb.estate import DEFAULT, OK, SHOP, add_group, add_host, add_voucher, edit, listed
from tests.ptpb.people import rows

FAMILY = "/api/resource/"
TABLES = {"group": "groups", "resource": "hosts", "voucher": "vouchers"}
TELLING = "topsecret"


@pytest.fixture
def foreign(appliance: App, alice: Client) -> dict[str, int]:
    """A group, a host, a voucher and a recorded session, all where bob sees nothing; their names give them away."""
    group = add_group(alice, f"{TELLING} group", DEFAULT)
    voucher = add_voucher(alice, f"{TELLING} voucher", group)
    host = add_host(alice, f"{TELLING} host", "10.66.6.6", group, voucher_ids=[voucher])
    who = {"user_id": 1, "user_name": TELLING, "login": TELLING, "address": "10.66.6.7"}
    where = {"host_id": host, "host_name": TELLING, "host_address": "10.66.6.6", "voucher_id": 1, "username": TELLING}
    (appliance.settings.data / "one.cast").write_text(TELLING)
    with appliance.store.writing() as tx:
        when = {"started_at": datetime.now(UTC), "status": "active"}
        session = tx.insert("sessions", recording="one.cast", **who, **where, **when)
    return {"group": group, "resource": host, "voucher": voucher, "session": session}


def routes(app: App, method: str) -> Iterator[Route]:
    for route in app.serve.routes:
        if route.method == method and route.path.startswith(FAMILY):
            yield route


def attempts(app: App, client: Client, foreign: dict[str, int]) -> Iterator[tuple[str, Answer]]:
    """Every changing call that names something, naming what is foreign and as much else as it takes."""
    for route in routes(app, "POST"):
        ident = foreign[route.path.split("/")[3]]
        for body in (
            {"id": ident, "fingerprint": None},
            {"id": ident, "name": "mine", "group": SHOP, "fingerprint": None},
            {"id_list": [ident]},
        ):
            if route.takes and set(body) & {"id", "id_list"} & set(route.takes.fields):
                yield route.path, client.post(route.path, body)


def test_no_call_changes_or_tells_of_what_its_caller_cannot_see(
    appliance: App, bob: Client, foreign: dict[str, int]
) -> None:
    before = {table: rows(appliance, table) for table in TABLES.values()}
    made = list(attempts(appliance, bob, foreign))
    assert len(made) >= 10
    for path, answer in made:
        nothing = (400, "错误参数") if path.endswith("/del") else (404, "未找到。")
        assert (answer.status, answer.detail) == nothing, path
    assert {table: rows(appliance, table) for table in TABLES.values()} == before


def test_what_one_cannot_see_answers_like_what_is_not_there(
    appliance: App, bob: Client, foreign: dict[str, int]
) -> None:
    nowhere = dict.fromkeys(foreign, 987654)
    answers = [[(path, a.status, a.body) for path, a in attempts(appliance, bob, ids)] for ids in (foreign, nowhere)]
    assert answers[0] == answers[1]


def test_no_list_tells_of_what_its_caller_cannot_see(appliance: App, bob: Client, foreign: dict[str, int]) -> None:
    queries: list[dict[str, Any]] = [{}, {"name": TELLING}, {"all": "true", "desc": "1"}, {"page_size": 1, "page": 2}]
    queries += [{"group": foreign["group"], "subtree": 1}, {"parent": DEFAULT}, {"ipv4_address": "10.66"}]
    found = [bob.get(route.path, **query) for route in routes(appliance, "GET") for query in queries]
    assert [answer.status for answer in found] == [200] * 3 * len(queries)
    assert [answer.body for answer in found if TELLING.encode() in answer.body or b"10.66" in answer.body] == []


def test_a_total_counts_what_its_caller_sees(appliance: App, bob: Client, foreign: dict[str, int]) -> None:
    for route in routes(appliance, "GET"):
        for query in ({}, {"name": TELLING}, {"page": 7}, {"all": 1}):
            answer = bob.get(route.path, **query)
            assert answer.json["total"] == len(bob.get(route.path, **query | {"all": 1, "page": 1}).detail)


@pytest.mark.parametrize("suffix", ["recording/", "stop/"])
def test_a_foreign_session_is_not_found(bob: Client, foreign: dict[str, int], suffix: str) -> None:
    path = f"/api/audit/session/{foreign['session']}/{suffix}"
    assert TELLING.encode() not in bob.get(path).body
    assert bob.get(path).status in (404, 405)
    assert bob.post(path).status in (403, 404, 405)


def test_nothing_foreign_is_taken_into_what_is_ones_own(
    appliance: App, alice: Client, bob: Client, foreign: dict[str, int]
) -> None:
    mine = {
        "hosts": add_host(bob, "mine", "10.0.0.1"),
        "vouchers": add_voucher(bob, "mine"),
        "groups": add_group_of(bob),
    }
    unknown = {"group": ["所添加至的组不存在"]}
    assert edit(bob, "hosts", id=mine["hosts"], group=foreign["group"]).detail == unknown
    assert edit(bob, "vouchers", id=mine["vouchers"], group=foreign["group"]).detail == unknown
    missing = {"voucher_ids": [f"无效主键 “{foreign['voucher']}” － 对象不存在。"]}
    assert edit(bob, "hosts", id=mine["hosts"], voucher_ids=[foreign["voucher"]]).detail == missing
    assert edit(bob, "groups", id=mine["groups"], parent=foreign["group"], root=DEFAULT).json == OK
    assert [row["group"] for row in listed(alice, "hosts", name="mine")] == [SHOP]
    assert rows(appliance, "groups", id=mine["groups"])[0].parent_id == SHOP


def add_group_of(client: Client) -> int:
    return add_group(client, "mine", SHOP)


SQL = [
    "' OR 1=1 --",
    "1; DROP TABLE hosts",
    "1 UNION SELECT secret FROM vouchers",
    "%",
    "\\",
    "x" * 40_000,
    "\u202e\x1b[2J",
]


@pytest.mark.parametrize("text", SQL)
def test_sql_is_never_run_nor_echoed(appliance: App, alice: Client, foreign: dict[str, int], text: str) -> None:
    for route in routes(appliance, "GET"):
        for name in [*(route.takes.fields if route.takes else []), "order", "order_by", "page", "id"]:
            answer = alice.get(route.path, **{name: text})
            assert answer.status in (200, 400), (route.path, name)
            assert b"SELECT" not in answer.body
            assert b"sqlite" not in answer.body.lower()
    assert len(rows(appliance, "hosts")) == 1


@pytest.mark.parametrize(
    "value", [10**18, -(10**18), 10**30, 1.5, "1e3", True, [], {}, None, "\ud800", "１", float(10**20)]
)
def test_odd_values_are_the_callers_fault_everywhere(appliance: App, alice: Client, value: Any) -> None:
    for route in routes(appliance, "POST"):
        for name in route.takes.fields if route.takes else []:
            answer = alice.post(route.path, {"id": 1, "name": "x", "group": SHOP, "protocol": 1, name: value})
            assert answer.status in (200, 400, 404), (route.path, name, answer.body)
