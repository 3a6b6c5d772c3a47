"""Units: the eight codes in their order, on create and on update."""

from typing import Any

import pytest

from appliance.app import App
from appliance.domain import options, units
from tests.client import Client
from tests.ipam.calls import made, patch, refused, rows


@pytest.fixture
def tree(alice: Client) -> Client:
    """1 province, 2 city in it, 3 county in that, 4 another province."""
    made(alice, "units", name="省", code="P", level=1)
    made(alice, "units", name="市", level=2, parent_id=1)
    made(alice, "units", name="县", level=3, parent_id=2)
    made(alice, "units", name="别省", level=1)
    return alice


@pytest.mark.parametrize(
    ("body", "code", "fields"),
    [
        ({}, "INVALID_PARAMETER", {"name", "level"}),
        ({"name": "x", "level": 1, "sort_order": "y"}, "INVALID_PARAMETER", {"sort_order"}),
        ({"name": "x"}, "INVALID_LEVEL", {"level"}),
        ({"name": "x", "level": 0}, "INVALID_LEVEL", {"level"}),
        ({"name": "x", "level": 6}, "INVALID_LEVEL", {"level"}),
        ({"name": "x", "level": 2.5, "parent_id": 1}, "INVALID_LEVEL", {"level"}),
        ({"name": "x", "level": True}, "INVALID_LEVEL", {"level"}),
        ({"name": "省", "level": 9}, "INVALID_LEVEL", {"level", "name"}),
        ({"name": "省", "level": 1, "parent_id": 1}, "PROVINCE_HAS_PARENT", {"parent_id", "name"}),
        ({"name": "x", "level": 2}, "MISSING_PARENT", {"parent_id"}),
        ({"name": "x", "level": 2, "parent_id": 0}, "MISSING_PARENT", {"parent_id"}),
        ({"name": "x", "level": 2, "parent_id": 99, "code": "p"}, "PARENT_NOT_FOUND", {"parent_id", "code"}),
        ({"name": "x", "level": 3, "parent_id": 1}, "INVALID_PARENT", {"parent_id"}),
        ({"name": "省", "level": 1, "code": "p"}, "NAME_EXISTS", {"name", "code"}),
        ({"name": "x", "level": 1, "code": "p"}, "CODE_EXISTS", {"code"}),
    ],
)
def test_the_first_fault_gives_the_code_and_all_are_told(
    tree: Client, body: dict[str, Any], code: str, fields: set[str]
) -> None:
    status, found, details = refused(tree.post("/api/units", body))
    assert (status, found, set(details)) == (400, code, fields)


def test_the_messages_are_the_documents(tree: Client) -> None:
    said = {
        "行政级别无效": {"name": "x", "level": 6},
        "省级单位不能有上级": {"name": "x", "level": 1, "parent_id": 1},
        "缺少上级单位": {"name": "x", "level": 2},
        "上级单位不存在": {"name": "x", "level": 2, "parent_id": 99},
        "上级单位无效": {"name": "x", "level": 5, "parent_id": 1},
        "名称已存在": {"name": "省", "level": 1},
        "编码已存在": {"name": "x", "level": 1, "code": "P"},
    }
    assert [tree.post("/api/units", body).json["message"] for body in said.values()] == list(said)


def test_a_level_may_be_written_as_text(tree: Client) -> None:
    assert made(tree, "units", name="x", level="2", parent_id="1")["level"] == 2


def test_rows_show_their_path_and_children(tree: Client) -> None:
    shown = [(row["path"], row["children_count"]) for row in rows(tree, "units", order="id")]
    assert shown == [("/1/", 1), ("/1/2/", 1), ("/1/2/3/", 0), ("/4/", 0)]


def test_an_update_judges_the_merged_row(tree: Client) -> None:
    assert refused(patch(tree, "units", {"id": 99, "level": 9}))[:2] == (404, "ID_NOT_FOUND")
    assert refused(patch(tree, "units", {"id": 2, "parent_id": None}))[1] == "MISSING_PARENT"
    assert refused(patch(tree, "units", {"id": 4, "parent_id": 1}))[1] == "PROVINCE_HAS_PARENT"
    assert refused(patch(tree, "units", {"id": 3, "level": 4}))[1] == "INVALID_PARENT"
    assert refused(patch(tree, "units", {"id": 3, "level": None}))[1] == "INVALID_LEVEL"


def test_a_level_that_no_longer_fits_the_children_is_refused(tree: Client) -> None:
    status, code, details = refused(patch(tree, "units", {"id": 2, "level": 1, "parent_id": None}))
    assert (status, code, set(details)) == (400, "INVALID_PARENT", {"children"})


def test_a_unit_is_not_below_itself(appliance: App, tree: Client) -> None:
    with appliance.store.writing() as tx:
        options.put(tx, units.SKIPPING, True)
    for parent in (2, 3):
        assert refused(patch(tree, "units", {"id": 2, "parent_id": parent}))[1] == "INVALID_PARENT"


def test_a_branch_moves_with_its_paths(tree: Client) -> None:
    patch(tree, "units", {"id": 2, "parent_id": 4})
    assert [row["path"] for row in rows(tree, "units", ids="2,3", order="id")] == ["/4/2/", "/4/2/3/"]


def test_levels_may_be_skipped_where_the_option_says_so(appliance: App, tree: Client) -> None:
    with appliance.store.writing() as tx:
        options.put(tx, units.SKIPPING, True)
    assert made(tree, "units", name="x", level=5, parent_id=1)["path"] == "/1/5/"


def test_a_branch_is_removed_together_but_not_piecemeal(tree: Client) -> None:
    def remove(*ids: int) -> Any:
        return tree.call("DELETE", "/api/units", body={"ids": list(ids)})

    assert refused(remove(1)) == (409, "RESOURCE_IN_USE", {"1": "被 1 个单位引用"})
    assert remove(1, 2, 3).json["data"] == {"deleted": 3, "ids": [1, 2, 3]}
