"""Grants of roles on groups."""

from typing import Any

import pytest

from appliance.app import App
from tests.client import Answer, Client
from tests.ptpb.people import employ, last_operation, make_role, rows

BEYOND = "无权操作超出自身权限的对象"
RESERVED = "无法操作系统保留项"
DOCUMENTED = list(range(16, 24))
ALL = [*DOCUMENTED, 29, 30, 31]


def grant(client: Client, role: int, *groups: tuple[int, list[int]]) -> Answer:
    named = [{"id": ident, "permission": permissions} for ident, permissions in groups]
    return client.post("/api/perm/group-auth/edit/", {"role_id": role, "groups": named})


def held(client: Client, role: int, group: int) -> list[int]:
    found = client.get(f"/api/perm/group-auth/get/?role_id={role}").detail
    return [one["permission"] for one in found if one["resource_group"] == group]


@pytest.fixture
def clerk(appliance: App) -> int:
    """A role that nobody has and that gives nothing."""
    with appliance.store.writing() as tx:
        return make_role(tx, "clerk")


def test_only_the_groups_named_are_touched(appliance: App, alice: Client, clerk: int) -> None:
    assert grant(alice, clerk, (1, [19]), (2, [19, 23, 19])).status == 200
    assert grant(alice, clerk, (2, [16, 19])).status == 200
    assert (held(alice, clerk, 1), sorted(held(alice, clerk, 2))) == ([19], [16, 19])
    assert grant(alice, clerk, (2, [])).status == 200
    assert (held(alice, clerk, 1), held(alice, clerk, 2)) == ([19], [])
    assert grant(alice, clerk).status == 200
    assert held(alice, clerk, 1) == [19]
    assert last_operation(appliance) == (f"授权角色{clerk}资源组权限", True)


def test_grants_that_stay_keep_their_row(appliance: App, alice: Client, clerk: int) -> None:
    grant(alice, clerk, (2, [19]))
    before = rows(appliance, "grants", role_id=clerk)
    grant(alice, clerk, (2, [19, 23]))
    assert rows(appliance, "grants", role_id=clerk)[0] == before[0]


def test_grants_count_from_the_next_request_on(appliance: App, alice: Client) -> None:
    dora = employ(appliance, "dora")
    role = rows(appliance, "roles")[-1].id
    path = "/api/resource/resource/get/"
    assert dora.get(path).status == 403
    grant(alice, role, (2, [19]))
    assert dora.get(path).status == 200
    grant(alice, role, (2, []))
    assert dora.get(path).status == 403


def test_all_faults_are_told_by_their_place_and_nothing_is_written(appliance: App, alice: Client) -> None:
    answer = grant(alice, 99, (2, [19]), (99, [19, 1]), (2, [999]))
    assert answer.status == 400
    assert answer.detail == {
        "role_id": {"role": "角色不存在"},
        "groups": {
            "1": {"id": {"group": "所添加至的组不存在"}, "permission": {"perms": "权限错误"}},
            "2": {"id": {"group": "资源组重复"}, "permission": {"perms": "权限错误"}},
        },
    }
    assert last_operation(appliance) == ("授权角色99资源组权限", False)


def test_a_fault_in_one_group_leaves_the_others_as_they_were(alice: Client, clerk: int) -> None:
    assert grant(alice, clerk, (1, [19]), (2, [24])).detail == {"groups": {"1": {"permission": {"perms": "权限错误"}}}}
    assert held(alice, clerk, 1) == []


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, {"role_id": ["该字段是必填项。"], "groups": ["该字段是必填项。"]}),
        ({"role_id": 4, "groups": "x"}, {"groups": ["期望为一个包含物件的列表。"]}),
        ({"role_id": "x", "groups": []}, {"role_id": ["请填写合法的整数值。"]}),
        (
            {"role_id": 4, "groups": [{"id": 2, "permission": [19]}, {}]},
            {"groups": {"1": {"id": ["该字段是必填项。"], "permission": ["该字段是必填项。"]}}},
        ),
        ({"role_id": 4, "groups": [7]}, {"groups": {"0": ["无效数据。期待为字典类型。"]}}),
        (
            {"role_id": 4, "groups": [{"id": 2, "permission": ["x"]}]},
            {"groups": {"0": {"permission": ["请填写合法的整数值。"]}}},
        ),
    ],
)
def test_faults_of_shape(alice: Client, body: dict[str, Any], faults: dict[str, Any]) -> None:
    answer = alice.post("/api/perm/group-auth/edit/", body)
    assert (answer.status, answer.detail) == (400, faults)
    assert sorted(held(alice, 4, 2)) == ALL


@pytest.mark.parametrize("query", ["", "?role_id=", "?role_id=x", "?role_id=99"])
def test_the_grants_of_no_role_are_not_found(alice: Client, query: str) -> None:
    assert alice.get(f"/api/perm/group-auth/get/{query}").status == 404


def test_inherited_rights_are_no_rows(alice: Client) -> None:
    alice.post("/api/resource/group/add/", {"name": "shelf", "parent": 2})
    assert {one["resource_group"] for one in alice.get("/api/perm/group-auth/get/?role_id=4").detail} == {2}


# --- role 1 ----------------------------------------------------------------------------------------------------------


def test_the_documents_own_sample_takes_nothing_from_role_1(alice: Client) -> None:
    assert grant(alice, 1, (2, DOCUMENTED)).status == 200
    assert sorted(held(alice, 1, 2)) == ALL
    assert grant(alice, 1, (2, [*DOCUMENTED, 30])).status == 200
    assert sorted(held(alice, 1, 2)) == ALL


@pytest.mark.parametrize("fewer", [[], [19], DOCUMENTED[:-1], [29, 30, 31]])
def test_nothing_is_taken_from_role_1(appliance: App, alice: Client, fewer: list[int]) -> None:
    answer = grant(alice, 1, (1, ALL), (2, fewer))
    assert (answer.status, answer.detail) == (400, RESERVED)
    assert sorted(held(alice, 1, 2)) == ALL
    assert last_operation(appliance) == ("授权角色1资源组权限", False)


def test_what_role_1_is_given_is_protected(appliance: App, alice: Client) -> None:
    with appliance.store.writing() as tx:
        tx["grants"].delete(role_id=1, group_id=2)
    grant(alice, 1, (2, [19]))
    assert [one.protected for one in rows(appliance, "grants", role_id=1, group_id=2)] == [True]
    assert grant(alice, 1, (2, [])).detail == RESERVED


def test_only_the_documents_whole_range_is_forgiven_what_it_leaves_out(appliance: App, alice: Client) -> None:
    with appliance.store.writing() as tx:
        tx["grants"].delete(role_id=1, group_id=2)
    grant(alice, 1, (2, [19, 29]))
    assert grant(alice, 1, (2, [19])).detail == RESERVED
    assert held(alice, 1, 2) == [19, 29]


def test_roles_2_and_3_are_granted_like_any_other(appliance: App, alice: Client) -> None:
    for role in (2, 3):
        assert grant(alice, role, (2, [19])).status == 200
        assert grant(alice, role, (2, [])).status == 200


# --- bounds ----------------------------------------------------------------------------------------------------------


def keeper(app: App, *codes: str) -> Client:
    """Somebody who may grant, and who is one of bob's shopkeepers besides."""
    dora = employ(app, "dora", "system.permission.update", "system.permission.read", *codes)
    with app.store.writing() as tx:
        tx.insert("user_roles", user_id=dora.id, role_id=4)
    return dora


def test_nobody_grants_what_he_does_not_hold_on_that_group(appliance: App, alice: Client, clerk: int) -> None:
    dora = keeper(appliance, "system.group.read")
    assert grant(dora, clerk, (2, ALL)).status == 200
    answer = grant(dora, clerk, (2, [19]), (1, [19]))
    assert (answer.status, answer.detail) == (403, BEYOND)
    assert sorted(held(alice, clerk, 2)) == ALL


def test_nobody_takes_what_he_does_not_hold_on_that_group(appliance: App, alice: Client, clerk: int) -> None:
    dora = keeper(appliance, "system.group.read")
    grant(alice, clerk, (1, [19]))
    assert grant(dora, clerk, (1, [])).status == 403
    assert grant(dora, clerk, (1, [19])).status == 200


def test_a_right_from_above_is_enough_to_grant_below(appliance: App, alice: Client, clerk: int) -> None:
    alice.post("/api/resource/group/add/", {"name": "shelf", "parent": 2})
    assert grant(keeper(appliance), clerk, (3, [19])).status == 200
    assert held(alice, clerk, 3) == [19]


def test_a_group_one_cannot_see_is_as_unknown(appliance: App, clerk: int) -> None:
    faults = {"groups": {"0": {"id": {"group": "所添加至的组不存在"}}}}
    assert grant(keeper(appliance), clerk, (1, [19])).detail == faults


def test_somebody_who_holds_nothing_on_a_group_grants_nothing(appliance: App, clerk: int) -> None:
    dora = employ(appliance, "dora", "system.permission.update", "system.group.read")
    assert grant(dora, clerk, (2, [19])).status == 403
    assert grant(dora, clerk, (2, [])).status == 200
