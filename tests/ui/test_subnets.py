"""Subnets in the browser: the tree with its gaps, the map of one, and what is done with its addresses."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.ui.conftest import Watched, Window
from tests.ui.steps import agree, dialog, save
from tests.ui.test_looks import SIDEWAYS, dress, faults

numbers = count(1)
Make = Callable[..., dict[str, Any]]


@pytest.fixture
def make(live, token) -> Make:
    """Makes rows of the address book past the browser."""

    def made(resource: str, /, **facts: Any) -> dict[str, Any]:
        told = live.call(f"/api/{resource}", facts, token)
        assert told["code"] in (200, 201), told
        return told["data"]  # type: ignore[no-any-return]

    return made


@pytest.fixture
def area(make: Make) -> dict[str, Any]:
    """An area of one test only, where every network is free."""
    return make("network_areas", name=f"区域-{next(numbers)}-")


@pytest.fixture
def subnet(make: Make, area) -> dict[str, Any]:
    return make("subnets", name=f"办公网{area['id']}", cidr="10.0.0.0/24", network_area_id=area["id"])


def visit(watched: Watched, subnet: dict[str, Any]) -> Page:
    watched.go(f"/subnet?id={subnet['id']}")
    watched.page.get_by_role("heading", name=subnet["name"], level=1).wait_for()
    watched.settle()
    return watched.page


def cell(page: Page, ip: str) -> Locator:
    return page.locator(f'[role=gridcell][aria-label^="{ip} "]')


def states(page: Page, *ips: str) -> list[str]:
    """What is written in the cells, without the address."""
    return [(cell(page, ip).get_attribute("aria-label") or "").split(" ")[1] for ip in ips]


def drag(page: Page, first: str, last: str) -> None:
    """With the mouse from one cell to another."""
    for act, ip in ((page.mouse.down, first), (page.mouse.up, last)):
        cell(page, ip).hover()
        act()


def bar(page: Page) -> Locator:
    return page.get_by_role("region", name="已选的地址")


def tree(page: Page) -> Locator:
    return page.get_by_role("treegrid")


def line(page: Page, text: str) -> Locator:
    return tree(page).get_by_role("row").filter(has_text=text)


def open_area(watched: Watched, area: dict[str, Any]) -> Locator:
    """Show what lies in an area."""
    watched.go("/subnet")
    row = line(watched.page, area["name"])
    row.wait_for()
    watched.settle()
    if row.get_attribute("aria-expanded") == "false":
        row.get_by_role("button", name="展开或收起").click()
        watched.settle()
    return row


# --- the story --------------------------------------------------------------------------------------------------------


def test_a_subnet_is_made_and_its_addresses_come_and_go_on_the_map(alice: Watched, area):
    page = alice.page
    open_area(alice, area).get_by_role("button", name="添加子网").click()
    found = dialog(page, "添加子网")
    found.get_by_label("名称", exact=False).first.fill("一层")
    found.get_by_label("CIDR").fill("10.0.0.0/24")
    save(found)
    line(page, "10.0.0.0/24").get_by_role("link", name="一层").click()
    drag(page, "10.0.0.10", "10.0.0.12")
    bar(page).get_by_text("已选 3 个").wait_for()
    bar(page).get_by_role("button", name="分配").click()
    found = dialog(page, "分配地址 · 一层")
    found.get_by_label("用途").fill("打印机")
    found.get_by_role("button", name="分配", exact=True).click()
    found.wait_for(state="hidden")
    expect(cell(page, "10.0.0.11")).to_have_attribute("aria-label", "10.0.0.11 已分配")
    assert states(page, "10.0.0.9", "10.0.0.10", "10.0.0.12", "10.0.0.13") == ["可用", "已分配", "已分配", "可用"]
    page.get_by_label("图例").get_by_text("已分配 3").wait_for()
    release(page, "10.0.0.10", "10.0.0.12")
    expect(cell(page, "10.0.0.11")).to_have_attribute("aria-label", "10.0.0.11 可用")


def release(page: Page, first: str, last: str) -> None:
    drag(page, first, last)
    bar(page).get_by_role("button", name="释放").click()
    found = page.get_by_role("dialog")
    found.get_by_label("原因").fill("搬走了")
    found.get_by_role("button", name="释放").click()
    found.wait_for(state="hidden")


def test_a_range_is_picked_and_reserved_by_keyboard_alone(alice: Watched, subnet):
    page = visit(alice, subnet)
    page.get_by_role("button", name="逐个选择").focus()
    page.keyboard.press("Tab")
    for key in ("ArrowDown", "ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowDown"):
        page.keyboard.press(key)
    bar(page).get_by_text("10.0.0.17–10.0.0.35").wait_for()
    bar(page).get_by_role("button", name="保留").press("Enter")
    found = dialog(page, f"保留地址 · {subnet['name']}")
    found.get_by_role("button", name="保留", exact=True).press("Enter")
    found.wait_for(state="hidden")
    expect(cell(page, "10.0.0.35")).to_have_attribute("aria-label", "10.0.0.35 保留")
    assert states(page, "10.0.0.16", "10.0.0.17", "10.0.0.36") == ["可用", "保留", "可用"]


def test_what_was_reserved_is_made_available_again(alice: Watched, make: Make, subnet):
    make("ips/allocate", subnet_id=subnet["id"], ips=["10.0.0.5", "10.0.0.6"], status="reserved")
    page = visit(alice, subnet)
    drag(page, "10.0.0.5", "10.0.0.6")
    bar(page).get_by_role("button", name="设为可用").click()
    agree(page, "设为可用")
    expect(cell(page, "10.0.0.6")).to_have_attribute("aria-label", "10.0.0.6 可用")
    assert states(page, "10.0.0.5") == ["可用"]


def test_shared_fields_of_several_addresses_are_edited_together(alice: Watched, live, token, make: Make, subnet):
    make("ips/allocate", subnet_id=subnet["id"], ips=["10.0.0.5", "10.0.0.6"])
    page = visit(alice, subnet)
    drag(page, "10.0.0.5", "10.0.0.6")
    bar(page).get_by_role("button", name="编辑").click()
    found = page.get_by_role("dialog")
    found.get_by_label("更改用途").check()
    found.get_by_label("用途", exact=True).fill("考勤机")
    save(found)
    told = live.call(f"/api/ips?subnet_id={subnet['id']}&status=allocated&fields=ip,purpose", token=token)["data"]
    assert {row["purpose"] for row in told["list"]} == {"考勤机"}


def test_the_next_free_addresses_are_tried_and_then_taken(alice: Watched, make: Make, subnet):
    make("ips/allocate", subnet_id=subnet["id"], ips=["10.0.0.2"])
    page = visit(alice, subnet)
    page.get_by_role("button", name="分配地址").click()
    found = dialog(page, f"分配地址 · {subnet['name']}")
    found.get_by_label("数量").fill("3")
    found.get_by_role("button", name="试算").click()
    found.get_by_text("将分配 10.0.0.3–10.0.0.5").wait_for()
    assert states(page, "10.0.0.3") == ["可用"]
    found.get_by_role("button", name="分配", exact=True).click()
    expect(cell(page, "10.0.0.5")).to_have_attribute("aria-label", "10.0.0.5 已分配")
    assert states(page, "10.0.0.1") == ["可用"]


# --- refusals ---------------------------------------------------------------------------------------------------------


def test_each_address_that_cannot_be_had_is_named_and_none_is_taken(alice: Watched, make: Make, subnet):
    page = visit(alice, subnet)
    drag(page, "10.0.0.5", "10.0.0.8")
    contact = make("user_contacts", name="张三")["id"]
    make("ips/allocate", subnet_id=subnet["id"], ips=["10.0.0.6", "10.0.0.8"], user_contact_id=contact)
    bar(page).get_by_role("button", name="分配").click()
    found = page.get_by_role("dialog")
    found.get_by_role("button", name="分配", exact=True).click()
    told = found.get_by_role("alert")
    told.wait_for()
    assert told.inner_text().splitlines()[:2] == ["10.0.0.6: 已分配给 张三", "10.0.0.8: 已分配给 张三"]
    found.get_by_role("button", name="取消").click()
    alice.page.reload()
    expect(cell(page, "10.0.0.6")).to_have_attribute("aria-label", "10.0.0.6 已分配 张三")
    assert states(page, "10.0.0.5", "10.0.0.7") == ["可用", "可用"]


def test_faults_of_a_subnet_stand_beside_their_fields(alice: Watched, subnet):
    page = alice.page
    alice.go("/subnet")
    page.get_by_role("button", name="添加子网").first.click()
    found = dialog(page, "添加子网")
    found.get_by_label("CIDR").fill("10.0.0.7/24")
    found.get_by_role("button", name="保存").click()
    found.get_by_text("应为 10.0.0.0/24").wait_for()
    assert found.get_by_label("CIDR").get_attribute("aria-invalid") == "true"
    assert found.get_by_label("名称").first.get_attribute("aria-invalid") == "true"


def test_a_subnet_that_another_has_changed_is_not_overwritten(alice: Watched, live, token, subnet):
    page = visit(alice, subnet)
    page.get_by_role("button", name="编辑", exact=True).click()
    found = dialog(page, "编辑子网")
    body, headers = {"id": subnet["id"], "description": "meanwhile"}, {"Authorization": token}
    assert page.request.patch(f"{live.url}/api/subnets", data=body, headers=headers).ok
    found.get_by_label("描述").fill("mine")
    found.get_by_role("button", name="保存").click()
    found.get_by_text("数据已被他人修改").wait_for()


def test_a_subnet_in_use_is_removed_only_by_force(alice: Watched, make: Make, subnet):
    make("ips/allocate", subnet_id=subnet["id"], count=2)
    page = visit(alice, subnet)
    page.get_by_role("button", name="删除").click()
    page.locator(".el-message-box").get_by_role("button", name="删除").click()
    page.locator(".el-message-box").get_by_text("被 2 个地址引用").wait_for()
    agree(page, "全部释放并删除")
    page.get_by_role("heading", name="子网", level=1).wait_for()
    page.get_by_role("treegrid").wait_for()


# --- the tree ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def site(make: Make, area) -> dict[str, Any]:
    """A container with one child, and so with gaps; nowhere else are networks like these."""
    net = f"10.{area['id']}"
    place = {"network_area_id": area["id"]}
    make("subnets", name=f"总部{area['id']}", cidr=f"{net}.0.0/22", status="container", **place)
    make("subnets", name="一层", cidr=f"{net}.1.0/24", **place)
    return area | {"net": net}


def cidrs(page: Page) -> list[str]:
    """The networks of the tree from top to bottom."""
    return tree(page).locator("td.cidr").all_inner_texts()


def test_a_subnet_is_made_in_a_gap(alice: Watched, site):
    page, net = alice.page, site["net"]
    open_area(alice, site)
    line(page, f"总部{site['id']}").get_by_role("button", name="展开或收起").click()
    line(page, f"{net}.2.0/23").wait_for()
    line(page, f"{net}.2.0/23").get_by_role("button", name=f"在此建子网 {net}.2.0/23").click()
    found = dialog(page, "添加子网")
    assert found.get_by_label("CIDR").input_value() == f"{net}.2.0/23"
    found.get_by_label("CIDR").fill(f"{net}.3.0/24")
    found.get_by_label("名称").first.fill("三层")
    save(found)
    line(page, "三层").wait_for()
    alice.settle()
    shown = [text.removeprefix(net) for text in cidrs(page) if text.startswith(f"{net}.")]
    assert shown == [".0.0/22", ".0.0/24", ".1.0/24", ".2.0/24", ".3.0/24"]


def test_the_tree_opens_and_closes_by_arrow_keys(alice: Watched, site):
    page, gap = alice.page, f"{site['net']}.0.0/24"
    open_area(alice, site).focus()
    for key in ("ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    container = line(page, f"总部{site['id']}")
    expect(container).to_have_attribute("aria-expanded", "true")
    line(page, gap).wait_for()
    page.keyboard.press("ArrowDown")
    expect(line(page, gap)).to_be_focused()
    assert line(page, gap).get_attribute("aria-level") == "3"
    page.keyboard.press("ArrowLeft")
    expect(container).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(container).to_have_attribute("aria-expanded", "false")
    assert tree(page).locator("tbody tr[tabindex='0']").count() == 1
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=f"总部{site['id']}").wait_for()


def test_long_branches_come_in_portions(alice: Watched, live, token, area):
    place = {"network_area_id": area["id"]}
    many = [{"name": f"n{at}", "cidr": f"10.{at // 16}.{at % 16 * 16}.0/30", **place} for at in range(130)]
    assert live.call("/api/subnets", many, token)["code"] == 201
    page = alice.page
    open_area(alice, area)
    line(page, "还有 30 项").get_by_role("button").click()
    line(page, "n129").wait_for()
    assert line(page, "还有").count() == 0


def test_filters_find_subnets_wherever_they_are(alice: Watched, site):
    page = alice.page
    alice.go("/subnet")
    page.get_by_label("关键字").fill(f"总部{site['id']}")
    table = page.get_by_role("table", name="子网")
    table.get_by_role("link", name=f"总部{site['id']}").wait_for()
    page.get_by_label("状态").select_option("弃用")
    page.get_by_role("button", name="清除筛选").click()
    tree(page).wait_for()


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
    expect(bar(page)).to_be_hidden()


def test_the_map_says_who_holds_an_address_and_opens_it(alice: Watched, make: Make, subnet):
    contact = make("user_contacts", name="李四")["id"]
    make("ips/allocate", ips=["10.0.0.9"], subnet_id=subnet["id"], user_contact_id=contact, hostname="pc-9")
    page = visit(alice, subnet)
    cell(page, "10.0.0.9").hover()
    page.get_by_role("status").get_by_text("10.0.0.9 已分配 pc-9 · 李四").wait_for()
    cell(page, "10.0.0.9").click()
    dialog(page, "10.0.0.9").get_by_text("pc-9").first.wait_for()
    page.keyboard.press("Escape")
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


def test_an_ipv6_subnet_lists_what_was_touched(alice: Watched, make: Make, area):
    sparse = make("subnets", name="六", cidr="fd00::/64", network_area_id=area["id"])
    page = visit(alice, sparse)
    page.get_by_text("这里还没有用过的地址").wait_for()
    page.get_by_role("button", name="分配地址").click()
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
