"""The overview leads to what the address book wants looked at, and asks nothing for those who may not know."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from tests.conftest import PASSWORD
from tests.live import Live
from tests.ui.conftest import Watched, Window
from tests.ui.steps import add_role

ADDRESS = "10.251.0.7"


def total(live: Live, token: str, resource: str, **filters: Any) -> int:
    found = live.call(f"/api/{resource}/count?filters={quote(json.dumps(filters))}", token=token)
    assert isinstance(found["data"]["count"], int), found
    return found["data"]["count"]


@pytest.fixture(scope="module")
def troubled(live: Live, token: str) -> str:
    """A subnet that runs full, with an address taken from its host, and somebody who asks for one; its name."""
    area = live.call("/api/network_areas", {"name": "trouble"}, token)["data"]["id"]
    body = {"name": "brim", "cidr": "10.251.0.0/28", "network_area_id": area}
    subnet = live.call("/api/subnets", body, token)["data"]["id"]
    live.call("/api/ips/allocate", {"subnet_id": subnet, "count": 13, "exclude": [ADDRESS]}, token)
    host = {"name": "lost", "ipv4_address": ADDRESS, "port": 22, "group": 2, "protocol": 1}
    live.call("/api/resource/resource/add/", host, token)
    live.call("/api/ips/release", {"ip": ADDRESS, "network_area_id": area, "force": True}, token)
    wanted = {"subnet_id": subnet, "apply_type": "new", "purpose": "test"}
    told = live.call("/api/registerIps", wanted, live.sign_in("bob", PASSWORD))
    assert told["code"] == 201, told
    return "brim"


def test_the_overview_leads_to_what_needs_a_look(alice: Watched, live: Live, token: str, troubled: str) -> None:
    page = alice.page
    full = total(live, token, "subnets", utilization={"gt": 85}, status={"neq": "container"})
    conflicts = total(live, token, "ips", conflict_type={"is_not_null": True})
    waiting = total(live, token, "registerIps", status="pending", applicant_id={"neq": 1})
    alice.go("/overview")
    page.reload()
    page.get_by_role("link", name=f"{waiting} 份地址申请待审批").wait_for()
    page.get_by_role("link", name=f"{full} 个子网使用率超过 85%").wait_for()
    page.get_by_role("link", name=f"{conflicts} 个地址异常").click()
    page.get_by_role("row").filter(has_text=ADDRESS).wait_for()
    page.go_back()
    page.get_by_role("link", name=f"{troubled} 10.251.0.0/28").click()
    page.get_by_role("heading", name=troubled).first.wait_for()


@pytest.mark.usefixtures("troubled")
def test_who_may_not_read_the_address_book_is_asked_nothing_of_it(
    window: Window, live: Live, token: str, newcomer: Callable[..., str]
) -> None:
    role, asked = add_role(live, token, "greeter"), list[str]()
    perms = live.call("/api/rbac/perm/", token=token)["detail"]
    reading = next(one["id"] for one in perms if one["code"] == "system.user.read")
    live.call("/api/rbac/role/edit/permission/", {"id": role, "perms": [reading]}, token)
    watched = window()
    watched.page.on("request", lambda request: asked.append(request.url))
    watched.sign_in(newcomer(role))
    watched.page.get_by_role("heading", name="概览").wait_for()
    watched.settle()
    assert watched.page.get_by_role("heading", name="需要关注").count() == 0
    assert [url for url in asked if "/api/subnets" in url or "/api/ips" in url] == []
