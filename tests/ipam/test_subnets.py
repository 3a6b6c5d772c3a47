"""Subnets: the rules of their place, the rows of their addresses, their figures (ipam 5)."""

from typing import Any

import pytest

from appliance.app import App
from appliance.domain import subnet_figures, subnet_tree, subnets
from appliance.domain.subnet_tree import InUse, Overlap
from appliance.errors import Denied, Invalid, Problem, Taken
from appliance.store import Tx
from tests.client import Client
from tests.ipam.book import acting, allocate, area, at, events, gateway, statuses, subnet, take
from tests.ipam.calls import made, names, rows


def figures(tx: Tx, ident: int) -> dict[str, Any]:
    rows = [tx.get("subnets", ident)]
    subnet_figures.attach(tx, rows)
    return rows[0]


# --- the rules of their place -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cidr", "sentence"),
    [
        ("10.0.0.5/24", "CIDR格式不正确,应为 10.0.0.0/24"),
        ("10.0.0.0", "CIDR格式不正确"),
        ("nonsense/24", "CIDR格式不正确"),
        ("10.0.0.0/33", "CIDR格式不正确"),
        ("0.0.0.0/0", "前缀长度须不小于 /8"),
        ("10.0.0.0/7", "前缀长度须不小于 /8"),
        ("2000::/16", "前缀长度须不小于 /32"),
        ("2001:db8::1/64", "CIDR格式不正确,应为 2001:db8::/64"),
    ],
)
def test_a_network_is_well_formed_and_not_too_wide(appliance: App, cidr: str, sentence: str) -> None:
    with acting(appliance) as tx, pytest.raises(Invalid) as refusal:
        subnet(tx, cidr)
    assert refusal.value.faults == {"cidr": [sentence]}


def test_the_same_network_in_two_areas_is_normal_but_not_twice_in_one(appliance: App) -> None:
    with acting(appliance) as tx:
        subnet(tx)
        subnet(tx, area_id=area(tx, "dmz"))
        with pytest.raises(Taken) as refusal:
            subnet(tx, name="other")
    assert refusal.value.faults == {"cidr": ["该网段已存在"]}


def test_a_name_is_free_in_its_area_and_widths_and_cases_do_not_matter(appliance: App) -> None:
    with acting(appliance) as tx:
        subnet(tx, name="Office")
        with pytest.raises(Taken) as refusal:
            subnet(tx, "10.0.1.0/24", name="office")
    assert (refusal.value.code, refusal.value.faults) == ("NAME_EXISTS", {"name": ["名称已存在"]})


def test_all_faults_are_told_and_the_first_of_the_order_gives_its_code(appliance: App) -> None:
    with acting(appliance) as tx:
        subnet(tx, name="office")
        with pytest.raises(Problem) as refusal:
            subnet(tx, "10.0.0.0/25", name="office", gateway_id=99)
    assert refusal.value.code == "NAME_EXISTS"
    assert set(refusal.value.faults) == {"name", "cidr", "gateway_id"}


@pytest.mark.parametrize("inner", ["10.0.0.0/25", "10.0.0.0/23"])
def test_networks_overlap_only_where_nesting_is_allowed(appliance: App, inner: str) -> None:
    with acting(appliance) as tx:
        subnet(tx, name="office")
        with pytest.raises(Overlap) as refusal:
            subnet(tx, inner)
    assert refusal.value.faults == {"cidr": ["与 office 10.0.0.0/24 重叠"]}


@pytest.mark.parametrize("facts", [{"status": "container"}, {"allow_nested": True}])
def test_containers_and_subnets_that_allow_it_hold_others(appliance: App, facts: dict[str, Any]) -> None:
    with acting(appliance) as tx:
        outer = subnet(tx, "10.0.0.0/22", **facts)
        inner = subnet(tx, "10.0.1.0/24")
        assert tx.get("subnets", inner).parent_id == outer


def test_a_parent_made_later_takes_its_children(appliance: App) -> None:
    with acting(appliance) as tx:
        inner = subnet(tx, "10.0.1.0/24")
        outer = subnet(tx, "10.0.0.0/16", status="container")
        middle = subnet(tx, "10.0.0.0/20", status="container")
        assert tx.get("subnets", inner).parent_id == middle
        assert tx.get("subnets", middle).parent_id == outer


def test_an_overlap_names_five_at_most(appliance: App) -> None:
    with acting(appliance) as tx:
        for third in range(7):
            subnet(tx, f"10.0.{third}.0/24")
        with pytest.raises(Overlap) as refusal:
            subnet(tx, "10.0.0.0/16")
    assert len(refusal.value.faults["cidr"]) == 5


@pytest.mark.parametrize(
    ("ip", "elsewhere", "sentence"),
    [("10.0.1.1", False, "网关不在子网内"), ("10.0.0.1", True, "网关不在该网络区域")],
)
def test_a_gateway_lies_in_the_network_and_area(appliance: App, ip: str, elsewhere: bool, sentence: str) -> None:
    with acting(appliance) as tx:
        router = gateway(tx, ip, area(tx, "dmz") if elsewhere else 1)
        with pytest.raises(Invalid) as refusal:
            subnet(tx, gateway_id=router)
    assert refusal.value.faults == {"gateway_id": [sentence]}


# --- rows -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cidr", "facts", "count"),
    [
        ("10.0.0.0/24", {}, 254),
        ("10.0.0.0/24", {"is_pool": True}, 256),
        ("10.0.0.0/30", {}, 2),
        ("10.0.0.0/31", {}, 2),
        ("10.0.0.0/32", {}, 1),
        ("10.0.0.0/15", {}, 0),
        ("10.0.0.0/24", {"status": "container"}, 0),
        ("2001:db8::/120", {}, 0),
    ],
)
def test_small_networks_have_a_row_for_each_usable_address(
    appliance: App, cidr: str, facts: dict[str, Any], count: int
) -> None:
    with acting(appliance) as tx:
        ident = subnet(tx, cidr, **facts)
        assert tx["addresses"].count(subnet_id=ident) == count
        assert tx.get("subnets", ident).sparse == (count == 0)


def test_the_gateway_is_reserved_and_the_rest_is_free(appliance: App) -> None:
    with acting(appliance) as tx:
        ident = subnet(tx, gateway_id=gateway(tx, "10.0.0.1"))
        assert statuses(tx, ident) == {"available": 253, "reserved": 1}
        assert (at(tx, "10.0.0.1").is_gateway, at(tx, "10.0.0.1").status) == (True, "reserved")


def test_another_gateway_frees_the_former_one(appliance: App) -> None:
    with acting(appliance) as tx:
        ident = subnet(tx, gateway_id=gateway(tx, "10.0.0.1"))
        subnets.change(tx, ident, gateway_id=gateway(tx, "10.0.0.2"))
        assert (at(tx, "10.0.0.1").status, at(tx, "10.0.0.2").status) == ("available", "reserved")
        subnets.change(tx, ident, gateway_id=None)
        assert statuses(tx, ident) == {"available": 254}
        assert tx.get("subnets", ident).reserved_count == 0


def test_addresses_of_dhcp_ranges_are_dhcps(appliance: App) -> None:
    with acting(appliance) as tx:
        ident = subnet(tx, dhcp_ranges=[{"start": "10.0.0.100", "end": "10.0.0.149"}])
        assert statuses(tx, ident) == {"available": 204, "dhcp": 50}
        subnets.change(tx, ident, dhcp_ranges=[{"start": "10.0.0.140", "end": "10.0.0.159"}])
        assert statuses(tx, ident) == {"available": 234, "dhcp": 20}


@pytest.mark.parametrize(
    "ranges",
    [
        [{"start": "10.0.0.9", "end": "10.0.0.8"}],
        [{"start": "10.0.1.1", "end": "10.0.1.2"}],
        [{"start": "10.0.0.1", "end": "10.0.0.9"}, {"start": "10.0.0.9", "end": "10.0.0.12"}],
        [{"start": "10.0.0.1"}],
    ],
)
def test_dhcp_ranges_lie_inside_and_apart(appliance: App, ranges: list[dict[str, str]]) -> None:
    with acting(appliance) as tx, pytest.raises(Invalid) as refusal:
        subnet(tx, dhcp_ranges=ranges)
    assert list(refusal.value.faults) == ["dhcp_ranges"]


def test_a_dhcp_range_does_not_lie_over_somebodys_address(appliance: App) -> None:
    with acting(appliance) as tx:
        ident = subnet(tx)
        take(tx, ident, "10.0.0.7")
        with pytest.raises(InUse) as refusal:
            subnets.change(tx, ident, dhcp_ranges=[{"start": "10.0.0.5", "end": "10.0.0.9"}])
    assert refusal.value.faults == {"dhcp_ranges": ["地址 10.0.0.7 正在使用"]}


# --- rows of nested subnets -------------------------------------------------------------------------------------------


def test_the_rows_of_a_parent_move_to_a_new_child_with_what_is_allocated(appliance: App) -> None:
    with acting(appliance) as tx:
        outer = subnet(tx, allow_nested=True)
        take(tx, outer, "10.0.0.70")
        inner = subnet(tx, "10.0.0.64/26")
        assert at(tx, "10.0.0.70").subnet_id == inner
        assert statuses(tx, inner) == {"available": 61, "allocated": 1}
        assert statuses(tx, outer) == {"available": 190}  # neither the child's network nor its broadcast address
        counted = (tx.get("subnets", outer).allocated_count, tx.get("subnets", inner).allocated_count)
        assert counted == (0, 1)


def test_a_child_whose_broadcast_address_somebody_has_is_refused(appliance: App) -> None:
    with acting(appliance) as tx:
        outer = subnet(tx, allow_nested=True)
        take(tx, outer, "10.0.0.127")
        with pytest.raises(InUse) as refusal:
            subnet(tx, "10.0.0.64/26")
    assert refusal.value.faults == {"cidr": ["地址 10.0.0.127 正在使用"]}


def test_the_rows_of_a_removed_child_fall_to_its_parent_which_gets_the_missing_ones(appliance: App) -> None:
    with acting(appliance) as tx:
        outer = subnet(tx, allow_nested=True)
        inner = subnet(tx, "10.0.0.64/26")
        subnets.remove(tx, [inner])
        assert statuses(tx, outer) == {"available": 254}
        assert tx["addresses"].count(subnet_id=inner) == 0


def test_a_container_keeps_no_rows(appliance: App) -> None:
    with acting(appliance) as tx:
        ident = subnet(tx, "10.0.0.0/25")
        subnets.change(tx, ident, status="container")
        assert statuses(tx, ident) == {}
        subnets.change(tx, ident, status="active")
        assert statuses(tx, ident) == {"available": 126}


def test_a_subnet_with_somebodys_address_becomes_no_container(appliance: App) -> None:
    with acting(appliance) as tx:
        ident = subnet(tx)
        allocate(tx, ident)
        with pytest.raises(InUse):
            subnets.change(tx, ident, status="container")


@pytest.mark.parametrize(("cidr", "count"), [("10.0.0.0/23", 510), ("10.0.0.0/25", 126), ("10.0.0.0/26", 62)])
def test_a_resized_subnet_keeps_what_is_allocated(appliance: App, cidr: str, count: int) -> None:
    with acting(appliance) as tx:
        ident = subnet(tx)
        take(tx, ident, "10.0.0.9", facts={"hostname": "web-1"})
        subnets.change(tx, ident, cidr=cidr)
        assert statuses(tx, ident) == {"available": count - 1, "allocated": 1}
        assert at(tx, "10.0.0.9").hostname == "web-1"
        assert figures(tx, ident)["total_ips"] == count


def test_a_subnet_does_not_shrink_over_somebodys_address(appliance: App) -> None:
    with acting(appliance) as tx:
        ident = subnet(tx)
        take(tx, ident, "10.0.0.200")
        with pytest.raises(InUse) as refusal:
            subnets.change(tx, ident, cidr="10.0.0.0/25")
    assert refusal.value.faults == {"cidr": ["地址 10.0.0.200 正在使用"]}


def test_what_a_shrinking_child_leaves_goes_to_its_parent(appliance: App) -> None:
    with acting(appliance) as tx:
        outer = subnet(tx, allow_nested=True)
        inner = subnet(tx, "10.0.0.128/25")
        subnets.change(tx, inner, cidr="10.0.0.192/26")
        assert statuses(tx, inner) == {"available": 62}
        assert statuses(tx, outer) == {"available": 191}  # 1 to 191


def test_overlap_is_judged_again_when_a_subnet_moves(appliance: App) -> None:
    with acting(appliance) as tx:
        subnet(tx, name="office")
        ident = subnet(tx, "10.0.1.0/24")
        with pytest.raises(Overlap):
            subnets.change(tx, ident, cidr="10.0.0.0/25")


def test_a_subnet_moves_to_another_area_while_nobody_has_an_address_of_it(appliance: App) -> None:
    with acting(appliance) as tx:
        ident, dmz = subnet(tx), area(tx, "dmz")
        subnets.change(tx, ident, area_id=dmz)
        assert at(tx, "10.0.0.1", dmz).subnet_id == ident
        assert tx["addresses"].count(area_id=1) == 0
        allocate(tx, ident)
        with pytest.raises(InUse):
            subnets.change(tx, ident, area_id=1)


def test_nesting_is_not_switched_off_over_children(appliance: App) -> None:
    with acting(appliance) as tx:
        outer = subnet(tx, "10.0.0.0/22", status="container")
        subnet(tx, "10.0.0.0/24")
        with pytest.raises(Overlap):
            subnets.change(tx, outer, status="active")


# --- removing ---------------------------------------------------------------------------------------------------------


def test_a_free_subnet_goes_with_its_rows_and_its_gateway_stays(appliance: App) -> None:
    with acting(appliance) as tx:
        router = gateway(tx, "10.0.0.1")
        subnets.remove(tx, [subnet(tx, gateway_id=router)])
        assert (tx["subnets"].count(), tx["addresses"].count(), tx["gateways"].count()) == (0, 0, 1)


def test_a_subnet_with_children_or_somebodys_addresses_stays(appliance: App) -> None:
    with acting(appliance) as tx:
        outer = subnet(tx, "10.0.0.0/22", status="container")
        inner = subnet(tx, "10.0.0.0/24")
        allocate(tx, inner, count=3)
        with pytest.raises(InUse) as refusal:
            subnets.remove(tx, [outer, inner])
        assert refusal.value.faults == {str(inner): ["被 3 个地址引用"]}
        with pytest.raises(InUse) as refusal:
            subnets.remove(tx, [outer])
    assert refusal.value.faults == {str(outer): ["被 1 个子网引用"]}


def test_an_administrator_removes_by_force_and_history_stays(appliance: App) -> None:
    with acting(appliance) as tx:
        ident = subnet(tx)
        ip = allocate(tx, ident)[0]
        subnets.remove(tx, [ident], force=True)
        assert events(tx, ip) == ["allocated", "released"]


def test_force_is_the_administrators(appliance: App) -> None:
    with acting(appliance, "bob") as tx, pytest.raises(Denied):
        subnets.remove(tx, [subnet(tx)], force=True)


# --- figures ----------------------------------------------------------------------------------------------------------


def test_figures_tell_what_is_held(appliance: App) -> None:
    with acting(appliance) as tx:
        ident = subnet(
            tx, gateway_id=gateway(tx, "10.0.0.1"), dhcp_ranges=[{"start": "10.0.0.100", "end": "10.0.0.149"}]
        )
        allocate(tx, ident, count=10)
        told = figures(tx, ident)
    names = ("total_ips", "used_ips", "available_ips", "reserved_ips", "utilization")
    assert [told[name] for name in names] == [254, 10, 193, 1, 24.0]


def test_the_figures_of_a_sparse_subnet_are_computed(appliance: App) -> None:
    with acting(appliance) as tx:
        told = figures(tx, subnet(tx, "10.0.0.0/8"))
        assert (told["total_ips"], told["available_ips"], told["utilization"]) == (2**24 - 2, 2**24 - 2, 0.0)
        told = figures(tx, subnet(tx, "2001:db8::/64"))
        assert told["total_ips"] == 2**64


def test_a_container_counts_the_space_of_its_children(appliance: App) -> None:
    with acting(appliance) as tx:
        outer = subnet(tx, "10.0.0.0/22", status="container")
        subnet(tx, "10.0.0.0/24")
        subnet(tx, "10.0.1.0/24")
        assert figures(tx, outer)["utilization"] == 50.1


def test_a_subnet_marked_full_is_full(appliance: App) -> None:
    with acting(appliance) as tx:
        told = figures(tx, subnet(tx, is_full=True))
        assert (told["available_ips"], told["utilization"]) == (0, 100.0)


def test_gaps_are_the_free_networks_largest_first(appliance: App) -> None:
    with acting(appliance) as tx:
        outer = subnet(tx, "10.0.0.0/22", status="container")
        subnet(tx, "10.0.1.0/24")
        network = subnet_tree.network_of(tx.get("subnets", outer))
        assert subnet_tree.gaps(tx, 1, network) == ["10.0.2.0/23", "10.0.0.0/24"]
        subnet(tx, "10.0.0.0/25")
        assert subnet_tree.gaps(tx, 1, network) == ["10.0.2.0/23", "10.0.0.128/25"]


def test_subnets_are_found_and_sorted_by_how_full_they_are(alice: Client) -> None:
    made(alice, "subnets", name="outer", cidr="10.0.0.0/22", status="container")
    inner = made(alice, "subnets", name="inner", cidr="10.0.0.0/24")
    alice.post("/api/ips/allocate", {"subnet_id": inner["id"], "count": 100})
    made(alice, "subnets", name="marked", cidr="10.1.0.0/30", is_full=True)
    made(alice, "subnets", name="wide", cidr="2001:db8::/32")
    made(alice, "subnets", name="pair", cidr="10.2.0.0/31")
    shown = {row["name"]: row["utilization"] for row in rows(alice, "subnets")}
    assert shown == {"outer": 25.0, "inner": 39.4, "marked": 100.0, "wide": 0.0, "pair": 0.0}
    for name, figure in shown.items():
        assert name in names(alice, "subnets", filters=f'{{"utilization":{{"eq":{figure}}}}}')
    assert names(alice, "subnets", filters='{"utilization":{"gt":30}}', order="utilization") == ["inner", "marked"]
