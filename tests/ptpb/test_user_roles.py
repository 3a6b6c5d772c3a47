"""Roles of users: who binds which, and what cannot be taken."""

from typing import Any

import pytest

from appliance.app import App
from appliance.domain import passwords
from tests.client import Answer, Client
from tests.ptpb.people import alter, employ, last_operation, later, make_role, row

BEYOND = "无权操作超出自身权限的对象"
RESERVED = "无法操作系统保留项"


@pytest.fixture(autouse=True)
def cheaper(monkeypatch: pytest.MonkeyPatch) -> None:
    """New passwords are hashed as in earnest, only faster."""
    monkeypatch.setattr(passwords, "COST", 4)


def edit(client: Client, ident: int, **fields: Any) -> Answer:
    return client.post("/api/rbac/user/edit/", {"id": ident, **fields})


def bind(client: Client, ident: int, *roles: int) -> Answer:
    return client.post("/api/rbac/user/role/", {"id": ident, "roles": list(roles)})


def roles_of(client: Client, ident: int) -> list[int]:
    found = [user["roles"] for user in client.get("/api/rbac/user/get/?all=true").detail if user["id"] == ident]
    return found[0]


def test_binding_replaces_all_roles(appliance: App, alice: Client) -> None:
    assert bind(alice, 2, 3, 4, 3).status == 200
    assert last_operation(appliance) == ("绑定用户2角色", True)
    assert roles_of(alice, 2) == [3, 4]
    assert bind(alice, 2).status == 200
    assert roles_of(alice, 2) == []


def test_memberships_that_stay_keep_their_date(appliance: App, alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    before = row(appliance, "user_roles", user_id=2, role_id=4)
    later(monkeypatch, hours=1)
    bind(alice, 2, 3, 4)
    assert row(appliance, "user_roles", user_id=2, role_id=4) == before
    assert row(appliance, "user_roles", user_id=2, role_id=3).created_at > before.created_at


def test_roles_count_from_the_next_request_on(appliance: App, alice: Client, mallory: Client) -> None:
    assert mallory.get("/api/audit/login/get/").status == 403
    bind(alice, 4, 3)
    assert mallory.get("/api/audit/login/get/").status == 200
    bind(alice, 4)
    assert mallory.get("/api/audit/login/get/").status == 403


def test_faults_of_binding(appliance: App, alice: Client) -> None:
    assert alice.post("/api/rbac/user/role/", {"id": 2}).detail == {"roles": ["该字段是必填项。"]}
    assert bind(alice, 2, 2, 99).detail == {"roles": ["角色不存在"]}
    assert alice.post("/api/rbac/user/role/", {"id": 2, "roles": "x"}).detail == {
        "roles": ["期望为一个包含物件的列表。"]
    }
    assert roles_of(alice, 2) == [2, 4]
    assert last_operation(appliance) == ("绑定用户2角色", False)


def test_the_protected_user_keeps_role_1(alice: Client) -> None:
    assert bind(alice, 1, 1, 3).status == 200
    assert bind(alice, 1, 3).detail == RESERVED
    assert roles_of(alice, 1) == [1, 3]


def test_the_last_enabled_user_with_role_1_keeps_it(appliance: App, alice: Client) -> None:
    boss = employ(appliance, "boss", "admin")
    bind(alice, boss.id, 1)
    alter(appliance, "users", 1, enabled=False)
    assert bind(boss, boss.id, 2).detail == RESERVED
    assert edit(boss, boss.id, status=False).status == 400
    alter(appliance, "users", 1, enabled=True)
    assert bind(boss, boss.id, 2).status == 200


def test_the_last_administrator_by_another_role_stays_one_too(appliance: App) -> None:
    boss = employ(appliance, "boss", "admin")
    alter(appliance, "users", 1, expires_at=row(appliance, "users", id=1).created_at)
    assert bind(boss, boss.id, 2).detail == RESERVED
    assert boss.get("/api/rbac/user/get/").status == 200


def test_nobody_binds_a_role_that_holds_more_than_he_does(appliance: App, alice: Client) -> None:
    dora = employ(appliance, "dora", "system.permission.update", "system.user.read")
    with appliance.store.writing() as tx:
        small = make_role(tx, "small", "system.user.read")
        large = make_role(tx, "large", "system.user.read", "system.user.create")
        grouped = make_role(tx, "grouped", "resource.self.read", on=2)
    assert bind(dora, 4, small).status == 200
    for role in (1, 3, large, grouped):
        answer = bind(dora, 4, small, role)
        assert (answer.status, answer.detail) == (403, BEYOND)
    assert roles_of(alice, 4) == [small]


def test_nobody_takes_away_a_role_that_holds_more_than_he_does(appliance: App, alice: Client) -> None:
    dora = employ(appliance, "dora", "system.permission.update")
    assert bind(dora, 3).status == 403
    assert roles_of(alice, 3) == [3]


def test_what_a_role_holds_on_a_group_is_compared_on_that_group(appliance: App) -> None:
    dora = employ(appliance, "dora", "system.permission.update")
    with appliance.store.writing() as tx:
        tx.insert("user_roles", user_id=dora.id, role_id=4)
        inside = make_role(tx, "inside", "resource.self.read", on=2)
        outside = make_role(tx, "outside", "resource.self.read", on=1)
    assert bind(dora, 4, inside).status == 200
    assert bind(dora, 4, inside, outside).status == 403
