"""The filter grammar: every operator, empty values, limits, faults by their path."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from appliance.app import App
from tests.client import Answer, Client
from tests.ipam.calls import made, names, refused, rows

IN = "filters"


def asked(client: Client, name: str, expression: Any, **query: Any) -> list[str]:
    """Names of the rows that fit, in the order they were made."""
    return names(client, name, filters=json.dumps(expression), order="id", **query)


def faulty(client: Client, expression: Any, name: str = "units") -> dict[str, str]:
    """What is told of a bad expression."""
    text = expression if isinstance(expression, str) else json.dumps(expression)
    status, code, details = refused(client.get(f"/api/{name}", filters=text))
    assert (status, code) == (400, "INVALID_PARAMETER")
    return details


@pytest.fixture
def units(alice: Client) -> Client:
    """Four units: 东, 西 with a phone each, 南 below 东, and one with signs that patterns use."""
    made(alice, "units", name="East", level=1, phone="100", sort_order=3)
    made(alice, "units", name="West", level=1, phone="200", sort_order=2, code="W")
    made(alice, "units", name="South", level=2, parent_id=1, sort_order=1)
    made(alice, "units", name="50%_x", level=1, sort_order=0)
    return alice


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ({"name": {"eq": "East"}}, ["East"]),
        ({"name": "East"}, ["East"]),
        ({"name": ["East", "West"]}, ["East", "West"]),
        ({"filters": {"name": {"eq": "East"}}}, ["East"]),
        ({"phone": {"neq": "100"}}, ["West", "South", "50%_x"]),
        ({"sort_order": {"gt": 2}}, ["East"]),
        ({"sort_order": {"gte": "2"}}, ["East", "West"]),
        ({"sort_order": {"lt": 1}}, ["50%_x"]),
        ({"sort_order": {"lte": 1, "gt": 0}}, ["South"]),
        ({"sort_order": {"between": [1, 2]}}, ["West", "South"]),
        ({"sort_order": {"between": "1,2"}}, ["West", "South"]),
        ({"name": {"like": "ST"}}, ["East", "West"]),
        ({"name": {"like": "%"}}, ["50%_x"]),
        ({"name": {"like": "_"}}, ["50%_x"]),
        ({"phone": {"in": ["100", "300"]}}, ["East"]),
        ({"phone": {"in": "100, 200"}}, ["East", "West"]),
        ({"phone": {"in": []}}, []),
        ({"phone": {"not_in": ["100"]}}, ["West", "South", "50%_x"]),
        ({"phone": {"not_in": []}}, ["East", "West", "South", "50%_x"]),
        ({"phone": {"is_null": True}}, ["South", "50%_x"]),
        ({"phone": {"is_null": ""}}, ["South", "50%_x"]),
        ({"phone": {"is_null": None}}, ["South", "50%_x"]),
        ({"phone": {"is_null": False}}, ["East", "West"]),
        ({"phone": {"is_not_null": True}}, ["East", "West"]),
        ({"phone": {"is_not_null": "false"}}, ["South", "50%_x"]),
        ({"phone": {"eq": None}}, ["South", "50%_x"]),
        ({"phone": {"neq": None}}, ["East", "West"]),
        ({"phone": None}, ["South", "50%_x"]),
        ({"name": {"like": "t"}, "phone": {"gt": "100"}}, ["West"]),
        ({"parent_name": {"eq": "East"}}, ["South"]),
        ({"parent.phone": {"like": "10"}}, ["South"]),
        ({"parent_name": {"neq": "East"}}, ["East", "West", "50%_x"]),
        ({"parent_name": {"is_null": True}}, ["East", "West", "50%_x"]),
        ({"parent_name": {"not_in": ["East"]}}, ["East", "West", "50%_x"]),
        ({"parent_id": {"eq": "1"}}, ["South"]),
        ({"created_at": {"gte": "2020-01-01"}}, ["East", "West", "South", "50%_x"]),
        ({"created_at": {"lt": "2020-01-01 10:00:00"}}, []),
        ({"created_at": {"gt": "2020-01-01T10:00:00Z"}, "id": {"in": [1]}}, ["East"]),
        ({}, ["East", "West", "South", "50%_x"]),
    ],
)
def test_an_operator_finds_what_it_says(units: Client, expression: Any, found: list[str]) -> None:
    assert asked(units, "units", expression) == found
    assert units.get("/api/units/count", filters=json.dumps(expression)).json["data"] == {
        "count": len(found),
        "total": len(found),
    }


@pytest.mark.parametrize(
    ("expression", "path", "sentence"),
    [
        ({"name": {"foo": 1}}, "filters.name.foo", "不支持的运算符"),
        ({"nonsense": {"eq": 1}}, "filters.nonsense", "不支持的字段"),
        ({"unit.name.x": 1}, "filters.unit.name.x", "不支持的字段"),
        ({"parent.parent.name": 1}, "filters.parent.parent.name", "不支持的字段"),
        ({"custom_fields.x": 1}, "filters.custom_fields.x", "不支持的字段"),
        ({"custom_fields": 1}, "filters.custom_fields.eq", "不支持的运算符"),
        ({"name_key": "x"}, "filters.name_key", "不支持的字段"),
        ({"sort_order": {"eq": "x"}}, "filters.sort_order.eq", "必须是整数"),
        ({"sort_order": {"eq": 2**80}}, "filters.sort_order.eq", "数值超出范围"),
        ({"sort_order": {"like": "1"}}, "filters.sort_order.like", "不支持的运算符"),
        ({"sort_order": {"between": [1]}}, "filters.sort_order.between", "需要两个值"),
        ({"created_at": {"gt": "yesterday"}}, "filters.created_at.gt", "时间格式不正确"),
        ({"name": {"like": ""}}, "filters.name.like", "至少需要1个字符"),
        ({"name": {"in": list(range(1001))}}, "filters.name.in", "不能超过1000个值"),
        ({"name": {"eq": {"a": 1}}}, "filters.name.eq", "需要单个值"),
        ({"name": {"eq": "\0"}}, "filters.name.eq", "不能包含控制字符"),
        ({"name": {"in_cidr": "10.0.0.0/8"}}, "filters.name.in_cidr", "不支持的运算符"),
        ("{", "filters", "不是有效的JSON"),
        ("[1]", "filters", "必须是对象"),
        ('{"name":"' + "x" * 9000 + '"}', "filters", "过滤条件过长"),
    ],
)
def test_a_fault_is_told_by_its_path(alice: Client, expression: Any, path: str, sentence: str) -> None:
    assert faulty(alice, expression) == {path: sentence}


def test_every_fault_is_told_at_once(alice: Client) -> None:
    assert set(faulty(alice, {"a": 1, "name": {"foo": 1}})) == {"filters.a", "filters.name.foo"}


def test_twenty_conditions_are_enough(alice: Client) -> None:
    many = {"id": {"gt": 0}, "name": {"like": "x"}}
    assert asked(alice, "units", many) == []
    over = {f"name{n}": 1 for n in range(21)}
    assert faulty(alice, over) == {"filters": "过滤条件不能超过20个"}


def test_a_plain_parameter_named_like_a_field_is_an_equality(units: Client) -> None:
    assert names(units, "units", parent_id="1") == ["South"]
    assert names(units, "units", parent_name="East", nonsense="1") == ["South"]
    assert refused(units.get("/api/units", level="x"))[2] == {"level": "必须是整数"}


def test_keyword_looks_into_every_searchable_text(units: Client) -> None:
    assert names(units, "units", keyword="w") == ["West"]
    assert names(units, "units", keyword="%") == ["50%_x"]
    assert names(units, "units", keyword="nothing") == []


def test_ids_choose_rows(units: Client) -> None:
    assert names(units, "units", ids="3,1", order="id") == ["East", "South"]
    assert refused(units.get("/api/units", ids="1,x"))[2] == {"ids": "必须是有效的ID"}


@pytest.fixture
def gateways(alice: Client) -> Client:
    for ip in ("10.0.0.9", "10.0.0.10", "9.255.0.1", "2001:db8::1", "10.1.0.1"):
        made(alice, "gateways", ip=ip)
    return alice


def addresses(client: Client, expression: Any, **query: Any) -> list[str]:
    return [row["ip"] for row in rows(client, "gateways", filters=json.dumps(expression), **{"order": "ip", **query})]


def test_addresses_sort_and_compare_by_number(gateways: Client) -> None:
    assert addresses(gateways, {}) == ["9.255.0.1", "10.0.0.9", "10.0.0.10", "10.1.0.1", "2001:db8::1"]
    assert addresses(gateways, {}, order_by="desc")[0] == "2001:db8::1"
    assert addresses(gateways, {"ip": {"gt": "10.0.0.9", "lt": "10.1.0.1"}}) == ["10.0.0.10"]
    assert addresses(gateways, {"ip": {"between": ["10.0.0.9", "10.0.0.10"]}}) == ["10.0.0.9", "10.0.0.10"]


def test_addresses_are_found_by_text_spelling_and_network(gateways: Client) -> None:
    assert addresses(gateways, {"ip": {"like": "10.0"}}) == ["10.0.0.9", "10.0.0.10"]
    assert addresses(gateways, {"ip": "2001:0DB8:0::1"}) == ["2001:db8::1"]
    assert addresses(gateways, {"ip": {"in": "10.0.0.9,9.255.0.1"}}) == ["9.255.0.1", "10.0.0.9"]
    assert addresses(gateways, {"ip": {"in_cidr": "10.0.0.0/16"}}) == ["10.0.0.9", "10.0.0.10"]


def test_a_bad_address_or_network_is_told(gateways: Client) -> None:
    assert faulty(gateways, {"ip": "10.0"}, "gateways") == {"filters.ip.eq": "IP地址格式不正确"}
    assert faulty(gateways, {"ip": {"in_cidr": "10.0.0.1/8"}}, "gateways") == {
        "filters.ip.in_cidr": "CIDR格式不正确,应为 10.0.0.0/8"
    }


def test_lists_that_differ_answer_to_the_same_grammar(alice: Client) -> None:
    for name in ("users", "login-logs", "user-groups", "field_definitions", "network_areas", "projects"):
        answer: Answer = alice.get(f"/api/{name}", filters='{"id":{"gte":1}}', order="id", order_by="desc")
        assert answer.status == 200, name


def test_secrets_are_no_fields(alice: Client) -> None:
    for field in ("password", "password_hash", "login_key"):
        assert faulty(alice, {field: {"like": "x"}}, "users") == {f"filters.{field}": "不支持的字段"}


def test_times_without_a_zone_are_the_appliances(appliance: App, alice: Client) -> None:
    made(alice, "units", name="u", level=1)
    with appliance.store.writing() as tx:
        tx.change("units", 1, created_at=datetime(2024, 1, 15, 2, tzinfo=UTC))  # ten in Shanghai
    assert asked(alice, "units", {"created_at": {"gte": "2024-01-15 10:00:00"}}) == ["u"]
    assert asked(alice, "units", {"created_at": {"gt": "2024-01-15 10:00:00"}}) == []
    assert asked(alice, "units", {"created_at": {"between": ["2024-01-15", "2024-01-16"]}}) == ["u"]
    assert asked(alice, "units", {"created_at": "2024-01-15T02:00:00Z"}) == ["u"]
