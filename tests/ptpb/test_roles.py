"""Roles: adding, changing, removing, listing them, and what they hold."""

from typing import Any

import pytest

from appliance.app import App
from appliance.domain import catalogue
from tests.client import Answer, Client
from tests.ptpb.people import alter, employ, last_operation, make_role, row, rows

BEYOND = "无权操作超出自身权限的对象"
RESERVED = "无法操作系统保留项"
NOTHING_REMOVED = "角色受保护,或对象不存在"


def edit(client: Client, ident: int, **fields: Any) -> Answer:
    return client.post("/api/rbac/role/edit/", {"id": ident, **fields})


def give(client: Client, ident: int, *permissions: int) -> Answer:
    return client.post("/api/rbac/role/edit/permission/", {"id": ident, "perms": list(permissions)})


def held(client: Client, ident: int) -> list[int]:
    return client.get(f"/api/rbac/role/get/permission/?id={ident}").detail["perms"]


@pytest.fixture
def clerk(appliance: App) -> int:
    """A role that nobody has and that gives nothing."""
    with appliance.store.writing() as tx:
        return make_role(tx, "clerk")


# --- adding and changing ---------------------------------------------------------------------------------------------


def test_a_new_role_gives_nothing_yet(appliance: App, alice: Client) -> None:
    assert alice.post("/api/rbac/role/add/", {"name": "clerk", "code": "clerk"}).status == 200
    role = alice.get("/api/rbac/role/get/?name=clerk").detail[0]
    assert (role["status"], role["protected"], role["description"]) == (True, False, None)
    assert held(alice, role["id"]) == []
    assert last_operation(appliance) == ("添加角色", True)


@pytest.mark.parametrize(
    ("fields", "faults"),
    [
        ({}, {"name": ["该字段是必填项。"], "code": ["该字段是必填项。"]}),
        ({"name": "", "code": None}, {"name": ["该字段不能为空。"], "code": ["该字段不能为 null。"]}),
        ({"name": "x" * 129, "code": "ok"}, {"name": ["请确保这个字段不能超过 128 个字符。"]}),
        ({"name": "ok", "code": "a b"}, {"code": ["编码含有不允许的字符"]}),
        ({"name": "用户", "code": "a/b"}, {"name": ["具有 name 的 role 已存在。"], "code": ["编码含有不允许的字符"]}),
        ({"name": "ok", "code": "CLIENT"}, {"code": ["具有 code 的 role 已存在。"]}),
        ({"name": "ok", "code": "Admin"}, {"code": ["具有 code 的 role 已存在。"]}),
        (
            {"name": "ok", "code": "ok", "description": "x" * 1001},
            {"description": ["请确保这个字段不能超过 1000 个字符。"]},
        ),
    ],
)
def test_faults_of_a_new_role(appliance: App, alice: Client, fields: dict[str, Any], faults: dict[str, Any]) -> None:
    answer = alice.post("/api/rbac/role/add/", fields)
    assert (answer.status, answer.detail) == (400, faults)
    assert last_operation(appliance) == ("添加角色", False)


@pytest.mark.parametrize("code", ["admin", "ADMIN", "ａｄｍｉｎ", "user", "operator", "viewer", "auditor"])
def test_no_role_passes_for_a_seeded_one_in_another_dialect(alice: Client, clerk: int, code: str) -> None:
    taken = {"code": ["具有 code 的 role 已存在。"]}
    assert alice.post("/api/rbac/role/add/", {"name": "x", "code": code}).detail == taken
    assert alice.post("/api/rbac/role/edit/", {"id": clerk, "code": code}).detail == taken
    printed = [role["name"] for role in alice.get("/api/v1/auth/roles").json["data"]["roles"]]
    assert printed[:3] == ["admin", "user", "auditor"]
    assert code not in printed[3:]


def test_an_edit_changes_what_it_names(appliance: App, alice: Client, clerk: int) -> None:
    assert edit(alice, clerk, description="x").status == 200
    assert edit(alice, clerk, code="Clerk", status=False).status == 200
    role = row(appliance, "roles", id=clerk)
    assert (role.name, role.code, role.code_key, role.description, role.enabled) == (
        "clerk",
        "Clerk",
        "clerk",
        "x",
        False,
    )
    assert edit(alice, clerk, description="").status == 200
    assert row(appliance, "roles", id=clerk).description is None
    assert last_operation(appliance) == (f"编辑角色{clerk}", True)


def test_an_edit_keeps_names_unique_and_filled(alice: Client, clerk: int) -> None:
    assert edit(alice, clerk, name="用户", code="audit").detail == {
        "name": ["具有 name 的 role 已存在。"],
        "code": ["具有 code 的 role 已存在。"],
    }
    assert edit(alice, clerk, name="").detail == {"name": ["该字段不能为空。"]}


def test_seeded_and_unknown_roles_are_not_edited(appliance: App, alice: Client) -> None:
    for seeded in (1, 2, 3):
        assert edit(alice, seeded, description="x").detail == RESERVED
    assert edit(alice, 99, name="x").status == 404
    assert last_operation(appliance) == ("编辑角色99", False)


def test_a_role_switched_off_gives_no_right_at_all(appliance: App, alice: Client) -> None:
    dora = employ(appliance, "dora", "system.user.read")
    role = row(appliance, "roles", name="role of dora").id
    bob_role = 4
    assert dora.get("/api/rbac/user/get/").status == 200
    edit(alice, role, status=False)
    assert dora.get("/api/rbac/user/get/").status == 403
    edit(alice, role, status=True)
    assert dora.get("/api/rbac/user/get/").status == 200
    assert edit(alice, bob_role, status=False).status == 200


def test_nobody_switches_a_role_that_holds_more_than_he_does(appliance: App) -> None:
    dora = employ(appliance, "dora", "system.role.update")
    with appliance.store.writing() as tx:
        large = make_role(tx, "large", "system.user.create")
    answer = edit(dora, large, status=False)
    assert (answer.status, answer.detail) == (403, BEYOND)
    assert edit(dora, large, description="x").status == 200


# --- removing --------------------------------------------------------------------------------------------------------


def test_a_role_in_use_goes_with_its_memberships_and_grants(appliance: App, alice: Client) -> None:
    assert alice.post("/api/rbac/role/del/", {"id_list": [4]}).json == {"code": 200, "msg": "OK", "total": 1}
    assert rows(appliance, "grants", role_id=4) == rows(appliance, "user_roles", role_id=4) == []
    assert alice.get("/api/rbac/user/get/?account=bob").detail[0]["roles"] == [2]
    assert last_operation(appliance) == ("删除角色", True)


def test_seeded_and_unknown_roles_are_skipped_and_named(alice: Client, clerk: int) -> None:
    answer = alice.post("/api/rbac/role/del/", {"id_list": [1, clerk, 99]})
    assert answer.json == {"code": 200, "msg": "OK", "detail": {"skipped": [1, 99]}, "total": 1}


@pytest.mark.parametrize("named", [[], [1, 2, 3], [99], "x", None])
def test_nothing_removed_is_a_refusal(appliance: App, alice: Client, named: Any) -> None:
    answer = alice.post("/api/rbac/role/del/", {"id_list": named})
    assert (answer.status, answer.detail) == (400, NOTHING_REMOVED)
    assert last_operation(appliance) == ("删除角色", False)


def test_nobody_removes_a_role_that_holds_more_than_he_does(appliance: App, clerk: int) -> None:
    dora = employ(appliance, "dora", "system.role.delete")
    answer = dora.post("/api/rbac/role/del/", {"id_list": [4, clerk]})
    assert answer.detail == {"skipped": [4]}


# --- listing ---------------------------------------------------------------------------------------------------------


def test_the_filter_contains(alice: Client) -> None:
    assert [role["id"] for role in alice.get("/api/rbac/role/get/?name=SHOP").detail] == [4]
    assert [role["id"] for role in alice.get("/api/rbac/role/get/?desc=true&page_size=2").detail] == [4, 3]


def test_the_catalogue_is_whole_in_order_and_open_to_readers_of_grants_too(appliance: App, alice: Client) -> None:
    found = alice.get("/api/rbac/perm/").detail
    assert [one["id"] for one in found] == list(range(1, len(found) + 1))
    assert [one["code"] for one in found] == [entry.code for entry in catalogue.ENTRIES]
    label = next(one for one in found if one["code"] == "report")
    assert (label["scope"], label["object"], label["action"]) == ("data", "report", "report")
    for code in ("system.perm.read", "system.permission.read"):
        assert employ(appliance, code, code).get("/api/rbac/perm/").status == 200


# --- base permissions ------------------------------------------------------------------------------------------------


def test_seeded_roles_hold_what_the_contract_says(alice: Client) -> None:
    codes = {one["id"]: one["code"] for one in alice.get("/api/rbac/perm/").detail}
    held_by = {role: [codes[ident] for ident in held(alice, role)] for role in (1, 2, 3)}
    dotted = [code for code in codes.values() if "." in code and not code.startswith("resource.")]
    assert set(held_by[1]) == {*dotted, "read", "write", "admin"}
    profile = ["user.profile.read", "user.profile.update"]
    assert held_by[2] == [*profile, "read", "write"]
    logs = ["audit.session.read", "audit.operation.read", "audit.login.read"]
    assert held_by[3] == [*logs, *profile, "read", "report", "logs"]


@pytest.mark.parametrize("query", ["", "?id=", "?id=x", "?id=99", "?id=1.5", "?id=99999999999999999999999"])
def test_the_permissions_of_no_role_are_not_found(alice: Client, query: str) -> None:
    assert alice.get(f"/api/rbac/role/get/permission/{query}").status == 404


def test_a_list_replaces_what_the_role_held(appliance: App, alice: Client, clerk: int) -> None:
    assert give(alice, clerk, 4, 8, 4).status == 200
    assert held(alice, clerk) == [4, 8]
    assert give(alice, clerk, 8, 1).status == 200
    assert held(alice, clerk) == [1, 8]
    assert give(alice, clerk).status == 200
    assert held(alice, clerk) == []
    assert last_operation(appliance) == (f"编辑角色{clerk}权限", True)


def test_faults_are_told_at_once_and_nothing_is_written(appliance: App, alice: Client, clerk: int) -> None:
    answer = give(alice, clerk, 1, 16, 31, 999, 998)
    faults = ["权限错误", "无效主键 “998” － 对象不存在。", "无效主键 “999” － 对象不存在。"]
    assert (answer.status, answer.detail) == (400, {"perms": faults})
    assert alice.post("/api/rbac/role/edit/permission/", {"id": clerk}).detail == {"perms": ["该字段是必填项。"]}
    assert held(alice, clerk) == []
    assert last_operation(appliance) == (f"编辑角色{clerk}权限", False)


def test_seeded_and_unknown_roles_are_not_given_anything(alice: Client) -> None:
    for seeded in (1, 2, 3):
        assert give(alice, seeded, 4).detail == RESERVED
    assert give(alice, 99, 4).status == 404


def test_nobody_gives_or_takes_what_he_does_not_hold(appliance: App, alice: Client, clerk: int) -> None:
    dora = employ(appliance, "dora", "system.permission.update", "system.user.read")
    assert give(dora, clerk, 4).status == 200
    for more in ([4, 1], [4, 34]):
        answer = give(dora, clerk, *more)
        assert (answer.status, answer.detail) == (403, BEYOND)
    give(alice, clerk, 1, 4)
    assert give(dora, clerk, 4).status == 403
    assert give(dora, clerk, 1).status == 200
    assert held(alice, clerk) == [1]


def test_the_label_admin_stands_for_everything(appliance: App, alice: Client) -> None:
    boss = employ(appliance, "boss", "admin")
    for path in ("/api/rbac/user/get/", "/api/rbac/perm/", "/api/audit/opera/get/"):
        assert boss.get(path).status == 200


def test_the_last_administrators_role_keeps_admin(appliance: App) -> None:
    boss = employ(appliance, "boss", "admin")
    role = row(appliance, "roles", name="role of boss").id
    alter(appliance, "users", 1, enabled=False)
    assert give(boss, role, 4).detail == RESERVED
    assert edit(boss, role, status=False).detail == RESERVED
    assert boss.post("/api/rbac/role/del/", {"id_list": [role]}).detail == NOTHING_REMOVED
    assert boss.get("/api/rbac/user/get/").status == 200
