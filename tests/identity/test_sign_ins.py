"""Sign-ins: seen and ended by their users and by administrators, and ending by themselves."""

from datetime import datetime, timedelta
from typing import Any

import jwt
import pytest

from appliance import clock
from appliance.app import App
from appliance.domain import presence, sign_ins
from tests.client import Answer, Client
from tests.conftest import PASSWORD, signed_in
from tests.identity.calls import ROOT, data, errors, key_of, refused, sign_in
from tests.ptpb.people import alter, employ, last_operation, later, row, rows

SESSIONS = f"{ROOT}/sessions"
MISSING = (404, "登录会话不存在")
OLD = (401, "Token已过期")


def is_signed_in(client: Client) -> bool:
    return client.get("/api/rbac/user/detail/").status == 200


def listed(client: Client, path: str = SESSIONS, **query: Any) -> list[dict[str, Any]]:
    return data(client.get(path, **query))["sessions"]


def end(client: Client, path: str = SESSIONS, **body: Any) -> Answer:
    return client.call("DELETE", path, body=body)


def current(client: Client) -> str:
    """The id of the sign-in a client asks with."""
    return next(one["id"] for one in listed(client) if one["current"])


def refresh(client: Client, token: str) -> Answer:
    return client.post("/api/rbac/refresh/", {"refresh": token})


def pair(client: Client, login: str = "bob") -> dict[str, str]:
    return client.post("/api/rbac/login/", {"account": login, "password": PASSWORD}).json["token"]


# --- seeing them -----------------------------------------------------------------------------------------------------


def test_one_sees_ones_own_sign_ins_and_which_one_is_asking(appliance: App, bob: Client, alice: Client) -> None:
    headers = {"User-Agent": "curl/8"}
    body = {"username": "bob", "password": PASSWORD}
    answer = Client(appliance, address="10.0.0.1").post(f"{ROOT}/login", body, **headers)
    first, second = listed(bob)
    assert set(first) == {"id", "address", "user_agent", "created_at", "expires_at", "current"}
    assert (first["address"], first["current"], second["current"]) == ("127.0.0.1", True, False)
    assert (second["address"], second["user_agent"]) == ("10.0.0.1", "curl/8")
    life = datetime.fromisoformat(second["expires_at"]) - datetime.fromisoformat(second["created_at"])
    assert 604_795 < life.total_seconds() <= 604_800
    assert data(answer)["token"] not in bob.get(SESSIONS).body.decode()


def test_a_renewed_sign_in_is_the_same_one(bob: Client, stranger: Client) -> None:
    tokens = pair(stranger)
    before = listed(bob)
    refresh(stranger, tokens["refresh"])
    assert [one["id"] for one in listed(bob)] == [one["id"] for one in before]


def test_what_has_ended_is_not_shown(
    appliance: App, bob: Client, stranger: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Client(appliance, pair(stranger)["access"])
    assert len(listed(bob)) == 2
    other.post(f"{ROOT}/logout")
    assert len(listed(bob)) == 1
    later(monkeypatch, days=8)
    assert listed(signed_in(appliance, "bob"))[0]["current"]
    assert len(listed(signed_in(appliance, "bob"))) == 2


def test_they_come_in_pages(appliance: App, bob: Client) -> None:
    for _ in range(4):
        signed_in(appliance, "bob")
    page = data(bob.get(SESSIONS, page=2, page_size=2))
    assert (page["total"], page["page"], page["page_size"], len(page["sessions"])) == (5, 2, 2, 2)
    assert list(errors(bob.get(SESSIONS, page=0))) == ["page"]


def test_they_are_nothing_for_keys(bob: Client) -> None:
    key = key_of(bob, "read", "write")
    for answer in (key.get(SESSIONS), end(key), end(key, f"{SESSIONS}/1")):
        assert refused(answer) == (403, "API密钥不能执行此操作")


# --- ending ones own -------------------------------------------------------------------------------------------------


def test_one_is_ended(appliance: App, bob: Client) -> None:
    other, third = signed_in(appliance, "bob"), signed_in(appliance, "bob")
    assert end(bob, f"{SESSIONS}/{current(other)}").status == 200
    assert [is_signed_in(client) for client in (bob, other, third)] == [True, False, True]
    assert last_operation(appliance)[1]


def test_all_others_are_ended(appliance: App, bob: Client, mallory: Client) -> None:
    others = [signed_in(appliance, "bob") for _ in range(3)]
    assert data(end(bob)) == {"ended": 3}
    assert [is_signed_in(client) for client in (bob, mallory, *others)] == [True, True, False, False, False]
    assert last_operation(appliance) == ("结束自己的登录会话", True)


@pytest.mark.parametrize("sent", [{"all": True}, None])
def test_all_are_ended(appliance: App, bob: Client, sent: dict[str, bool] | None) -> None:
    other = signed_in(appliance, "bob")
    assert data(end(bob, **sent) if sent else end(bob, f"{SESSIONS}?all=true")) == {"ended": 2}
    assert not is_signed_in(bob)
    assert not is_signed_in(other)


def test_ending_ones_own_is_like_signing_out(bob: Client) -> None:
    assert end(bob, f"{SESSIONS}/{current(bob)}").status == 200
    assert not is_signed_in(bob)


def test_a_refresh_token_ends_with_its_sign_in(bob: Client, stranger: Client) -> None:
    tokens = pair(stranger)
    end(bob)
    assert refresh(stranger, tokens["refresh"]).status == 400


def test_that_of_another_is_not_there(bob: Client, mallory: Client) -> None:
    for ident in (current(bob), "0", "99", "x", "-1", "9" * 30, "%00"):
        assert refused(end(mallory, f"{SESSIONS}/{ident}")) == MISSING
    assert is_signed_in(bob)


def test_an_ended_one_is_not_there(appliance: App, bob: Client) -> None:
    ident = current(signed_in(appliance, "bob"))
    assert end(bob, f"{SESSIONS}/{ident}").status == 200
    assert refused(end(bob, f"{SESSIONS}/{ident}")) == MISSING


# --- those of others -------------------------------------------------------------------------------------------------


def test_an_administrator_sees_and_ends_those_of_others(appliance: App, alice: Client, bob: Client) -> None:
    path, other = f"{ROOT}/users/bob/sessions", signed_in(appliance, "bob")
    assert [one["current"] for one in listed(alice, path)] == [False, False]
    assert end(alice, f"{path}/{current(other)}").status == 200
    assert (is_signed_in(bob), is_signed_in(other)) == (True, False)
    assert data(end(alice, path)) == {"ended": 1}
    assert not is_signed_in(bob)
    assert last_operation(appliance) == ("结束用户bob的登录会话", True)
    assert {one.ended_why for one in rows(appliance, "sign_ins", user_id=bob.id)} == {"administrator"}


def test_it_takes_the_right_to_do_so(appliance: App, bob: Client, carol: Client, alice: Client) -> None:
    for client in (bob, carol):
        path = f"{ROOT}/users/alice/sessions"
        assert client.get(path).status == end(client, path).status == end(client, f"{path}/1").status == 403
    assert is_signed_in(alice)


def test_those_of_an_administrator_are_ended_by_administrators_only(appliance: App, alice: Client) -> None:
    helper = employ(appliance, "helper", "system.user.update", "user.profile.read")
    path = f"{ROOT}/users/alice/sessions"
    for answer in (end(helper, path), end(helper, f"{path}/{current(alice)}")):
        assert refused(answer) == (403, "无权操作超出自身权限的对象")
    assert is_signed_in(alice)


def test_a_sign_in_is_looked_for_at_its_user(alice: Client, bob: Client) -> None:
    assert refused(end(alice, f"{ROOT}/users/carol/sessions/{current(bob)}")) == MISSING
    assert refused(end(alice, f"{ROOT}/users/nobody/sessions")) == (404, "用户不存在")
    assert is_signed_in(bob)


def test_a_key_of_an_administrator_ends_sign_ins(alice: Client, bob: Client) -> None:
    assert data(end(key_of(alice, "admin"), f"{ROOT}/users/bob/sessions")) == {"ended": 1}


# --- idle life -------------------------------------------------------------------------------------------------------


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let minutes pass in which nobody is heard of."""
    passed = [0.0]
    real = presence.monotonic
    monkeypatch.setattr(presence, "monotonic", lambda: real() + passed[0])

    def pass_by(minutes: float) -> None:
        passed[0] += minutes * 60

    return pass_by


IDLE = pytest.mark.parametrize("settings", [{"idle_sign_in": 15}])


@IDLE
def test_whoever_is_silent_for_too_long_is_signed_out(bob: Client, wait: Any) -> None:
    for _ in range(3):
        wait(14)
        assert is_signed_in(bob)
    wait(16)
    assert refused(bob.get(SESSIONS)) == OLD


@IDLE
def test_a_silent_sign_in_is_not_renewed(stranger: Client, wait: Any) -> None:
    tokens = pair(stranger)
    wait(14)
    tokens = refresh(stranger, tokens["refresh"]).json["token"]
    wait(14)
    assert is_signed_in(Client(stranger.app, tokens["access"]))
    wait(16)
    assert refresh(stranger, tokens["refresh"]).status == 400
    assert stranger.post(f"{ROOT}/refresh", {"token": tokens["access"]}).status == 401


@IDLE
def test_requests_cost_no_write(appliance: App, bob: Client) -> None:
    before = appliance.store.writes
    assert is_signed_in(bob)
    assert appliance.store.writes == before


@IDLE
def test_the_silence_of_one_sign_in_is_not_that_of_another(appliance: App, bob: Client, wait: Any) -> None:
    wait(10)
    other = signed_in(appliance, "bob")
    wait(10)
    assert (is_signed_in(bob), is_signed_in(other)) == (False, True)


@IDLE
def test_keys_may_be_silent(bob: Client, wait: Any) -> None:
    key = key_of(bob, "read")
    wait(1000)
    assert key.get(f"{ROOT}/permissions").status == 200


@IDLE
def test_a_silent_sign_in_ends_in_the_database_too(appliance: App, bob: Client, mallory: Client, wait: Any) -> None:
    wait(10)
    assert is_signed_in(mallory)
    wait(10)
    sign_ins.end_over(appliance.store)
    ended = {one.user_id: one.ended_why for one in rows(appliance, "sign_ins")}
    assert ended == {bob.id: "idle", mallory.id: None}
    writes = appliance.store.writes
    sign_ins.end_over(appliance.store)
    assert appliance.store.writes == writes


@IDLE
def test_after_a_restart_silence_is_counted_from_there(
    appliance: App, bob: Client, wait: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait(10)
    monkeypatch.setattr(presence, "_watches", {})
    presence.watch(appliance.store)
    wait(10)
    assert is_signed_in(bob)
    monkeypatch.setattr(presence, "_watches", {})
    presence.watch(appliance.store)
    wait(16)
    assert not is_signed_in(bob)


def test_without_the_setting_one_may_be_silent(bob: Client, wait: Any) -> None:
    wait(1000)
    assert is_signed_in(bob)


# --- absolute life ---------------------------------------------------------------------------------------------------


ABSOLUTE = pytest.mark.parametrize("settings", [{"absolute_sign_in": 16}])


def life(app: App, token: str) -> float:
    """Hours that a token is good for."""
    claims = jwt.decode(token, app.vault.signing_key, algorithms=["HS256"], options={"verify_iat": False})
    return (claims["exp"] - claims["iat"]) / 3600


@ABSOLUTE
def test_no_token_outlives_its_sign_in(appliance: App, stranger: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = pair(stranger)
    assert [life(appliance, tokens[kind]) for kind in ("access", "refresh")] == [12, 16]
    assert life(appliance, data(sign_in(stranger, "bob", remember_me=True))["token"]) == 16
    later(monkeypatch, hours=10)
    tokens = refresh(stranger, tokens["refresh"]).json["token"]
    assert [round(life(appliance, tokens[kind]), 2) for kind in ("access", "refresh")] == [6, 6]


@ABSOLUTE
def test_a_sign_in_is_over_after_its_time_however_often_it_was_renewed(
    appliance: App, stranger: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = pair(stranger)
    later(monkeypatch, hours=10)
    tokens = refresh(stranger, tokens["refresh"]).json["token"]
    later(monkeypatch, hours=5.9)
    assert is_signed_in(Client(appliance, tokens["access"]))
    later(monkeypatch, hours=0.2)
    assert not is_signed_in(Client(appliance, tokens["access"]))
    assert refresh(stranger, tokens["refresh"]).status == 400
    assert stranger.post(f"{ROOT}/refresh", {"token": tokens["access"]}).status == 401


@ABSOLUTE
@pytest.mark.parametrize("from_before", [True, False])
def test_a_sign_in_that_is_over_is_ended_in_the_database_too(
    appliance: App, bob: Client, monkeypatch: pytest.MonkeyPatch, from_before: bool
) -> None:
    if from_before:  # from before the setting was made
        alter(appliance, "sign_ins", 1, expires_at=clock.now() + timedelta(days=7))
    later(monkeypatch, hours=17)
    sign_ins.end_over(appliance.store)
    assert row(appliance, "sign_ins", user_id=bob.id).ended_why == "absolute"


# --- temporary passwords (A8) ----------------------------------------------------------------------------------------


def reset(alice: Client) -> str:
    return data(alice.post(f"{ROOT}/users/bob/reset-password", {"send_email": False}))["temporary_password"]


def test_a_later_temporary_password_voids_the_earlier(alice: Client, bob: Client, stranger: Client) -> None:
    first, second = reset(alice), reset(alice)
    assert refused(sign_in(stranger, "bob", first)) == (401, "用户名或密码错误")
    assert sign_in(stranger, "bob", second).status == 200


def test_a_temporary_password_is_worth_nothing_once_it_was_changed(
    alice: Client, bob: Client, stranger: Client
) -> None:
    temporary = reset(alice)
    me = Client(alice.app, data(sign_in(stranger, "bob", temporary))["token"])
    words = {"current_password": temporary, "new_password": "Password123!"}
    assert me.call("PUT", f"{ROOT}/users/bob/password", body=words).status == 200
    assert refused(sign_in(stranger, "bob", temporary)) == (401, "用户名或密码错误")


def test_guesses_at_a_temporary_password_are_capped(alice: Client, bob: Client, stranger: Client) -> None:
    temporary = reset(alice)
    for _ in range(5):
        sign_in(stranger, "bob", "not the password")
    assert refused(sign_in(stranger, "bob", temporary)) == (401, "用户名或密码错误")


def test_a_sign_in_with_a_temporary_password_ends_with_it(
    appliance: App, alice: Client, bob: Client, stranger: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"account": "bob", "password": reset(alice)}
    tokens = stranger.post("/api/rbac/login/", body).json["token"]
    later(monkeypatch, hours=11)
    tokens = refresh(stranger, tokens["refresh"]).json["token"]
    assert [round(life(appliance, token)) for token in tokens.values()] == [12, 13]
    later(monkeypatch, hours=14)
    assert refresh(stranger, tokens["refresh"]).status == 400
    assert stranger.post(f"{ROOT}/refresh", {"token": tokens["access"]}).status == 401


def test_a_remembered_sign_in_with_a_temporary_password_ends_with_it_too(
    appliance: App, alice: Client, bob: Client, stranger: Client
) -> None:
    token = data(sign_in(stranger, "bob", reset(alice), remember_me=True))["token"]
    assert 23.9 < life(appliance, token) <= 24


# --- clocks (A56) ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("minutes", [10, -10])
@pytest.mark.parametrize("settings", [{"idle_sign_in": 5, "absolute_sign_in": 12}])
def test_a_clock_that_is_put_right_signs_nobody_out(
    appliance: App, stranger: Client, monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    tokens = pair(stranger)
    later(monkeypatch, minutes=minutes)
    sign_ins.end_over(appliance.store)
    assert is_signed_in(Client(appliance, tokens["access"]))
    assert refresh(stranger, tokens["refresh"]).status == 200
