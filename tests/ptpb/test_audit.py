"""The three histories and the recordings: who reads them, what they are searched by (chapter 八)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from appliance.app import App
from tests.client import Client
from tests.conftest import signed_in
from tests.ptpb.people import employ, row, rows

LOGIN, OPERA, SESSION = (f"/api/audit/{name}/get/" for name in ("login", "opera", "session"))
ALL = [LOGIN, OPERA, SESSION]
CODES = {LOGIN: "audit.login.read", OPERA: "audit.operation.read", SESSION: "audit.session.read"}
DENIED = "您无当前权限访问"
NOON = datetime(2026, 3, 1, 4, 0, 0, tzinfo=UTC)  # by the clock of Shanghai
ALICE = {"user_id": 1, "user_name": "管理员", "login": "alice"}
BOB = {"user_id": 2, "user_name": "Bob", "login": "bob"}


@pytest.fixture
def history(appliance: App) -> App:
    """One row of alice at noon, one of bob a day later, in each history; and who nobody is, at the door."""
    with appliance.store.writing() as tx:
        for number, who in enumerate((ALICE, BOB)):
            moment = {"created_at": NOON + timedelta(days=number)}
            where = {"address": f"10.0.0.{number + 1}", "dialect": "ptpb"}
            tx.insert("login_records", succeeded=not number, **who, **moment, **where)
            tx.insert(
                "operations",
                operation=["添加资源", "删除资源组"][number],
                succeeded=not number,
                **who,
                **moment,
                **where,
            )
            begin_session(tx, who, moment["created_at"], address=where["address"], status=["close", "active"][number])
        nobody = {"user_id": None, "user_name": "ghost" * 12, "login": "ghost" * 12, "address": "10.0.0.9"}
        tx.insert("login_records", succeeded=False, dialect="ptpb", created_at=NOON + timedelta(days=2), **nobody)
    return appliance


def begin_session(tx: Any, who: dict[str, Any], moment: datetime, **more: Any) -> int:
    where = {"host_id": who["user_id"], "host_name": f"host of {who['login']}", "host_address": "203.0.113.137"}
    how = {"voucher_id": 1, "username": "root", "address": "10.0.0.1", "started_at": moment, "status": "close"}
    ended = None if more.get("status") == "active" else moment + timedelta(minutes=5)
    return int(tx.insert("sessions", **who, **where, **how | {"ended_at": ended} | more))


def ids(client: Client, path: str, **query: Any) -> list[int]:
    return [one["id"] for one in client.get(path, **query).detail]


def test_an_auditor_reads_all_of_them(history: App, carol: Client) -> None:
    assert [ids(carol, path) for path in ALL] == [[1, 2, 3], [1, 2], [1, 2]]


@pytest.mark.parametrize("path", ALL)
def test_each_takes_its_own_right(history: App, path: str) -> None:
    reader = employ(history, "reader", CODES[path])
    assert [reader.get(one).status for one in ALL if one != path] == [403, 403]
    assert reader.get(path).json["total"] >= 2


@pytest.mark.parametrize("path", ALL)
def test_everybody_with_a_profile_reads_his_own(history: App, path: str, bob: Client, mallory: Client) -> None:
    answer = bob.get(path, self="true")
    assert (answer.json["total"], [one["user"]["id"] for one in answer.detail]) == (1, [2])
    for refused in (
        bob.get(path),
        bob.get(path, self="false"),
        bob.get(path, user="bob"),
        mallory.get(path, self="true"),
    ):
        assert (refused.status, refused.detail) == (403, DENIED)


@pytest.mark.parametrize("path", ALL)
def test_ones_own_stay_ones_own_whatever_else_is_asked(history: App, path: str, bob: Client) -> None:
    for query in ({"user": "alice"}, {"ip": "10.0.0.1"}, {"user_id": 1}, {"page": 2}, {"end_time": "2026-03-01"}):
        answer = bob.get(path, self="1", **query)
        assert [one for one in answer.detail if one["user"]["id"] != 2] == []


def test_self_false_means_everybody(history: App, carol: Client) -> None:
    assert ids(carol, OPERA, self="false") == ids(carol, OPERA, self="") == [1, 2]
    assert carol.get(OPERA, self="x").detail == {"self": ["必须是有效的布尔值。"]}


@pytest.mark.parametrize("path", ALL)
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"user": "管理"}, [1]),
        ({"user": "ALICE"}, [1]),
        ({"user": "bob"}, [2]),
        ({"user": "%"}, []),
        ({"user": "  "}, [1, 2]),
        ({"ip": "0.0.2"}, [2]),
        ({"ip": "0_0"}, []),
        ({"start_time": "2026-03-01", "end_time": "2026-03-01"}, [1]),
        ({"start_time": "2026-03-01T12:00:00", "end_time": "2026-03-01T12:00:01"}, [1]),
        ({"start_time": "2026-03-01T12:00:01"}, [2]),
        ({"start_time": "2026-03-01T04:00:00Z", "end_time": "2026-03-02"}, [1, 2]),
        ({"start_time": "2026-03-01T12:00:00+08:00", "end_time": "2026-03-01 13:00:00+08:00"}, [1]),
        ({"start_time": "2026-03-02"}, [2]),
        ({"end_time": "2026-02-28"}, []),
        ({"start_time": "2026-03-05", "end_time": "2026-03-01"}, []),
        ({"start_time": "0001-01-01", "end_time": "9999-12-31"}, [1, 2]),
        ({"desc": "true", "page_size": 1}, [2]),
        ({"page_size": 1, "page": 2}, [2]),
        ({"page": "9" * 30}, []),
    ],
)
def test_filters_of_all(history: App, carol: Client, path: str, query: Any, found: list[int]) -> None:
    with history.store.writing() as tx:
        tx["login_records"].delete(id=3)
    assert ids(carol, path, **query) == found


@pytest.mark.parametrize("path", ALL)
@pytest.mark.parametrize("moment", ["x", "2026-13-01", "2026-02-30", "1e9", "2026-03-01T25:00", "' or 1=1", "12:00"])
def test_a_time_that_is_none_is_told(carol: Client, path: str, moment: str) -> None:
    answer = carol.get(path, start_time=moment, end_time=moment)
    sentence = ["日期时间格式错误。"]
    assert (answer.status, answer.detail) == (400, {"start_time": sentence, "end_time": sentence})


def test_a_day_ends_where_the_next_one_begins(history: App, carol: Client) -> None:
    midnight = datetime(2026, 3, 2, tzinfo=history.settings.zone)
    with history.store.writing() as tx:
        tx.insert("operations", operation="x", **BOB, address="x", dialect="ptpb", created_at=midnight)
    assert (ids(carol, OPERA, end_time="2026-03-01"), ids(carol, OPERA, start_time="2026-03-02")) == ([1], [2, 3])


def test_a_zone_whose_plus_became_a_blank_is_understood(history: App, carol: Client) -> None:
    for moment in ("2026-03-01T12:00:01+08:00", "2026-03-01 12:00:01+08:00"):
        assert ids(carol, f"{OPERA}?end_time={moment.replace(' ', '%20')}") == [1]


@pytest.mark.parametrize(
    ("path", "query", "found"),
    [
        (LOGIN, {"status": "succeed"}, [1]),
        (LOGIN, {"status": "failed"}, [2, 3]),
        (LOGIN, {"user": "ghost"}, [3]),
        (OPERA, {"operation": "添加"}, [1]),
        (OPERA, {"operation": "资源"}, [1, 2]),
        (OPERA, {"status": "true"}, [1]),
        (OPERA, {"status": "0"}, [2]),
        (SESSION, {"resource": "OF ALI"}, [1]),
        (SESSION, {"resource": "_"}, []),
        (SESSION, {"status": "active"}, [2]),
        (SESSION, {"status": "close"}, [1]),
        (SESSION, {"status": "failed"}, []),
    ],
)
def test_filters_of_each(history: App, carol: Client, path: str, query: Any, found: list[int]) -> None:
    answer = carol.get(path, **query)
    assert ([one["id"] for one in answer.detail], answer.json["total"]) == (found, len(found))


@pytest.mark.parametrize(("path", "status"), [(LOGIN, "x"), (OPERA, "x"), (SESSION, "x"), (SESSION, "succeed")])
def test_a_status_that_is_none_is_told(carol: Client, path: str, status: str) -> None:
    answer = carol.get(path, status=status)
    assert (answer.status, list(answer.detail)) == (400, ["status"])


def test_a_stranger_at_the_door_is_shown_as_he_called_himself(history: App, carol: Client) -> None:
    assert carol.get(LOGIN, status="failed", desc="1").detail[0]["user"] == {"id": None, "name": "ghost" * 12}


def test_a_name_at_the_door_is_cut(appliance: App, stranger: Client, carol: Client) -> None:
    stranger.post("/api/rbac/login/", {"account": "x" * 500, "password": "y"})
    assert carol.get(LOGIN, desc="1").detail[0]["user"] == {"id": None, "name": "x" * 64}


@pytest.mark.parametrize("account", ["<script>alert(1)</script>", "a\r\nb\x1b[2J\u202e", "' or 1=1 --"])
def test_a_name_at_the_door_is_plain_data(stranger: Client, carol: Client, account: str) -> None:
    stranger.post("/api/rbac/login/", {"account": account, "password": "y"})
    assert carol.get(LOGIN, desc="1").detail[0]["user"]["name"] == account


def test_a_session_that_lasts_has_no_end(history: App, carol: Client) -> None:
    closed, active = carol.get(SESSION).detail
    assert (active["status"], active["end_time"]) == ("active", None)
    assert (closed["start_time"], closed["end_time"]) == ("2026-03-01T12:00:00+08:00", "2026-03-01T12:05:00+08:00")


def test_history_outlives_what_it_tells_of(history: App, alice: Client, carol: Client) -> None:
    host = {"name": "till", "ipv4_address": "10.0.0.1", "group": 2, "protocol": 1}
    alice.post("/api/resource/resource/add/", host)
    before = [carol.get(path, user="bob").detail for path in ALL]
    alice.post("/api/resource/resource/del/", {"id_list": [1, 2]})
    assert alice.post("/api/rbac/user/del/", {"id_list": [2]}).status == 200
    assert [carol.get(path, user="bob").detail for path in ALL] == before


@pytest.mark.parametrize("path", ALL)
def test_nobody_deletes_or_edits_a_history(history: App, alice: Client, path: str) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert alice.call(method, path, body={"id_list": [1]}).status == 405
        assert alice.call(method, path.replace("get", "del"), body={"id_list": [1]}).status == 404
    assert ids(alice, path)[:2] == [1, 2]


def test_a_page_of_sessions_takes_as_many_statements_as_one_row(history: App, carol: Client) -> None:
    with history.store.writing() as tx:
        for number in range(100):
            begin_session(tx, BOB, NOON + timedelta(minutes=number))
    few, *rest = [statements(history, carol, size) for size in (1, 1, 100)]  # the first time rights are read, too
    assert few >= rest[0] == rest[1]


def statements(app: App, client: Client, size: int) -> int:
    """How many statements a page of sessions takes."""
    seen: list[str] = []
    app.store.driver.set_trace_callback(seen.append)
    assert len(client.get(SESSION, page_size=size).detail) == size
    app.store.driver.set_trace_callback(None)
    return len(seen)


# --- recordings -------------------------------------------------------------------------------------------------------

CAST = b'{"version": 2, "width": 80, "height": 24}\n[0.1, "o", "$ "]\n'


@pytest.fixture
def recorded(appliance: App) -> int:
    """A session of bob with its recording."""
    folder = appliance.settings.data / "recordings"
    folder.mkdir(exist_ok=True)
    (folder / "one.cast").write_bytes(CAST)
    with appliance.store.writing() as tx:
        return begin_session(tx, BOB, NOON, recording="recordings/one.cast")


def recording(client: Client, session: Any) -> Any:
    return client.get(f"/api/audit/session/{session}/recording/")


def test_a_recording_is_given_to_auditors_and_to_whose_it_is(recorded: int, carol: Client, bob: Client) -> None:
    for reader in (carol, bob):
        answer = recording(reader, recorded)
        assert (answer.status, answer.body, answer.header("Content-Type")) == (200, CAST, "application/x-asciicast")
        assert answer.header("Content-Disposition") == f'attachment; filename="session-{recorded}.cast"'
        assert answer.header("X-Content-Type-Options") == "nosniff"


def test_a_large_recording_comes_whole(appliance: App, recorded: int, carol: Client) -> None:
    (appliance.settings.data / "recordings" / "one.cast").write_bytes(CAST * 5000)
    assert recording(carol, recorded).body == CAST * 5000


def test_nobody_else_may_know_of_a_recording(appliance: App, recorded: int, mallory: Client, stranger: Client) -> None:
    dave = employ(
        appliance, "dave", "audit.operation.read", "audit.login.read", "user.profile.read", "system.user.read"
    )
    for reader in (mallory, dave):
        assert recording(reader, recorded).json == {"code": 404, "msg": "未找到", "detail": "未找到。"}
    assert recording(stranger, recorded).status == 401


@pytest.mark.parametrize("session", [0, -1, 999, 10**25, "9" * 5000, "x", "1%00", "../1", "1e1"])
def test_a_session_that_is_none_has_no_recording(recorded: int, carol: Client, session: Any) -> None:
    assert recording(carol, session).status == 404


def test_a_recording_that_was_never_made_or_is_gone_is_not_found(appliance: App, recorded: int, carol: Client) -> None:
    (appliance.settings.data / "recordings" / "one.cast").unlink()
    with appliance.store.writing() as tx:
        never = begin_session(tx, BOB, NOON)
    assert recording(carol, recorded).status == recording(carol, never).status == 404


def test_ones_rights_are_read_at_each_request(appliance: App, recorded: int) -> None:
    carol = signed_in(appliance, "carol")
    assert recording(carol, recorded).status == 200
    with appliance.store.writing() as tx:
        tx["user_roles"].delete(user_id=carol.id)
    assert recording(carol, recorded).status == 404
    assert (carol.get(SESSION).status, len(rows(appliance, "sessions"))) == (403, 1)
    assert row(appliance, "sessions", id=recorded).recording
