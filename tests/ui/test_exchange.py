"""Workbooks in the browser: preview with its differences, import, large ones in the dock, export, templates."""

import json
import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.ipam.books import workbook
from tests.live import Live
from tests.ui.conftest import Watched, Window
from tests.ui.test_looks import SIDEWAYS, dress, faults

LONG = 90_000
"""Some thousand rows on a busy machine."""
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HALFWAY = {"status": "running", "progress": {"done": 1000, "total": 2001, "percent": 50}, "result": None, "error": None}
AREAS = [["名称", "编码", "描述"]]
SUBNETS = [["名称", "CIDR", "网络区域"]]


@pytest.fixture
def areas(live: Live, token: str) -> list[str]:
    """Names of areas that only this test knows; the first is there already."""
    count = live.call("/api/network_areas/count", token=token)["data"]["count"]
    names = [f"depot{count}-{number}" for number in range(3)]
    live.call("/api/network_areas", {"name": names[0], "description": "旧的说明"}, token)
    return names


def send(page: Page, content: bytes, name: str = "数据.xlsx") -> None:
    page.get_by_label("选择工作簿").set_input_files({"name": name, "mimeType": KIND, "buffer": content})


def look(watched: Watched, content: bytes, timeout: int = 10_000) -> Locator:
    """Ask what a workbook would do; the decision that is asked for."""
    watched.go("/exchange")
    send(watched.page, content)
    decision = watched.page.get_by_role("region", name="如何导入")
    decision.wait_for(timeout=timeout)
    return decision


def line(page: Page, text: str) -> Locator:
    return page.get_by_role("row").filter(has_text=text)


def tile(page: Page, name: str, number: int) -> Locator:
    return page.get_by_role("button", name=re.compile(rf"^{name}\s*{number}$"))


def listed(live: Live, token: str, resource: str, name: str) -> Any:
    return live.call(f"/api/{resource}?name={name}", token=token)["data"]["list"]


def loaded(page: Page, button: Locator) -> tuple[str, Any]:
    """The workbook that a click saves, and its name."""
    with page.expect_download() as saving:
        button.click()
    path = Path(saving.value.path())
    book = openpyxl.load_workbook(path.rename(path.with_suffix(".xlsx")))
    return saving.value.suggested_filename, book


def test_a_workbook_is_looked_at_mended_and_imported(alice: Watched, live: Live, token, areas):
    page, (old, new, other) = alice.page, areas
    fresh, right = [*AREAS, [old, "", "新的说明"], [new, "", "说明"]], [*SUBNETS, [other, "10.77.0.0/24", new]]
    decision = look(alice, workbook(网络区域=fresh, 子网=[*right, [new, "10.77.1.0/33", new]]))
    line(page, "CIDR格式不正确").get_by_text("INVALID_PARAMETER").wait_for()
    assert tile(page, "错误", 1).is_visible()
    assert tile(page, "新增", 2).is_visible()
    assert decision.get_by_role("button", name="导入：新增 2 行，更新 1 行").is_disabled()
    decision.get_by_text("有 1 行错误。").wait_for()
    page.get_by_role("tab", name="网络区域").click()
    assert line(page, old).locator("del").inner_text().split()[-1] == "旧的说明"
    assert line(page, old).locator("ins").inner_text().split()[-1] == "新的说明"
    page.get_by_role("button", name="换一个文件").click()
    send(page, workbook(网络区域=fresh, 子网=right))
    tile(page, "错误", 0).wait_for()
    page.keyboard.press("Tab")
    assert page.get_by_role("button", name="换一个文件").evaluate("(button) => button === document.activeElement")
    decision.get_by_role("button", name="导入：新增 2 行，更新 1 行").click()
    page.get_by_text("新增 2 行，更新 1 行，跳过 0 行，失败 0 行。").wait_for()
    assert listed(live, token, "network_areas", old)[0]["description"] == "新的说明"
    assert listed(live, token, "subnets", other)[0]["network_area_name"] == new


def test_faulty_rows_are_left_out_when_that_is_wanted(alice: Watched, live: Live, token, areas):
    page = alice.page
    wrong = workbook(子网=[*SUBNETS, [areas[1], "10.0.0.0/33", ""]], 网络区域=[*AREAS, [areas[1], "", ""]])
    decision = look(alice, wrong)
    decision.get_by_label("只舍弃错误行").check()
    decision.get_by_role("button", name="导入：新增 1 行，舍弃 1 个错误行").click()
    page.get_by_text("新增 1 行，更新 0 行，跳过 0 行，失败 1 行。").wait_for()
    line(page, "CIDR格式不正确").wait_for()
    assert listed(live, token, "network_areas", areas[1])


def test_what_is_done_with_existing_rows_changes_the_preview(alice: Watched, areas):
    page = alice.page
    decision = look(alice, workbook(网络区域=[*AREAS, [areas[0], "", "别的"], [areas[1], "", ""]], 杂项=[["a"], ["b"]]))
    page.get_by_text("杂项: 未知的工作表已忽略").wait_for()
    decision.get_by_role("button", name="导入：新增 1 行，更新 1 行").wait_for()
    decision.get_by_label("跳过").check()
    decision.get_by_role("button", name="导入：新增 1 行", exact=True).wait_for()
    tile(page, "跳过", 1).click()
    line(page, areas[0]).wait_for()
    assert line(page, areas[1]).count() == 0
    page.reload()
    page.get_by_label("选择工作簿").wait_for(state="attached")
    expect(page.get_by_role("radio", name="跳过")).to_be_checked()


def test_unknown_columns_are_told(alice: Watched, areas):
    look(alice, workbook(网络区域=[["名称", "颜色"], [areas[1], "红"]]))
    alice.page.get_by_text("颜色: 未知的列已忽略").wait_for()
    alice.page.get_by_text("识别了 1 列").click()
    alice.page.get_by_role("listitem").filter(has_text="颜色").get_by_text("忽略").wait_for()


def test_a_large_workbook_goes_on_in_the_dock(alice: Watched):
    page = alice.page
    dock = page.get_by_role("region", name="后台任务")
    page.route("**/import/jobs/*", lambda route: route.fulfill(json={"data": HALFWAY}))
    alice.go("/exchange")
    send(page, workbook(项目=[["名称"], *([f"大项目{number}"] for number in range(2001))]), "大.xlsx")
    page.get_by_text("可以离开此页").wait_for(timeout=LONG)
    assert not dock.get_by_role("link").count()
    page.get_by_role("link", name="概览").click()
    assert dock.get_by_role("progressbar").get_attribute("aria-valuenow") == "50"
    page.unroute_all()
    page.reload()
    dock.get_by_text("已完成", exact=True).wait_for(timeout=LONG)
    page.get_by_role("link", name="凭证管理").click()
    dock.get_by_role("link", name="检查 大.xlsx").click()
    page.get_by_role("button", name="导入：新增 2001 行").wait_for()
    page.get_by_text("只显示前 500 行").wait_for()
    assert not dock.get_by_role("link").count()


def test_a_finished_task_leaves_the_dock_when_it_is_dismissed(alice: Watched, areas):
    page = alice.page
    dock = page.get_by_role("region", name="后台任务")
    held = list[Route]()
    dress(alice, "dark")
    page.route("**/import/preview", lambda route: held.append(route))
    alice.go("/exchange")
    send(page, workbook(网络区域=[*AREAS, [areas[1], "", ""]]), "小.xlsx")
    page.get_by_role("link", name="凭证管理").click()
    dock.get_by_text("进行中", exact=True).wait_for()
    held[0].continue_()
    dock.get_by_text("已完成", exact=True).wait_for()
    assert faults(alice) == []
    dock.get_by_role("button", name="移除:检查 小.xlsx").click()
    dock.get_by_role("link").wait_for(state="hidden")
    page.unroute_all()


def test_an_expired_preview_asks_for_the_file_again(alice: Watched, areas):
    page = alice.page
    decision = look(alice, workbook(网络区域=[*AREAS, [areas[1], "", ""]]))
    page.route("**/import/execute", lambda route: route.continue_(post_data=json.dumps({"preview_token": "gone"})))
    decision.get_by_role("button", name="导入：新增 1 行").click()
    page.get_by_role("alert").filter(has_text="预览已过期,请重新上传文件").wait_for()
    assert page.get_by_label("选择工作簿").count() == 1
    page.unroute_all()


def test_files_that_are_no_workbooks_are_refused_with_a_sentence(alice: Watched):
    page = alice.page
    alice.go("/exchange")
    send(page, b"a,b", "data.csv")
    page.get_by_role("alert").filter(has_text="只接受 .xlsx 工作簿。").wait_for()
    send(page, b"x" * (10 * 1024 * 1024 + 1))
    page.get_by_role("alert").filter(has_text="文件不能超过 10 MiB。").wait_for()
    send(page, b"no workbook at all")
    page.get_by_role("alert").filter(has_text="不是有效的xlsx文件").wait_for()


def drop(page: Page, *names: str) -> None:
    """Files let go over the zone."""
    files = "(names) => names.reduce((all, name) => (all.items.add(new File(['x'], name)), all), new DataTransfer())"
    carried = page.evaluate_handle(files, list(names))
    page.locator("label").filter(has_text="选择工作簿").dispatch_event("drop", {"dataTransfer": carried})


def test_files_are_dropped_one_at_a_time(alice: Watched):
    page = alice.page
    alice.go("/exchange")
    page.get_by_label("选择工作簿").wait_for(state="attached")
    drop(page, "a.xlsx", "b.xlsx")
    page.get_by_role("alert").filter(has_text="一次只能导入一个文件。").wait_for()
    drop(page, "a.xlsx")
    page.get_by_role("alert").filter(has_text="不是有效的xlsx文件").wait_for()


def test_an_export_is_downloaded_and_holds_the_rows(alice: Watched, areas):
    page = alice.page
    alice.go("/exchange?tab=export")
    for wanted in ("子网", "IP地址"):
        page.get_by_label(wanted, exact=True).uncheck()
    assert page.get_by_role("button", name="导出", exact=True).is_disabled()
    page.get_by_label("网络区域").check()
    page.get_by_role("button", name="导出", exact=True).click()
    name, book = loaded(page, page.get_by_role("button", name=re.compile("^下载 export")))
    assert re.fullmatch(r"export_\d{8}\.xlsx", name)
    assert areas[0] in [cell.value for cell in book["网络区域"]["B"]]
    assert "子网" not in book.sheetnames


def test_templates_are_downloaded(alice: Watched):
    page = alice.page
    alice.go("/exchange")
    name, book = loaded(page, page.get_by_role("button", name="下载模板：网络区域"))
    assert name == "import_template_network_areas.xlsx"
    assert "网络区域" in book.sheetnames
    assert "单位" not in book.sheetnames
    _, whole = loaded(page, page.get_by_role("button", name="下载完整模板"))
    assert {"网络区域", "单位", "IP地址"} <= set(whole.sheetnames)


def test_an_auditor_exports_but_does_not_import(window: Window):
    watched = window()
    watched.sign_in("carol")
    page = watched.page
    page.get_by_role("link", name="导入导出").click()
    assert page.get_by_role("tab", name="导出").get_attribute("aria-selected") == "true"
    assert page.get_by_label("网络区域").is_visible()
    assert page.get_by_label("用户组").count() == 0
    page.get_by_role("button", name="导出全部").click()
    _, book = loaded(page, page.get_by_role("button", name=re.compile("^下载 export")))
    assert "网络区域" in book.sheetnames
    assert "用户组" not in book.sheetnames
    page.get_by_role("tab", name="导入").click()
    page.get_by_role("alert").filter(has_text="ipam.core.write").wait_for()
    assert page.get_by_label("选择工作簿").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_preview_and_its_result_meet_wcag_aa_and_fit_a_phone(alice: Watched, areas, scheme):
    page = alice.page
    dress(alice, scheme)
    rows = [
        ["名称", "描述", "颜色", "安全级别"],
        [areas[0], "新的", "红"],
        [areas[1], "很长的说明" * 30],
        [areas[2], "x" * 600],
    ]
    decision = look(alice, workbook(网络区域=rows, 单位=[["名称", "行政级别"], [areas[1], "9"]]))
    page.get_by_role("tab", name="网络区域").click()
    assert faults(alice) == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate(SIDEWAYS) == []
    decision.get_by_label("只舍弃错误行").check()
    decision.get_by_role("button", name=re.compile("^导入")).click()
    page.get_by_text("已导入").wait_for()
    assert faults(alice) == []
    assert page.evaluate(SIDEWAYS) == []
