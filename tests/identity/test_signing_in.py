"""Sign-in, refresh and sign-out, as people and their clients meet them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest

from appliance import clock
from appliance.app import App
from appliance.domain import mfa
from tests.client import Client
from tests.identity.calls import ROOT, data, errors, refused, sign_in
from tests.ptpb.people import alter, later, rows

WRONG = (401, "用户名或密码错误")
OVER = (401, "Token已失效,请重新登录")
FAR = ["203.0.113.0/24"]


def token_of(client: Client, login: str = "bob", **more: Any) -> str:
    return data(sign_in(client, login, **more))["token"]


def refresh(client: Client, token: Any, header: str = "") -> Any:
    return client.post(f"{ROOT}/refresh", {"token": token}, **({"Authorization": header} if header else {}))


def is_good(app: App, token: str) -> bool:
    return Client(app, token).get("/api/rbac/user/detail/").status == 200


# --- signing in ------------------------------------------------------------------------------------------------------


def test_one_sees_who_one_is(stranger: Client) -> None:
    who = data(sign_in(stranger, "carol"))["user_info"]
    assert (who["id"], who["username"], who["email"]) == ("3", "carol", None)
    assert (who["roles"], who["permissions"]) == (["auditor"], ["read", "report", "logs"])
    assert (len(who["uuid"]), who["must_change_password"]) == (36, False)


def test_a_role_that_is_switched_off_gives_no_label(appliance: App, stranger: Client) -> None:
    alter(appliance, "roles", 3, enabled=False)
    who = data(sign_in(stranger, "carol"))["user_info"]
    assert (who["roles"], who["permissions"]) == (["auditor"], [])


@pytest.mark.parametrize(("remember", "seconds"), [(False, 43200), (True, 604800)])
def test_a_token_lives_as_long_as_it_says(stranger: Client, remember: bool, seconds: int) -> None:
    said = data(sign_in(stranger, "bob", remember_me=remember))["expires_at"]
    left = datetime.fromisoformat(said) - datetime.now(UTC)
    assert seconds - 5 <= left.total_seconds() <= seconds


@pytest.mark.parametrize("typed", ["BOB", " bob ", "ｂｏｂ"])
def test_case_width_and_blanks_do_not_make_another_account(stranger: Client, typed: str) -> None:
    assert data(sign_in(stranger, typed))["user_info"]["username"] == "bob"


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["username", "password"]),
        ({"username": "", "password": ""}, ["username", "password"]),
        ({"username": None, "password": 12345678}, ["username", "password"]),
        ({"username": ["bob"], "password": "x", "remember_me": "yes"}, ["username", "remember_me"]),
    ],
)
def test_what_is_missing_empty_or_of_another_kind_is_told(stranger: Client, body: Any, fields: list[str]) -> None:
    assert list(errors(stranger.post(f"{ROOT}/login", body))) == fields


def test_unknown_wrong_locked_and_shut_out_hear_the_same(appliance: App, stranger: Client, monkeypatch: Any) -> None:
    heard = [sign_in(stranger, "nobody").body, sign_in(stranger, "bob", "wrong").body]
    alter(appliance, "users", 3, locked=True)
    heard.append(sign_in(stranger, "carol").body)
    monkeypatch.setattr("appliance.domain.guard.LOCK_AFTER", 2)
    for _ in range(2):
        sign_in(stranger, "mallory", "wrong")
    heard.append(sign_in(stranger, "mallory").body)
    assert len(set(heard)) == 1


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"enabled": False}, "用户账号已停用"),
        ({"enabled": False, "pending": True}, "用户账号待审核"),
        ({"expires_at": datetime(2026, 1, 1, tzinfo=UTC)}, "用户账号已过期"),
        ({"allowed_addresses": FAR}, "IP地址不在允许范围内"),
        ({"password_expires_at": datetime(2026, 1, 1, tzinfo=UTC)}, "临时密码已过期"),
    ],
)
def test_why_not_is_told_only_after_the_right_password(
    appliance: App, stranger: Client, columns: dict[str, Any], sentence: str
) -> None:
    alter(appliance, "users", 2, **columns)
    assert refused(sign_in(stranger, "bob", "wrong")) == WRONG
    assert refused(sign_in(stranger, "bob")) == (401, sentence)


def test_a_second_factor_is_asked_for_and_taken_once(appliance: App, stranger: Client) -> None:
    with appliance.store.writing() as tx:
        bob = tx.get("users", 2)
        app = pyotp.TOTP(mfa.enrol(tx, bob).secret)
        mfa.confirm(tx, bob.id, app.at(clock.now() - timedelta(seconds=30)))
    asked = sign_in(stranger, "bob")
    assert (asked.status, asked.json["message"], asked.json["data"]) == (401, "需要MFA验证码", {"mfa_required": True})
    assert refused(sign_in(stranger, "bob", otp_code="000000")) == (401, "MFA验证码错误")
    code = app.at(clock.now())
    assert sign_in(stranger, "bob", otp_code=code).status == 200
    assert refused(sign_in(stranger, "bob", otp_code=code)) == (401, "MFA验证码错误")


def test_every_attempt_is_logged_with_its_true_reason(appliance: App, stranger: Client) -> None:
    sign_in(stranger, "nobody")
    sign_in(stranger, "bob", "wrong")
    sign_in(stranger, "bob")
    seen = [(r.login, r.succeeded, r.reason, r.dialect) for r in rows(appliance, "login_records")]
    assert seen == [
        ("nobody", False, "unknown", "identity"),
        ("bob", False, "password", "identity"),
        ("bob", True, "", "identity"),
    ]


def test_guesses_here_count_at_the_other_doors(appliance: App, stranger: Client) -> None:
    for _ in range(5):
        sign_in(stranger, "bob", "wrong")
    answer = stranger.post("/api/rbac/login/", {"account": "bob", "password": "correct horse 1"})
    assert answer.status == 401


# --- refreshing ------------------------------------------------------------------------------------------------------


def test_the_new_token_replaces_the_old_one(appliance: App, stranger: Client) -> None:
    old = token_of(stranger)
    fresh = data(refresh(stranger, old))["token"]
    assert (is_good(appliance, old), is_good(appliance, fresh)) == (False, True)


@pytest.mark.parametrize(("hours", "status"), [(12.5, 200), (35.9, 200), (36.1, 401)])
def test_an_expired_token_is_renewed_within_a_day(
    appliance: App, stranger: Client, monkeypatch: pytest.MonkeyPatch, hours: float, status: int
) -> None:
    old = token_of(stranger)
    later(monkeypatch, hours=hours)
    assert not is_good(appliance, old)
    answer = refresh(stranger, old, f"Bearer {old}")
    assert answer.status == status
    assert status == 200 or refused(answer) == OVER


def test_a_remembered_sign_in_stays_remembered(stranger: Client) -> None:
    fresh = data(refresh(stranger, token_of(stranger, remember_me=True)))
    assert datetime.fromisoformat(fresh["expires_at"]) - datetime.now(UTC) > timedelta(days=6)


def test_a_refresh_token_will_do_as_well(appliance: App, stranger: Client) -> None:
    words = {"account": "bob", "password": "correct horse 1"}
    pair = stranger.post("/api/rbac/login/", words).json["token"]
    assert is_good(appliance, data(refresh(stranger, pair["refresh"]))["token"])


def test_two_tabs_share_the_new_token(stranger: Client) -> None:
    old = token_of(stranger)
    assert data(refresh(stranger, old)) == data(refresh(stranger, old))


def test_a_reused_token_ends_the_sign_in_and_is_audited(
    appliance: App, stranger: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = token_of(stranger)
    fresh = data(refresh(stranger, old))["token"]
    later(monkeypatch, seconds=11)
    assert refused(refresh(stranger, old)) == OVER
    assert not is_good(appliance, fresh)
    assert refused(refresh(stranger, fresh)) == OVER
    told = [(row.operation, row.succeeded, row.login) for row in rows(appliance, "operations")]
    assert told == [("刷新Token", True, "bob"), ("令牌被重复使用,登录已终止", False, "bob")]


def test_what_was_renewed_by_the_other_kind_of_token_is_spent_too(appliance: App, stranger: Client) -> None:
    words = {"account": "bob", "password": "correct horse 1"}
    pair = stranger.post("/api/rbac/login/", words).json["token"]
    by_refresh = stranger.post("/api/rbac/refresh/", {"refresh": pair["refresh"]}).json["token"]
    assert data(refresh(stranger, pair["access"]))["token"] == by_refresh["access"]


@pytest.mark.parametrize("sent", ["nonsense", "a.b.c", "ak_" + "0" * 40])
def test_what_is_no_token_is_not_renewed(stranger: Client, sent: str) -> None:
    assert refused(refresh(stranger, sent)) == OVER


@pytest.mark.parametrize("sent", [{}, {"token": ""}, {"token": None}, {"token": 5}])
def test_without_a_token_in_the_body_there_is_nothing_to_renew(alice: Client, sent: dict[str, Any]) -> None:
    assert list(errors(alice.post(f"{ROOT}/refresh", sent))) == ["token"]


def test_the_header_of_another_user_is_refused(stranger: Client, alice: Client) -> None:
    bobs = token_of(stranger)
    assert refused(refresh(stranger, bobs, alice.token)) == (401, "Token无效")
    assert refresh(stranger, bobs, f"Bearer {bobs}").status == 200


@pytest.mark.parametrize("columns", [{"enabled": False}, {"locked": True}, {"allowed_addresses": FAR}])
def test_who_may_not_act_does_not_renew(appliance: App, stranger: Client, columns: dict[str, Any]) -> None:
    old = token_of(stranger)
    alter(appliance, "users", 2, **columns)
    assert refused(refresh(stranger, old)) == OVER


# --- signing out -----------------------------------------------------------------------------------------------------


def test_sign_out_ends_the_whole_chain_in_every_dialect(appliance: App, stranger: Client) -> None:
    words = {"account": "bob", "password": "correct horse 1"}
    pair = stranger.post("/api/rbac/login/", words).json["token"]
    Client(appliance, pair["access"]).call("POST", f"{ROOT}/logout")
    assert not is_good(appliance, pair["access"])
    assert refused(refresh(stranger, pair["refresh"])) == OVER
    assert stranger.post("/api/rbac/refresh/", {"refresh": pair["refresh"]}).status == 400


def test_sign_out_leaves_the_other_sign_ins(appliance: App, stranger: Client) -> None:
    one, other = token_of(stranger), token_of(stranger)
    Client(appliance, one).call("POST", f"{ROOT}/logout")
    assert (is_good(appliance, one), is_good(appliance, other)) == (False, True)
