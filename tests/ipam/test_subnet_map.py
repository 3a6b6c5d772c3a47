"""What maps of subnets ask besides the documented calls: top subnets, the fill of blocks, several addresses at once."""

from appliance.app import App
from tests.client import Client
from tests.ipam.book import acting, at
from tests.ipam.calls import made, names, patch, refused, rows

ALLOCATE = "/api/ips/allocate"


def test_the_top_subnets_are_those_in_no_other(alice: Client) -> None:
    made(alice, "subnets", name="outer", cidr="10.0.0.0/16", status="container")
    made(alice, "subnets", name="inner", cidr="10.0.0.0/24")
    made(alice, "subnets", name="other", cidr="10.1.0.0/24")
    assert names(alice, "subnets/roots", order="cidr") == ["outer", "other"]
    assert names(alice, "subnets/roots", keyword="oth") == ["other"]


def test_a_subnet_whose_parent_is_hidden_is_at_the_top(alice: Client, bob: Client) -> None:
    made(alice, "subnets", name="outer", cidr="10.0.0.0/16", status="container")
    inner = made(alice, "subnets", name="inner", cidr="10.0.0.0/24", allow_nested=True)["id"]
    made(alice, "subnets", name="innermost", cidr="10.0.0.0/28")
    made(alice, "user-groups", name="bobs", user_ids=[bob.id], subnet_ids=[inner])
    assert names(bob, "subnets/roots") == ["inner"]


def test_blocks_tell_how_full_each_part_of_a_subnet_is(alice: Client) -> None:
    made(alice, "subnets", name="wide", cidr="10.0.0.0/22", allow_nested=True)
    made(alice, "subnets", name="inside", cidr="10.0.2.0/24")
    alice.post(ALLOCATE, {"ips": ["10.0.1.7", "10.0.1.9"]})
    assert rows(alice, "subnets/blocks", id=1) == [
        {"cidr": "10.0.0.0/24", "total": 255, "used": 0, "conflicts": 0},
        {"cidr": "10.0.1.0/24", "total": 256, "used": 2, "conflicts": 0},
        {"cidr": "10.0.3.0/24", "total": 255, "used": 0, "conflicts": 0},
    ]


def test_a_subnet_without_rows_has_no_blocks_to_show(alice: Client) -> None:
    made(alice, "subnets", name="sparse", cidr="fd00::/64")
    assert rows(alice, "subnets/blocks", id=1) == []
    assert alice.get("/api/subnets/blocks", id=99).status == 404


def test_several_addresses_are_taken_in_one_call_rows_or_not(alice: Client) -> None:
    made(alice, "subnets", name="sparse", cidr="fd00::/64")
    answer = alice.post(ALLOCATE, {"ips": ["fd00::5", "FD00:0::9"], "subnet_id": 1, "status": "reserved"})
    assert [(row["ip"], row["status"]) for row in answer.json["data"]["list"]] == [
        ("fd00::5", "reserved"),
        ("fd00::9", "reserved"),
    ]


def test_each_address_that_cannot_be_had_is_told(alice: Client, appliance: App) -> None:
    made(alice, "subnets", name="office", cidr="10.0.0.0/24")
    alice.post(ALLOCATE, {"ips": ["10.0.0.7", "10.0.0.8"]})
    status, code, details = refused(alice.post(ALLOCATE, {"ips": ["10.0.0.6", "10.0.0.7", "10.0.0.8"]}))
    told = [(one["index"], one["message"]) for one in details["items"] if one["field"] == "ip"]
    assert (status, code, told) == (409, "IP_NOT_AVAILABLE", [(1, "已分配"), (2, "已分配")])
    with acting(appliance) as tx:
        assert at(tx, "10.0.0.6").status == "available"


def test_each_row_whose_state_forbids_a_change_is_told(alice: Client) -> None:
    made(alice, "subnets", name="office", cidr="10.0.0.0/24")
    alice.post(ALLOCATE, {"ids": [7, 8]})
    answer = patch(alice, "ips", {"ids": [6, 7, 8], "status": "available"})
    status, code, details = refused(answer)
    assert (status, code, [one["id"] for one in details["items"]]) == (409, "INVALID_STATE", [7, 8])
