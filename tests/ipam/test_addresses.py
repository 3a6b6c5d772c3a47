"""Addresses: their states, what may change in which, release, history, time (ipam 4)."""

from datetime import timedelta
from typing import Any

import pytest

from appliance import clock
from appliance.app import App
from appliance.domain import addresses
from appliance.work import address_chores
from tests.client import Client
from tests.ipam.book import acting, allocate, at, events, gateway, subnet, take
from tests.ipam.calls import made, patch, refused, rows

RELEASE = "/api/ips/release"


@pytest.fixture
def office(alice: Client) -> int:
    """A /24 without a gateway; the id of an address is its last octet."""
    return int(made(alice, "subnets", name="office", cidr="10.0.0.0/24")["id"])


def put(app: App, ip: str, **facts: Any) -> int:
    """An address as the test needs it."""
    with acting(app) as tx:
        row = at(tx, ip)
        addresses.write(tx, row, "edited", **facts)
        return row.id


def status(app: App, ip: str) -> str:
    with acting(app) as tx:
        return at(tx, ip).status


# --- states -----------------------------------------------------------------------------------------------------------

BY_HAND = [
    ("available", "reserved"),
    ("available", "dhcp"),
    ("available", "disabled"),
    ("reserved", "available"),
    ("reserved", "disabled"),
    ("dhcp", "available"),
    ("disabled", "available"),
]
ALL = ["available", "allocated", "reserved", "dhcp", "pending", "quarantine", "disabled"]


@pytest.mark.parametrize(("before", "after"), BY_HAND)
def test_these_steps_are_taken_by_hand(appliance: App, alice: Client, office: int, before: str, after: str) -> None:
    ident = put(appliance, "10.0.0.9", status=before)
    assert patch(alice, "ips", {"id": ident, "status": after}).json["data"]["status"] == after


@pytest.mark.parametrize(("before", "after"), [(b, a) for b in ALL for a in ALL if a != b and (b, a) not in BY_HAND])
def test_no_other_step_is(appliance: App, alice: Client, office: int, before: str, after: str) -> None:
    ident = put(appliance, "10.0.0.9", status=before)
    code, details = refused(patch(alice, "ips", {"id": ident, "status": after}))[1:]
    assert (code, list(details)) == ("INVALID_STATE", ["status"])
    assert status(appliance, "10.0.0.9") == before


def test_the_refusal_names_the_right_call(alice: Client, office: int) -> None:
    details = refused(patch(alice, "ips", {"id": 9, "status": "allocated"}))[2]
    assert "/api/ips/allocate" in details["status"]
    alice.post("/api/ips/allocate", {"id": 9})
    assert "/api/ips/release" in refused(patch(alice, "ips", {"id": 9, "status": "available"}))[2]["status"]


def test_only_administrators_disable_lock_and_unlock(alice: Client, bob: Client, office: int) -> None:
    assert patch(bob, "ips", {"id": 9, "status": "disabled"}).status == 403
    assert patch(bob, "ips", {"id": 9, "is_locked": True}).status == 403
    assert patch(alice, "ips", {"id": 9, "is_locked": True}).status == 200
    assert refused(patch(bob, "ips", {"id": 9, "description": "x"}))[1] == "INVALID_STATE"
    assert refused(alice.post("/api/ips/allocate", {"id": 9}))[1] == "IP_NOT_AVAILABLE"
    assert patch(alice, "ips", {"id": 9, "is_locked": False}).status == 200


def test_an_address_in_a_dhcp_range_stays_dhcps(alice: Client, office: int) -> None:
    patch(alice, "subnets", {"id": office, "dhcp_ranges": [{"start": "10.0.0.9", "end": "10.0.0.9"}]})
    assert refused(patch(alice, "ips", {"id": 9, "status": "available"}))[1] == "INVALID_STATE"
    assert refused(alice.post("/api/ips/allocate", {"id": 9}))[1] == "IP_NOT_AVAILABLE"


def test_the_gateways_row_takes_no_step(appliance: App, alice: Client) -> None:
    with acting(appliance) as tx:
        subnet(tx, gateway_id=gateway(tx, "10.0.0.1"))
    assert refused(patch(alice, "ips", {"id": 1, "status": "available"}))[1] == "INVALID_STATE"
    assert refused(alice.post(RELEASE, {"id": 1}))[1] == "INVALID_STATE"


# --- changing ---------------------------------------------------------------------------------------------------------


def test_who_uses_it_is_written_where_somebody_does(alice: Client, office: int) -> None:
    contact = made(alice, "user_contacts", name="张三")["id"]
    facts = {"user_contact_id": contact, "hostname": "web-1", "mac": "BC-24-11-AA-00-01", "usage": "网站"}
    assert refused(patch(alice, "ips", {"id": 9} | facts))[1] == "INVALID_STATE"
    alice.post("/api/ips/allocate", {"id": 9})
    row = patch(alice, "ips", {"id": 9} | facts).json["data"]
    shown = [row[name] for name in ("user_contact_name", "hostname", "mac_address", "mac_source", "purpose")]
    assert shown == ["张三", "web-1", "bc:24:11:aa:00:01", "manual", "网站"]


def test_a_description_is_written_anywhere(alice: Client, office: int) -> None:
    assert (
        patch(alice, "ips", {"id": 9, "description": "备用", "exclude_scan": True}).json["data"]["description"]
        == "备用"
    )


def test_identity_stays_and_the_same_identity_may_be_sent_back(alice: Client, office: int) -> None:
    row = rows(alice, "ips", id=9)[0]
    assert patch(alice, "ips", row | {"description": "x"}).status == 200
    details = refused(patch(alice, "ips", {"id": 9, "ip": "10.0.0.10", "subnet_id": 5}))[2]
    assert set(details) == {"ip", "subnet_id"}


def test_a_row_changed_by_another_is_told(alice: Client, office: int) -> None:
    version = rows(alice, "ips", id=9)[0]["version"]
    assert patch(alice, "ips", {"id": 9, "description": "x", "version": version}).status == 200
    assert refused(patch(alice, "ips", {"id": 9, "description": "y", "version": version}))[1] == "VERSION_CONFLICT"
    assert refused(patch(alice, "ips", {"id": 9, "description": "y"}, **{"If-Match": "1"}))[1] == "VERSION_CONFLICT"


def test_several_change_together_or_not_at_all(appliance: App, alice: Client, office: int) -> None:
    assert patch(alice, "ips", {"ids": [5, 6], "status": "reserved"}).json["data"]["updated"] == 2
    assert (
        patch(alice, "ips", {"items": [{"id": 7, "status": "reserved"}, {"id": 5, "status": "pending"}]}).status == 409
    )
    assert status(appliance, "10.0.0.7") == "available"
    assert refused(patch(alice, "ips", {"ids": [5, 999], "description": "x"}))[:2] == (404, "ID_NOT_FOUND")


def test_a_conflict_mark_is_cleared_and_the_history_keeps_it(appliance: App, alice: Client, office: int) -> None:
    ident = put(appliance, "10.0.0.9", conflict_type="mac_changed")
    with acting(appliance) as tx:
        assert tx.get("subnets", office).conflict_count == 1
    row = patch(alice, "ips", {"id": ident, "conflict_ack": True}).json["data"]
    assert (row["conflict_type"], row["conflict_ack_by"]) == (None, alice.id)
    assert alice.get(f"/api/ips/{ident}").json["data"]["history"][0]["old"]["conflict_type"] == "mac_changed"


def test_there_is_no_making_and_no_deleting_of_addresses(alice: Client) -> None:
    assert [alice.post("/api/ips", {}).status, alice.call("DELETE", "/api/ips").status] == [405, 405]


# --- giving back ------------------------------------------------------------------------------------------------------


def test_a_released_address_is_free_bare_and_remembered(appliance: App, alice: Client, office: int) -> None:
    alice.post("/api/ips/allocate", {"id": 9, "hostname": "web-1", "mac_address": "bc:24:11:aa:00:01"})
    data = alice.post(RELEASE, {"id": 9, "reason": "下线"}).json["data"]
    row = data["list"][0]
    assert (data["released"], row["status"], row["hostname"], row["mac_address"]) == (1, "available", None, None)
    assert row["released_at"]
    entry = rows(alice, "ips/history", ip="10.0.0.9")[0]
    told = (entry["event"], entry["note"], entry["actor_id"], entry["old"]["hostname"])
    assert told == ("released", "下线", alice.id, "web-1")


def test_what_is_free_already_is_skipped(alice: Client, office: int) -> None:
    alice.post("/api/ips/allocate", {"id": 9})
    data = alice.post(RELEASE, {"ids": [9, 10]}).json["data"]
    assert (data["released"], data["skipped"]) == (1, [{"id": 10, "reason": "已是可用状态"}])


def test_one_that_is_not_given_back_holds_up_all(appliance: App, alice: Client, office: int) -> None:
    alice.post("/api/ips/allocate", {"id": 9})
    patch(alice, "ips", {"id": 10, "status": "reserved"})
    assert refused(alice.post(RELEASE, {"ids": [9, 10]}))[1] == "INVALID_STATE"
    assert status(appliance, "10.0.0.9") == "allocated"


@pytest.mark.parametrize("body", [{"ip": "10.0.0.9"}, {"ips": ["10.0.0.9"]}, {"id": "9"}, {"ids": "9"}])
def test_addresses_are_released_by_id_or_by_name(alice: Client, office: int, body: dict[str, Any]) -> None:
    alice.post("/api/ips/allocate", {"id": 9})
    assert alice.post(RELEASE, body).json["data"]["released"] == 1


def test_a_cool_down_keeps_an_address_from_the_next_caller(appliance: App, alice: Client) -> None:
    made(alice, "subnets", name="office", cidr="10.0.0.0/30", release_cooldown_hours=2)
    alice.post("/api/ips/allocate", {"ids": [1, 2]})
    assert alice.post(RELEASE, {"ids": [1, 2]}).json["data"]["list"][0]["status"] == "quarantine"
    assert refused(alice.post("/api/ips/allocate", {"subnet_id": 1}))[1] == "SUBNET_FULL"
    assert refused(alice.post("/api/ips/allocate", {"id": 1}))[1] == "IP_NOT_AVAILABLE"
    assert alice.post("/api/ips/allocate", {"id": 1, "force": True}).status == 200


def test_a_release_may_say_how_long_it_cools(appliance: App, alice: Client, office: int) -> None:
    alice.post("/api/ips/allocate", {"id": 9})
    row = alice.post(RELEASE, {"id": 9, "cooldown_hours": 1}).json["data"]["list"][0]
    assert (row["status"], row["release_after"] > row["released_at"]) == ("quarantine", True)


def test_a_reserved_address_is_allocated_when_it_is_named(appliance: App, alice: Client, office: int) -> None:
    alice.post("/api/ips/allocate", {"id": 1, "status": "reserved"})
    assert alice.post("/api/ips/allocate", {"subnet_id": office}).json["data"]["ip"] == "10.0.0.2"
    assert alice.post("/api/ips/allocate", {"id": 1}).json["data"]["status"] == "allocated"


# --- time -------------------------------------------------------------------------------------------------------------


def test_time_ends_the_cool_down(appliance: App, office: int) -> None:
    put(appliance, "10.0.0.8", status="quarantine", release_after=clock.now() + timedelta(hours=1))
    put(appliance, "10.0.0.9", status="quarantine", release_after=clock.now() - timedelta(seconds=1))
    address_chores.tend(appliance.store)
    assert (status(appliance, "10.0.0.8"), status(appliance, "10.0.0.9")) == ("quarantine", "available")
    with acting(appliance) as tx:
        assert tx.get("subnets", office).quarantine_count == 1


def test_an_expired_address_is_marked_once_and_stays_allocated(appliance: App, office: int) -> None:
    with acting(appliance) as tx:
        take(tx, office, "10.0.0.9", facts={"expires_at": clock.now() - timedelta(days=1)})
    for _ in range(2):
        address_chores.tend(appliance.store)
    with acting(appliance) as tx:
        assert (at(tx, "10.0.0.9").status, at(tx, "10.0.0.9").conflict_type) == ("allocated", "expired")
        assert events(tx, "10.0.0.9") == ["allocated", "expired"]


def test_a_longer_term_or_a_release_takes_the_mark_away(appliance: App, alice: Client, office: int) -> None:
    with acting(appliance) as tx:
        for ip in ("10.0.0.9", "10.0.0.10"):
            take(tx, office, ip, facts={"expires_at": clock.now() - timedelta(days=1)})
    address_chores.tend(appliance.store)
    assert patch(alice, "ips", {"id": 9, "expires_at": "2099-01-01"}).json["data"]["conflict_type"] is None
    assert alice.post(RELEASE, {"id": 10}).json["data"]["list"][0]["conflict_type"] is None


def test_nothing_is_written_while_nothing_is_due(appliance: App, office: int) -> None:
    writes = appliance.store.writes
    address_chores.tend(appliance.store)
    assert appliance.store.writes == writes


def test_old_history_is_forgotten(appliance: App, office: int) -> None:
    with acting(appliance) as tx:
        allocate(tx, office, count=2)
        tx["address_history"].update({"id": 1, "created_at": clock.now() - timedelta(days=731)}, ["id"])
    address_chores.forget(appliance.store)
    with acting(appliance) as tx:
        assert tx["address_history"].count() == 1


# --- who sees ---------------------------------------------------------------------------------------------------------


def test_a_scope_hides_addresses_from_lists_counts_history_and_calls(
    appliance: App, alice: Client, bob: Client
) -> None:
    mine = made(alice, "subnets", name="mine", cidr="10.0.0.0/29")["id"]
    theirs = made(alice, "subnets", name="theirs", cidr="10.0.1.0/29")["id"]
    alice.post("/api/ips/allocate", {"subnet_id": theirs})
    made(alice, "user-groups", name="bobs", user_ids=[bob.id], subnet_ids=[mine])
    assert {row["subnet_id"] for row in rows(bob, "ips")} == {mine}
    wider = '{"subnet_id":{"neq":0}}'
    assert bob.get("/api/ips/count", filters=wider).json["data"]["count"] == 6
    assert [row["name"] for row in rows(bob, "subnets")] == ["mine"]
    assert rows(bob, "ips/history") == []
    hidden = rows(alice, "ips", subnet_id=theirs)[0]["id"]
    calls = [
        bob.get(f"/api/ips/{hidden}"),
        bob.get(f"/api/ips/{hidden}/timeline"),
        patch(bob, "ips", {"id": hidden, "description": "x"}),
    ]
    calls += [bob.post("/api/ips/allocate", {"subnet_id": theirs}), bob.post(RELEASE, {"id": hidden})]
    calls += [bob.post("/api/ips/allocate", {"ip": "10.0.1.3"}), bob.post(RELEASE, {"ip": "10.0.1.1"})]
    assert {answer.status for answer in calls} == {404}
    assert bob.post("/api/subnets", {"name": "x", "cidr": "10.0.2.0/29"}).status == 404
