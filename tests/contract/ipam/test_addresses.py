"""Subnets, IP addresses and applications of seed 004: every documented call, and the samples as they stand."""

import json
from typing import Any

import pytest

from tests.client import Answer, Client
from tests.ipam.calls import made

OFFICE = {"name": "办公网段", "cidr": "192.168.1.0/24", "gateway_id": 1, "network_area_id": 1}
PAGE = {"page", "page_size", "total", "list"}


@pytest.fixture
def office(alice: Client) -> dict[str, Any]:
    """The sample's subnet, with the gateway it names."""
    made(alice, "gateways", ip="192.168.1.1")
    return made(alice, "subnets", **OFFICE)


def data(answer: Answer, status: int = 200, message: str = "操作成功") -> Any:
    """The data of an answer in the documented envelope."""
    assert (answer.status, list(answer.json)) == (status, ["code", "message", "data"])
    assert (answer.json["code"], answer.json["message"]) == (status, message)
    return answer.json["data"]


def test_the_sample_makes_a_subnet(office: dict[str, Any]) -> None:
    assert OFFICE.items() <= office.items()


def test_the_sample_lists_addresses(alice: Client, office: dict[str, Any]) -> None:
    found = data(alice.get("/api/ips?page=1&page_size=20"), message="success")
    assert (set(found), found["page"], found["page_size"], found["total"]) == (PAGE, 1, 20, 254)
    found = data(alice.get("/api/ips?page=1&page_size=20&order=id&order_by=desc"), message="success")
    assert found["list"][0]["ip"] == "192.168.1.254"


@pytest.mark.parametrize("wrapped", [True, False])
def test_the_samples_filter_addresses(alice: Client, office: dict[str, Any], wrapped: bool) -> None:
    plain: dict[str, Any] = {"ip": {"like": "192.168"}}
    asked = json.dumps({"filters": plain} if wrapped else plain)
    found = data(alice.get("/api/ips", filters=asked, order="id", order_by="desc"), message="success")
    assert found["total"] == 254


def test_the_sample_in_the_address_bar_filters_raw(alice: Client, office: dict[str, Any]) -> None:
    assert data(alice.get('/api/ips?filters={"ip":{"like":"192.168"}}'), message="success")["total"] == 254


def test_the_sample_renames_a_subnet(alice: Client, office: dict[str, Any]) -> None:
    row = data(alice.call("PATCH", "/api/subnets", body={"id": 1, "name": "新名称"}))
    assert (row["id"], row["name"], row["cidr"]) == (1, "新名称", OFFICE["cidr"])


def test_the_sample_deletes_subnets(alice: Client, office: dict[str, Any]) -> None:
    for third in (2, 3):
        made(alice, "subnets", name=f"网段{third}", cidr=f"192.168.{third}.0/24")
    assert data(alice.call("DELETE", "/api/subnets", body={"ids": [1, 2, 3]})) == {"deleted": 3, "ids": [1, 2, 3]}
    assert data(alice.get("/api/ips/count"), message="操作成功") == {"count": 0, "total": 0}


def test_subnets_are_counted_and_offered(alice: Client, office: dict[str, Any]) -> None:
    assert data(alice.get("/api/subnets/count"))["count"] == 1
    assert data(alice.get("/api/subnets/options"), message="success")["list"][0]["label"] == "办公网段"
    assert data(alice.get("/api/subnets"), message="success")["list"][0]["utilization"] == 0.4


def test_addresses_are_counted_offered_allocated_changed_and_released(alice: Client, office: dict[str, Any]) -> None:
    row = data(alice.post("/api/ips/allocate", {"subnet_id": 1, "hostname": "web-1"}))
    assert (row["ip"], row["status"], row["hostname"]) == ("192.168.1.2", "allocated", "web-1")
    assert data(alice.call("PATCH", "/api/ips", body={"id": row["id"], "hostname": "web-2"}))["hostname"] == "web-2"
    assert data(alice.get("/api/ips/count?status=allocated"))["count"] == 1
    states = data(alice.get("/api/ips/options"), message="success")["fields"]["status"]
    assert {"value": "allocated", "label": "已分配"} in states
    assert data(alice.post("/api/ips/release", {"id": row["id"]}))["released"] == 1


def test_a_full_subnet_says_so_as_documented(alice: Client) -> None:
    made(alice, "subnets", name="小", cidr="10.0.0.0/32")
    alice.post("/api/ips/allocate", {"subnet_id": 1})
    answer = alice.post("/api/ips/allocate", {"subnet_id": 1, "user_contact_id": None, "hostname": "web-1"})
    error = {"code": "SUBNET_FULL", "details": {"wanted": 1, "free": 0}}
    assert answer.json == {"code": 409, "message": "子网已无可用地址", "error": error}


def test_applications_are_listed_counted_made_changed_and_deleted(alice: Client, office: dict[str, Any]) -> None:
    row = data(alice.post("/api/registerIps", {"subnet_id": 1, "purpose": "打印机"}), 201)
    assert data(alice.get("/api/registerIps"), message="success")["list"][0]["id"] == row["id"]
    assert data(alice.get("/api/registerIps/count"))["count"] == 1
    assert data(alice.put("/api/registerIps", {"id": row["id"], "purpose": "扫描仪"}))["purpose"] == "扫描仪"
    assert data(alice.call("DELETE", "/api/registerIps", body={"ids": [row["id"]]}))["deleted"] == 1


def test_an_overlap_and_a_corrected_network_are_told(alice: Client, office: dict[str, Any]) -> None:
    answer = alice.post("/api/subnets", {"name": "内", "cidr": "192.168.1.0/25"})
    assert (answer.status, answer.json["error"]["code"], answer.json["message"]) == (400, "SUBNET_OVERLAP", "网段重叠")
    answer = alice.post("/api/subnets", {"name": "内", "cidr": "192.168.2.5/24"})
    details = {"cidr": "CIDR格式不正确,应为 192.168.2.0/24"}
    error = {"code": "INVALID_PARAMETER", "details": details}
    assert answer.json == {"code": 400, "message": "请求参数错误", "error": error}
