"""Subnets in the browser: the story of one, refusals, and the tree with its gaps."""

from playwright.sync_api import Page, expect

from tests.ui.conftest import Make, Watched
from tests.ui.maps import bar, cell, drag, line, open_area, states, tree, visit
from tests.ui.steps import agree, dialog, save

# --- the story --------------------------------------------------------------------------------------------------------


def test_a_subnet_is_made_and_its_addresses_come_and_go_on_the_map(alice: Watched, area):
    page = alice.page
    alice.go("/subnet")
    line(page, area["name"]).get_by_role("button", name="添加子网").click()
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
    expect(cell(page, "10.0.0.35")).to_be_focused()
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
