"""Registration: open to ask, closed to enter; its configuration."""

from typing import Any

import pytest

from appliance.app import App
from appliance.domain import registration
from tests.client import Answer, Client
from tests.ipam.calls import patch, refused, rows
from tests.ipam.test_signing_in import sign_in, solved
from tests.ptpb.people import later

NEW = {"username": "newuser", "password": "password123", "nickname": "新用户"}


def ask(client: Client, **more: Any) -> Answer:
    return client.post("/api/users/register", NEW | more)


def configure(alice: Client, **changes: Any) -> None:
    assert alice.put("/api/config/registration", changes).status == 200


def test_somebody_who_registered_waits_for_an_administrator(alice: Client, stranger: Client) -> None:
    answer = ask(stranger)
    assert (answer.status, answer.json["message"]) == (201, "注册成功,请等待管理员审核")
    user = answer.json["data"]
    assert user == {
        "id": user["id"],
        "username": "newuser",
        "nickname": "新用户",
        "role": "operator",
        "status": "pending",
    }
    assert sign_in(stranger, "newuser", "password123").json["message"] == "账号待审核"
    assert patch(alice, "users", {"id": user["id"], "status": "active"}).json["data"]["status"] == "active"
    assert sign_in(stranger, "newuser", "password123").status == 200


def test_without_approval_one_enters_at_once(alice: Client, stranger: Client) -> None:
    configure(alice, require_approval=False)
    answer = ask(stranger)
    assert (answer.json["message"], answer.json["data"]["status"]) == ("注册成功", "active")
    assert sign_in(stranger, "newuser", "password123").status == 200


def test_what_one_claims_to_be_is_not_heard(appliance: App, stranger: Client) -> None:
    more = {"role": "admin", "roles": ["admin"], "status": "active", "is_admin": True, "id": 1, "protected": True}
    assert ask(stranger, **more).json["data"]["role"] == "operator"
    with appliance.store.reading() as tx:
        user = tx.find("users", login="newuser")
    assert (user.pending, user.protected, user.enabled) == (True, False, True)


def test_a_name_that_is_taken_and_bad_words_are_told(stranger: Client) -> None:
    assert refused(ask(stranger, username="ALICE")) == (400, "ALREADY_EXISTS", {"username": "用户名已存在"})
    status, code, details = refused(stranger.post("/api/users/register", {"username": "a b", "password": "x"}))
    assert (status, code, set(details)) == (400, "INVALID_PARAMETER", {"username", "password"})


def test_registration_can_be_closed(alice: Client, stranger: Client) -> None:
    configure(alice, allow_register=False)
    answer = ask(stranger)
    assert (answer.status, answer.json["message"]) == (403, "注册功能已关闭")
    assert stranger.get("/api/auth/register-config").json["data"]["allow_register"] is False


def test_five_an_hour_from_one_address_with_a_captcha_after_the_third(appliance: App, stranger: Client) -> None:
    for number in range(3):
        assert ask(stranger, username=f"new{number}").status == 201
    assert refused(ask(stranger, username="new3"))[2] == {"captcha_code": "请输入验证码"}
    for number in (3, 4):
        assert ask(stranger, username=f"new{number}", **solved(appliance, stranger)).status == 201
    assert ask(stranger, username="new5", **solved(appliance, stranger)).status == 429


def test_guessing_names_counts_as_well(stranger: Client) -> None:
    for _ in range(3):
        ask(stranger, username="alice")
    assert refused(ask(stranger))[2] == {"captcha_code": "请输入验证码"}


def test_so_many_wait_and_no_more(appliance: App, stranger: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registration, "MOST_PENDING", 1)
    assert ask(stranger).status == 201
    assert ask(stranger, username="another").status == 429


def test_who_waited_a_week_in_vain_is_forgotten(
    appliance: App, alice: Client, stranger: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(stranger)
    later(monkeypatch, days=7, minutes=1)
    appliance.chores.forget_what_is_over()
    with appliance.store.reading() as tx:
        assert tx.find("users", login="newuser") is None


def test_the_configuration_is_read_by_everybody_and_written_by_administrators(alice: Client, bob: Client) -> None:
    assert bob.get("/api/config/registration").json["data"] == {
        "allow_register": True,
        "default_role": "operator",
        "require_approval": True,
        "require_captcha": False,
        "captcha_mode": "adaptive",
        "allowed_email_domains": [],
        "default_group_id": None,
    }
    assert bob.put("/api/config/registration", {"allow_register": False}).status == 403
    changed = alice.put("/api/config/registration", {"default_role": "auditor"}).json["data"]
    assert (changed["default_role"], changed["allow_register"]) == ("auditor", True)


def test_nobody_becomes_an_administrator_by_registering(alice: Client) -> None:
    assert refused(alice.put("/api/config/registration", {"default_role": "admin"}))[0] == 400
    body = {"name": "sudo", "description": "", "permissions": ["admin"]}
    assert alice.post("/api/v1/auth/roles", body).status == 200
    assert refused(alice.put("/api/config/registration", {"default_role": "sudo"}))[0] == 400


def test_every_fault_of_the_configuration_is_told(alice: Client) -> None:
    body = {"captcha_mode": "x", "allowed_email_domains": ["a b"], "default_group_id": 9, "allow_register": "maybe"}
    assert set(refused(alice.put("/api/config/registration", body))[2]) == set(body)
    assert alice.put("/api/config/registration", {"nonsense": 1}).json["message"] == "没有可更新的字段"


def test_only_allowed_domains_register(alice: Client, stranger: Client) -> None:
    configure(alice, allowed_email_domains=["example.com"])
    assert set(refused(ask(stranger, email="a@elsewhere.org"))[2]) == {"email"}
    assert ask(stranger, email="a@Example.com").status == 201


def test_newcomers_join_the_default_group(alice: Client, stranger: Client) -> None:
    group = alice.post("/api/user-groups", {"name": "new"}).json["data"]
    configure(alice, default_group_id=group["id"])
    ident = ask(stranger).json["data"]["id"]
    assert rows(alice, "user-groups")[0]["user_ids"] == [ident]
