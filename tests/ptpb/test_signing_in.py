"""Sign-in, sign-out, refresh and set-up, as people and scripts meet them."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import jwt
import pyotp
import pytest

from appliance import clock
from appliance.app import App
from appliance.domain import mfa
from appliance.settings import Settings
from tests.client import Answer, Client
from tests.conftest import PASSWORD
from tests.ptpb.people import alter, later, row, rows

WRONG = {"code": 401, "msg": "未登录", "detail": "密码错误"}
DISABLED = {"code": 403, "msg": "权限错误", "detail": "用户被禁用，请及时联系管理员"}
STALE = {"code": 400, "msg": "参数错误", "detail": "refresh无效或已过期"}


def sign_in(client: Client, login: str, password: str = PASSWORD, **more: str) -> Answer:
    return client.post("/api/rbac/login/", {"account": login, "password": password, **more})


def refresh(client: Client, token: str) -> Answer:
    return client.post("/api/rbac/refresh/", {"refresh": token})


def by_cookie(client: Client, path: str, token: str, **headers: str) -> Answer:
    return client.call("POST", path, headers={"Cookie": f"refresh={token}", **headers})


def pair(client: Client, login: str = "bob") -> tuple[str, str]:
    answer = sign_in(client, login)
    return answer.json["token"]["access"], answer.json["token"]["refresh"]


def is_good(client: Client, access: str) -> bool:
    return Client(client.app, access).get("/api/rbac/user/detail/").status == 200


# --- sign-in ---------------------------------------------------------------------------------------------------------


def test_tokens_carry_exactly_the_claims_of_the_contract(appliance: App, stranger: Client) -> None:
    access, long = pair(stranger)
    for token, kind, life in [(access, "access", 43200), (long, "refresh", 604800)]:
        claims = jwt.decode(token, appliance.vault.signing_key, algorithms=["HS256"])
        assert set(claims) == {"token_type", "exp", "iat", "jti", "user_id"}
        assert (claims["token_type"], claims["user_id"]) == (kind, "2")
        assert claims["exp"] - claims["iat"] == life


def test_the_refresh_cookie_is_out_of_reach_of_scripts_and_other_sites(stranger: Client) -> None:
    answer = sign_in(stranger, "bob")
    cookie = answer.header("Set-Cookie")
    assert cookie == (
        f"refresh={answer.json['token']['refresh']}; Path=/api/rbac/; Max-Age=604800; HttpOnly; SameSite=Strict"
    )


def test_missing_fields_are_told_at_once(stranger: Client) -> None:
    answer = stranger.post("/api/rbac/login/", {"account": " ", "password": None})
    assert (answer.status, answer.detail) == (400, {"account": ["账户为必填项"], "password": ["密码为必填项"]})


def test_a_form_signs_in_too(stranger: Client) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    body = f"account=bob&password={PASSWORD.replace(' ', '+')}".encode()
    assert stranger.call("POST", "/api/rbac/login/", body=body, headers=form).status == 200


@pytest.mark.parametrize("typed", [" bob ", "BOB", "ｂｏｂ"])
def test_case_width_and_blanks_around_do_not_make_another_account(stranger: Client, typed: str) -> None:
    assert sign_in(stranger, typed).status == 200


@pytest.mark.parametrize("typed", [f" {PASSWORD}", f"{PASSWORD} ", PASSWORD.upper()])
def test_a_password_is_taken_as_it_is(stranger: Client, typed: str) -> None:
    assert sign_in(stranger, "bob", typed).json == WRONG


def test_an_unknown_account_and_a_wrong_password_get_the_same_answer(stranger: Client) -> None:
    unknown, wrong = sign_in(stranger, "nobody"), sign_in(stranger, "bob", "not the password")
    assert (unknown.status, unknown.json) == (wrong.status, wrong.json) == (401, WRONG)


def test_whoever_is_disabled_hears_so_only_with_the_right_password(appliance: App, stranger: Client) -> None:
    alter(appliance, "users", 2, enabled=False)
    assert sign_in(stranger, "bob", "not the password").json == WRONG
    answer = sign_in(stranger, "bob")
    assert (answer.status, answer.json) == (403, DISABLED)


@pytest.mark.parametrize(
    "why", [{"pending": True}, {"expires_at": clock.now()}, {"allowed_addresses": ["203.0.113.0/24"]}]
)
def test_a_pending_expired_or_far_away_account_hears_the_same(appliance: App, stranger: Client, why: dict) -> None:
    alter(appliance, "users", 2, **why)
    assert sign_in(stranger, "bob").json == DISABLED


def test_an_administrators_lock_looks_like_a_wrong_password(appliance: App, stranger: Client) -> None:
    alter(appliance, "users", 2, locked=True)
    assert sign_in(stranger, "bob").json == WRONG


def test_sign_in_sets_the_date_and_is_in_the_log(appliance: App, stranger: Client, alice: Client) -> None:
    before = row(appliance, "users", login="bob")
    sign_in(stranger, "bob")
    after = row(appliance, "users", login="bob")
    assert before.last_login_at is None
    assert after.last_login_at is not None
    assert after.updated_at == before.updated_at
    line = alice.get("/api/audit/login/get/?desc=true").detail[0]
    assert (line["user"], line["ip"], line["status"]) == ({"id": 2, "name": "bob"}, "127.0.0.1", "succeed")


def test_the_log_keeps_the_true_reason_and_the_typed_name(appliance: App, stranger: Client, alice: Client) -> None:
    sign_in(stranger, "x" * 100)
    sign_in(stranger, "bob", "not the password")
    assert [line.reason for line in rows(appliance, "login_records")] == ["unknown", "password"]
    line = alice.get("/api/audit/login/get/").detail[0]
    assert (line["user"], line["status"]) == ({"id": None, "name": "x" * 64}, "failed")


def test_a_very_long_account_costs_nothing_but_a_wrong_password(stranger: Client) -> None:
    assert sign_in(stranger, "\ufdfa" * 100_000).json == WRONG


# --- the second factor -----------------------------------------------------------------------------------------------


@pytest.fixture
def app_of_bob(appliance: App) -> pyotp.TOTP:
    """Bob's authenticator app; the step in which it was enrolled is spent."""
    bob = row(appliance, "users", login="bob")
    with appliance.store.writing() as tx:
        secret = mfa.enrol(tx, bob).secret
        app = pyotp.TOTP(secret)
        mfa.confirm(tx, bob.id, app.at(clock.now() - timedelta(seconds=30)))
    return app


def test_a_second_factor_is_asked_for_after_the_password(stranger: Client, app_of_bob: pyotp.TOTP) -> None:
    assert sign_in(stranger, "bob", "not the password", otp_code=app_of_bob.at(clock.now())).json == WRONG
    absent, wrong = sign_in(stranger, "bob"), sign_in(stranger, "bob", otp_code="000000x")
    assert (absent.status, absent.detail) == (401, "需要动态验证码")
    assert (wrong.status, wrong.detail) == (401, "动态验证码错误")
    assert "token" not in absent.json
    assert absent.header("Set-Cookie") is wrong.header("Set-Cookie") is None


@pytest.mark.parametrize("field", ["otp_code", "code"])
def test_a_code_opens_once(stranger: Client, app_of_bob: pyotp.TOTP, field: str) -> None:
    code = app_of_bob.at(clock.now())
    assert sign_in(stranger, "bob", **{field: code}).status == 200
    assert sign_in(stranger, "bob", **{field: code}).detail == "动态验证码错误"


# --- sign-out --------------------------------------------------------------------------------------------------------


def test_sign_out_ends_both_tokens_at_once_and_clears_the_cookie(stranger: Client) -> None:
    access, long = pair(stranger)
    answer = Client(stranger.app, access).call("POST", "/api/rbac/logout/")
    assert (answer.header("Set-Cookie") or "").startswith("refresh=; Path=/api/rbac/; Max-Age=0;")
    assert not is_good(stranger, access)
    assert refresh(stranger, long).json == STALE
    assert Client(stranger.app, access).call("POST", "/api/rbac/logout/").detail == "未登录"


def test_sign_out_leaves_the_other_sign_ins_of_the_user(stranger: Client) -> None:
    first, second = pair(stranger)[0], pair(stranger)[0]
    Client(stranger.app, first).call("POST", "/api/rbac/logout/")
    assert (is_good(stranger, first), is_good(stranger, second)) == (False, True)


def test_a_cookie_sent_to_sign_out_is_ended_although_the_answer_is_401(stranger: Client) -> None:
    access, long = pair(stranger)
    assert by_cookie(stranger, "/api/rbac/logout/", long).status == 401
    assert not is_good(stranger, access)


# --- refresh ---------------------------------------------------------------------------------------------------------


def test_refresh_renews_both_tokens_and_the_cookie(stranger: Client) -> None:
    access, long = pair(stranger)
    answer = by_cookie(stranger, "/api/rbac/refresh/", long)
    fresh = answer.json["token"]
    assert not {access, long} & {fresh["access"], fresh["refresh"]}
    assert (answer.header("Set-Cookie") or "").startswith(f"refresh={fresh['refresh']};")
    assert (is_good(stranger, fresh["access"]), is_good(stranger, access)) == (True, False)


def test_the_cookie_wins_over_the_body(stranger: Client) -> None:
    long = pair(stranger)[1]
    answer = stranger.post("/api/rbac/refresh/", {"refresh": "worthless"}, Cookie=f"refresh={long}")
    assert answer.status == 200


def test_two_tabs_share_the_new_pair(stranger: Client) -> None:
    long = pair(stranger)[1]
    assert refresh(stranger, long).json == refresh(stranger, long).json


def test_a_stolen_refresh_token_ends_the_whole_sign_in_and_is_audited(
    appliance: App, stranger: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = pair(stranger)[1]
    fresh = refresh(stranger, long).json["token"]
    later(monkeypatch, seconds=11)
    assert refresh(stranger, long).json == STALE
    assert not is_good(stranger, fresh["access"])
    assert refresh(stranger, fresh["refresh"]).json == STALE
    line = rows(appliance, "operations")[-1]
    assert (line.user_id, line.operation, line.succeeded) == (2, "刷新令牌被重复使用", False)


@pytest.mark.parametrize("sent", ["", "worthless", None, 7, ["x"], {"a": 1}, "a.b.c"])
def test_what_is_no_refresh_token_gets_the_one_sentence(stranger: Client, sent: object) -> None:
    answer = stranger.post("/api/rbac/refresh/", {"refresh": sent})
    assert (answer.status, answer.json) == (400, STALE)


def test_an_access_token_does_not_refresh(stranger: Client) -> None:
    assert refresh(stranger, pair(stranger)[0]).json == STALE


def test_an_expired_refresh_token_does_not_refresh(stranger: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    long = pair(stranger)[1]
    later(monkeypatch, days=7, seconds=1)
    assert refresh(stranger, long).json == STALE


@pytest.mark.parametrize("end", [{"enabled": False}, {"locked": True}])
def test_who_may_not_act_does_not_refresh(appliance: App, stranger: Client, end: dict) -> None:
    long = pair(stranger)[1]
    alter(appliance, "users", 2, **end)
    assert refresh(stranger, long).json == STALE


def test_the_deleted_do_not_refresh(stranger: Client, alice: Client) -> None:
    long = pair(stranger)[1]
    alice.post("/api/rbac/user/del/", {"id_list": [2]})
    assert refresh(stranger, long).json == STALE


# --- a forced change of the password ---------------------------------------------------------------------------------


def test_a_temporary_password_opens_only_what_changes_it(appliance: App, bob: Client) -> None:
    alter(appliance, "users", 2, must_change_password=True)
    refused = bob.get("/api/rbac/routes/")
    assert (refused.status, refused.detail) == (403, "请先修改密码")
    assert bob.get("/api/rbac/user/detail/").status == 200
    words = {"old_password": PASSWORD, "new_password": "another password"}
    assert bob.post("/api/rbac/user/reset_password/", words).status == 200
    assert not row(appliance, "users", login="bob").must_change_password


def test_a_temporary_password_does_not_keep_anybody_from_signing_out(appliance: App, bob: Client) -> None:
    alter(appliance, "users", 2, must_change_password=True)
    assert bob.call("POST", "/api/rbac/logout/").status == 200


# --- set-up ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[App]:
    """An appliance nobody has set up."""
    app = App(Settings(data=tmp_path / "fresh"))
    yield app
    app.store.close()


def set_up(app: App, token: str | None, **more: str) -> Answer:
    first = {"token": token, "account": "root", "password": "Correct horse 1", **more}
    return Client(app).post("/api/rbac/setup/", first)


def test_set_up_makes_the_first_administrator_and_signs_him_in(fresh: App) -> None:
    assert Client(fresh).get("/api/rbac/setup/").detail == {"needed": True}
    answer = set_up(fresh, fresh.setup_token())
    assert answer.status == 200
    assert "HttpOnly" in (answer.header("Set-Cookie") or "")
    me = Client(fresh, answer.json["token"]["access"]).get("/api/rbac/user/detail/").detail
    assert [me[key] for key in ("id", "account", "name", "protected", "roles")] == [1, "root", "管理员", True, [1]]
    assert re.match(r"\d{4}-\d\d-\d\dT", me["login_date"])
    assert Client(fresh).get("/api/rbac/setup/").detail == {"needed": False}


def test_set_up_holds_to_the_full_rules_and_tells_all_faults(fresh: App) -> None:
    answer = set_up(fresh, fresh.setup_token(), account="a b", password="password")
    classes = "密码须包含大写字母、小写字母、数字、特殊字符中的至少三类"
    assert answer.status == 400
    assert answer.detail == {"account": ["账户含有不允许的字符"], "password": [classes, "密码过于常见"]}


def test_set_up_with_a_wrong_token_is_refused(fresh: App) -> None:
    fresh.setup_token()
    answer = set_up(fresh, "guess")
    assert (answer.status, answer.detail) == (403, "设置令牌无效或已使用")


def test_set_up_is_gone_once_it_was_done(appliance: App) -> None:
    assert set_up(appliance, "any").status == 404
