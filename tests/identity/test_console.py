"""What the console does for those who cannot sign in any more, beside a running appliance."""

import pytest

from appliance import admin
from appliance.app import App
from appliance.domain import guard
from appliance.errors import Missing
from tests.client import Client
from tests.conftest import PASSWORD
from tests.identity.calls import ROOT, data, refused, sign_in
from tests.identity.phone import MFA, Phone, enrolled
from tests.live import Live
from tests.ptpb.people import last_operation
from tests.server.test_commands import admin as console

NEEDED = (401, "需要MFA验证码")


@pytest.mark.parametrize("login", ["bob", "alice", " ALICE "])
def test_it_takes_the_second_factor_of_anybody(appliance: App, stranger: Client, login: str) -> None:
    name = login.strip().lower()
    me = Client(appliance, data(sign_in(stranger, name))["token"])
    enrolled(me)
    assert refused(sign_in(stranger, name)) == NEEDED
    admin.reset_second_factor(appliance.store, login)
    assert me.get("/api/rbac/user/detail/").status == 401
    assert sign_in(stranger, name).status == 200
    assert last_operation(appliance) == (f"重置{name}的MFA", True)


def test_a_lock_by_wrong_codes_goes_with_it(appliance: App, alice: Client, stranger: Client) -> None:
    phone = enrolled(alice)
    for _ in range(guard.LOCK_AFTER):
        sign_in(stranger, "alice", otp_code="000000")
    admin.reset_second_factor(appliance.store, "alice")
    again = enrolled(Client(appliance, data(sign_in(stranger, "alice"))["token"]))
    assert sign_in(stranger, "alice", otp_code=again.code()).status == 200
    assert sign_in(stranger, "alice", otp_code=phone.recovery_codes[0]).status == 401


def test_unlocking_makes_right_codes_count_again(appliance: App, alice: Client, stranger: Client) -> None:
    phone = enrolled(alice)
    for _ in range(guard.LOCK_AFTER):
        sign_in(stranger, "alice", otp_code="000000")
    assert sign_in(stranger, "alice", otp_code=phone.code()).status == 401
    admin.unlock(appliance.store, "alice")
    assert sign_in(stranger, "alice", otp_code=phone.code()).status == 200


def test_unlocking_and_a_new_password_leave_the_second_factor(appliance: App, bob: Client, stranger: Client) -> None:
    enrolled(bob)
    admin.unlock(appliance.store, "bob")
    admin.set_password(appliance.store, "bob", "battery staple 2")
    assert refused(sign_in(stranger, "bob", "battery staple 2")) == NEEDED


def test_what_is_required_is_set_up_anew_at_the_next_sign_in(appliance: App, alice: Client, stranger: Client) -> None:
    enrolled(alice)
    data(alice.call("PUT", f"{ROOT}/roles/admin/policy", body={"mfa_required": True}))
    admin.reset_second_factor(appliance.store, "alice")
    again = Client(appliance, data(sign_in(stranger, "alice"))["token"])
    assert refused(again.get(f"{ROOT}/users")) == (403, "请先绑定MFA")
    enrolled(again)
    assert again.get(f"{ROOT}/users").status == 200


def test_an_unknown_account_is_missing(appliance: App) -> None:
    with pytest.raises(Missing):
        admin.reset_second_factor(appliance.store, "nobody")


def test_the_command_works_beside_a_running_appliance(live: Live) -> None:
    token = live.sign_in("bob", PASSWORD)
    phone = Phone(live.call(MFA, {}, token)["data"]["secret"])
    assert live.call(f"{MFA}/confirm", {"code": phone.code()}, token)["code"] == 200
    body = {"username": "bob", "password": PASSWORD}
    assert live.call(f"{ROOT}/login", body)["message"] == NEEDED[1]
    done = console("mfa-reset", "bob", live.data)
    assert (done.returncode, done.stdout) == (0, "bob: signs in without a second factor now\n")
    assert live.call(f"{ROOT}/login", body)["code"] == 200
    assert live.call("/api/rbac/user/detail/", token=token)["code"] == 401


def test_a_name_that_nobody_has_is_told_in_a_line(live: Live) -> None:
    refusal = console("mfa-reset", "nobody", live.data)
    assert (refusal.returncode, refusal.stderr) == (1, "appliance: nobody: there is no such account\n")
