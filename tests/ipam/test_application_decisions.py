"""Deciding applications: who may, with which addresses, and only once (ipam 7)."""

import gevent
import pytest

from appliance.app import App
from tests.client import Client
from tests.ipam.applying import PATH, ask, put, status
from tests.ipam.book import acting
from tests.ipam.calls import made, patch, refused, remove, rows


@pytest.fixture(autouse=True)
def office(alice: Client) -> None:
    """Subnet 1; the id of an address is its last octet."""
    made(alice, "subnets", name="office", cidr="10.0.0.0/24")


def test_an_approved_application_is_an_allocation_with_its_facts(
    appliance: App, alice: Client, mallory: Client
) -> None:
    row = ask(mallory, hostname="web-1", mac="BC2411AA0001")
    row = put(alice, id=row["id"], status="approved", comment="好").json["data"]
    assert (row["status"], row["allocated_ips"], row["approver_id"]) == ("approved", ["10.0.0.9"], alice.id)
    address = rows(alice, "ips", ip="10.0.0.9")[0]
    shown = [address[name] for name in ("status", "allocate_type", "hostname", "mac_address", "purpose", "request_id")]
    assert shown == ["allocated", "request", "web-1", "bc:24:11:aa:00:01", "网站", row["id"]]
    told = [event["event"] for event in alice.get(f"{PATH}/{row['id']}").json["data"]["events"]]
    assert told == ["created", "approved"]


def test_several_addresses_are_given_together(alice: Client, mallory: Client) -> None:
    ident = ask(mallory, ip_count=4)["id"]
    row = put(alice, id=ident, action="approve").json["data"]
    assert row["allocated_ips"] == ["10.0.0.9", "10.0.0.1", "10.0.0.2", "10.0.0.3"]


def test_an_approval_that_cannot_be_met_leaves_the_application_pending(
    appliance: App, alice: Client, mallory: Client
) -> None:
    made(alice, "subnets", name="small", cidr="10.0.1.0/30")
    ident = ask(mallory, subnet_id=2, ip=None, ip_count=3)["id"]
    assert refused(put(alice, id=ident, status="approved"))[1:] == ("SUBNET_FULL", {"wanted": 3, "free": 2})
    assert alice.get(f"{PATH}/{ident}").json["data"]["status"] == "pending"
    with acting(appliance) as tx:
        assert tx.get("subnets", 2).allocated_count == 0


def test_an_application_for_an_area_is_met_from_a_subnet_that_has_enough(alice: Client, mallory: Client) -> None:
    made(alice, "subnets", name="small", cidr="9.0.0.0/30")
    ident = ask(mallory, subnet_id=None, ip=None, network_area_id=1, ip_count=3)["id"]
    assert put(alice, id=ident, status="approved").json["data"]["allocated_ips"][0] == "10.0.0.1"


def test_the_approver_may_choose_another_address(appliance: App, alice: Client, mallory: Client) -> None:
    ident = ask(mallory)["id"]
    assert put(alice, id=ident, status="approved", ip="10.0.0.20").json["data"]["allocated_ips"] == ["10.0.0.20"]
    assert status(appliance) == "available"


def test_the_approver_may_choose_another_subnet(appliance: App, alice: Client, mallory: Client) -> None:
    made(alice, "subnets", name="other", cidr="10.0.1.0/24")
    ident = ask(mallory, ip_count=2)["id"]
    row = put(alice, id=ident, status="approved", subnet_id=2).json["data"]
    assert (row["allocated_ips"], status(appliance)) == (["10.0.1.1", "10.0.1.2"], "available")


def test_a_subnet_that_is_gone_is_told(alice: Client, mallory: Client) -> None:
    made(alice, "subnets", name="brief", cidr="10.0.1.0/24")
    ident = ask(mallory, subnet_id=2, ip=None)["id"]
    assert remove(alice, "subnets", 2).status == 200
    assert refused(put(alice, id=ident, status="approved"))[1:] == ("INVALID_STATE", {"subnet_id": "子网已被删除"})
    assert put(alice, id=ident, status="approved", subnet_id=1).status == 200


def test_a_rejection_has_a_reason_and_frees_what_was_held(appliance: App, alice: Client, mallory: Client) -> None:
    ident = ask(mallory)["id"]
    assert refused(put(alice, id=ident, status="rejected"))[2] == {"reject_reason": "拒绝须填写原因"}
    row = put(alice, id=ident, status="rejected", reject_reason="无此需要").json["data"]
    assert (row["status"], row["reject_reason"], status(appliance)) == ("rejected", "无此需要", "available")


def test_the_second_decider_comes_too_late(alice: Client, mallory: Client) -> None:
    ident = ask(mallory)["id"]
    both = [gevent.spawn(put, alice, id=ident, status=verdict, comment="x") for verdict in ("approved", "rejected")]
    gevent.joinall(both, raise_error=True)
    assert sorted(one.value.status for one in both) == [200, 409]


def test_withdrawing_and_approving_at_once_is_one_of_them(appliance: App, alice: Client, mallory: Client) -> None:
    ident = ask(mallory)["id"]
    both = [gevent.spawn(put, mallory, id=ident, action="cancel"), gevent.spawn(put, alice, id=ident, action="approve")]
    gevent.joinall(both, raise_error=True)
    assert sorted(one.value.status for one in both) == [200, 409]
    outcome = alice.get(f"{PATH}/{ident}").json["data"]["status"]
    assert status(appliance) == {"cancelled": "available", "approved": "allocated"}[outcome]


def test_what_is_enough_for_one_is_given_to_one(alice: Client, mallory: Client) -> None:
    made(alice, "subnets", name="small", cidr="10.0.1.0/30")
    idents = [ask(mallory, subnet_id=2, ip=None, ip_count=2)["id"] for _ in range(3)]
    tries = [gevent.spawn(put, alice, id=ident, status="approved") for ident in idents]
    gevent.joinall(tries, raise_error=True)
    assert sorted(one.value.status for one in tries) == [200, 409, 409]
    assert [row["status"] for row in rows(alice, "registerIps")].count("pending") == 2


def test_several_are_decided_together_or_not_at_all(appliance: App, alice: Client, mallory: Client) -> None:
    ids = [ask(mallory, ip=f"10.0.0.{last}")["id"] for last in (9, 10)]
    put(alice, id=ids[1], status="rejected", comment="x")
    assert refused(put(alice, ids=ids, status="approved"))[1] == "INVALID_STATE"
    assert status(appliance) == "pending"


def test_who_has_no_right_decides_nothing(alice: Client, bob: Client, mallory: Client) -> None:
    ident = ask(mallory)["id"]
    assert put(mallory, id=ident, status="approved").status == 403
    assert refused(put(bob, id=ident, status="approved"))[:2] == (404, "ID_NOT_FOUND")
    assert rows(bob, "registerIps") == []


def test_the_approvers_of_a_subnet_decide_for_it(alice: Client, bob: Client, mallory: Client) -> None:
    group = made(alice, "user-groups", name="approvers", user_ids=[bob.id])["id"]
    patch(alice, "subnets", {"id": 1, "approver_group_id": group})
    ident = ask(mallory)["id"]
    assert [row["id"] for row in rows(bob, "registerIps")] == [ident]
    assert put(bob, id=ident, status="approved").json["data"]["approver_id"] == bob.id


def test_an_approver_takes_addresses_only_from_subnets_that_he_sees(
    appliance: App, alice: Client, bob: Client, mallory: Client
) -> None:
    made(alice, "subnets", name="other", cidr="10.0.1.0/24")
    group = made(alice, "user-groups", name="approvers", user_ids=[bob.id], subnet_ids=[1])["id"]
    patch(alice, "subnets", {"id": 1, "approver_group_id": group})
    ident = ask(mallory)["id"]
    assert put(bob, id=ident, status="approved", subnet_id=2).status == 404
    assert put(bob, id=ident, status="approved", ip="10.0.1.9").status == 404
    assert put(bob, id=ident, status="approved").status == 200


def test_the_approvers_of_a_subnet_take_no_addresses_from_another(
    appliance: App, alice: Client, bob: Client, mallory: Client
) -> None:
    made(alice, "subnets", name="other", cidr="10.0.1.0/24")
    group = made(alice, "user-groups", name="approvers", user_ids=[mallory.id])["id"]
    patch(alice, "subnets", {"id": 1, "approver_group_id": group, "allow_nested": True})
    made(alice, "subnets", name="inner", cidr="10.0.0.128/28")
    ident = ask(bob)["id"]
    inner = {"subnet_id": 1, "ip": "10.0.0.130"}
    for facts in ({"subnet_id": 2}, {"ip": "10.0.1.9"}, {"subnet_id": 2, "ip": "10.0.1.9"}, inner):
        assert put(mallory, id=ident, status="approved", **facts).status == 403
    assert status(appliance, "10.0.1.9") == "available"
    assert put(mallory, id=ident, status="approved", ip="10.0.0.20").status == 200


def test_nobody_approves_his_own_while_there_is_another(alice: Client, bob: Client) -> None:
    own = ask(alice)["id"]
    group = made(alice, "user-groups", name="approvers", user_ids=[bob.id])["id"]
    patch(alice, "subnets", {"id": 1, "approver_group_id": group})
    assert put(alice, id=own, status="approved").status == 403
    patch(alice, "subnets", {"id": 1, "approver_group_id": None})
    assert put(alice, id=own, status="approved").status == 200


def test_a_row_tells_whether_the_caller_may_decide_it(alice: Client, bob: Client, mallory: Client) -> None:
    group = made(alice, "user-groups", name="approvers", user_ids=[bob.id])["id"]
    patch(alice, "subnets", {"id": 1, "approver_group_id": group})
    theirs, own, elsewhere = ask(mallory)["id"], ask(alice, ip=None)["id"], ask(bob, ip=None)["id"]
    put(alice, id=ask(mallory, ip=None)["id"], status="rejected", comment="x")

    def decidable(client: Client) -> set[int]:
        return {row["id"] for row in rows(client, "registerIps") if row["may_decide"]}

    assert (decidable(alice), decidable(bob), decidable(mallory)) == ({theirs, elsewhere}, {theirs, own}, set())
    assert bob.get(f"{PATH}/{theirs}").json["data"]["may_decide"] is True
    patch(alice, "subnets", {"id": 1, "approver_group_id": None})
    assert own in decidable(alice)


def test_who_decides_what_has_changed_meanwhile_is_told(alice: Client, mallory: Client) -> None:
    row = ask(mallory)
    put(mallory, id=row["id"], ip="10.0.0.20")
    assert refused(put(alice, id=row["id"], version=row["version"], status="approved"))[1] == "VERSION_CONFLICT"
    put(alice, id=row["id"], status="rejected", comment="x")
    assert refused(put(alice, id=row["id"], version=row["version"], status="approved"))[1] == "INVALID_STATE"
