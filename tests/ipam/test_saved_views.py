"""Saved views: everybody keeps queries of his own by name."""

from typing import Any

import pytest

from appliance.app import App
from tests.client import Client
from tests.ipam.calls import made, names, patch, refused, remove, rows

FREE = {"filters": {"status": {"eq": "available"}}, "order": "ip"}


def view(client: Client, name: str = "free", **more: Any) -> dict[str, Any]:
    return made(client, "saved-views", **{"collection": "ips", "name": name, "query": FREE} | more)


def test_a_view_keeps_its_query_under_a_name(bob: Client) -> None:
    row = view(bob)
    changed = patch(bob, "saved-views", {"id": row["id"], "name": "mine", "query": {"keyword": "web"}})
    assert changed.json["data"]["name"] == "mine"
    (row,) = rows(bob, "saved-views", collection="ips")
    assert (row["collection"], row["name"], row["query"]) == ("ips", "mine", {"keyword": "web"})
    assert remove(bob, "saved-views", row["id"]).json["data"] == {"deleted": 1, "ids": [row["id"]]}
    assert rows(bob, "saved-views") == []


def test_views_are_listed_by_collection(bob: Client) -> None:
    view(bob)
    view(bob, "large", collection="subnets")
    assert names(bob, "saved-views", collection="ips") == ["free"]
    assert names(bob, "saved-views", collection="subnets") == ["large"]


def test_nobody_sees_or_touches_the_views_of_others(alice: Client, carol: Client) -> None:
    ident = view(carol)["id"]
    assert rows(alice, "saved-views") == []
    assert alice.get(f"/api/saved-views/{ident}").status == 404
    assert refused(patch(alice, "saved-views", {"id": ident, "name": "x"}))[:2] == (404, "ID_NOT_FOUND")
    assert refused(remove(alice, "saved-views", ident))[:2] == (404, "ID_NOT_FOUND")
    assert names(carol, "saved-views") == ["free"]


def test_a_view_belongs_to_who_made_it_whatever_he_says(bob: Client, carol: Client) -> None:
    view(bob, user_id=carol.id)
    assert (names(bob, "saved-views"), names(carol, "saved-views")) == (["free"], [])


def test_a_name_is_taken_once_for_each_person_and_collection(bob: Client, carol: Client) -> None:
    view(bob, "Free")
    again = bob.post("/api/saved-views", {"collection": "ips", "name": "FREE", "query": {}})
    assert refused(again) == (400, "NAME_EXISTS", {"name": "名称已存在"})
    view(bob, "free", collection="subnets")
    view(carol, "free")


@pytest.mark.parametrize(
    ("wrong", "details"),
    [
        ({"collection": "passwords"}, {"collection": "不在可选值中"}),
        ({"query": [1]}, {"query": "必须是对象"}),
        ({"query": {"keyword": "x" * 8192}}, {"query": "内容过长"}),
        ({"query": None, "name": ""}, {"query": "不能为空", "name": "不能为空"}),
    ],
)
def test_a_view_is_a_small_query_of_a_collection_there_is(
    bob: Client, wrong: dict[str, Any], details: dict[str, str]
) -> None:
    body = {"collection": "ips", "name": "free", "query": FREE} | wrong
    assert refused(bob.post("/api/saved-views", body)) == (400, "INVALID_PARAMETER", details)


def test_the_hundred_and_first_view_is_one_too_many(bob: Client) -> None:
    several = [{"collection": "ips", "name": f"n{number}", "query": {}} for number in range(101)]
    assert bob.post("/api/saved-views", several).status == 400
    assert bob.post("/api/saved-views", several[:100]).status == 201
    assert refused(bob.post("/api/saved-views", several[100]))[2] == {"name": "最多保存100个视图"}


def test_views_go_with_their_user(appliance: App, alice: Client, bob: Client) -> None:
    view(bob)
    assert remove(alice, "users", bob.id).status == 200
    with appliance.store.reading() as tx:
        assert tx["saved_views"].count() == 0


def test_who_may_not_read_the_address_book_keeps_no_views(mallory: Client) -> None:
    assert mallory.get("/api/saved-views").status == 403
    assert mallory.post("/api/saved-views", {"collection": "ips", "name": "x", "query": {}}).status == 403
