"""The map of a subnet: keys, mouse and touch, large and small networks, and its looks."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.ui.conftest import Make, Watched, Window
from tests.ui.maps import bar, cell, visit
from tests.ui.steps import dialog
from tests.ui.test_looks import SIDEWAYS, dress, faults

# --- the map ----------------------------------------------------------------------------------------------------------


def test_the_map_is_one_stop_and_keys_lead_through_it(alice: Watched, subnet):
    page = visit(alice, subnet)
    assert page.locator("[role=gridcell][tabindex='0']").count() == 1
    cell(page, "10.0.0.0").focus()
    for key, reached in {"ArrowDown": 16, "End": 31, "Home": 16, "Control+End": 255, "PageUp": 15}.items():
        page.keyboard.press(key)
        expect(cell(page, f"10.0.0.{reached}")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Space")
    bar(page).get_by_text("10.0.0.14–10.0.0.15").wait_for()
    assert cell(page, "10.0.0.14").get_attribute("aria-selected") == "true"
    page.keyboard.press("Escape")
    expect(bar(page)).to_have_text("")


def test_the_map_says_who_holds_an_address_and_opens_it(alice: Watched, make: Make, subnet):
    contact = make("user_contacts", name="李四")["id"]
    make("ips/allocate", ips=["10.0.0.9"], subnet_id=subnet["id"], user_contact_id=contact, hostname="pc-9")
    page = visit(alice, subnet)
    cell(page, "10.0.0.9").hover()
    page.get_by_role("status").get_by_text("10.0.0.9 已分配 pc-9 · 李四").wait_for()
    cell(page, "10.0.0.9").click()
    dialog(page, "10.0.0.9").get_by_text("pc-9").first.wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog", name="10.0.0.9").wait_for(state="hidden")
    cell(page, "10.0.0.9").press("Enter")
    dialog(page, "10.0.0.9").wait_for()


def test_single_addresses_are_picked_with_ctrl_or_one_by_one(alice: Watched, subnet):
    page = visit(alice, subnet)
    cell(page, "10.0.0.3").click()
    cell(page, "10.0.0.5").click(modifiers=["Control"])
    bar(page).get_by_text("10.0.0.3, 10.0.0.5").wait_for()
    cell(page, "10.0.0.7").click(modifiers=["Shift"])
    bar(page).get_by_text("10.0.0.5–10.0.0.7").wait_for()
    page.get_by_role("button", name="逐个选择").click()
    cell(page, "10.0.0.20").click()
    bar(page).get_by_text("10.0.0.5–10.0.0.7, 10.0.0.20").wait_for()


def test_a_large_subnet_is_looked_through_block_by_block(alice: Watched, make: Make, area):
    wide = make("subnets", name="大网", cidr="10.0.0.0/20", network_area_id=area["id"])
    make("ips/allocate", ips=["10.0.5.7", "10.0.6.1"], subnet_id=wide["id"])
    page = visit(alice, wide)
    blocks = page.get_by_role("group", name="各 /24 段的用量").get_by_role("button")
    assert blocks.count() == 16
    blocks.nth(0).focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    assert "已用 1%" in (blocks.nth(5).get_attribute("aria-label") or "")
    page.keyboard.press("Enter")
    expect(cell(page, "10.0.5.7")).to_have_attribute("aria-label", "10.0.5.7 已分配")
    cell(page, "10.0.5.241").press("PageDown")
    expect(cell(page, "10.0.6.1")).to_have_attribute("aria-label", "10.0.6.1 已分配")
    expect(cell(page, "10.0.6.1")).to_be_focused()


def test_a_link_to_an_address_shows_it_on_the_map(alice: Watched, make: Make, area):
    wide = make("subnets", name="大网", cidr="10.0.0.0/20", network_area_id=area["id"])
    make("ips/allocate", ips=["10.0.5.7"], subnet_id=wide["id"], hostname="pc-7")
    alice.go(f"/subnet?id={wide['id']}&ip=10.0.5.7")
    expect(cell(alice.page, "10.0.5.7")).to_have_attribute("aria-selected", "true")
    bar(alice.page).get_by_role("button", name="释放").wait_for()


def test_an_ipv6_subnet_lists_what_was_touched(alice: Watched, make: Make, area):
    sparse = make("subnets", name="六", cidr="fd00::/64", network_area_id=area["id"])
    page = visit(alice, sparse)
    page.get_by_text("这里还没有用过的地址").wait_for()
    page.get_by_role("button", name="下一个空闲地址").click()
    dialog(page, "分配地址 · 六").get_by_role("button", name="分配", exact=True).click()
    row = page.get_by_role("row").filter(has_text="fd00::1")
    row.get_by_role("checkbox").check()
    bar(page).get_by_role("button", name="释放").wait_for()
    row.get_by_role("button", name="fd00::1").click()
    dialog(page, "fd00::1").wait_for()


# --- other windows, other people --------------------------------------------------------------------------------------


def test_a_phone_shows_half_as_many_columns_and_picks_by_touch(window: Window, subnet):
    watched = window(width=390, has_touch=True)
    watched.sign_in("alice")
    page = visit(watched, subnet)
    assert page.get_by_role("grid").get_by_role("row").count() == 32
    page.get_by_role("button", name="逐个选择").tap()
    for ip in ("10.0.0.3", "10.0.0.12"):
        cell(page, ip).tap()
    bar(page).get_by_text("10.0.0.3, 10.0.0.12").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_who_may_only_read_is_offered_nothing_to_change(window: Window, subnet):
    watched = window()
    watched.sign_in("carol")
    page = visit(watched, subnet)
    cell(page, "10.0.0.3").click()
    bar(page).get_by_text("已选 1 个").wait_for()
    assert page.get_by_role("button", name="分配").count() == 0
    assert page.get_by_role("button", name="删除").count() == 0


# --- looks ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def varied(live, token, make: Make, site) -> list[dict[str, Any]]:
    """Subnets of every kind, and one with addresses in every state that calls can bring about."""
    net, place = site["net"], {"network_area_id": site["id"]}
    gateway = make("gateways", ip=f"{net}.2.1", name="出口", **place)["id"]
    dhcp = [{"start": f"{net}.2.200", "end": f"{net}.2.209"}]
    rich = {"dhcp_ranges": dhcp, "gateway_id": gateway, "alert_threshold": 1, "release_cooldown_hours": 1}
    full = make("subnets", name="二层", cidr=f"{net}.2.0/24", **rich, **place)
    make("ips/allocate", subnet_id=full["id"], ips=[f"{net}.2.{at}" for at in range(20, 60)])
    make("ips/allocate", subnet_id=full["id"], ips=[f"{net}.2.9"], status="reserved")
    make("ips/release", ips=[f"{net}.2.20", f"{net}.2.21"], **place)
    make("registerIps", subnet_id=full["id"], ip=f"{net}.2.70", purpose="x")
    wide = make("subnets", name="大网", cidr=f"{net}.16.0/20", allow_nested=True, **place)
    make("subnets", name="其中", cidr=f"{net}.17.0/28", **place)
    sparse = make("subnets", name="六", cidr="fd00::/64", **place)
    make("ips/allocate", subnet_id=sparse["id"], count=3)
    return [full, wide, sparse]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_maps_and_their_forms_meet_wcag_aa(alice: Watched, varied, scheme):
    dress(alice, scheme)
    for subnet in varied:
        page = visit(alice, subnet)
        assert faults(alice) == [], subnet["name"]
    page = visit(alice, varied[0])
    cell(page, varied[0]["cidr"].replace(".0/24", ".100")).click()
    bar(page).get_by_role("button", name="分配").click()
    page.get_by_role("dialog").wait_for()
    assert faults(alice) == []


@pytest.mark.parametrize("language", ["中文", "English"])
def test_no_map_scrolls_sideways_on_a_phone(window: Window, varied, language):
    watched = window(width=390)
    watched.sign_in("alice")
    if language == "English":
        watched.page.get_by_role("button", name="English").click()
    for subnet in varied:
        visit(watched, subnet)
        assert watched.page.evaluate(SIDEWAYS) == [], subnet["name"]
