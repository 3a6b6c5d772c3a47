"""Long searches run beside everybody else: the same answers, the same scope, and nobody waits."""

import json
from typing import Any

import gevent
import pytest

from appliance.app import App
from appliance.domain import effort
from appliance.domain.access import Actor
from appliance.domain.units import UNITS
from appliance.store.aside import beside
from tests.client import Client
from tests.ipam.calls import made, names, patch


@pytest.fixture
def units(alice: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Three units in a collection that counts as large."""
    for name in ("East", "West", "50%"):
        made(alice, "units", name=name, level=1, sort_order=len(name))
    monkeypatch.setattr(effort, "LARGE", 0)
    return alice


@pytest.mark.parametrize(
    ("query", "indexed"),
    [
        ({}, True),
        ({"order": "id", "order_by": "desc", "page": "9"}, True),
        ({"id": "3"}, True),
        ({"name": "East"}, False),
        ({"filters": '{"parent_id": {"in": [1, 2]}}'}, True),
        ({"filters": '{"nonsense'}, True),
        ({"keyword": "e"}, False),
        ({"order": "leader"}, False),
        ({"filters": '{"name": {"like": "e"}}'}, False),
        ({"filters": '{"parent_name": "e"}'}, False),
        ({"filters": '{"custom_fields.x": 1}'}, False),
        ({"leader": "x"}, False),
    ],
)
def test_what_has_an_index_is_answered_at_once(query: dict[str, Any], indexed: bool) -> None:
    assert effort.by_index(UNITS, query) is indexed


def test_the_answers_are_the_same(units: Client) -> None:
    assert names(units, "units", keyword="st", order="sort_order") == ["East", "West"]
    assert names(units, "units", filters=json.dumps({"name": {"like": "%"}})) == ["50%"]
    assert units.get("/api/units/count", keyword="st").json["data"] == {"count": 2, "total": 2}
    assert [row["label"] for row in units.get("/api/units/options", keyword="st").json["data"]["list"]] == [
        "East",
        "West",
    ]


def test_what_was_just_written_is_found(units: Client) -> None:
    assert names(units, "units", keyword="new") == []
    patch(units, "units", {"id": 1, "name": "new"})
    assert names(units, "units", keyword="new") == ["new"]
    assert units.get("/api/units", keyword="new").json["data"]["total"] == 1


def test_the_scope_holds_there_too(units: Client, bob: Client) -> None:
    made(units, "user-groups", name="g", user_ids=[bob.id], unit_ids=[2])
    assert names(bob, "units", keyword="t") == ["West"]
    assert bob.get("/api/units/count", keyword="t").json["data"]["total"] == 1


def test_faults_are_told_all_the_same(units: Client) -> None:
    assert units.get("/api/units", keyword="x", page=0).status == 400
    assert names(units, "units", keyword="st", order="name") == ["East", "West"]


def test_others_go_on_meanwhile_and_nothing_can_be_written_there(appliance: App) -> None:
    with beside(appliance.store, Actor()) as tx:
        slow = (
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT count(*) FROM n"
        )
        turns: list[int] = []
        asking = gevent.spawn(lambda: tx._reader and run(tx, slow))
        while not asking.ready():
            with appliance.store.reading() as other:
                turns.append(other.value(UNITS.table.select().limit(1)) or 0)
            gevent.sleep(0.001)
        assert asking.get() == 3_000_000
        assert len(turns) > 3
        with pytest.raises(Exception, match="readonly"):
            tx._reader.execute("DELETE FROM units")


def run(tx: Any, sql: str) -> int:
    """A statement in the thread that long questions run in."""
    from appliance.store import aside

    return int(aside._pool.apply(lambda: tx._reader.execute(sql).fetchone()[0]))


def test_times_lists_and_custom_fields_are_compared_there_too(units: Client) -> None:
    made(units, "field_definitions", resource_type="units", name="floor", label="F", field_type="integer")
    patch(units, "units", {"id": 2, "custom_fields": {"floor": 7}})
    for expression in (
        {"custom_fields.floor": {"gte": 7}},
        {"name": {"like": "w"}, "created_at": {"gt": "2020-01-01", "lt": "2100-01-01"}},
        {"name": {"in": ["West", "x"]}, "parent_name": {"is_null": True}, "id": {"not_in": [1]}},
    ):
        assert names(units, "units", filters=json.dumps(expression)) == ["West"]
