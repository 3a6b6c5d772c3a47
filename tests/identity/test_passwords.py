"""One's own password, and temporary ones."""

import json
from typing import Any

import pytest

from appliance.app import App
from appliance.domain import passwords
from tests.client import Client
from tests.conftest import PASSWORD
from tests.identity.calls import ROOT, USER, data, errors, key_of, refused, sign_in
from tests.ptpb.people import employ, later, rows

USERS = f"{ROOT}/users"
FRESH = "NewPassword456!"


def change(client: Client, new: str, old: str = PASSWORD) -> Any:
    return client.put(f"{USERS}/{client.login}/password", {"current_password": old, "new_password": new})


# --- one's own -------------------------------------------------------------------------------------------------------


def test_a_new_password_ends_every_token_and_leaves_keys(appliance: App, stranger: Client, bob: Client) -> None:
    other, key = data(sign_in(stranger, "bob"))["token"], key_of(bob, "read")
    data(change(bob, FRESH))
    for token in (bob.token, other):
        assert Client(appliance, token).get("/api/rbac/user/detail/").status == 401
    assert key.get(f"{USERS}/bob").status == 200
    assert sign_in(stranger, "bob").status == 401
    assert sign_in(stranger, "bob", FRESH).status == 200


def test_a_wrong_present_password_leaves_the_token_and_counts(appliance: App, bob: Client) -> None:
    told = errors(change(bob, FRESH, old="wrong"))
    assert told == {"current_password": ["当前密码错误"]}
    assert bob.get(f"{USERS}/bob").status == 200
    assert len(rows(appliance, "strikes", kind="account", subject="bob")[0].failures) == 1


def test_each_broken_rule_is_told(bob: Client) -> None:
    told = errors(change(bob, "bob"))["new_password"]
    assert told[0] == passwords.LENGTH
    assert len(told) >= 2


@pytest.mark.parametrize("new", [PASSWORD, "BobBobBob1!", "Passw0rd", "onlylowercase"])
def test_a_bad_new_password_is_refused(bob: Client, new: str) -> None:
    assert list(errors(change(bob, new))) == ["new_password"]


def test_none_of_the_last_five_comes_back(bob: Client) -> None:
    used = [f"NewPassword{number}!" for number in range(6)]
    old = PASSWORD
    for new in used:
        data(change(bob, new, old))
        bob.token, old = data(sign_in(bob, "bob", new))["token"], new
    for new in used[1:]:
        assert errors(change(bob, new, old))
    assert change(bob, used[0], old).status == 200


def test_nobody_changes_the_password_of_another_here(alice: Client, bob: Client) -> None:
    for path in ("2", "bob", "999", "nobody"):
        answer = alice.put(f"{USERS}/{path}/password", {"current_password": PASSWORD, "new_password": FRESH})
        assert refused(answer) == (403, "权限不足")
    assert bob.get(f"{USERS}/bob").status == 200


def test_what_is_missing_is_told(bob: Client) -> None:
    assert list(errors(bob.put(f"{USERS}/2/password", {}))) == ["current_password", "new_password"]


# --- temporary ones --------------------------------------------------------------------------------------------------


def reset(client: Client, login: str = "bob") -> str:
    answer = client.post(f"{USERS}/{login}/reset-password", {"send_email": False})
    assert answer.json["message"] == "密码重置成功"
    return data(answer)["temporary_password"]


def test_a_reset_ends_tokens_and_the_old_password(alice: Client, bob: Client, stranger: Client) -> None:
    temporary = reset(alice)
    assert bob.get(f"{USERS}/bob").status == 401
    assert sign_in(stranger, "bob").status == 401
    who = data(sign_in(stranger, "bob", temporary))["user_info"]
    assert who["must_change_password"] is True


def test_a_temporary_password_keeps_all_rules_and_is_random(alice: Client) -> None:
    made = {reset(alice) for _ in range(3)}
    assert len(made) == 3
    for password in made:
        assert (len(password), passwords.faults(password, "bob", full=True)) == (16, [])


def test_a_temporary_password_opens_only_what_changes_it(appliance: App, alice: Client, stranger: Client) -> None:
    temporary = reset(alice)
    bob = Client(appliance, data(sign_in(stranger, "bob", temporary))["token"], login="bob")
    for path in (USERS, f"{ROOT}/permissions", f"{ROOT}/api-keys", f"{USERS}/1", f"{USERS}/nobody"):
        assert refused(bob.get(path)) == (403, "请先修改密码")
    assert bob.get("/api/resource/group/get/").json["detail"] == "请先修改密码"
    assert data(bob.get(f"{USERS}/bob"))["username"] == "bob"
    assert bob.put(f"{USERS}/bob", {"profile": {"position": "x"}}).status == 200
    assert change(bob, FRESH, temporary).status == 200
    assert data(sign_in(stranger, "bob", FRESH))["user_info"]["must_change_password"] is False


def test_a_temporary_password_does_not_keep_anybody_from_signing_out(
    appliance: App, alice: Client, stranger: Client
) -> None:
    bob = Client(appliance, data(sign_in(stranger, "bob", reset(alice)))["token"])
    assert bob.call("POST", f"{ROOT}/logout").status == 200


def test_a_temporary_password_is_good_for_a_day(
    alice: Client, stranger: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = reset(alice)
    later(monkeypatch, hours=23.9)
    assert sign_in(stranger, "bob", temporary).status == 200
    later(monkeypatch, hours=0.2)
    assert refused(sign_in(stranger, "bob", temporary)) == (401, "临时密码已过期")


def test_a_reset_lifts_a_timed_lock(alice: Client, stranger: Client) -> None:
    for _ in range(5):
        sign_in(stranger, "bob", "wrong")
    assert sign_in(stranger, "bob", reset(alice)).status == 200


def test_a_temporary_password_is_kept_nowhere(appliance: App, alice: Client) -> None:
    temporary = reset(alice)
    for table in ("operations", "users", "password_history", "login_records"):
        assert temporary not in json.dumps(rows(appliance, table), default=str)


def test_whose_password_is_reset_may_not_more_than_who_resets_it(appliance: App) -> None:
    clerk = employ(appliance, "clerk", "system.user.update")
    answer = clerk.post(f"{USERS}/carol/reset-password")
    assert refused(answer) == (403, "无权操作超出自身权限的对象")
    assert clerk.post(f"{USERS}/mallory/reset-password").status == 200


def test_a_mail_is_not_spoken_of_where_none_was_sent(alice: Client) -> None:
    alice.post(USERS, USER)
    answer = alice.post(f"{USERS}/dave/reset-password", {"send_email": True})
    assert answer.json["message"] == "密码重置成功"
    assert errors(alice.post(f"{USERS}/dave/reset-password", {"send_email": "yes"}))
