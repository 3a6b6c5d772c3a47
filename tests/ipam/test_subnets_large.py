"""Large subnets are made in portions: others are served in between, and what fails or is cut off leaves nothing."""

from typing import Any

import gevent
import pytest

from appliance.app import App
from appliance.domain import subnet_making, subnet_rows, subnets
from appliance.work import address_chores
from tests.client import Client
from tests.conftest import PASSWORD
from tests.ipam.book import acting, allocate, gateway, host, statuses, subnet, take
from tests.ipam.calls import made, names, refused
from tests.live import Live

BIG = {"name": "big", "cidr": "10.0.0.0/18"}
COUNT = 16382


@pytest.fixture
def begun(appliance: App, alice: Client) -> Any:
    """A creation that others run beside: its greenlet, after a few portions."""
    making = gevent.spawn(alice.post, "/api/subnets", BIG)
    while not subnet_making._making:
        gevent.sleep(0)
    gevent.sleep(subnet_making.PAUSE * 3)
    assert not making.ready()
    yield making
    making.join()


def test_a_large_subnet_has_all_its_rows_when_it_is_answered(appliance: App, alice: Client) -> None:
    row = made(alice, "subnets", **BIG)
    assert (row["total_ips"], row["available_ips"]) == (COUNT, COUNT)
    with acting(appliance) as tx:
        assert statuses(tx, row["id"]) == {"available": COUNT}


def test_while_it_is_made_nobody_sees_it_and_nobody_takes_its_network(begun: Any, alice: Client) -> None:
    assert (names(alice, "subnets"), alice.get("/api/ips/count").json["data"]["count"]) == ([], 0)
    assert refused(alice.post("/api/subnets", BIG | {"name": "other"}))[1] == "ALREADY_EXISTS"
    assert refused(alice.post("/api/subnets", {"name": "in it", "cidr": "10.0.1.0/24"}))[1] == "SUBNET_OVERLAP"
    assert refused(alice.post("/api/ips/allocate", {"subnet_id": 1}))[1] == "NOT_FOUND"
    begun.join()
    assert begun.value.status == 201
    assert names(alice, "subnets") == ["big"]


def test_a_child_made_inside_it_meanwhile_keeps_its_own_rows(appliance: App, alice: Client) -> None:
    making = gevent.spawn(alice.post, "/api/subnets", BIG | {"allow_nested": True})
    while not subnet_making._making:
        gevent.sleep(0)
    inner = made(alice, "subnets", name="inner", cidr="10.0.32.0/24")["id"]
    making.join()
    with acting(appliance) as tx:
        assert statuses(tx, inner) == {"available": 254}
        assert statuses(tx, making.value.json["data"]["id"]) == {"available": COUNT - 256}


def test_others_are_served_between_its_portions(begun: Any, alice: Client) -> None:
    answered = 0
    while not begun.ready():
        assert alice.get("/api/units").status == 200
        answered += 1
        gevent.sleep(0)
    assert answered > 5


def test_a_creation_that_fails_leaves_nothing(appliance: App, alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(subnet_making, "finish", broken)
    assert alice.post("/api/subnets", BIG).status == 500
    with acting(appliance) as tx:
        assert (tx["subnets"].count(), tx["addresses"].count()) == (0, 0)


def test_of_several_subnets_all_are_made_or_none(appliance: App, alice: Client) -> None:
    refusal = refused(alice.post("/api/subnets", [BIG, {"name": "x", "cidr": "10.1.0.1/24"}]))
    assert (refusal[1], refusal[2]["items"][0]["index"]) == ("INVALID_PARAMETER", 1)
    assert alice.post("/api/subnets", [BIG, {"name": "x", "cidr": "10.1.0.0/24"}]).json["data"]["total"] == 2
    assert refused(alice.post("/api/subnets", [{"name": "a", "cidr": "10.2.0.0/24"}] * 2))[0] == 400
    with acting(appliance) as tx:
        assert tx["subnets"].count() == 2


def several(count: int) -> list[dict[str, Any]]:
    """Many small subnets."""
    return [{"name": f"n{number}", "cidr": f"10.0.{number}.0/30"} for number in range(count)]


def test_others_are_served_while_many_small_subnets_are_made(appliance: App, alice: Client) -> None:
    making = gevent.spawn(alice.post, "/api/subnets", several(40))
    answered = 0
    while not making.ready():
        assert names(alice, "subnets") in ([], [f"n{number}" for number in reversed(range(20, 40))])
        answered += 1
        gevent.sleep(0)
    assert answered > 10
    assert making.value.json["data"]["total"] == 40
    assert [row["available_ips"] for row in making.value.json["data"]["list"]] == [2] * 40


@pytest.mark.parametrize(
    ("last", "code"),
    [
        ({"name": "x", "cidr": "10.0.0.0/30"}, "ALREADY_EXISTS"),
        ({"name": "x", "cidr": "10.9.0.128/25"}, "RESOURCE_IN_USE"),
    ],
)
def test_a_fault_that_shows_with_the_last_of_many_leaves_nothing(
    appliance: App, alice: Client, last: dict[str, str], code: str
) -> None:
    with acting(appliance) as tx:
        parent = subnet(tx, "10.9.0.0/24", allow_nested=True)
        take(tx, parent, "10.9.0.128")
        before = statuses(tx, parent)
    assert refused(alice.post("/api/subnets", [*several(20), last]))[1] == code
    assert names(alice, "subnets") == ["10.9.0.0/24"]
    with acting(appliance) as tx:
        assert (tx["subnets"].count(), statuses(tx, parent)) == (1, before)
        assert tx["addresses"].count() == sum(before.values())


def test_of_many_subnets_those_that_others_have_a_part_in_are_settled_too(appliance: App, alice: Client) -> None:
    with acting(appliance) as tx:
        parent = subnet(tx, "10.9.0.0/24", allow_nested=True)
        take(tx, parent, "10.9.0.9")
        host(tx, "till", "10.1.0.9")
        router = gateway(tx, "10.2.0.1")
    nested, joined = {"name": "a", "cidr": "10.9.0.0/28"}, {"name": "b", "cidr": "10.1.0.0/28"}
    ranges = [{"start": "10.2.0.8", "end": "10.2.0.9"}]
    served = {"name": "c", "cidr": "10.2.0.0/28", "gateway_id": router, "dhcp_ranges": ranges}
    made = alice.post("/api/subnets", [nested, joined, served]).json["data"]["list"]
    with acting(appliance) as tx:
        assert statuses(tx, parent) == {"available": 254 - 15}
        assert [statuses(tx, row["id"]) for row in made] == [
            {"available": 13, "allocated": 1},
            {"available": 13, "allocated": 1},
            {"available": 11, "reserved": 1, "dhcp": 2},
        ]


def test_what_an_earlier_process_left_unfinished_is_cleared(appliance: App) -> None:
    with acting(appliance) as tx:
        done = subnet(tx, "10.9.0.0/24")
        ident = subnets.begin(tx, **BIG)
        subnet_rows.make(tx, tx.get("subnets", ident), (10 << 24, (10 << 24) + 2000))
    subnet_making.clear_interrupted(appliance.store)
    with acting(appliance) as tx:
        assert [row["id"] for row in tx["subnets"].find()] == [done]
        assert statuses(tx, done) == {"available": 254}
        assert tx["addresses"].count() == 254


def test_a_subnet_grown_large_is_whole_soon_and_serves_meanwhile(appliance: App) -> None:
    with acting(appliance) as tx:
        ident = subnet(tx, "10.0.0.0/24")
        take(tx, ident, "10.0.0.1")
        subnets.change(tx, ident, cidr="10.0.0.0/19")
        assert tx.get("subnets", ident).sparse
        take(tx, ident, "10.0.9.9")
        assert allocate(tx, ident, count=300)[-1] == "10.0.1.45"
    address_chores.tend(appliance.store)
    with acting(appliance) as tx:
        assert statuses(tx, ident) == {"available": 8190 - 302, "allocated": 302}
        assert not tx.get("subnets", ident).sparse


def test_a_killed_process_leaves_nothing_of_what_it_was_making(live: Live) -> None:
    token = live.sign_in("alice", PASSWORD)
    making = gevent.get_hub().threadpool.spawn(lost, live, token)
    while free(live, token, "10.0.0.0/15") != ["10.1.0.0/16"]:
        gevent.sleep(0.01)
    live.kill()
    making.get(timeout=20)
    again = Live(live.data, "--loopback-targets")
    try:
        answer = live_count(again, again.sign_in("alice", PASSWORD))
    finally:
        again.kill()
    assert answer == 0


def lost(live: Live, token: str) -> None:
    """A creation whose answer never comes."""
    try:
        live.call("/api/subnets", {"name": "big", "cidr": "10.0.0.0/16"}, token)
    except OSError:
        return


def free(live: Live, token: str, within: str) -> list[str]:
    """The networks that nobody has."""
    return live.call(f"/api/subnets/gaps?within={within}", None, token)["data"]["list"]  # type: ignore[no-any-return]


def live_count(live: Live, token: str) -> int:
    """How many addresses there are, once interrupted work is cleared."""
    for _ in range(200):
        if free(live, token, "10.0.0.0/15") == ["10.0.0.0/15"]:
            break
        gevent.sleep(0.05)
    return int(live.call("/api/ips/count", None, token)["data"]["count"])
