"""Passwords: one's own, and those that administrators give."""

from itertools import pairwise
from typing import Any

import pytest

from appliance.app import App
from appliance.domain import guard, new_password, passwords
from tests.client import Answer, Client
from tests.conftest import PASSWORD, signed_in
from tests.ptpb.people import employ, last_operation


@pytest.fixture(autouse=True)
def cheaper(monkeypatch: pytest.MonkeyPatch) -> None:
    """New passwords are hashed as in earnest, only faster."""
    monkeypatch.setattr(passwords, "COST", 4)


def edit(client: Client, ident: int, **fields: Any) -> Answer:
    return client.post("/api/rbac/user/edit/", {"id": ident, **fields})


def change_password(client: Client, old: str, new: str) -> Answer:
    return client.post("/api/rbac/user/reset_password/", {"old_password": old, "new_password": new})


def may_sign_in(app: App, login: str, password: str = PASSWORD) -> bool:
    return Client(app).post("/api/rbac/login/", {"account": login, "password": password}).status == 200


def is_signed_in(client: Client) -> bool:
    return client.get("/api/rbac/user/detail/").status == 200


def test_an_administrator_gives_somebody_a_new_password(appliance: App, alice: Client, bob: Client) -> None:
    assert edit(alice, 2, password="brand new 1").status == 200
    assert last_operation(appliance) == ("重置bob密码", True)
    assert not is_signed_in(bob)
    assert not may_sign_in(appliance, "bob")
    assert may_sign_in(appliance, "bob", "brand new 1")


def test_a_reset_keeps_to_the_rules(appliance: App, alice: Client) -> None:
    assert edit(alice, 2, password="short").detail == {"password": ["密码长度须为8到128个字符"]}
    assert edit(alice, 2, password=PASSWORD).detail == {"password": ["不能使用最近5次用过的密码"]}
    assert last_operation(appliance) == ("重置bob密码", False)


def test_a_reset_lifts_the_lock(appliance: App, alice: Client) -> None:
    lock(appliance, "bob")
    assert not may_sign_in(appliance, "bob")
    edit(alice, 2, password="brand new 1")
    assert may_sign_in(appliance, "bob", "brand new 1")


def lock(app: App, login: str) -> None:
    """What five failures do."""
    with app.store.writing() as tx:
        for _ in range(guard.LOCK_AFTER):
            guard.strike(tx, "account", login, guard.LOCK_AFTER, guard.LOCK_WITHIN)


def test_an_empty_password_is_none(appliance: App, alice: Client, bob: Client) -> None:
    assert edit(alice, 2, password="", name="x").status == 200
    assert is_signed_in(bob)
    assert last_operation(appliance) == ("编辑用户2", True)


def test_only_administrators_reset_passwords(appliance: App, alice: Client) -> None:
    dora = employ(appliance, "dora", "system.user.update")
    answer = edit(dora, 2, password="brand new 1", email="x")
    assert answer.detail == {"password": ["无权重置他人密码"], "email": ["无效邮箱"]}
    assert may_sign_in(appliance, "bob")


def test_a_new_password_ends_every_sign_in_of_its_user(appliance: App, bob: Client) -> None:
    other = signed_in(appliance, "bob")
    assert change_password(bob, PASSWORD, "brand new 1").status == 200
    assert last_operation(appliance) == ("重置bob密码", True)
    assert (is_signed_in(bob), is_signed_in(other)) == (False, False)
    assert (may_sign_in(appliance, "bob"), may_sign_in(appliance, "bob", "brand new 1")) == (False, True)


@pytest.mark.parametrize(
    ("words", "faults"),
    [
        ({}, {"old_password": ["旧密码不能为空"], "new_password": ["密码为必填项"]}),
        ({"old_password": PASSWORD}, {"new_password": ["密码为必填项"]}),
        ({"old_password": "wrong", "new_password": "wrong"}, {"old_password": ["密码错误"]}),
        ({"old_password": PASSWORD, "new_password": PASSWORD}, {"new_password": ["新旧密码不能相同"]}),
        ({"old_password": PASSWORD, "new_password": "short"}, {"new_password": ["密码长度须为8到128个字符"]}),
        (
            {"old_password": PASSWORD, "new_password": "BOB"},
            {"new_password": ["密码长度须为8到128个字符", "密码不能包含用户名"]},
        ),
    ],
)
def test_faults_in_their_order(appliance: App, bob: Client, words: dict[str, str], faults: dict[str, Any]) -> None:
    answer = bob.post("/api/rbac/user/reset_password/", words)
    assert (answer.status, answer.detail) == (400, faults)
    assert last_operation(appliance) == ("重置bob密码", False)
    assert is_signed_in(bob)


def test_the_last_five_passwords_are_not_used_again(appliance: App) -> None:
    used = [PASSWORD, *(f"password number {n}" for n in range(1, 6))]
    for old, new in pairwise(used):
        assert change_password(signed_in(appliance, "bob"), old, new).status == 200
    bob = signed_in(appliance, "bob")
    for recent in used[1:5]:
        assert change_password(bob, used[-1], recent).detail == {"new_password": ["不能使用最近5次用过的密码"]}
    assert change_password(bob, used[-1], PASSWORD).status == 200


def test_guessing_the_old_password_locks_the_account(appliance: App, bob: Client) -> None:
    for _ in range(guard.LOCK_AFTER):
        assert change_password(bob, "guess", "brand new 1").detail == {"old_password": ["密码错误"]}
    assert change_password(bob, PASSWORD, "brand new 1").detail == {"old_password": ["密码错误"]}
    assert not may_sign_in(appliance, "bob")
    assert is_signed_in(bob)


def test_a_reset_meanwhile_wins_over_the_users_own_change(
    appliance: App, alice: Client, bob: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine = new_password.fresh

    def slow(*about: Any) -> str:
        if about[-1] != "brand new 1":
            edit(alice, 2, password="brand new 1")
        return genuine(*about)

    monkeypatch.setattr(new_password, "fresh", slow)
    assert change_password(bob, PASSWORD, "of the thief").status == 400
    assert may_sign_in(appliance, "bob", "brand new 1")


def test_without_the_right_to_his_profile_nobody_changes_his_password(appliance: App, mallory: Client) -> None:
    assert change_password(mallory, PASSWORD, "brand new 1").status == 403
    assert last_operation(appliance) == ("重置mallory密码", False)
