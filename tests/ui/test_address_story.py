"""The whole way in the browser: an area, a subnet in it, addresses from the map, an application, a workbook."""

from playwright.sync_api import Page

from tests.ipam.books import workbook
from tests.ui.conftest import Watched, Window
from tests.ui.maps import bar, cell, drag, line, open_area, states
from tests.ui.steps import dialog, row, save
from tests.ui.test_applications import begin, choose_subnet, mine, send, to_decide
from tests.ui.test_directory import add, fill
from tests.ui.test_exchange import look

AREA, SUBNET = "故事机房", "故事网段"


def make_area(watched: Watched) -> None:
    watched.go("/network")
    found = add(watched.page, "网络区域")
    fill(found, 名称=AREA)
    save(found)
    watched.page.get_by_label("关键字").fill(AREA)
    row(watched.page, AREA).wait_for()


def make_subnet(watched: Watched) -> None:
    watched.go("/subnet")
    line(watched.page, AREA).get_by_role("button", name="添加子网").click()
    found = dialog(watched.page, "添加子网")
    found.get_by_label("名称", exact=False).first.fill(SUBNET)
    found.get_by_label("CIDR").fill("10.250.0.0/24")
    save(found)


def allocate_from_the_map(page: Page) -> None:
    line(page, "10.250.0.0/24").get_by_role("link", name=SUBNET).click()
    drag(page, "10.250.0.10", "10.250.0.12")
    bar(page).get_by_role("button", name="分配").click()
    found = dialog(page, f"分配地址 · {SUBNET}")
    found.get_by_label("用途").fill("打印机")
    found.get_by_role("button", name="分配", exact=True).click()
    found.wait_for(state="hidden")
    page.get_by_label("图例").get_by_text("已分配 3").wait_for()


def apply(watched: Watched) -> str:
    found = begin(mine(watched))
    choose_subnet(watched.page, found, SUBNET)
    found.get_by_role("gridcell", name="10.250.0.42 可用").click()
    send(found)
    return row(watched.page, "10.250.0.42").get_by_role("button").first.inner_text()


def approve(watched: Watched, number: str) -> None:
    page = to_decide(watched)
    page.get_by_role("button", name=f"通过 {number}").click()
    send(dialog(page, f"通过 {number}"), "通过")
    row(page, number).wait_for(state="detached")


def test_from_an_area_to_an_imported_workbook(alice: Watched, window: Window) -> None:
    page = alice.page
    make_area(alice)
    make_subnet(alice)
    allocate_from_the_map(page)
    bob = window()
    bob.sign_in("bob")
    number = apply(bob)
    approve(alice, number)
    rows = [
        ["IP地址", "子网", "网络区域", "状态", "主机名"],
        ["10.250.0.99", "10.250.0.0/24", AREA, "已分配", "from-a-book"],
    ]
    decision = look(alice, workbook(IP地址=rows))
    decision.get_by_role("button", name="导入：更新 1 行").click()
    page.get_by_text("新增 0 行，更新 1 行，跳过 0 行，失败 0 行。").wait_for()
    open_area(alice, {"name": AREA})
    line(page, "10.250.0.0/24").get_by_role("link", name=SUBNET).click()
    cell(page, "10.250.0.99").and_(page.locator('[aria-label*="from-a-book"]')).wait_for()
    assert states(page, "10.250.0.11", "10.250.0.13", "10.250.0.42") == ["已分配", "可用", "已分配"]
