"""A15, A23: what groups let people see bounds lists, counts, pickers, filters, single rows and writes."""

import json
import re

import pytest

from appliance.app import App
from tests.client import Client
from tests.ipam.calls import made, names, patch, refused, remove, rows

COLLECTIONS = ("units", "departments", "projects", "user_contacts", "gateways", "network_areas")


@pytest.fixture
def world(alice: Client, bob: Client) -> Client:
    """North (unit 1, with city 2 below) and south (unit 3), each with its people and things; bob sees the north."""
    made(alice, "units", name="north", level=1)
    made(alice, "units", name="city", level=2, parent_id=1)
    made(alice, "units", name="south", level=1)
    for number in range(4, 14):  # so that "/1/" and "/10/" could be mixed up
        made(alice, "units", name=f"other{number}", level=1)
    for place, unit in (("north", 2), ("south", 3)):
        made(alice, "departments", name=f"{place} dep", unit_id=unit)
        made(alice, "projects", name=f"{place} project", unit_id=unit)
        made(alice, "user_contacts", name=f"{place} contact", unit_id=unit)
        area = made(alice, "network_areas", name=f"{place} area")["id"]
        made(alice, "gateways", ip="10.0.0.1", name=f"{place} gateway", network_area_id=area)
    made(alice, "user-groups", name="g", user_ids=[bob.id], unit_ids=[1], network_area_ids=[2])
    return bob


def test_somebody_in_no_scoped_group_sees_everything(alice: Client, world: Client) -> None:
    assert len(names(alice, "units", page_size=100)) == 13
    made(alice, "user-groups", name="no scope", user_ids=[alice.id])
    assert len(names(alice, "units", page_size=100)) == 13


def test_lists_counts_and_pickers_show_the_scope(world: Client) -> None:
    found = {name: names(world, name, order="id", page_size=100) for name in COLLECTIONS}
    assert found == {
        "units": ["north", "city"],
        "departments": ["north dep"],
        "projects": ["north project"],
        "user_contacts": ["north contact"],
        "gateways": ["north gateway"],
        "network_areas": ["north area"],
    }
    for name, seen in found.items():
        assert world.get(f"/api/{name}/count").json["data"]["total"] == len(seen)
        assert [row["name"] for row in world.get(f"/api/{name}/options").json["data"]["list"]] == sorted(seen)


@pytest.mark.parametrize(
    "expression",
    [
        {"id": {"neq": 0}},
        {"id": {"not_in": []}},
        {"name": {"is_not_null": True}},
        {"parent_name": {"neq": "x"}},
        {"id": {"in": [1, 2, 3]}},
        {"name": "') OR 1=1 --"},
        {"name": {"like": "' OR '1'='1"}},
    ],
)
def test_no_filter_widens_or_negates_the_scope(world: Client, expression: dict[str, object]) -> None:
    text = json.dumps(expression)
    assert set(names(world, "units", filters=text, keyword="", page_size=1000)) <= {"north", "city"}
    assert world.get("/api/units/count", filters=text).json["data"]["count"] <= 2
    assert set(names(world, "units", ids="3,4,5")) == set()


@pytest.mark.parametrize("order", ["id;--", "(select 1)", "name desc, (select password_hash from users)", "users.id"])
def test_an_order_is_a_name_and_never_sql(world: Client, order: str) -> None:
    answer = world.get("/api/units", order=order)
    assert refused(answer)[:2] == (400, "INVALID_PARAMETER")
    assert b"select" not in answer.body.lower()


def test_single_rows_outside_are_not_there(world: Client) -> None:
    assert world.get("/api/units/1").status == 200
    for path in ("units/3", "departments/2", "projects/2", "user_contacts/2", "gateways/2", "network_areas/3"):
        assert refused(world.get(f"/api/{path}"))[:2] == (404, "NOT_FOUND")


def test_rows_outside_are_neither_changed_nor_removed(alice: Client, world: Client) -> None:
    for name, ident in (("units", 3), ("departments", 2), ("gateways", 2), ("network_areas", 3)):
        assert refused(patch(world, name, {"id": ident, "name": "mine"}))[:2] == (404, "ID_NOT_FOUND")
        assert refused(remove(world, name, ident))[:2] == (404, "ID_NOT_FOUND")
        assert refused(patch(world, name, {"ids": [1, ident], "description": "x"}))[0] == 404
    assert "south" in names(alice, "units", page_size=100)


def test_what_is_referred_to_must_be_seen(world: Client) -> None:
    assert set(refused(world.post("/api/departments", {"name": "x", "unit_id": 3}))[2]) == {"unit_id"}
    assert refused(world.post("/api/units", {"name": "x", "level": 2, "parent_id": 3}))[1] == "PARENT_NOT_FOUND"
    assert made(world, "units", name="x", level=3, parent_id=2)["path"].startswith("/1/2/")


def test_nobody_writes_beyond_what_he_sees(alice: Client, world: Client) -> None:
    for name, body in (("units", {"name": "x", "level": 1}), ("departments", {"name": "x"})):
        assert world.post(f"/api/{name}", body).status == 404
        assert "x" not in names(alice, name, page_size=100)
    assert patch(world, "departments", {"id": 1, "unit_id": None}).status == 404
    assert names(world, "departments") == ["north dep"]


def test_a_disabled_group_gives_nothing_and_still_limits(alice: Client, world: Client) -> None:
    patch(alice, "user-groups", {"id": 1, "status": "disabled"})
    assert names(world, "units") == []


def test_a_change_of_the_scope_counts_at_once(alice: Client, world: Client) -> None:
    assert len(names(world, "units")) == 2
    patch(alice, "user-groups", {"id": 1, "unit_ids": [3], "network_area_ids": []})
    assert (names(world, "units"), names(world, "gateways")) == (["south"], [])


def test_what_a_scope_names_is_not_removed_under_it(alice: Client, world: Client) -> None:
    remove(alice, "gateways", 1)
    assert refused(remove(alice, "network_areas", 2))[2] == {"2": "被 1 个用户组引用"}


def test_writers_do_not_touch_groups(appliance: App, world: Client) -> None:
    assert patch(world, "user-groups", {"id": 1, "unit_ids": [1, 3]}).status == 403
    assert patch(world, "users", {"id": world.id, "group_ids": []}).status == 403


OPEN_TO_ALL = {"users", "login-logs", "user-groups", "field_definitions", "registerIps"}
"""Bounded by other rules: oneself, administrators, or whose application it is."""


def test_whose_scope_is_empty_sees_no_row_of_any_collection(appliance: App, alice: Client, bob: Client) -> None:
    made(alice, "units", name="u", level=1)
    for name in ("departments", "projects", "user_contacts"):
        made(alice, name, name="x", unit_id=1)
    gateway = made(alice, "gateways", ip="10.0.0.1")["id"]
    made(alice, "subnets", name="s", cidr="10.0.0.0/30", gateway_id=gateway)
    made(alice, "saved-views", collection="ips", name="v", query={})
    area = made(alice, "network_areas", name="empty")["id"]
    made(alice, "user-groups", name="g", user_ids=[bob.id], network_area_ids=[area])
    paths = [route.path for route in appliance.serve.routes if route.dialect.name == "ipam"]
    swept = {path.split("/")[2] for path in paths if re.fullmatch(r"/api/[\w-]+/<ident:int>", path)} - OPEN_TO_ALL
    assert {"units", "ips", "subnets", "gateways"} <= swept
    for name in swept:
        assert alice.get(f"/api/{name}/1").status == 200, name
        assert bob.get(f"/api/{name}/1").status == 404, name
        assert {row["id"] for row in rows(bob, name)} <= ({area} if name == "network_areas" else set()), name
