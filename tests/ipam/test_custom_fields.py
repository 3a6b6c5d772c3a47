"""Custom fields: defined by administrators, validated, filtered, kept."""

import json
from typing import Any

import pytest

from appliance.domain import patterns
from tests.client import Client
from tests.ipam.calls import made, names, patch, refused, remove, rows


def define(alice: Client, name: str, field_type: str = "text", **more: Any) -> dict[str, Any]:
    return made(
        alice, "field_definitions", resource_type="units", name=name, label=name.upper(), field_type=field_type, **more
    )


def unit(alice: Client, name: str = "u", **custom: Any) -> dict[str, Any]:
    return made(alice, "units", name=name, level=1, custom_fields=custom)


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        ("text", " a ", "a"),
        ("textarea", "a\nb", "a\nb"),
        ("integer", "7", 7),
        ("decimal", "1.5", 1.5),
        ("boolean", "yes", True),
        ("date", "2024-01-15", "2024-01-15"),
        ("datetime", "2024-01-15T10:00:00+02:00", "2024-01-15T08:00:00Z"),
        ("url", "https://example.com/x", "https://example.com/x"),
        ("email", "a@example.com", "a@example.com"),
        ("phone", "+86 10 1234", "+86 10 1234"),
        ("ip", "2001:DB8::1", "2001:db8::1"),
        ("mac", "BC-24-11-00-00-01", "bc:24:11:00:00:01"),
        ("json", {"a": [1]}, {"a": [1]}),
    ],
)
def test_a_value_is_kept_in_the_form_of_its_type(alice: Client, kind: str, given: Any, kept: Any) -> None:
    define(alice, "x", kind)
    assert unit(alice, x=given)["custom_fields"] == {"x": kept}


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("integer", "1.5"),
        ("decimal", "x"),
        ("boolean", "maybe"),
        ("date", "2024-02-30"),
        ("datetime", "noon"),
        ("url", "javascript:alert(1)"),
        ("email", "a"),
        ("ip", "10.0.0.256"),
        ("mac", "zz"),
        ("text", {"a": 1}),
    ],
)
def test_a_value_of_another_form_is_refused(alice: Client, kind: str, given: Any) -> None:
    define(alice, "x", kind)
    body = {"name": "u", "level": 1, "custom_fields": {"x": given}}
    assert set(refused(alice.post("/api/units", body))[2]) == {"custom_fields.x"}


def test_choices_bounds_lengths_and_patterns_hold(alice: Client) -> None:
    define(alice, "colour", "select", options=[{"value": "red", "label": "红"}])
    define(alice, "tags", "multiselect", options=[{"value": "a"}, {"value": "b"}])
    define(alice, "size", "integer", min=1, max=9)
    define(alice, "word", max_length=3)
    define(alice, "rack", regex=r"[A-Z]{2}\d+")
    bad = {"colour": "blue", "tags": ["a", "c"], "size": 10, "word": "four", "rack": "x1", "unknown": 1}
    status, code, details = refused(alice.post("/api/units", {"name": "u", "level": 1, "custom_fields": bad}))
    assert (status, code, set(details)) == (400, "INVALID_PARAMETER", {f"custom_fields.{name}" for name in bad})
    good = {"colour": "red", "tags": ["a", "b"], "size": 9, "word": "abc", "rack": "AB12"}
    assert unit(alice, **good)["custom_fields"] == good


def test_required_default_and_unique(alice: Client) -> None:
    define(alice, "asset", required=True, unique=True)
    define(alice, "floor", "integer", default_value="3")
    assert refused(alice.post("/api/units", {"name": "u", "level": 1}))[2] == {"custom_fields.asset": "不能为空"}
    assert unit(alice, asset="A1")["custom_fields"] == {"asset": "A1", "floor": 3}
    body = {"name": "v", "level": 1, "custom_fields": {"asset": "A1"}}
    assert refused(alice.post("/api/units", body))[1:] == ("ALREADY_EXISTS", {"custom_fields.asset": "已存在"})


def test_an_update_merges_and_null_clears(alice: Client) -> None:
    define(alice, "a")
    define(alice, "b", editable=False)
    ident = unit(alice, a="1", b="2")["id"]
    assert patch(alice, "units", {"id": ident, "custom_fields": {"a": None}}).json["data"]["custom_fields"] == {
        "b": "2"
    }
    assert refused(patch(alice, "units", {"id": ident, "custom_fields": {"b": "3"}}))[2] == {
        "custom_fields.b": "不可修改"
    }


def test_they_are_filtered_sorted_and_searched(alice: Client) -> None:
    define(alice, "floor", "integer")
    define(alice, "note", searchable=True)
    define(alice, "lit", "boolean")
    unit(alice, "a", floor=9, note="Blue", lit=True)
    unit(alice, "b", floor=10, lit=False)
    unit(alice, "c")

    def asked(**condition: Any) -> list[str]:
        expression = {f"custom_fields.{name}": wanted for name, wanted in condition.items()}
        return names(alice, "units", filters=json.dumps(expression), order="id")

    assert asked(floor={"gt": 9}) == ["b"]
    assert asked(floor={"neq": 9}) == ["b", "c"]
    assert asked(floor={"is_null": True}) == ["c"]
    assert asked(lit=True) == ["a"]
    assert asked(note={"like": "blu"}) == ["a"]
    assert names(alice, "units", keyword="blue") == ["a"]
    assert names(alice, "units", order="custom_fields.floor", order_by="desc")[0] == "b"


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"name": "Bad Name"}, "name"),
        ({"name": "level"}, "name"),
        ({"name": "parent_name"}, "name"),
        ({"field_type": "blob"}, "field_type"),
        ({"resource_type": "users"}, "resource_type"),
        ({"field_type": "select"}, "options"),
        ({"options": [{"label": "x"}]}, "options"),
        ({"regex": "(a+)+$"}, "regex"),
        ({"regex": "("}, "regex"),
        ({"min": 5, "max": 1}, "max"),
        ({"field_type": "integer", "default_value": "x"}, "default_value"),
    ],
)
def test_a_definition_that_makes_no_sense_is_refused(alice: Client, more: dict[str, Any], field: str) -> None:
    body = {"resource_type": "units", "name": "x", "label": "X", "field_type": "text"} | more
    assert set(refused(alice.post("/api/field_definitions", body))[2]) == {field}


@pytest.mark.parametrize("pattern", [r"(a+)+", r"(a|a)*b", r"((a*)b)*", r"(a)\1", "(?=a)b", ".*.*.*.*x", "(a?){50}"])
def test_patterns_that_may_run_away_are_not_safe(pattern: str) -> None:
    assert not patterns.is_safe(pattern)


@pytest.mark.parametrize("pattern", [r"[A-Z]{2}\d+", r"(?:a|b)c*", r"\d{1,3}(\.\d{1,3})?", r"[)(+*]+", r"\(a+\)+"])
def test_usual_patterns_are_safe(pattern: str) -> None:
    assert patterns.is_safe(pattern)


def test_names_are_unique_in_their_collection(alice: Client) -> None:
    define(alice, "x")
    body = {"resource_type": "units", "name": "x", "label": "X", "field_type": "text"}
    assert refused(alice.post("/api/field_definitions", body))[1] == "NAME_EXISTS"
    made(alice, "field_definitions", **body | {"resource_type": "projects"})


def test_a_used_definition_keeps_its_name_and_type(alice: Client) -> None:
    ident = define(alice, "x")["id"]
    assert patch(alice, "field_definitions", {"id": ident, "name": "y"}).status == 200
    unit(alice, y="1")
    status, code, details = refused(patch(alice, "field_definitions", {"id": ident, "field_type": "integer"}))
    assert (status, code, details) == (409, "RESOURCE_IN_USE", {"field_type": "已有数据,不可修改"})
    assert patch(alice, "field_definitions", {"id": ident, "label": "Why"}).status == 200


def test_values_outlive_their_definition_unless_purged(alice: Client) -> None:
    ident = define(alice, "x")["id"]
    row = unit(alice, x="1")
    remove(alice, "field_definitions", ident)
    assert patch(alice, "units", row | {"name": "v"}).json["data"]["custom_fields"] == {"x": "1"}
    again = define(alice, "x")["id"]
    alice.call("DELETE", "/api/field_definitions", body={"ids": [again], "purge": True})
    assert rows(alice, "units")[0]["custom_fields"] == {}
