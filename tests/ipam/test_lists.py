"""Paging, order, projection, counts and pickers."""

from typing import Any

import pytest

from appliance.app import App
from tests.client import Client
from tests.ipam.calls import made, names, refused


@pytest.fixture
def many(alice: Client) -> Client:
    """Twenty-five contacts, b00 to b24."""
    alice.post("/api/user_contacts", [{"name": f"b{n:02}", "position": "x" if n % 2 else None} for n in range(25)])
    return alice


def test_the_newest_come_first(many: Client) -> None:
    assert names(many, "user_contacts")[:2] == ["b24", "b23"]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ({"order": "name"}, "b00"),
        ({"order": "name", "order_by": "desc"}, "b24"),
        ({"order": "desc", "order_by": "name"}, "b24"),
        ({"order": "NAME".lower(), "order_by": "ASC"}, "b00"),
        ({"order_by": "asc"}, "b00"),
        ({"order": "desc"}, "b24"),
    ],
)
def test_order_and_direction_are_understood_either_way(many: Client, query: dict[str, str], first: str) -> None:
    assert names(many, "user_contacts", **query)[0] == first


@pytest.mark.parametrize(
    "query",
    [
        {"order": "nonsense"},
        {"order": "name", "order_by": "sideways"},
        {"order": "name;drop table users"},
        {"order": "asc", "order_by": "desc"},
        {"order": "name_key"},
    ],
)
def test_an_unknown_order_is_refused(many: Client, query: dict[str, str]) -> None:
    assert refused(many.get("/api/user_contacts", **query)) == (
        400,
        "INVALID_PARAMETER",
        {"order": "不支持的排序字段或方向"},
    )


@pytest.mark.parametrize("order", ["name", "position", "id", "created_at", "unit_name"])
@pytest.mark.parametrize("way", ["asc", "desc"])
def test_pages_put_together_are_the_whole_list_in_order(many: Client, order: str, way: str) -> None:
    def page(number: int, size: int) -> list[str]:
        return names(many, "user_contacts", order=order, order_by=way, page=number, page_size=size)

    assert [name for number in range(1, 10) for name in page(number, 3)] == page(1, 100)


def test_the_size_is_clamped_and_echoed(many: Client) -> None:
    data = many.get("/api/user_contacts", page_size=5000).json["data"]
    assert (data["page_size"], len(data["list"]), data["total"]) == (1000, 25, 25)


def test_past_the_end_there_is_nothing(many: Client) -> None:
    data = many.get("/api/user_contacts", page=10**18).json["data"]
    assert (data["list"], data["total"], data["page"]) == ([], 25, 10**18)


@pytest.mark.parametrize("query", [{"page": 0}, {"page": "x"}, {"page_size": -1}, {"page_size": "1.5"}])
def test_a_page_that_is_none_is_refused(many: Client, query: dict[str, Any]) -> None:
    assert refused(many.get("/api/user_contacts", **query))[2] == dict.fromkeys(query, "必须是大于0的整数")


def test_fields_choose_columns(many: Client) -> None:
    data = many.get("/api/user_contacts", fields="name,unit_name,ip_count", page_size=1).json["data"]["list"]
    assert data == [{"id": 25, "name": "b24", "unit_name": None, "ip_count": 0}]
    assert set(refused(many.get("/api/user_contacts", fields="name_key"))[2]) == {"fields"}


def test_count_answers_under_both_names_and_sees_new_rows(many: Client) -> None:
    assert many.get("/api/user_contacts/count", keyword="b0").json["data"] == {"count": 10, "total": 10}
    made(many, "user_contacts", name="b0x")
    assert many.get("/api/user_contacts/count", keyword="b0").json["data"] == {"count": 11, "total": 11}
    assert many.get("/api/user_contacts", keyword="b0").json["data"]["total"] == 11


def test_options_feed_pickers_and_name_enumerations(many: Client) -> None:
    made(many, "user_contacts", name="gone", status="disabled")
    data = many.get("/api/user_contacts/options", keyword="gone").json["data"]
    assert data["list"] == [
        {
            "value": 26,
            "label": "gone",
            "id": 26,
            "name": "gone",
            "code": None,
            "parent_id": None,
            "level": None,
            "disabled": True,
        }
    ]
    assert data["fields"]["status"] == [{"value": "active", "label": "启用"}, {"value": "disabled", "label": "停用"}]


def test_options_are_limited_and_choose_ids(many: Client) -> None:
    assert len(many.get("/api/user_contacts/options", limit=3).json["data"]["list"]) == 3
    found = many.get("/api/user_contacts/options", ids="2,4").json["data"]
    assert [row["value"] for row in found["list"]] == [2, 4]
    assert refused(many.get("/api/user_contacts/options", limit=0))[2] == {"limit": "必须是大于0的整数"}


def test_readers_read_and_nobody_else(appliance: App, carol: Client, mallory: Client) -> None:
    for path in ("", "/count", "/options"):
        assert carol.get(f"/api/units{path}").status == 200
        assert refused(mallory.get(f"/api/units{path}"))[:2] == (403, "FORBIDDEN")
