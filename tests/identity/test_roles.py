"""Roles by the names of this document, their labels and codes."""

from typing import Any

import pytest

from appliance.app import App
from tests.client import Client
from tests.conftest import signed_in
from tests.identity.calls import ROOT, USER, data, errors, refused
from tests.ptpb.people import employ, row, rows

ROLES = f"{ROOT}/roles"
ANALYST = {"name": "analyst", "description": "数据分析人员", "permissions": ["read", "report", "analytics"]}
BEYOND = (403, "无权操作超出自身权限的对象")
RESERVED = (403, "无法操作系统保留项")
EXISTS = (409, "角色名称已存在")
WRITING = ["system.role.create", "system.role.update", "system.role.delete", "system.role.read"]


@pytest.fixture
def analyst(alice: Client) -> str:
    """The path of a role."""
    return f"{ROLES}/{data(alice.post(ROLES, ANALYST))['id']}"


# --- finding ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["2", "user", "USER", "Client", "用户"])
def test_a_role_is_found_by_id_and_by_any_of_its_names(alice: Client, name: str) -> None:
    assert data(alice.get(f"{ROLES}/{name}"))["id"] == "2"


def test_a_role_is_found_by_uuid(appliance: App, alice: Client) -> None:
    assert data(alice.get(f"{ROLES}/{row(appliance, 'roles', id=2).uuid}"))["name"] == "user"


@pytest.mark.parametrize("name", ["0", "9" * 30, "nothing"])
def test_a_role_that_is_not_there_is_missing(alice: Client, name: str) -> None:
    for answer in (alice.get(f"{ROLES}/{name}"), alice.get(f"{ROLES}/{name}/users"), alice.delete(f"{ROLES}/{name}")):
        assert refused(answer) == (404, "角色不存在")


def test_a_role_made_in_another_dialect_goes_by_its_code(alice: Client) -> None:
    alice.post("/api/rbac/role/add/", {"name": "运维", "code": "ops"})
    assert [row["name"] for row in data(alice.get(ROLES, name="OPS"))["roles"]] == ["ops"]
    assert data(alice.get(f"{ROLES}/运维"))["name"] == "ops"


@pytest.mark.parametrize(
    ("part", "names"), [("AUDIT", ["auditor"]), ("min", ["admin"]), ("%", []), ("hop", ["shop"]), ("用", ["user"])]
)
def test_a_search_looks_at_all_names_of_a_role(alice: Client, part: str, names: list[str]) -> None:
    assert [row["name"] for row in data(alice.get(ROLES, name=part))["roles"]] == names


def test_members_are_counted_and_listed_with_their_date(alice: Client, analyst: str) -> None:
    data(alice.put(f"{ROOT}/users/bob", {"roles": ["user", "shop", "analyst"]}))
    assert data(alice.get(analyst))["user_count"] == 1
    member = data(alice.get(f"{analyst}/users"))["users"][0]
    assert (member["username"], member["status"], member["added_at"][-1]) == ("bob", "active", "Z")


def test_reading_the_members_takes_the_right_to_read_users(appliance: App) -> None:
    clerk = employ(appliance, "clerk", "system.role.read")
    answer = clerk.get(f"{ROLES}/1/users")
    assert (refused(answer), answer.json["errors"]) == ((403, "权限不足"), {"permission": ["system.user.read"]})


# --- making and changing ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"name": "a b"}, "name"),
        ({"name": "a/b"}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"name": ""}, "name"),
        ({"permissions": []}, "permissions"),
        ({"permissions": "read"}, "permissions"),
        ({"permissions": ["read", 5]}, "permissions.1"),
        ({"permissions": ["a b"]}, "permissions"),
        ({"permissions": ["system.root"]}, "permissions"),
        ({"permissions": ["ipam.everything"]}, "permissions"),
        ({"permissions": ["resource.self.read"]}, "permissions"),
        ({"description": 5}, "description"),
    ],
)
def test_a_bad_field_is_named(appliance: App, alice: Client, change: dict[str, Any], told: str) -> None:
    before = len(rows(appliance, "permissions"))
    assert list(errors(alice.post(ROLES, ANALYST | change))) == [told]
    assert (len(rows(appliance, "roles")), len(rows(appliance, "permissions"))) == (4, before)


def test_an_unknown_code_and_one_that_comes_by_groups_are_told_apart(alice: Client) -> None:
    told = errors(alice.post(ROLES, ANALYST | {"permissions": ["resource.self.read", "ops.nothing"]}))
    assert told == {"permissions": ["权限错误", "权限不存在: ops.nothing"]}


@pytest.mark.parametrize(
    "name", ["analyst", "ANALYST", "admin", "Operator", "viewer", "administrator", "用户", "shopkeeper"]
)
def test_a_name_that_is_taken_or_reserved_is_a_conflict(alice: Client, analyst: str, name: str) -> None:
    assert refused(alice.post(ROLES, ANALYST | {"name": name})) == EXISTS
    other = data(alice.post(ROLES, ANALYST | {"name": "other"}))["id"]
    assert refused(alice.put(f"{ROLES}/{other}", {"name": name})) == EXISTS


def test_members_stay_through_a_rename(alice: Client, analyst: str) -> None:
    data(alice.put(f"{ROOT}/users/bob", {"roles": ["analyst"]}))
    assert data(alice.put(analyst, {"name": "senior"}))["permissions"] == ANALYST["permissions"]
    assert data(alice.get(f"{ROOT}/users/bob"))["roles"] == ["senior"]
    assert row(alice.app, "roles", code="senior").name == "senior"


def test_a_rename_leaves_the_name_that_another_dialect_gave(alice: Client) -> None:
    alice.put(f"{ROLES}/shop", {"name": "store"})
    assert (row(alice.app, "roles", code="store").name, row(alice.app, "roles", code="store").id) == ("shopkeeper", 4)


def test_labels_are_replaced_and_codes_added(alice: Client, analyst: str) -> None:
    data(alice.put(analyst, {"permissions": ["read", "system.user.read"]}))
    data(alice.put(analyst, {"permissions": ["logs"]}))
    shown = data(alice.get(analyst))
    assert (shown["permissions"], shown["system_permissions"]) == (["logs"], ["system.user.read"])


def test_only_system_permissions_takes_codes_away(alice: Client, analyst: str) -> None:
    data(alice.put(analyst, {"system_permissions": ["system.user.read", "audit.login.read"]}))
    assert data(alice.get(analyst))["permissions"] == ANALYST["permissions"]
    data(alice.put(analyst, {"system_permissions": []}))
    assert data(alice.get(analyst))["system_permissions"] == []
    assert errors(alice.put(analyst, {"system_permissions": ["read", "none"]})) == {
        "system_permissions": ["权限不存在: read", "权限不存在: none"]
    }


def test_what_ptpb_gives_is_seen_here_and_the_other_way_round(alice: Client, analyst: str) -> None:
    number = int(analyst.rsplit("/", 1)[1])
    alice.post("/api/rbac/role/edit/permission/", {"id": number, "perms": [4, 32]})
    shown = data(alice.get(analyst))
    assert (shown["permissions"], shown["system_permissions"]) == (["read"], ["system.user.read"])
    data(alice.put(analyst, {"permissions": ["read", "write"]}))
    assert alice.get("/api/rbac/role/get/permission/", id=number).detail["perms"] == [4, 32, 33]


def test_a_made_up_label_carries_no_power(alice: Client, mallory: Client) -> None:
    data(alice.post(ROLES, ANALYST | {"permissions": ["export", "root", "superuser"]}))
    data(alice.put(f"{ROOT}/users/mallory", {"roles": ["analyst"]}))
    assert data(mallory.get(f"{ROOT}/users/mallory"))["permissions"] == ["export", "root", "superuser"]
    assert mallory.get(f"{ROOT}/users").status == 403


def test_labels_mean_what_their_codes_mean(alice: Client, mallory: Client) -> None:
    assert mallory.get("/api/audit/login/get/").status == 403
    data(alice.post(ROLES, ANALYST | {"permissions": ["logs"]}))
    data(alice.put(f"{ROOT}/users/mallory", {"roles": ["analyst"]}))
    assert mallory.get("/api/audit/login/get/").status == 200


# --- bounds ----------------------------------------------------------------------------------------------------------


def test_permissions_take_the_right_to_set_them(appliance: App, alice: Client, analyst: str) -> None:
    clerk = employ(appliance, "clerk", *WRITING)
    for answer in (clerk.post(ROLES, ANALYST), clerk.put(analyst, {"permissions": ["read"]})):
        assert answer.json["errors"] == {"permission": ["system.permission.update"]}
        assert refused(answer) == (403, "权限不足")
    assert clerk.put(analyst, {"description": "x"}).status == 200


def test_nobody_gives_what_he_does_not_hold(appliance: App, alice: Client, analyst: str) -> None:
    clerk = employ(appliance, "clerk", *WRITING, "system.permission.update", "read", "report", "analytics")
    assert clerk.put(analyst, {"permissions": ["read"]}).status == 200
    for names in (["admin"], ["system.user.read"], ["made_up"]):
        assert refused(clerk.put(analyst, {"permissions": names})) == BEYOND
        assert refused(clerk.post(ROLES, {"name": "mine", "permissions": names})) == BEYOND
    assert data(alice.get(analyst))["permissions"] == ["read"]


@pytest.mark.parametrize("role", ["admin", "user", "auditor"])
def test_seeded_roles_are_neither_renamed_nor_removed(alice: Client, role: str) -> None:
    assert refused(alice.put(f"{ROLES}/{role}", {"name": "boss"})) == RESERVED
    assert refused(alice.delete(f"{ROLES}/{role}?force=true")) == RESERVED
    assert data(alice.put(f"{ROLES}/{role}", {"name": role, "description": "说明"}))["description"] == "说明"


def test_the_permissions_of_admin_stay(alice: Client) -> None:
    for change in (
        {"permissions": ["read"]},
        {"system_permissions": []},
        {"permissions": ["read", "write", "admin", "x"]},
    ):
        assert refused(alice.put(f"{ROLES}/admin", change)) == RESERVED
    assert alice.get(f"{ROOT}/users").status == 200


def test_other_seeded_roles_take_other_labels_and_keep_their_codes(alice: Client) -> None:
    assert data(alice.put(f"{ROLES}/user", {"permissions": ["read"]}))["permissions"] == ["read"]
    assert refused(alice.put(f"{ROLES}/user", {"system_permissions": []})) == RESERVED
    assert refused(alice.put(f"{ROLES}/user", {"permissions": ["system.user.read"]})) == RESERVED


# --- removing --------------------------------------------------------------------------------------------------------


def test_a_role_in_use_goes_only_by_force(alice: Client, bob: Client, analyst: str) -> None:
    data(alice.put(f"{ROOT}/users/bob", {"roles": ["user", "analyst"]}))
    assert refused(alice.delete(analyst)) == (409, "角色正在使用,无法删除")
    assert errors(alice.delete(f"{analyst}?force=perhaps"))
    assert alice.delete(f"{analyst}?force=true").status == 200
    assert data(alice.get(f"{ROOT}/users/bob"))["roles"] == ["user"]


def test_force_does_not_cost_the_last_administrator(appliance: App, alice: Client) -> None:
    data(alice.post(ROLES, {"name": "chiefs", "permissions": ["admin"]}))
    data(alice.post(f"{ROOT}/users", USER | {"roles": ["chiefs"]}))
    with appliance.store.writing() as tx:
        tx.change("users", 1, enabled=False)
    dave = signed_in(appliance, "dave")
    assert refused(dave.delete(f"{ROLES}/chiefs?force=true")) == (409, "不能移除最后一个管理员")
    assert refused(dave.put(f"{ROLES}/chiefs", {"permissions": ["read"]})) == (409, "不能移除最后一个管理员")
    assert dave.get(f"{ROOT}/users").status == 200
