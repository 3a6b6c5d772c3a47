"""The second factor: enrolment, sign-in with it at every door, and what is done to get around it."""

import os
import re
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import gevent
import pytest

from appliance.app import App
from appliance.domain import guard, passwords, signing_in
from tests.client import Answer, Client
from tests.conftest import PASSWORD, signed_in
from tests.identity.calls import ROOT, USER, data, errors, key_of, refused, sign_in
from tests.identity.phone import MFA, Phone, begin, confirm, enrolled
from tests.ptpb.people import alter, employ, last_operation, later, row, rows

WRONG = (401, "MFA验证码错误")
NEEDED = (401, "需要MFA验证码")
WRONG_HERE = {"code": ["MFA验证码错误"]}


@pytest.fixture
def phone(bob: Client) -> Phone:
    """Bob's."""
    return enrolled(bob)


def status(client: Client) -> dict[str, Any]:
    return data(client.get(MFA))


def turn_off(client: Client, code: Any) -> Answer:
    return client.call("DELETE", MFA, body={"code": code})


def renew_codes(client: Client, code: Any) -> Answer:
    return client.post(f"{MFA}/recovery-codes", {"code": code})


def is_signed_in(client: Client) -> bool:
    return client.get("/api/rbac/user/detail/").status == 200


def by_ptpb(client: Client, code: str) -> Answer:
    return client.post("/api/rbac/login/", {"account": "bob", "password": PASSWORD, "otp_code": code})


def by_identity(client: Client, code: str) -> Answer:
    return sign_in(client, "bob", otp_code=code)


DOORS = [by_ptpb, by_identity]


# --- enrolment -------------------------------------------------------------------------------------------------------


def test_a_second_factor_is_on_once_its_first_code_was_shown(bob: Client, stranger: Client) -> None:
    assert status(bob) == {"enabled": False, "required": False, "recovery_codes_left": 0}
    phone = begin(bob)
    assert not status(bob)["enabled"]
    assert sign_in(stranger, "bob").status == 200
    codes = data(confirm(bob, phone.code()))["recovery_codes"]
    assert len(set(codes)) == 10
    assert status(bob) == {"enabled": True, "required": False, "recovery_codes_left": 10}
    assert refused(sign_in(stranger, "bob")) == NEEDED


def test_enrolment_gives_what_apps_take(bob: Client) -> None:
    answer = data(bob.post(MFA))
    uri = urlsplit(answer["otpauth_uri"])
    query = parse_qs(uri.query)
    assert (uri.scheme, uri.netloc, uri.path) == ("otpauth", "totp", "/appliance:bob")
    assert query == {"secret": [answer["secret"]], "issuer": ["appliance"]}
    assert len(answer["secret"]) == 32
    assert re.fullmatch(
        r'<svg xmlns="http://www.w3.org/2000/svg" [^>]*viewBox=[^>]*>(<path [^>]*/>)+</svg>', answer["qr_svg"]
    )


def test_beginning_again_voids_the_first_secret(bob: Client) -> None:
    first, second = begin(bob), begin(bob)
    assert errors(confirm(bob, first.code())) == WRONG_HERE
    assert confirm(bob, second.code()).status == 200


def test_a_second_factor_that_is_on_is_not_replaced(bob: Client, phone: Phone) -> None:
    assert refused(bob.post(MFA)) == (409, "MFA已启用")
    assert refused(confirm(bob, phone.code())) == (409, "MFA已启用")


def test_without_a_beginning_there_is_nothing_to_confirm(bob: Client) -> None:
    assert refused(confirm(bob, "123456")) == (409, "请先开始绑定MFA")


@pytest.mark.parametrize("sent", [{}, {"code": ""}, {"code": None}, {"code": 123456}, {"code": ["123456"]}])
def test_a_code_is_a_text(bob: Client, sent: dict[str, Any]) -> None:
    begin(bob)
    assert list(errors(bob.post(f"{MFA}/confirm", sent))) == ["code"]


def test_nothing_of_it_is_kept_in_the_clear(appliance: App, bob: Client) -> None:
    secret = data(bob.post(MFA))["secret"]
    codes = data(confirm(bob, Phone(secret).code()))["recovery_codes"]
    with sqlite3.connect(appliance.settings.data / "appliance.db") as database:
        dump = "\n".join(database.iterdump())
    assert bytes(row(appliance, "second_factors", user_id=bob.id).secret).hex().upper() in dump.upper()
    for hidden in (secret, secret.encode().hex(), *codes, *(code.replace("-", "") for code in codes)):
        assert hidden.lower() not in dump.lower()


def test_enrolment_is_on_record(appliance: App, bob: Client, phone: Phone) -> None:
    assert last_operation(appliance) == ("启用MFA", True)
    assert errors(turn_off(bob, "000000")) == WRONG_HERE
    assert last_operation(appliance) == ("关闭MFA", False)


def test_it_is_nothing_for_keys(bob: Client) -> None:
    key = key_of(bob, "read", "write")
    for answer in (key.get(MFA), key.post(MFA), confirm(key, "1"), turn_off(key, "1"), renew_codes(key, "1")):
        assert refused(answer) == (403, "API密钥不能执行此操作")


# --- signing in with it ----------------------------------------------------------------------------------------------


def test_a_half_finished_sign_in_opens_nothing(appliance: App, stranger: Client, phone: Phone) -> None:
    before = len(rows(appliance, "tokens"))
    for answer in (sign_in(stranger, "bob"), by_ptpb(stranger, ""), by_ptpb(stranger, "000000")):
        assert answer.status == 401
        assert answer.header("Set-Cookie") is None
        assert "token" not in answer.json
        assert answer.json.get("data", {}) in ({}, {"mfa_required": True})
    assert len(rows(appliance, "tokens")) == before


@pytest.mark.parametrize("door", DOORS)
def test_every_door_takes_a_code_and_a_recovery_code(stranger: Client, phone: Phone, door: Any) -> None:
    assert door(stranger, phone.code()).status == 200
    assert door(stranger, phone.recovery_codes[0]).status == 200


@pytest.mark.parametrize("typed", ["{0}{1}", " {0} {1} ", "{0}-{1}"])
def test_a_code_may_be_typed_in_groups(stranger: Client, phone: Phone, typed: str) -> None:
    code = phone.code()
    assert by_identity(stranger, typed.format(code[:3], code[3:])).status == 200


def test_wide_digits_are_digits(stranger: Client, phone: Phone) -> None:
    wide = phone.code().translate({ord("0") + digit: ord("０") + digit for digit in range(10)})
    assert by_identity(stranger, wide).status == 200


@pytest.mark.parametrize("change", [str.upper, lambda code: code.replace("-", ""), lambda code: f" {code} "])
def test_a_recovery_code_may_be_typed_otherwise(stranger: Client, phone: Phone, change: Any) -> None:
    assert by_identity(stranger, change(phone.recovery_codes[3])).status == 200


@pytest.mark.parametrize("first", DOORS)
@pytest.mark.parametrize("second", DOORS)
def test_a_code_is_good_once_whatever_the_door(stranger: Client, phone: Phone, first: Any, second: Any) -> None:
    code = phone.code()
    assert first(stranger, code).status == 200
    assert second(stranger, code).status == 401


def test_the_code_of_the_enrolment_is_used_up(bob: Client, stranger: Client) -> None:
    phone = begin(bob)
    code = phone.code()
    assert confirm(bob, code).status == 200
    assert refused(by_identity(stranger, code)) == WRONG


def test_an_older_code_is_not_good_after_a_newer_one(stranger: Client, phone: Phone) -> None:
    older = phone.code()
    assert by_identity(stranger, phone.code(late=-30)).status == 200
    assert refused(by_identity(stranger, older)) == WRONG


def test_a_recovery_code_is_good_once(bob: Client, stranger: Client, phone: Phone) -> None:
    assert by_identity(stranger, phone.recovery_codes[0]).status == 200
    assert refused(by_identity(stranger, phone.recovery_codes[0])) == WRONG
    assert status(bob)["recovery_codes_left"] == 9


@pytest.mark.parametrize("which", ["code", "recovery code"])
def test_of_twenty_who_race_with_one_code_one_gets_in(appliance: App, phone: Phone, which: str) -> None:
    code = phone.code() if which == "code" else phone.recovery_codes[0]
    racers = [Client(appliance, address=f"10.0.0.{number}") for number in range(20)]
    runs = [gevent.spawn(DOORS[number % 2], racer, code) for number, racer in enumerate(racers)]
    gevent.joinall(runs, raise_error=True)
    assert [run.value.status for run in runs].count(200) == 1


def test_a_code_is_not_spent_on_a_wrong_password(stranger: Client, phone: Phone) -> None:
    code = phone.code()
    assert sign_in(stranger, "bob", "not the password", otp_code=code).status == 401
    assert by_identity(stranger, code).status == 200


@pytest.mark.parametrize("why", [{"enabled": False}, {"allowed_addresses": ["203.0.113.0/24"]}])
def test_a_code_is_not_spent_on_an_account_that_may_not_sign_in(
    appliance: App, stranger: Client, phone: Phone, why: dict[str, Any]
) -> None:
    before = row(appliance, "users", id=2)
    alter(appliance, "users", 2, **why)
    assert refused(by_identity(stranger, phone.recovery_codes[0])) not in (WRONG, NEEDED)
    alter(appliance, "users", 2, **{column: before[column] for column in why})
    assert by_identity(stranger, phone.recovery_codes[0]).status == 200


def test_the_log_says_what_was_missing(appliance: App, stranger: Client, phone: Phone) -> None:
    for code in ("", "000000", phone.code()):
        by_identity(stranger, code)
    assert [line.reason for line in rows(appliance, "login_records")] == ["code needed", "code wrong", ""]


# --- clocks (A56) ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("late", [30, 0, -30])
def test_a_phone_may_be_half_a_minute_wrong(
    bob: Client, stranger: Client, monkeypatch: pytest.MonkeyPatch, late: int
) -> None:
    phone = enrolled(bob)
    later(monkeypatch, seconds=120)
    assert by_identity(stranger, phone.code(late=late)).status == 200


@pytest.mark.parametrize("late", [600, 90, -90, -600])
def test_a_phone_may_not_be_more_than_that_wrong(
    bob: Client, stranger: Client, monkeypatch: pytest.MonkeyPatch, late: int
) -> None:
    phone = enrolled(bob)
    later(monkeypatch, seconds=120)
    assert refused(by_identity(stranger, phone.code(late=late))) == WRONG


def test_a_clock_that_was_put_back_does_not_make_used_codes_fresh(
    stranger: Client, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = phone.code()
    assert by_identity(stranger, code).status == 200
    later(monkeypatch, seconds=-30)
    assert refused(by_identity(stranger, code)) == WRONG


def test_whoever_has_lost_his_clock_has_recovery_codes(
    stranger: Client, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_identity(stranger, phone.code())
    later(monkeypatch, minutes=-10)
    assert refused(by_identity(stranger, phone.code())) == WRONG
    assert by_identity(stranger, phone.recovery_codes[0]).status == 200


# --- getting around it (A5) ------------------------------------------------------------------------------------------


def test_without_the_password_nothing_is_learned_of_it(appliance: App, stranger: Client, phone: Phone) -> None:
    tries = [("bob", {}), ("bob", {"otp_code": "000000"}), ("mallory", {}), ("mallory", {"otp_code": "000000"})]
    answers = [sign_in(stranger, login, "not the password", **more) for login, more in tries]
    answers.append(sign_in(stranger, "nobody", otp_code="000000"))
    assert {(answer.status, answer.body) for answer in answers} == {(401, answers[0].body)}


def test_a_locked_account_does_not_look_at_codes(stranger: Client, phone: Phone) -> None:
    for _ in range(guard.LOCK_AFTER):
        sign_in(stranger, "bob", "not the password")
    assert refused(by_identity(stranger, phone.code())) == (401, "用户名或密码错误")


def test_wrong_codes_lock_the_account(stranger: Client, phone: Phone) -> None:
    for _ in range(guard.LOCK_AFTER):
        assert refused(by_identity(stranger, "000000")) == WRONG
    assert refused(by_identity(stranger, phone.code())) == (401, "用户名或密码错误")


def test_guesses_at_the_last_administrator_end_too_but_not_his_recovery_codes(alice: Client, stranger: Client) -> None:
    phone = enrolled(alice)
    for number in range(guard.LOCK_AFTER):
        guesser = Client(alice.app, address=f"10.0.0.{number}")
        assert refused(sign_in(guesser, "alice", otp_code="000000")) == WRONG
    assert refused(sign_in(stranger, "alice", otp_code=phone.code())) == WRONG
    assert sign_in(stranger, "alice", otp_code=phone.recovery_codes[0]).status == 200
    assert sign_in(stranger, "alice", otp_code=phone.code()).status == 200


def test_wrong_codes_count_against_the_address(stranger: Client, phone: Phone, alice: Client) -> None:
    enrolled(alice)
    for _ in range(guard.BLOCK_AFTER):
        sign_in(stranger, "alice", otp_code="000000")
    assert sign_in(stranger, "carol").status == 429


@pytest.mark.parametrize("change", [turn_off, renew_codes])
def test_a_stolen_token_does_not_get_rid_of_it(
    appliance: App, bob: Client, phone: Phone, stranger: Client, change: Any
) -> None:
    used = phone.code()
    assert by_identity(stranger, used).status == 200
    for guess in ("", "000000", used, None):
        assert errors(change(bob, guess))
    assert status(bob) == {"enabled": True, "required": False, "recovery_codes_left": 10}


@pytest.mark.parametrize("change", [turn_off, renew_codes])
def test_guesses_with_a_stolen_token_are_counted(bob: Client, phone: Phone, change: Any) -> None:
    for _ in range(guard.LOCK_AFTER):
        assert errors(change(bob, "000000")) == WRONG_HERE
    assert errors(change(bob, phone.code())) == WRONG_HERE


def test_with_a_fresh_code_it_is_turned_off(bob: Client, stranger: Client, phone: Phone) -> None:
    assert turn_off(bob, phone.code()).status == 200
    assert status(bob) == {"enabled": False, "required": False, "recovery_codes_left": 0}
    assert sign_in(stranger, "bob").status == 200
    assert refused(turn_off(bob, phone.code())) == (409, "MFA未启用")


def test_new_recovery_codes_void_the_old_ones(bob: Client, stranger: Client, phone: Phone) -> None:
    fresh = data(renew_codes(bob, phone.recovery_codes[0]))["recovery_codes"]
    assert not set(fresh) & set(phone.recovery_codes)
    assert refused(by_identity(stranger, phone.recovery_codes[1])) == WRONG
    assert by_identity(stranger, fresh[0]).status == 200


def test_a_new_password_does_not_turn_it_off(alice: Client, bob: Client, stranger: Client, phone: Phone) -> None:
    reset = data(alice.post(f"{ROOT}/users/bob/reset-password", {"send_email": False}))
    assert refused(sign_in(stranger, "bob", reset["temporary_password"])) == NEEDED


def test_who_else_has_one_is_not_in_lists(alice: Client, phone: Phone) -> None:
    lists = [alice.get(f"{ROOT}/users").json["data"]["users"], alice.get("/api/rbac/user/get/").detail]
    assert all(lists)
    assert not [key for rows in lists for one in rows for key in one if "mfa" in key or "otp" in key]


# --- it begins anew for those who are signed in (A7) -----------------------------------------------------------------


def test_turning_it_on_or_off_ends_the_other_sign_ins(appliance: App, bob: Client) -> None:
    other = signed_in(appliance, "bob")
    phone = enrolled(bob)
    assert (is_signed_in(bob), is_signed_in(other)) == (True, False)
    other = signed_in(appliance, "bob")
    turn_off(bob, phone.code())
    assert (is_signed_in(bob), is_signed_in(other)) == (True, False)


def test_it_leaves_the_sign_ins_of_others(mallory: Client, phone: Phone) -> None:
    assert is_signed_in(mallory)


# --- taking it from somebody who lost it -----------------------------------------------------------------------------


def reset(client: Client, user: str) -> Answer:
    return client.post(f"{ROOT}/users/{user}/mfa-reset")


@pytest.mark.parametrize("named", ["2", "bob"])
def test_an_administrator_resets_it(
    appliance: App, alice: Client, bob: Client, stranger: Client, phone: Phone, named: str
) -> None:
    assert reset(alice, named).status == 200
    assert sign_in(stranger, "bob").status == 200
    assert not is_signed_in(bob)
    assert last_operation(appliance) == (f"重置用户{named}的MFA", True)
    assert row(appliance, "operations", operation=f"重置用户{named}的MFA").details[0]["new"] == {"enabled": False}


def test_a_reset_lifts_what_wrong_codes_locked(alice: Client, bob: Client, phone: Phone, stranger: Client) -> None:
    for _ in range(guard.LOCK_AFTER):
        by_identity(stranger, "000000")
    assert reset(alice, "bob").status == 200
    again = enrolled(Client(alice.app, data(sign_in(stranger, "bob"))["token"]))
    assert by_identity(stranger, again.code()).status == 200


def test_nobody_resets_his_own(alice: Client) -> None:
    enrolled(alice)
    assert refused(reset(alice, "alice")) == (403, "请使用验证码关闭自己的MFA")
    assert status(alice)["enabled"]


def test_without_the_right_it_is_not_reset(appliance: App, alice: Client, bob: Client, phone: Phone) -> None:
    assert reset(bob, "bob").status == reset(bob, "alice").status == reset(bob, "nobody").status == 403
    assert last_operation(appliance)[1] is False
    assert status(bob)["enabled"]


def test_that_of_an_administrator_is_reset_by_administrators_only(appliance: App, alice: Client) -> None:
    helper = employ(appliance, "helper", "system.user.update", "user.profile.read")
    data(alice.post(f"{ROOT}/users", {**USER, "roles": ["admin"]}))
    phone = enrolled(signed_in(appliance, "dave"))
    assert refused(reset(helper, "dave")) == (403, "无权操作超出自身权限的对象")
    assert refused(reset(helper, "alice"))[0] == 403
    assert reset(key_of(alice, "admin"), "dave").status == 403
    assert sign_in(Client(appliance), "dave", USER["password"], otp_code=phone.code()).status == 200
    assert reset(alice, "dave").status == 200


def test_nobody_resets_that_of_the_protected_account(appliance: App, alice: Client) -> None:
    data(alice.post(f"{ROOT}/users", {**USER, "roles": ["admin"]}))
    enrolled(alice)
    assert refused(reset(signed_in(appliance, "dave"), "alice")) == (403, "无法操作系统保留项")


def test_there_is_nobody_to_reset_it_for(alice: Client) -> None:
    assert refused(reset(alice, "nobody")) == (404, "用户不存在")


# --- where it is required --------------------------------------------------------------------------------------------


REQUIRED = "请先绑定MFA"


def require(alice: Client, role: str = "shop") -> None:
    data(alice.call("PUT", f"{ROOT}/roles/{role}/policy", body={"mfa_required": True}))


def test_whoever_must_have_one_does_nothing_else_first(alice: Client, bob: Client) -> None:
    require(alice)
    for refusal in (bob.get("/api/rbac/routes/"), bob.get("/api/resource/resource/get/")):
        assert (refusal.status, refusal.detail) == (403, REQUIRED)
    for path in ("permissions", "api-keys", "sessions", "users/alice"):
        assert refused(bob.get(f"{ROOT}/{path}")) == (403, REQUIRED)
    assert status(bob) == {"enabled": False, "required": True, "recovery_codes_left": 0}
    enrolled(bob)
    assert bob.get("/api/rbac/routes/").status == 200


def test_until_then_he_signs_in_and_out_and_sees_to_himself(alice: Client, bob: Client, stranger: Client) -> None:
    require(alice)
    me = Client(bob.app, data(sign_in(stranger, "bob"))["token"])
    assert is_signed_in(me)
    assert me.get(f"{ROOT}/users/bob").status == 200
    words = {"current_password": PASSWORD, "new_password": "Password123!"}
    assert me.call("PUT", f"{ROOT}/users/bob/password", body=words).status == 200
    again = Client(bob.app, data(sign_in(stranger, "bob", "Password123!"))["token"])
    assert again.post(f"{ROOT}/logout").status == 200


def test_it_is_required_of_nobody_else(alice: Client, carol: Client, bob: Client) -> None:
    require(alice)
    assert carol.get("/api/rbac/routes/").status == alice.get("/api/rbac/routes/").status == 200


def test_keys_go_on_where_it_is_required(alice: Client, bob: Client) -> None:
    key = key_of(bob, "read")
    require(alice)
    assert key.get(f"{ROOT}/permissions").status == 200


def test_terminals_do_not_open_before_it(alice: Client, bob: Client) -> None:
    require(alice)
    refusal = bob.post("/api/terminal/ticket/", {"resource_id": 1, "voucher_id": 1})
    assert (refusal.status, refusal.detail) == (403, REQUIRED)


def test_a_temporary_password_is_changed_before_a_second_factor_is_bound(
    appliance: App, alice: Client, bob: Client
) -> None:
    require(alice)
    alter(appliance, "users", 2, must_change_password=True)
    assert refused(bob.get(MFA)) == refused(bob.post(MFA)) == (403, "请先修改密码")


def test_turned_off_where_it_is_required_it_is_due_again(alice: Client, bob: Client, phone: Phone) -> None:
    require(alice)
    assert bob.get(f"{ROOT}/sessions").status == 200
    assert turn_off(bob, phone.code()).status == 200
    assert refused(bob.get(f"{ROOT}/sessions")) == (403, REQUIRED)


def test_administrators_without_one_are_not_locked_out_by_requiring_it(alice: Client, stranger: Client) -> None:
    require(alice, "admin")
    fresh = Client(alice.app, data(sign_in(stranger, "alice"))["token"])
    assert refused(fresh.get(f"{ROOT}/users")) == (403, REQUIRED)
    enrolled(fresh)
    assert fresh.get(f"{ROOT}/users").status == 200


def test_a_role_that_is_switched_off_requires_nothing(appliance: App, alice: Client, bob: Client) -> None:
    require(alice)
    alter(appliance, "roles", 4, enabled=False)
    assert bob.get("/api/rbac/routes/").status == 200


@pytest.mark.parametrize(
    ("settings", "asked"),
    [({"mfa_required": "administrators"}, ["alice"]), ({"mfa_required": "everybody"}, ["alice", "bob", "mallory"])],
)
def test_the_setting_requires_it_too(appliance: App, asked: list[str]) -> None:
    people = [signed_in(appliance, login) for login in ("alice", "bob", "mallory")]
    assert [one.login for one in people if status(one)["required"]] == asked
    assert [one.login for one in people if one.get(f"{ROOT}/sessions").status == 403] == asked


@pytest.mark.parametrize("settings", [{"mfa_required": "everybody"}])
def test_the_figures_of_the_process_wait_for_it_as_well(alice: Client) -> None:
    assert alice.get("/metrics").status == 401
    enrolled(alice)
    assert alice.get("/metrics").status == 200


# --- many at once ----------------------------------------------------------------------------------------------------


def test_one_address_does_not_make_everybody_wait(appliance: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing_in, "AT_ONCE", 4)
    spray = [gevent.spawn(sign_in, Client(appliance, address="10.0.0.1"), f"user{n}") for n in range(30)]
    gevent.sleep(0)
    assert sign_in(Client(appliance, address="10.0.0.2"), "carol").status == 200
    gevent.joinall(spray, raise_error=True)
    statuses = [run.value.status for run in spray]
    assert (statuses.count(401), statuses.count(429)) == (4, 26)
    assert sign_in(Client(appliance, address="10.0.0.1"), "carol").status == 200


def test_hashing_gives_way_to_everything_else(stranger: Client) -> None:
    sign_in(stranger, "carol")
    tasks = Path("/proc/self/task").iterdir()
    polite = [int((task / "stat").read_text().rpartition(")")[2].split()[16]) for task in tasks]
    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert own < passwords.POLITE
    assert polite.count(passwords.POLITE) >= 1
