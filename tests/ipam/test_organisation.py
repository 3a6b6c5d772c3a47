"""Departments, projects, contacts, gateways and user groups: the rules of each."""

from typing import Any

import pytest

from tests.client import Client
from tests.ipam.calls import made, patch, refused, remove, rows


@pytest.fixture
def org(alice: Client) -> Client:
    """Units 1 and 2; department 1 of unit 1 with department 2 below it."""
    made(alice, "units", name="a", level=1)
    made(alice, "units", name="b", level=1)
    made(alice, "departments", name="dev", unit_id=1)
    made(alice, "departments", name="web", unit_id=1, parent_id=1)
    return alice


def test_a_department_is_unique_within_its_unit(org: Client) -> None:
    made(org, "departments", name="dev", unit_id=2)
    made(org, "departments", name="dev")
    for unit in (1, None):
        assert refused(org.post("/api/departments", {"name": "DEV", "unit_id": unit}))[1] == "NAME_EXISTS"


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"parent_id": 99}, "PARENT_NOT_FOUND", "上级部门不存在"),
        ({"parent_id": 1, "unit_id": 2}, "INVALID_PARENT", "上级部门无效"),
        ({"parent_id": 1}, "INVALID_PARENT", "上级部门无效"),
    ],
)
def test_a_department_lies_below_one_of_its_unit(org: Client, body: dict[str, Any], code: str, message: str) -> None:
    answer = org.post("/api/departments", {"name": "x"} | body)
    assert (answer.status, answer.json["error"]["code"], answer.json["message"]) == (400, code, message)


def test_departments_form_no_ring_and_keep_their_unit(org: Client) -> None:
    assert refused(patch(org, "departments", {"id": 1, "parent_id": 2}))[1] == "INVALID_PARENT"
    assert refused(patch(org, "departments", {"id": 1, "parent_id": 1}))[1] == "INVALID_PARENT"
    assert set(refused(patch(org, "departments", {"id": 1, "unit_id": 2}))[2]) == {"children"}


def test_a_project_ends_after_it_began_with_a_department_of_its_unit(org: Client) -> None:
    body = {"name": "p", "start_date": "2024-02-01", "end_date": "2024-01-01", "unit_id": 2, "department_id": 1}
    assert refused(org.post("/api/projects", body))[2] == {
        "end_date": "结束日期不能早于开始日期",
        "department_id": "部门不属于该单位",
    }
    row = made(org, "projects", **body | {"end_date": "2024-03-01", "unit_id": 1})
    assert (row["start_date"], row["end_date"], row["department_name"]) == ("2024-02-01", "2024-03-01", "dev")
    assert set(refused(patch(org, "projects", {"id": row["id"], "unit_id": 2}))[2]) == {"department_id"}


def test_a_contact_has_a_number_of_his_own_and_a_real_address(org: Client) -> None:
    made(org, "user_contacts", name="x", employee_no="7", email="a@example.com")
    assert refused(org.post("/api/user_contacts", {"name": "x", "employee_no": "7", "email": "no"})) == (
        400,
        "INVALID_PARAMETER",
        {"email": "邮箱格式不正确", "employee_no": "工号已存在"},
    )
    assert refused(org.post("/api/user_contacts", {"name": "x", "employee_no": "7"}))[1] == "ALREADY_EXISTS"
    assert made(org, "user_contacts", name="x")["ip_count"] == 0


def test_a_used_contact_and_unit_stay(org: Client) -> None:
    contact = made(org, "user_contacts", name="x", unit_id=1)
    made(org, "projects", name="p", user_contact_id=contact["id"])
    assert refused(remove(org, "user_contacts", contact["id"]))[2] == {"1": "被 1 个项目引用"}
    assert refused(remove(org, "units", 1))[2] == {"1": "被 2 个部门引用;被 1 个使用人引用"}


def test_a_gateway_is_one_address_of_its_area_however_spelled(alice: Client) -> None:
    row = made(alice, "gateways", ip_address="2001:DB8:0:0::1", mac_address="AABB.CCDD.EEFF")
    assert (row["ip"], row["mac_address"], row["network_area_id"]) == ("2001:db8::1", "aa:bb:cc:dd:ee:ff", 1)
    assert refused(alice.post("/api/gateways", {"ip": "2001:db8::1"})) == (
        400,
        "ALREADY_EXISTS",
        {"ip": "该地址的网关已存在"},
    )
    other = made(alice, "network_areas", name="x")
    made(alice, "gateways", ip="2001:db8::1", network_area_id=other["id"])
    assert set(refused(alice.post("/api/gateways", {"ip": "1.2.3", "mac_address": "x"}))[2]) == {"ip", "mac_address"}


def test_a_group_names_people_and_what_they_see(alice: Client, bob: Client) -> None:
    row = made(alice, "user-groups", name="g", members=[bob.id], network_area_ids=[1])
    assert (row["user_ids"], row["member_count"], row["network_area_ids"]) == ([bob.id], 1, [1])
    assert patch(alice, "user-groups", {"id": row["id"], "user_ids": [1, bob.id]}).json["data"]["member_count"] == 2
    assert patch(alice, "user-groups", {"id": row["id"], "name": "h"}).json["data"]["member_count"] == 2
    bad = {"user_ids": [99], "unit_ids": [98], "network_area_ids": ["x"], "subnet_ids": 5}
    assert set(refused(alice.post("/api/user-groups", {"name": "x"} | bad))[2]) == set(bad)
    assert remove(alice, "user-groups", row["id"]).status == 200


def test_a_gateway_in_use_stays_in_its_subnet_and_takes_its_mark_along(alice: Client) -> None:
    gateway = made(alice, "gateways", ip="10.0.0.1")
    subnet = made(alice, "subnets", name="s", cidr="10.0.0.0/24", gateway_id=gateway["id"])
    assert set(refused(patch(alice, "gateways", {"id": gateway["id"], "ip": "10.9.0.1"}))[2]) == {"ip"}
    taken = alice.post("/api/ips/allocate", {"subnet_id": subnet["id"], "ip": "10.0.0.9"}).json["data"]
    assert set(refused(patch(alice, "gateways", {"id": gateway["id"], "ip": taken["ip"]}))[2]) == {"ip"}
    assert patch(alice, "gateways", {"id": gateway["id"], "ip": "10.0.0.254"}).status == 200
    marks = {row["ip"]: row["status"] for row in rows(alice, "ips", ids="1,254", page_size=300)}
    assert marks == {"10.0.0.1": "available", "10.0.0.254": "reserved"}
    assert refused(remove(alice, "gateways", gateway["id"]))[2] == {"1": "被 1 个子网引用"}
