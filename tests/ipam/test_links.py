"""The join: hosts of any dialect take their address in the managed subnet, and give it back (ipam 17)."""

from datetime import timedelta

import pytest

from appliance import clock
from appliance.app import App
from appliance.domain import addresses
from tests.client import Client
from tests.ipam.book import acting, area, at, events, gateway, host, subnet, take
from tests.ipam.calls import made, patch, refused, rows
from tests.ptpb.estate import DEFAULT, OK, add_host, edit, remove

REFUSED = {"ipv4_address": ["该地址已被预留或停用"]}


def told(client: Client, ip: str) -> tuple[str, str | None, str | None]:
    """Status, way and host of an address."""
    row = rows(client, "ips", ip=ip)[0]
    return row["status"], row["allocate_type"], row["host_name"]


@pytest.fixture
def office(alice: Client) -> int:
    return int(made(alice, "subnets", name="office", cidr="10.0.0.0/24")["id"])


def test_a_resource_takes_its_address_and_is_shown_with_it(alice: Client, office: int) -> None:
    add_host(alice, "till", "10.0.0.9", DEFAULT, domain="till.example.com")
    assert told(alice, "10.0.0.9") == ("allocated", "host", "till")
    row = rows(alice, "ips", ip="10.0.0.9")[0]
    assert (row["hostname"], row["device_name"]) == ("till.example.com", "till")


def test_outside_managed_subnets_nothing_happens(appliance: App, alice: Client, office: int) -> None:
    add_host(alice, "till", "10.9.9.9", DEFAULT)
    with acting(appliance) as tx:
        assert tx["address_hosts"].count() == 0


@pytest.mark.parametrize("status", ["reserved", "disabled", "pending"])
def test_an_address_kept_from_use_is_refused_to_a_host(appliance: App, alice: Client, office: int, status: str) -> None:
    with acting(appliance) as tx:
        addresses.write(tx, at(tx, "10.0.0.9"), "edited", status=status)
    body = {"name": "till", "ipv4_address": "10.0.0.9", "group": DEFAULT, "protocol": 1}
    answer = alice.post("/api/resource/resource/add/", body)
    assert (answer.status, answer.detail) == (400, REFUSED)
    ident = add_host(alice, "other", "10.0.0.10", DEFAULT)
    assert edit(alice, "hosts", id=ident, ipv4_address="10.0.0.9").detail == REFUSED


def test_a_router_is_linked_to_the_gateways_own_row(appliance: App, alice: Client) -> None:
    with acting(appliance) as tx:
        subnet(tx, gateway_id=gateway(tx, "10.0.0.1"))
    add_host(alice, "router", "10.0.0.1", DEFAULT)
    assert told(alice, "10.0.0.1") == ("reserved", None, "router")


def test_a_quarantined_address_is_the_hosts(appliance: App, alice: Client, office: int) -> None:
    with acting(appliance) as tx:
        later = clock.now() + timedelta(days=1)
        addresses.write(tx, at(tx, "10.0.0.9"), "edited", status="quarantine", release_after=later)
    add_host(alice, "till", "10.0.0.9", DEFAULT)
    assert told(alice, "10.0.0.9") == ("allocated", "host", "till")


def test_a_removed_host_gives_its_address_back(appliance: App, alice: Client, office: int) -> None:
    assert remove(alice, "hosts", add_host(alice, "till", "10.0.0.9", DEFAULT)).json["code"] == 200
    assert told(alice, "10.0.0.9") == ("available", None, None)
    with acting(appliance) as tx:
        assert events(tx, "10.0.0.9") == ["allocated", "host_linked", "host_unlinked", "released"]


def test_what_a_person_allocated_stays_when_the_host_goes(alice: Client, office: int) -> None:
    alice.post("/api/ips/allocate", {"ip": "10.0.0.9"})
    ident = add_host(alice, "till", "10.0.0.9", DEFAULT)
    assert told(alice, "10.0.0.9") == ("allocated", "manual", "till")
    remove(alice, "hosts", ident)
    assert told(alice, "10.0.0.9") == ("allocated", "manual", None)


def test_a_readdressed_host_moves(alice: Client, office: int) -> None:
    ident = add_host(alice, "till", "10.0.0.9", DEFAULT)
    assert edit(alice, "hosts", id=ident, ipv4_address="10.0.0.10").json == OK
    assert told(alice, "10.0.0.9") == ("available", None, None)
    assert told(alice, "10.0.0.10") == ("allocated", "host", "till")


def test_a_host_in_a_sparse_subnet_takes_its_address_too(alice: Client) -> None:
    made(alice, "subnets", name="six", cidr="2001:db8::/64")
    body = {"name": "six", "ipv6_address": "2001:db8::7", "group": DEFAULT, "protocol": 1}
    assert alice.post("/api/resource/resource/add/", body).json == OK
    assert told(alice, "2001:db8::7") == ("allocated", "host", "six")


def test_a_subnet_made_later_links_the_hosts_in_it(alice: Client) -> None:
    add_host(alice, "till", "10.0.0.9", DEFAULT)
    add_host(alice, "far", "10.0.1.9", DEFAULT)
    row = made(alice, "subnets", name="office", cidr="10.0.0.0/24")
    assert row["used_ips"] == 1
    assert told(alice, "10.0.0.9") == ("allocated", "host", "till")


def test_a_child_made_later_takes_the_hosts_address_with_its_link(alice: Client) -> None:
    made(alice, "subnets", name="outer", cidr="10.0.0.0/24", allow_nested=True)
    add_host(alice, "till", "10.0.0.9", DEFAULT)
    inner = made(alice, "subnets", name="inner", cidr="10.0.0.0/28")["id"]
    assert rows(alice, "ips", ip="10.0.0.9")[0]["subnet_id"] == inner
    assert told(alice, "10.0.0.9") == ("allocated", "host", "till")


def test_the_one_other_area_that_has_the_address_is_the_hosts(appliance: App, alice: Client) -> None:
    with acting(appliance) as tx:
        dmz = area(tx, "dmz")
        subnet(tx, area_id=dmz)
    add_host(alice, "till", "10.0.0.9", DEFAULT)
    assert told(alice, "10.0.0.9")[2] == "till"


def test_two_other_areas_that_have_it_link_nothing(appliance: App, alice: Client) -> None:
    with acting(appliance) as tx:
        for name in ("dmz", "lab"):
            subnet(tx, area_id=area(tx, name))
    add_host(alice, "till", "10.0.0.9", DEFAULT)
    assert {row["host_name"] for row in rows(alice, "ips", ip="10.0.0.9")} == {None}


def test_the_address_of_a_host_is_not_released_under_it(alice: Client, office: int) -> None:
    add_host(alice, "till", "10.0.0.9", DEFAULT)
    refusal = refused(alice.post("/api/ips/release", {"id": 9}))
    assert refusal == (409, "RESOURCE_IN_USE", {"9": "被 1 台主机使用: till"})


def test_the_refusal_names_no_host_that_the_caller_does_not_see(alice: Client, bob: Client, office: int) -> None:
    add_host(alice, "till", "10.0.0.9", DEFAULT)
    assert refused(bob.post("/api/ips/release", {"id": 9}))[2] == {"9": "被 1 台主机使用"}
    assert rows(bob, "ips", ip="10.0.0.9")[0]["host_ids"] == []
    assert bob.get("/api/ips/9").json["data"]["hosts"] == []
    assert [host["name"] for host in alice.get("/api/ips/9").json["data"]["hosts"]] == ["till"]


def test_an_administrator_takes_the_address_from_a_host_by_force(alice: Client, bob: Client, office: int) -> None:
    add_host(alice, "till", "10.0.0.9", DEFAULT)
    assert bob.post("/api/ips/release", {"id": 9, "force": True}).status == 403
    row = alice.post("/api/ips/release", {"id": 9, "force": True}).json["data"]["list"][0]
    assert (row["status"], row["conflict_type"]) == ("available", "host_without_address")
    assert "till" in row["conflict_detail"]


def test_a_subnet_with_a_host_in_it_is_in_use(alice: Client, office: int) -> None:
    add_host(alice, "till", "10.0.0.9", DEFAULT)
    answer = alice.call("DELETE", "/api/subnets", body={"ids": [office]})
    assert refused(answer) == (409, "RESOURCE_IN_USE", {str(office): "被 1 个地址引用"})
    forced = alice.call("DELETE", "/api/subnets", body={"ids": [office], "force": True})
    assert forced.json["data"] == {"deleted": 1, "ids": [office]}


def test_a_gateway_that_is_none_any_longer_leaves_the_router_its_address(appliance: App, alice: Client) -> None:
    with acting(appliance) as tx:
        ident = subnet(tx, gateway_id=gateway(tx, "10.0.0.1"))
        host(tx, "router", "10.0.0.1")
    assert patch(alice, "subnets", {"id": ident, "gateway_id": None}).status == 200
    assert told(alice, "10.0.0.1")[0::2] == ("allocated", "router")


def test_the_timeline_tells_of_address_application_host_voucher_session_and_sign_in(
    appliance: App, alice: Client, office: int
) -> None:
    alice.post("/api/registerIps", {"subnet_id": office, "ip": "10.0.0.9", "purpose": "网站"})
    alice.call("PUT", "/api/registerIps", body={"id": 1, "status": "approved"})
    ident = add_host(alice, "till", "10.0.0.9", DEFAULT)
    edit(alice, "hosts", id=ident, port=2222)
    with acting(appliance) as tx:
        take(tx, office, "10.0.0.10")
        who = {"user_id": alice.id, "user_name": "alice", "login": "alice"}
        place = {"address": "10.0.0.9", "host_address": "10.0.0.9", "username": "root", "status": "close"}
        tx.insert("sessions", **who, **place, host_id=ident, host_name="till", voucher_id=1, started_at=clock.now())
        tx.insert("login_records", **who, address="10.0.0.9", dialect="ipam", succeeded=True)
    found = alice.get("/api/ips/9/timeline").json["data"]["list"]
    assert {line["kind"] for line in found} == {"address", "application", "host", "session", "sign_in"}
    assert [line["at"] for line in found] == sorted((line["at"] for line in found), reverse=True)
    assert {"allocated", "host_linked", "approved", "changed", "opened"} <= {line["event"] for line in found}
    assert [line["details"]["host_id"] for line in found if line["kind"] == "host"] == [ident, ident]


def test_the_timeline_tells_of_the_application_that_chose_no_address(alice: Client, office: int) -> None:
    alice.post("/api/registerIps", {"subnet_id": office, "ip_count": 2, "purpose": "网站"})
    row = alice.call("PUT", "/api/registerIps", body={"id": 1, "status": "approved"}).json["data"]
    for ident in row["allocated_ip_ids"]:
        found = alice.get(f"/api/ips/{ident}/timeline").json["data"]["list"]
        assert [line["event"] for line in found if line["kind"] == "application"] == ["approved", "created"]


def test_a_reader_of_the_timeline_sees_no_sessions_and_sign_ins_of_others(
    appliance: App, alice: Client, bob: Client, office: int
) -> None:
    ident = add_host(alice, "till", "10.0.0.9", DEFAULT)
    with acting(appliance) as tx:
        who = {"user_id": alice.id, "user_name": "alice", "login": "alice"}
        place = {"address": "10.0.0.9", "host_address": "10.0.0.9", "username": "root", "status": "close"}
        tx.insert("sessions", **who, **place, host_id=ident, host_name="till", voucher_id=1, started_at=clock.now())
        tx.insert("login_records", **who, address="10.0.0.9", dialect="ipam", succeeded=True)
    kinds = {line["kind"] for line in bob.get("/api/ips/9/timeline").json["data"]["list"]}
    assert kinds == {"address"}
