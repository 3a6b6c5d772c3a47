"""Create, flexible update and delete: all or nothing, on merged rows, guarded by versions."""

from typing import Any

import pytest

from appliance.app import App
from tests.client import Client
from tests.ipam.calls import made, names, patch, refused, remove, rows


@pytest.fixture
def areas(alice: Client) -> Client:
    """Areas 2 and 3, besides the seeded one."""
    made(alice, "network_areas", name="North", code="N", security_level=3)
    made(alice, "network_areas", name="South")
    return alice


def test_a_row_has_its_defaults_and_its_author(bob: Client) -> None:
    row = made(bob, "network_areas", name="  x  ", security_level="2")
    assert (row["name"], row["type"], row["security_level"], row["sort_order"]) == ("x", "office", 2, 0)
    assert (row["status"], row["version"], row["created_by"], row["updated_by"]) == ("active", 1, bob.id, bob.id)


def test_every_fault_is_told_under_the_callers_name(alice: Client) -> None:
    body = {"type": "moon", "security_level": 9, "sort_order": "x", "description": "y" * 501, "code": "a\u202eb"}
    assert refused(alice.post("/api/network_areas", body)) == (
        400,
        "INVALID_PARAMETER",
        {
            "code": "不能包含控制字符",
            "type": "不在可选值中",
            "security_level": "不能大于5",
            "sort_order": "必须是整数",
            "description": "不能超过500个字符",
            "name": "不能为空",
        },
    )


def test_names_and_codes_are_one_whatever_their_case_and_width(areas: Client) -> None:
    assert refused(areas.post("/api/network_areas", {"name": "ＮＯＲＴＨ", "code": "n"})) == (
        400,
        "NAME_EXISTS",
        {"name": "名称已存在", "code": "编码已存在"},
    )
    answer = areas.post("/api/network_areas", {"name": "x", "code": "n"})
    assert (answer.json["error"]["code"], answer.json["message"]) == ("CODE_EXISTS", "编码已存在")


def test_codes_may_be_absent_many_times(areas: Client) -> None:
    made(areas, "network_areas", name="a", code="")
    assert made(areas, "network_areas", name="b", code=None)["code"] is None


def test_a_list_is_made_all_or_nothing(alice: Client) -> None:
    done = alice.post("/api/network_areas", [{"name": "a"}, {"name": "b"}])
    assert (done.status, done.json["data"]["total"]) == (201, 2)
    status, code, details = refused(alice.post("/api/network_areas", [{"name": "c"}, {"name": "A"}, {"type": 1}, 5]))
    assert (status, code) == (400, "NAME_EXISTS")
    assert [(one["index"], one["field"], one["code"]) for one in details["items"]] == [
        (1, "name", "NAME_EXISTS"),
        (2, "type", "INVALID_PARAMETER"),
        (2, "name", "INVALID_PARAMETER"),
        (3, "body", "INVALID_PARAMETER"),
    ]
    assert len(rows(alice, "network_areas")) == 3


@pytest.mark.parametrize("body", [[], [{}] * 1001])
def test_a_list_has_one_to_a_thousand(alice: Client, body: list[Any]) -> None:
    assert refused(alice.post("/api/network_areas", body))[0] == 400


def test_one_is_changed_and_shown(areas: Client) -> None:
    answer = patch(areas, "network_areas", {"id": "2", "name": "Nord"})
    data = answer.json["data"]
    assert (data["id"], data["name"], data["code"], data["version"]) == (2, "Nord", "N", 2)


def test_null_clears_and_what_is_absent_stays(areas: Client) -> None:
    data = patch(areas, "network_areas", {"id": 2, "code": None}).json["data"]
    assert (data["code"], data["security_level"]) == (None, 3)


def test_put_is_the_same(areas: Client) -> None:
    assert areas.put("/api/network_areas", {"id": 2, "name": "Nord"}).json["data"]["security_level"] == 3


@pytest.mark.parametrize(
    "body",
    [
        {"ids": [2, 3], "security_level": 5},
        {"ids": [2, 3], "data": {"security_level": 5}},
        {"items": [{"id": 2, "security_level": 5}, {"id": 3, "security_level": 5}]},
        [{"id": 2, "security_level": 5}, {"id": 3, "security_level": 5}],
        {"ids": "2,3", "security_level": "5"},
    ],
)
def test_several_are_changed_at_once(areas: Client, body: Any) -> None:
    data = patch(areas, "network_areas", body).json["data"]
    assert data["updated"] == 2
    assert [(row["id"], row["security_level"]) for row in data["list"]] == [(2, 5), (3, 5)]


def test_one_fault_undoes_all(areas: Client) -> None:
    items = [{"id": 2, "name": "x"}, {"id": 3, "name": "X"}]
    status, code, details = refused(patch(areas, "network_areas", items))
    assert (status, code) == (400, "NAME_EXISTS")
    assert details["items"] == [{"index": 1, "id": 3, "field": "name", "code": "NAME_EXISTS", "message": "名称已存在"}]
    assert names(areas, "network_areas", order="id") == ["默认区域", "North", "South"]


def test_names_may_be_swapped_one_after_the_other(areas: Client) -> None:
    items = [{"id": 2, "name": "tmp"}, {"id": 3, "name": "North"}, {"id": 2, "name": "South"}]
    assert patch(areas, "network_areas", items).json["data"]["updated"] == 2
    assert names(areas, "network_areas", order="id")[1:] == ["South", "North"]


def test_what_names_nothing_is_refused(areas: Client) -> None:
    answer = patch(areas, "network_areas", {"id": 2, "nonsense": 1})
    assert (answer.status, answer.json["message"]) == (400, "没有可更新的字段")
    assert refused(patch(areas, "network_areas", {"name": "x"})) == (400, "INVALID_PARAMETER", {"id": "不能为空"})
    assert refused(patch(areas, "network_areas", {"id": 9, "name": "x"})) == (
        404,
        "ID_NOT_FOUND",
        {"id": "ID不存在: 9"},
    )
    assert refused(patch(areas, "network_areas", {"ids": [2, 9], "name": "x"}))[1] == "ID_NOT_FOUND"
    assert names(areas, "network_areas", ids="2") == ["North"]


def test_a_whole_row_may_be_sent_back_and_changes_nothing(areas: Client) -> None:
    row = areas.get("/api/network_areas/2").json["data"]
    assert patch(areas, "network_areas", row).json["data"] == row


def test_what_is_not_the_clients_is_not_written(areas: Client) -> None:
    body = {"id": 2, "name": "x", "version": 1, "created_at": "2000-01-01", "created_by": 9, "protected": True}
    row = patch(areas, "network_areas", body).json["data"]
    assert row["created_at"] > "2001"
    assert (row["created_by"], row["version"]) == (areas.id, 2)
    assert remove(areas, "network_areas", 2).status == 200


def test_a_version_that_is_not_the_rows_is_a_conflict(areas: Client) -> None:
    assert patch(areas, "network_areas", {"id": 2, "name": "x", "version": 1}).status == 200
    answer = patch(areas, "network_areas", {"id": 2, "name": "y", "version": 1})
    assert (answer.status, answer.json["error"]["code"], answer.json["message"]) == (
        409,
        "VERSION_CONFLICT",
        "数据已被他人修改",
    )


@pytest.mark.parametrize("word", ['"1"', "1", 'W/"1"'])
def test_the_guard_may_stand_in_a_header(areas: Client, word: str) -> None:
    assert patch(areas, "network_areas", {"id": 2, "name": "x"}, **{"If-Match": word}).status == 200
    assert patch(areas, "network_areas", {"id": 2, "name": "y"}, **{"If-Match": word}).status == 409
    assert patch(areas, "network_areas", {"id": 2, "name": "y"}, **{"If-Match": "*"}).status == 200
    assert patch(areas, "network_areas", {"id": 2, "name": "y"}, **{"If-Match": "x"}).status == 400


def test_rows_are_removed_by_body_or_query(areas: Client) -> None:
    assert remove(areas, "network_areas", 2).json["data"] == {"deleted": 1, "ids": [2]}
    assert areas.delete("/api/network_areas?ids=3").json["data"] == {"deleted": 1, "ids": [3]}
    made(areas, "network_areas", name="x")
    assert areas.call("DELETE", "/api/network_areas", body={"id": "4"}).json["data"]["deleted"] == 1


def test_unknown_ids_undo_a_removal(areas: Client) -> None:
    assert refused(remove(areas, "network_areas", 2, 9)) == (404, "ID_NOT_FOUND", {"ids": "ID不存在: 9"})
    assert refused(areas.call("DELETE", "/api/network_areas", body={})) == (
        400,
        "INVALID_PARAMETER",
        {"ids": "至少需要一项"},
    )
    assert len(rows(areas, "network_areas")) == 3


def test_what_is_used_stays(areas: Client) -> None:
    made(areas, "gateways", ip="10.0.0.1", network_area_id=2)
    made(areas, "gateways", ip="10.0.0.2", network_area_id=2)
    made(areas, "user-groups", name="g", network_area_ids=[3])
    answer = remove(areas, "network_areas", 2, 3)
    assert answer.json["message"] == "资源正在使用"
    assert refused(answer) == (409, "RESOURCE_IN_USE", {"2": "被 2 个网关引用", "3": "被 1 个用户组引用"})


def test_the_first_area_is_there_for_ever(alice: Client) -> None:
    assert refused(remove(alice, "network_areas", 1)) == (409, "RESOURCE_IN_USE", {"1": "默认区域不可删除"})


def test_readers_do_not_write(carol: Client, bob: Client) -> None:
    for method in ("POST", "PATCH", "PUT", "DELETE"):
        assert refused(carol.call(method, "/api/units", body={}))[:2] == (403, "FORBIDDEN")
        for name in ("user-groups", "field_definitions"):
            assert refused(bob.call(method, f"/api/{name}", body={}))[:2] == (403, "FORBIDDEN")


def test_every_write_leaves_one_line_with_before_and_after(appliance: App, areas: Client) -> None:
    patch(areas, "network_areas", {"ids": [2, 3], "description": "new"})
    with appliance.store.reading() as tx:
        line = list(tx["operations"].find(operation="更新网络区域"))[-1]
    told = [(one["id"], one["old"]["description"], one["new"]["description"]) for one in line["details"]]
    assert told == [(2, None, "new"), (3, None, "new")]


def test_references_are_named_and_none_is_spelled_in_three_ways(alice: Client) -> None:
    unit = made(alice, "units", name="u", level=1)
    row = made(alice, "user_contacts", name="c", unit_id=str(unit["id"]))
    assert (row["unit_id"], row["unit_name"]) == (unit["id"], "u")
    for nothing in (0, "", None, "0"):
        assert patch(alice, "user_contacts", {"id": row["id"], "unit_id": nothing}).json["data"]["unit_id"] is None
    for unknown in (99, "x", -1, [1]):
        assert set(refused(patch(alice, "user_contacts", {"id": row["id"], "unit_id": unknown}))[2]) == {"unit_id"}
