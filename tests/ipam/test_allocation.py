"""Allocation: exact, whoever asks at the same time, and quick in networks of any size (ipam 4, 18)."""

import json
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import gevent
import pytest

from appliance.app import App
from appliance.domain.addresses import Full, NotAvailable, Outside
from tests.client import Client
from tests.conftest import PASSWORD
from tests.ipam.book import acting, allocate, at, events, gateway, subnet, take
from tests.ipam.calls import made, refused
from tests.live import PATIENCE, Live, NoRaise

ALLOCATE = "/api/ips/allocate"


def asked_at_once(client: Client, bodies: list[dict[str, Any]]) -> list[Any]:
    """Many requests, each in a greenlet of its own."""
    crowd = [gevent.spawn(client.post, ALLOCATE, body) for body in bodies]
    gevent.joinall(crowd, raise_error=True)
    return [one.value for one in crowd]


def posted(live: Live, token: str, path: str, body: Any) -> tuple[int, Any]:
    """One request to a running appliance, on a connection of its own."""
    headers = {"Content-Type": "application/json", "Authorization": token}
    request = urllib.request.Request(live.url + path, json.dumps(body).encode(), headers)
    with urllib.request.build_opener(NoRaise()).open(request, timeout=PATIENCE * 3) as answer:
        return answer.status, json.loads(answer.read())


# --- the law ----------------------------------------------------------------------------------------------------------


def test_three_hundred_at_once_get_the_254_addresses_and_the_rest_hear_that_it_is_full(alice: Client) -> None:
    ident = made(alice, "subnets", name="office", cidr="10.0.0.0/24")["id"]
    answers = asked_at_once(alice, [{"subnet_id": ident}] * 300)
    given = [answer.json["data"]["ip"] for answer in answers if answer.status == 200]
    assert (len(given), len(set(given))) == (254, 254)
    full = [refused(answer) for answer in answers if answer.status != 200]
    assert full == [(409, "SUBNET_FULL", {"wanted": 1, "free": 0})] * 46


def test_a_running_appliance_keeps_the_law_over_http(live: Live) -> None:
    token = live.sign_in("alice", PASSWORD)
    ident = posted(live, token, "/api/subnets", {"name": "office", "cidr": "10.7.0.0/24"})[1]["data"]["id"]
    with ThreadPoolExecutor(24) as crowd:
        answers = list(crowd.map(lambda _: posted(live, token, ALLOCATE, {"subnet_id": ident}), range(300)))
    given = {body["data"]["ip"] for status, body in answers if status == 200}
    full = [body["error"]["code"] for status, body in answers if status == 409]
    assert (len(given), full) == (254, ["SUBNET_FULL"] * 46)


def test_ten_callers_for_one_address_give_one_winner(alice: Client) -> None:
    ident = made(alice, "subnets", name="office", cidr="10.0.0.0/24")["id"]
    answers = asked_at_once(alice, [{"subnet_id": ident, "ip": "10.0.0.9"}] * 10)
    assert sorted(answer.status for answer in answers) == [200] + [409] * 9
    assert {refused(answer)[1] for answer in answers if answer.status == 409} == {"IP_NOT_AVAILABLE"}


def test_release_and_allocation_race_without_a_second_holder(appliance: App, alice: Client) -> None:
    ident = made(alice, "subnets", name="office", cidr="10.0.0.0/29")["id"]
    for _ in range(5):
        answers = asked_at_once(alice, [{"subnet_id": ident}] * 6)
        rows = [answer.json["data"]["id"] for answer in answers]
        race = [gevent.spawn(alice.post, "/api/ips/release", {"id": rows[0]})]
        race += [gevent.spawn(alice.post, ALLOCATE, {"subnet_id": ident}) for _ in range(3)]
        gevent.joinall(race, raise_error=True)
        assert [one.value.status for one in race].count(200) == 2
        assert alice.post("/api/ips/release", {"ids": rows}).status == 200
    with appliance.store.reading() as tx:
        assert tx.get("subnets", ident).allocated_count == 0


# --- which one --------------------------------------------------------------------------------------------------------


def test_the_lowest_free_address_is_next_and_never_the_gateways(appliance: App) -> None:
    with acting(appliance) as tx:
        ident = subnet(tx, gateway_id=gateway(tx, "10.0.0.1"))
        assert allocate(tx, ident, count=3) == ["10.0.0.2", "10.0.0.3", "10.0.0.4"]


@pytest.mark.parametrize(
    ("cidr", "first"),
    [("10.0.0.0/8", "10.0.0.1"), ("2001:db8::/64", "2001:db8::1"), ("2001:db8::/127", "2001:db8::")],
)
def test_a_sparse_network_begins_with_its_first_usable_address(appliance: App, cidr: str, first: str) -> None:
    with acting(appliance) as tx:
        ident = subnet(tx, cidr)
        assert allocate(tx, ident)[0] == first
        assert tx["addresses"].count(subnet_id=ident) == 1


def test_a_sparse_network_goes_round_what_is_taken_children_and_dhcp_ranges(appliance: App) -> None:
    with acting(appliance) as tx:
        ranges = [{"start": "10.0.0.4", "end": "10.0.0.6"}]
        ident = subnet(tx, "10.0.0.0/8", allow_nested=True, dhcp_ranges=ranges)
        subnet(tx, "10.0.0.8/29")
        take(tx, ident, "10.0.0.2")
        assert allocate(tx, ident, count=5) == ["10.0.0.1", "10.0.0.3", "10.0.0.7", "10.0.0.16", "10.0.0.17"]


def test_a_released_address_of_a_sparse_network_is_the_next_again(appliance: App, alice: Client) -> None:
    with acting(appliance) as tx:
        ident = subnet(tx, "10.0.0.0/8")
        allocate(tx, ident, count=5)
        released = at(tx, "10.0.0.2").id
    assert alice.post("/api/ips/release", {"id": released}).status == 200
    with acting(appliance) as tx:
        assert allocate(tx, ident, count=2) == ["10.0.0.2", "10.0.0.6"]


def test_the_last_addresses_of_a_small_sparse_network_are_found_and_then_no_more(appliance: App) -> None:
    with acting(appliance) as tx:
        ident = subnet(tx, "2001:db8::/125")
        assert len(allocate(tx, ident, count=7)) == 7
        with pytest.raises(Full):
            allocate(tx, ident)


@pytest.mark.parametrize("cidr", ["10.0.0.0/24", "10.0.0.0/8"])
def test_a_block_of_neighbours_is_one(appliance: App, cidr: str) -> None:
    with acting(appliance) as tx:
        ident = subnet(tx, cidr)
        take(tx, ident, "10.0.0.3")
        assert allocate(tx, ident, count=4, contiguous=True) == [f"10.0.0.{last}" for last in range(4, 8)]


def test_a_block_that_does_not_fit_is_refused_whole(appliance: App) -> None:
    with acting(appliance) as tx:
        ident = subnet(tx, "10.0.0.0/29")
        take(tx, ident, "10.0.0.3")
        with pytest.raises(Full):
            allocate(tx, ident, count=4, contiguous=True)
        assert tx.get("subnets", ident).allocated_count == 1


@pytest.mark.parametrize("cidr", ["10.0.0.0/28", "2001:db8::/124"])
def test_random_choice_finds_every_address_once(appliance: App, cidr: str) -> None:
    with acting(appliance) as tx:
        ident, count = subnet(tx, cidr), 14
        found = [allocate(tx, ident, strategy="random")[0] for _ in range(count)]
        assert len(set(found)) == count


def test_oldest_released_comes_last_to_what_was_released_just_now(appliance: App, alice: Client) -> None:
    with acting(appliance) as tx:
        ident = subnet(tx, "10.0.0.0/30")
        ids = [at(tx, ip).id for ip in allocate(tx, ident, count=2)]
    for released in reversed(ids):
        alice.post("/api/ips/release", {"id": released})
    with acting(appliance) as tx:
        assert allocate(tx, ident, count=2, strategy="oldest_released") == ["10.0.0.2", "10.0.0.1"]


def test_what_answers_on_the_net_is_skipped_and_marked(appliance: App) -> None:
    with acting(appliance) as tx:
        ident = subnet(tx)
        tx.change("addresses", at(tx, "10.0.0.1").id, is_online=True)
        assert allocate(tx, ident) == ["10.0.0.2"]
        assert at(tx, "10.0.0.1").conflict_type == "unknown_online"
        with pytest.raises(NotAvailable):
            take(tx, ident, "10.0.0.1")
        assert take(tx, ident, "10.0.0.1", force=True).status == "allocated"


@pytest.mark.parametrize("ip", ["10.0.0.0", "10.0.0.255", "10.0.0.1"])
def test_network_broadcast_and_gateway_are_nobodys(appliance: App, ip: str) -> None:
    with acting(appliance) as tx:
        ident = subnet(tx, gateway_id=gateway(tx, "10.0.0.1"))
        with pytest.raises(NotAvailable):
            take(tx, ident, ip, force=True)


def test_an_address_outside_is_refused_and_one_in_a_child_is_the_childs(appliance: App) -> None:
    with acting(appliance) as tx:
        outer = subnet(tx, "10.0.0.0/22", status="container")
        inner = subnet(tx)
        assert take(tx, outer, "10.0.0.9").subnet_id == inner
        with pytest.raises(Outside):
            take(tx, inner, "10.0.1.9")
        with pytest.raises(Full):
            allocate(tx, outer)


# --- over the wire ----------------------------------------------------------------------------------------------------


def test_nothing_named_is_a_fault(alice: Client) -> None:
    assert refused(alice.post(ALLOCATE, {}))[:2] == (400, "INVALID_PARAMETER")


@pytest.mark.parametrize(
    ("body", "shape"),
    [
        ({"subnet_id": 1}, "10.0.0.1"),
        ({"subnet_id": "1", "ip": "10.0.0.9"}, "10.0.0.9"),
        ({"ip_address": "10.0.0.9", "network_area_id": 1}, "10.0.0.9"),
        ({"id": 5}, "10.0.0.5"),
        ({"ids": [5, 7]}, ["10.0.0.5", "10.0.0.7"]),
        ({"subnet_id": 1, "count": 2}, ["10.0.0.1", "10.0.0.2"]),
        ({"subnet_id": 1, "range": {"start": "10.0.0.50", "end": "10.0.0.60"}}, "10.0.0.50"),
        ({"subnet_id": 1, "exclude": ["10.0.0.1", "10.0.0.2"]}, "10.0.0.3"),
    ],
)
def test_addresses_are_asked_for_in_many_ways(alice: Client, body: dict[str, Any], shape: Any) -> None:
    made(alice, "subnets", name="office", cidr="10.0.0.0/24")
    data = alice.post(ALLOCATE, body).json["data"]
    assert (data["ip"] if "ip" in data else [row["ip"] for row in data["list"]]) == shape


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({"subnet_id": 1, "count": 0}, {"count"}),
        ({"subnet_id": 1, "count": 257}, {"count"}),
        ({"subnet_id": 1, "strategy": "best"}, {"strategy"}),
        ({"subnet_id": 1, "status": "dhcp"}, {"status"}),
        ({"subnet_id": 1, "mac": "zz", "user_contact_id": 99}, {"mac", "user_contact_id"}),
        ({"subnet_id": "one"}, {"subnet_id"}),
        ({"ip": "10.0.0"}, {"ip"}),
        ({"subnet_id": 1, "range": {"start": "x"}}, {"range"}),
    ],
)
def test_bad_wishes_are_told_by_name(alice: Client, body: dict[str, Any], faults: set[str]) -> None:
    made(alice, "subnets", name="office", cidr="10.0.0.0/24")
    status, code, details = refused(alice.post(ALLOCATE, body))
    assert (status, code, set(details)) == (400, "INVALID_PARAMETER", faults)


def test_a_taken_address_names_its_holder(alice: Client) -> None:
    made(alice, "subnets", name="office", cidr="10.0.0.0/24")
    contact = made(alice, "user_contacts", name="张三")["id"]
    assert alice.post(ALLOCATE, {"ip": "10.0.0.9", "user_contact_id": contact}).status == 200
    told = {"ip": "已分配给 张三", "status": "allocated"}
    assert refused(alice.post(ALLOCATE, {"ip": "10.0.0.9"})) == (409, "IP_NOT_AVAILABLE", told)


def test_one_that_cannot_be_had_undoes_all(alice: Client, appliance: App) -> None:
    made(alice, "subnets", name="office", cidr="10.0.0.0/24")
    alice.post(ALLOCATE, {"id": 7})
    assert alice.post(ALLOCATE, {"ids": [5, 6, 7]}).status == 409
    with appliance.store.reading() as tx:
        assert tx.get("subnets", 1).allocated_count == 1


def test_a_dry_run_tells_and_changes_nothing(alice: Client, appliance: App) -> None:
    made(alice, "subnets", name="office", cidr="10.0.0.0/24")
    answer = alice.post(ALLOCATE, {"subnet_id": 1, "dry_run": True})
    assert (answer.status, answer.json["data"]["ip"]) == (200, "10.0.0.1")
    with acting(appliance) as tx:
        assert (at(tx, "10.0.0.1").status, events(tx, "10.0.0.1")) == ("available", [])


def test_a_repeated_call_with_its_key_gets_the_same_answer(alice: Client) -> None:
    made(alice, "subnets", name="office", cidr="10.0.0.0/24")
    first, again = (alice.post(ALLOCATE, {"subnet_id": 1}, **{"Idempotency-Key": "k1"}) for _ in range(2))
    assert (first.status, first.json) == (again.status, again.json)
    other = alice.post(ALLOCATE, {"subnet_id": 1, "hostname": "x"}, **{"Idempotency-Key": "k1"})
    assert other.status == 409
    assert alice.post(ALLOCATE, {"subnet_id": 1}, **{"Idempotency-Key": "k2"}).json["data"]["ip"] == "10.0.0.2"


def test_a_host_is_made_with_its_address(alice: Client) -> None:
    made(alice, "subnets", name="office", cidr="10.0.0.0/24")
    body = {"subnet_id": 1, "create_host": {"name": "web-1", "group_id": 1, "protocol": 1, "port": 2222}}
    row = alice.post(ALLOCATE, body).json["data"]
    assert (row["host_name"], row["allocate_type"], len(row["host_ids"])) == ("web-1", "auto", 1)


def test_a_host_that_may_not_be_made_leaves_the_address_free(bob: Client, alice: Client, appliance: App) -> None:
    made(alice, "subnets", name="office", cidr="10.0.0.0/24")
    answer = bob.post(ALLOCATE, {"subnet_id": 1, "create_host": {"name": "web-1", "group_id": 1}})
    assert answer.status in (400, 403)
    with acting(appliance) as tx:
        assert at(tx, "10.0.0.1").status == "available"


def test_force_is_the_administrators(alice: Client, bob: Client) -> None:
    made(alice, "subnets", name="office", cidr="10.0.0.0/24")
    assert bob.post(ALLOCATE, {"subnet_id": 1, "force": True}).status == 403


def test_mallory_and_carol_allocate_nothing(alice: Client, carol: Client, mallory: Client) -> None:
    made(alice, "subnets", name="office", cidr="10.0.0.0/24")
    assert [one.post(ALLOCATE, {"subnet_id": 1}).status for one in (carol, mallory)] == [403, 403]


# --- speed ------------------------------------------------------------------------------------------------------------


def test_next_free_in_huge_networks_costs_little_more_than_in_a_small_one(appliance: App) -> None:
    def cost(cidr: str) -> float:
        with acting(appliance) as tx:
            ident = subnet(tx, cidr)
            allocate(tx, ident, count=40)
        best = 1.0
        for _ in range(5):
            with acting(appliance) as tx:
                begun = time.process_time()
                allocate(tx, ident)
                best = min(best, time.process_time() - begun)
        return best

    small = cost("192.168.0.0/24")
    assert cost("10.0.0.0/8") < 3 * small
    assert cost("2001:db8::/64") < 3 * small
