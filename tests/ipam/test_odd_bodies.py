"""Odd bodies of subnets, addresses and applications: a fault by name, never a bug, and nothing half done."""

from typing import Any

import pytest

from appliance.app import App
from tests.client import Client
from tests.ipam.book import acting
from tests.ipam.calls import made

ODD: list[Any] = [
    None,
    "",
    " ",
    0,
    -1,
    1.5,
    10**30,
    True,
    "x" * 300,
    "\x00",
    "\u202e",
    [],
    [None],
    [[]],
    {},
    {"a": 1},
    "١٢",
]
SUBNET = {"name": "x", "cidr": "10.1.0.0/30"}
SUBNET_KEYS = [
    *("name", "cidr", "network_area_id", "gateway_id", "vlan_id", "unit_id", "status", "is_pool", "allow_nested"),
    *("dns_servers", "dhcp_ranges", "approver_group_id", "release_cooldown_hours", "scan_methods", "custom_fields"),
]
ALLOCATE_KEYS = [
    *("subnet_id", "ip", "id", "ids", "count", "contiguous", "range", "strategy", "exclude", "status", "force"),
    *("dry_run", "hostname", "mac_address", "user_contact_id", "expires_at", "create_host", "reason", "custom_fields"),
]
APPLY_KEYS = ["subnet_id", "ip", "network_area_id", "ip_count", "apply_type", "expires_at", "purpose", "mac_address"]
CHANGE_KEYS = ["id", "ids", "items", "status", "is_locked", "expires_at", "conflict_ack", "ip", "version", "hostname"]
CALLS = [
    *(("POST", "/api/subnets", SUBNET, key) for key in SUBNET_KEYS),
    *(("PATCH", "/api/subnets", {"id": 1}, key) for key in [*SUBNET_KEYS, "id", "ids", "version"]),
    *(("DELETE", "/api/subnets", {}, key) for key in ("id", "ids", "force")),
    *(("POST", "/api/ips/allocate", {"subnet_id": 1}, key) for key in ALLOCATE_KEYS),
    *(("POST", "/api/ips/release", {"id": 1}, key) for key in ("id", "ids", "ip", "ips", "reason", "cooldown_hours")),
    *(("PATCH", "/api/ips", {"id": 1}, key) for key in CHANGE_KEYS),
    *(("POST", "/api/registerIps", {"subnet_id": 1}, key) for key in APPLY_KEYS),
    *(("PUT", "/api/registerIps", {"id": 1}, key) for key in ("status", "action", "ip", "subnet_id", "comment", "id")),
]


@pytest.mark.parametrize(("method", "path", "body", "key"), CALLS, ids=lambda part: str(part)[:24])
def test_an_odd_value_is_no_bug(
    appliance: App, alice: Client, method: str, path: str, body: dict[str, Any], key: str
) -> None:
    made(alice, "subnets", name="office", cidr="10.0.0.0/28")
    made(alice, "registerIps", subnet_id=1)
    answers = [(odd, alice.call(method, path, body=body | {key: odd})) for odd in ODD]
    assert [(odd, answer.json) for odd, answer in answers if answer.status >= 500] == []
    with acting(appliance) as tx:
        for row in tx["subnets"].find():
            counted = tx["addresses"].count(subnet_id=row["id"], status="allocated")
            assert (row["complete"], row["allocated_count"]) == (True, counted)


@pytest.mark.parametrize(
    "query", ["subnet_id=x", "status=none", "filters={", "order=nothing", "ip=1", "id=99999999999999999999"]
)
@pytest.mark.parametrize(
    "path", ["/api/ips", "/api/ips/history", "/api/subnets", "/api/registerIps", "/api/subnets/gaps"]
)
def test_an_odd_question_is_no_bug(alice: Client, path: str, query: str) -> None:
    assert alice.get(f"{path}?{query}").status < 500
