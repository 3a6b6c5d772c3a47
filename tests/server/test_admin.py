"""What the console does to accounts, seen from inside."""

import pytest

from appliance import admin
from appliance.app import App
from appliance.domain import guard
from appliance.errors import Invalid, Missing, Taken
from tests.client import Client
from tests.conftest import PASSWORD
from tests.ptpb.people import alter, last_operation, row, rows

NEW = "brand new 1"


def may_sign_in(app: App, login: str, password: str) -> bool:
    return Client(app).post("/api/rbac/login/", {"account": login, "password": password}).status == 200


def lock(app: App, login: str) -> None:
    """Every lock there is: by failures, by an administrator, and on the address."""
    with app.store.writing() as tx:
        for _ in range(guard.BLOCK_AFTER):
            guard.strike(tx, "account", login, guard.LOCK_AFTER, guard.LOCK_WITHIN)
            guard.strike(tx, "address", "127.0.0.1", guard.BLOCK_AFTER, guard.BLOCK_WITHIN)
    alter(app, "users", row(app, "users", login=login).id, locked=True)


def test_a_further_administrator_is_not_protected(appliance: App) -> None:
    admin.create(appliance.store, "root", NEW)
    root = row(appliance, "users", login="root")
    assert (root.protected, [one.role_id for one in rows(appliance, "user_roles", user_id=root.id)]) == (False, [1])
    assert last_operation(appliance) == ("添加用户", True)
    assert may_sign_in(appliance, "root", NEW)


def test_the_console_is_held_to_the_rules_of_accounts_and_to_the_floor(appliance: App) -> None:
    with pytest.raises(Taken):
        admin.create(appliance.store, "ALICE", NEW)
    with pytest.raises(Invalid) as refusal:
        admin.create(appliance.store, "a b", "short")
    assert set(refusal.value.faults) == {"login", "password"}
    with pytest.raises(Invalid, match="最近5次"):
        admin.set_password(appliance.store, "bob", PASSWORD)


def test_a_password_from_the_console_ends_sign_ins_and_locks(appliance: App, alice: Client) -> None:
    lock(appliance, "alice")
    admin.set_password(appliance.store, " Alice", NEW)
    assert alice.get("/api/rbac/user/detail/").status == 401
    assert may_sign_in(appliance, "alice", NEW)
    assert last_operation(appliance) == ("重置alice密码", True)


def test_unlocking_lifts_every_lock_and_ends_what_was_signed_in(appliance: App, bob: Client) -> None:
    lock(appliance, "bob")
    assert not may_sign_in(appliance, "bob", PASSWORD)
    admin.unlock(appliance.store, "bob")
    assert may_sign_in(appliance, "bob", PASSWORD)
    assert bob.get("/api/rbac/user/detail/").status == 401


def test_the_audit_names_the_console(appliance: App, alice: Client) -> None:
    admin.unlock(appliance.store, "bob")
    line = alice.get("/api/audit/opera/get/?desc=true").detail[0]
    assert (line["user"], line["operation"]) == ({"id": 0, "name": "命令行"}, "解锁bob")


def test_an_unknown_account_is_missing(appliance: App) -> None:
    for change in (lambda: admin.unlock(appliance.store, "x"), lambda: admin.set_password(appliance.store, "x", NEW)):
        with pytest.raises(Missing):
            change()
