"""Addresses in the browser: found by conditions, kept as views, edited, released, and all that happened around them."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.live import Live
from tests.ui.conftest import Watched, Window, connect
from tests.ui.steps import agree, dialog, row, save

OPERATOR = 2


@pytest.fixture(scope="module")
def book(live: Live, token: str) -> dict[str, int]:
    """A subnet with three addresses in use, one of them by a host; the ids of its addresses."""

    def post(path: str, **body: Any) -> Any:
        told = live.call(path, body, token)
        assert told["code"] in (200, 201), told
        return told.get("data")

    subnet = post("/api/subnets", name="queries", cidr="10.77.0.0/28", auto_approve=True)["id"]
    for name in ("ant", "bee"):
        post("/api/ips/allocate", subnet_id=subnet, hostname=name, purpose="测试")
    post("/api/resource/resource/add/", name="till-7", ipv4_address="10.77.0.3", port=22, group=2, protocol=1)
    post("/api/registerIps", subnet_id=subnet, ip="10.77.0.4", purpose="申请", hostname="cat")
    found = live.call(f"/api/ips?subnet_id={subnet}&page_size=50", token=token)["data"]["list"]
    return {one["ip"]: one["id"] for one in found}


def add_condition(page: Page, field: str, operator: str) -> Locator:
    """A further row of the query; its value is still to be given."""
    page.get_by_role("button", name="添加条件").click()
    last = page.get_by_role("group", name="条件").last
    last.get_by_label("字段").select_option(label=field)
    last.get_by_label("运算符").select_option(label=operator)
    return last


def shown(watched: Watched) -> list[str]:
    """The addresses in the list."""
    watched.page.wait_for_timeout(300)  # the pause after the last keystroke
    watched.settle()
    return watched.page.get_by_role("row").locator("button.mono").all_inner_texts()


def within(*more: str) -> str:
    """The place of a query for the subnet of these tests."""
    inside = '"ip":{"in_cidr":"10.77.0.0/28"}'
    return "/address?filters=" + quote("{" + ",".join([inside, *more]) + "}")


@pytest.mark.usefixtures("book")
def test_conditions_are_built_and_all_of_them_hold(alice: Watched):
    page = alice.page
    alice.go("/address")
    add_condition(page, "IP地址", "在网段内").get_by_label("值").fill("10.77.0.0/28")
    add_condition(page, "状态", "等于").get_by_label("值").select_option(label="已分配")
    assert shown(alice) == ["10.77.0.1", "10.77.0.2", "10.77.0.3", "10.77.0.4"]
    add_condition(page, "主机名", "在列表中").get_by_label("值").press_sequentially("ant, cat")
    assert shown(alice) == ["10.77.0.1", "10.77.0.4"]
    page.get_by_role("button", name="删除条件 主机名").click()
    page.get_by_role("button", name="IP地址", exact=True).first.click()
    assert shown(alice)[0] == "10.77.0.4"


@pytest.mark.usefixtures("book")
def test_a_query_is_built_and_kept_by_keys_alone(alice: Watched):
    page, keys = alice.page, alice.page.keyboard
    alice.go("/address")
    page.get_by_role("button", name="添加条件").press("Enter")
    expect(page.get_by_label("字段")).to_be_focused()
    for key in ("Tab", "Tab"):
        keys.press(key)
    keys.type("10.77.0.2/31")
    assert shown(alice) == ["10.77.0.2", "10.77.0.3"]
    page.get_by_role("button", name="保存为视图").press("Enter")
    dialog(page, "保存为视图").wait_for()
    keys.type("键盘")
    keys.press("Enter")
    dialog(page, "保存为视图").wait_for(state="hidden")
    page.get_by_role("button", name="删除条件 IP地址").press("Enter")
    expect(page.get_by_role("button", name="添加条件")).to_be_focused()
    page.get_by_role("group", name="已存视图").get_by_role("button", name="删除").press("Enter")
    agree(page, "删除")


@pytest.mark.usefixtures("book")
def test_a_query_is_cleared_with_its_unfinished_rows(alice: Watched):
    page = alice.page
    alice.go(within())
    typed = add_condition(page, "分配时间", "大于等于").get_by_label("值")
    typed.fill("2031-03-04T05:06")
    expect(typed).to_have_value("2031-03-04T05:06")
    page.get_by_text("没有符合条件的结果").wait_for()
    add_condition(page, "主机名", "等于")
    page.get_by_role("search").get_by_role("button", name="清除筛选").click()
    expect(page.get_by_label("运算符")).to_have_count(0)
    assert "filters" not in page.url


@pytest.mark.usefixtures("book")
def test_a_link_reproduces_the_query_for_somebody_else(alice: Watched, window: Window):
    page = alice.page
    alice.go("/address")
    add_condition(page, "IP地址", "介于")
    page.get_by_label("值 1").fill("10.77.0.2")
    page.get_by_label("值 2").fill("10.77.0.4")
    add_condition(page, "设备名称", "不为空")
    assert shown(alice) == ["10.77.0.3"]
    other = window()
    other.sign_in("bob")
    other.page.goto(page.url)
    assert shown(other) == ["10.77.0.3"]
    assert other.page.get_by_label("值 2").input_value() == "10.77.0.4"
    assert other.page.get_by_label("运算符").last.input_value() == "is_not_null"


@pytest.mark.usefixtures("book")
def test_what_the_server_has_against_a_condition_stands_beside_it(alice: Watched):
    page = alice.page
    alice.go(within('"hostname":{"foo":"x"}', '"colour":{"eq":"red"}'))
    alice.settle()
    told = [page.get_by_role("group", name=f"条件 {at}").get_by_role("alert") for at in (1, 2, 3)]
    expect(told[1]).to_have_text("不支持的运算符")
    expect(told[2]).to_have_text("不支持的字段")
    assert told[0].count() == 0
    page.get_by_role("button", name="删除条件 colour").click()
    page.get_by_role("group", name="条件 2").get_by_label("运算符").select_option(label="包含")
    page.get_by_role("group", name="条件 2").get_by_label("值").fill("be")
    assert shown(alice) == ["10.77.0.2"]


@pytest.mark.usefixtures("book")
def test_the_values_of_references_and_custom_fields_are_chosen(alice: Watched, live: Live, token: str, book):
    unit = live.call("/api/units", {"name": "仓库", "level": 1}, token)["data"]["id"]
    options = [{"value": "gold", "label": "金"}]
    field = {"resource_type": "ips", "name": "tier", "label": "等级", "field_type": "select", "options": options}
    live.call("/api/field_definitions", field, token)
    facts = {"unit_id": unit, "custom_fields": {"tier": "gold"}}
    call(live, "/api/ips", {"id": book["10.77.0.2"], **facts}, token)
    page = alice.page
    alice.go(within())
    add_condition(page, "等级", "等于").get_by_label("值").select_option(label="金")
    assert shown(alice) == ["10.77.0.2"]
    last = add_condition(page, "单位", "等于")
    last.get_by_role("combobox", name="值").click()
    page.get_by_role("option", name="仓库").click()
    assert shown(alice) == ["10.77.0.2"]


def call(live: Live, path: str, body: Any, token: str) -> Any:
    """A flexible update, which PUT is as well; past the browser."""
    told = live.call(path, body, token, method="PATCH")
    assert told["code"] == 200, told
    return told["data"]


@pytest.mark.usefixtures("book")
def test_a_view_comes_back_after_a_reload_and_is_nobody_elses(
    window: Window, newcomer: Callable[..., str], alice: Watched
):
    watched = window()
    watched.sign_in(newcomer(OPERATOR))
    page = watched.page
    watched.go(within('"hostname":{"like":"a"}'))
    page.get_by_role("button", name="保存为视图").click()
    asked = dialog(page, "保存为视图")
    asked.get_by_label("名称").fill("含a的主机")
    save(asked)
    watched.go("/address?list=history")
    watched.go("/address")
    page.reload()
    page.get_by_role("combobox", name="已存视图").select_option(label="含a的主机")
    assert shown(watched) == ["10.77.0.1", "10.77.0.4"]
    alice.go("/address")
    alice.settle()
    assert alice.page.get_by_role("combobox", name="已存视图").locator("option").all_inner_texts() == ["未选择"]


@pytest.mark.usefixtures("book")
def test_a_view_is_overwritten_renamed_and_removed(alice: Watched):
    page = alice.page
    alice.go(within())
    page.get_by_role("button", name="保存为视图").click()
    asked = dialog(page, "保存为视图")
    asked.get_by_label("名称").fill("全部")
    save(asked)
    page.get_by_label("关键字").fill("bee")
    page.get_by_role("button", name="覆盖").click()
    expect(page.get_by_role("button", name="覆盖")).to_have_count(0)
    page.get_by_role("button", name="重命名").click()
    asked = dialog(page, "重命名视图")
    asked.get_by_label("名称").fill("蜜蜂")
    save(asked)
    alice.go("/address")
    page.reload()
    views = page.get_by_role("group", name="已存视图")
    views.get_by_role("combobox").select_option(label="蜜蜂")
    assert shown(alice) == ["10.77.0.2"]
    views.get_by_role("button", name="删除").click()
    agree(page, "删除")
    expect(views.locator("option")).to_have_text(["未选择"])


def test_an_address_is_edited_and_an_older_state_is_no_ground_for_it(alice: Watched, live: Live, token: str, book):
    page = alice.page
    alice.go(f"/address?id={book['10.77.0.1']}")
    drawer = dialog(page, "10.77.0.1")
    drawer.get_by_role("button", name="编辑", exact=True).click()
    form = dialog(page, "编辑 10.77.0.1")
    form.get_by_label("MAC地址").fill("nonsense")
    form.get_by_role("button", name="保存").click()
    form.get_by_text("MAC地址格式不正确").wait_for()
    form.get_by_label("MAC地址").fill("AA-BB-CC-00-00-01")
    form.get_by_label("设备名称").fill("rack-1")
    save(form)
    drawer.get_by_text("aa:bb:cc:00:00:01").first.wait_for()
    drawer.get_by_role("button", name="编辑", exact=True).click()
    call(live, "/api/ips", {"id": book["10.77.0.1"], "device_name": "rack-2"}, token)
    form.get_by_role("button", name="保存").click()
    form.get_by_text("这个地址刚被他人修改").wait_for()


def test_an_address_goes_through_its_states(alice: Watched, book):
    page = alice.page
    alice.go(f"/address?id={book['10.77.0.12']}")
    drawer = dialog(page, "10.77.0.12")
    drawer.get_by_role("button", name="保留", exact=True).click()
    drawer.get_by_role("button", name="取消保留").click()
    drawer.get_by_role("button", name="停用").click()
    agree(page, "停用")
    drawer.get_by_role("button", name="设为可用").click()
    drawer.get_by_role("button", name="锁定").click()
    drawer.get_by_role("button", name="解锁").click()
    drawer.get_by_role("button", name="分配地址").click()
    form = dialog(page, "分配地址 · queries")
    form.get_by_label("主机名").fill("dog")
    form.get_by_role("button", name="分配", exact=True).click()
    form.wait_for(state="hidden")
    drawer.get_by_text("dog").first.wait_for()
    drawer.get_by_role("button", name="释放").click()
    form = dialog(page, "释放 1 个地址")
    form.get_by_label("原因").fill("不再需要")
    form.get_by_label("冷却时间").fill("2")
    form.get_by_role("button", name="释放", exact=True).click()
    drawer.get_by_text("待回收").first.wait_for()
    drawer.get_by_text("不再需要").wait_for()


def test_release_of_an_address_that_a_host_uses_names_the_host(alice: Watched, book):
    page = alice.page
    alice.go(f"/address?id={book['10.77.0.3']}")
    drawer = dialog(page, "10.77.0.3")
    expect(drawer.get_by_role("link", name="till-7")).to_have_attribute("href", re.compile(r"^#/resource\?id=\d+$"))
    drawer.get_by_role("button", name="释放").click()
    form = dialog(page, "释放 1 个地址")
    form.get_by_role("button", name="释放", exact=True).click()
    form.get_by_text("被 1 台主机使用: till-7").wait_for()
    form.get_by_role("button", name="强制释放").click()
    page.locator(".el-message-box").get_by_role("button", name="取消").click()
    form.get_by_role("button", name="取消").click()
    drawer.get_by_text("已分配").first.wait_for()


def test_only_an_administrator_who_is_sure_takes_an_address_from_a_host(
    alice: Watched, window: Window, live: Live, token: str, book
):
    host = {"name": "till-8", "ipv4_address": "10.77.0.6", "port": 22, "group": 2, "protocol": 1}
    live.call("/api/resource/resource/add/", host, token)
    bob = window()
    bob.sign_in("bob")
    for watched, may in ((bob, 0), (alice, 1)):
        watched.go(f"/address?id={book['10.77.0.6']}")
        dialog(watched.page, "10.77.0.6").get_by_role("button", name="释放").click()
        form = dialog(watched.page, "释放 1 个地址")
        form.get_by_role("button", name="释放", exact=True).click()
        form.get_by_text("till-8").wait_for()
        expect(form.get_by_role("button", name="强制释放")).to_have_count(may)
    form.get_by_role("button", name="强制释放").click()
    agree(alice.page, "强制释放")
    drawer = dialog(alice.page, "10.77.0.6")
    drawer.get_by_text("主机失去地址").first.wait_for()
    drawer.get_by_role("button", name="确认已处理").click()
    expect(drawer.get_by_text("主机失去地址")).to_have_count(0)


def test_an_auditor_reads_and_is_offered_nothing_to_change(window: Window, book):
    carol = window()
    carol.sign_in("carol")
    carol.go(f"{within()}&id={book['10.77.0.1']}")
    drawer = dialog(carol.page, "10.77.0.1")
    drawer.get_by_role("link", name="时间线").wait_for()
    carol.settle()
    assert drawer.get_by_role("button").all_inner_texts() == [""]  # closing it
    assert carol.page.get_by_role("checkbox", include_hidden=True).count() == 0


def test_several_addresses_are_refused_together_with_each_reason(alice: Watched, book):
    page = alice.page
    alice.go(within('"ip":{"in":"10.77.0.2,10.77.0.3,10.77.0.9"}'))
    alice.settle()
    page.get_by_role("checkbox", name="全选本页").check()
    page.get_by_role("group", name="已选 3 个地址").get_by_role("button", name="保留").click()
    form = dialog(page, "保留 3 个地址")
    form.get_by_role("button", name="保留", exact=True).click()
    refused = form.get_by_role("listitem").filter(has_text="请使用释放接口")
    expect(refused).to_have_count(2)
    form.get_by_role("button", name="取消").click()
    page.get_by_label("选择 10.77.0.9").uncheck()
    page.get_by_label("选择 10.77.0.3").uncheck()
    page.get_by_role("button", name="编辑", exact=True).click()
    form = dialog(page, "编辑 1 个地址")
    form.get_by_label("更改用途").check()
    form.get_by_label("用途", exact=True).fill("蜂箱")
    save(form)
    page.get_by_label("关键字").fill("蜂箱")
    assert shown(alice) == ["10.77.0.2"]


@pytest.mark.usefixtures("book")
def test_what_is_found_is_exported(alice: Watched):
    alice.go(within('"hostname":{"eq":"ant"}'))
    alice.settle()
    with alice.page.expect_download() as file:
        alice.page.get_by_role("button", name="导出").click()
    assert file.value.suggested_filename.endswith(".xlsx")


@pytest.mark.usefixtures("equipped")
def test_the_timeline_tells_of_allocation_host_and_session(alice: Watched, live: Live, token: str):
    found = live.call("/api/subnets", {"name": "loop", "cidr": "127.0.0.0/29"}, token)["data"]["id"]
    ident = live.call(f"/api/ips?subnet_id={found}&ip=127.0.0.1", token=token)["data"]["list"][0]["id"]
    connect(alice)
    page = alice.page
    alice.go(f"/address?timeline={ident}")
    page.get_by_role("heading", name="时间线").wait_for()
    line = page.get_by_role("main").get_by_role("listitem")
    expect(line.filter(has=page.get_by_text("分配", exact=True))).to_have_count(1)
    host = line.filter(has_text="关联主机").get_by_role("link", name="web-1")
    expect(host).to_have_attribute("href", re.compile(r"#/resource\?id=\d+"))
    session = line.filter(has_text="打开终端").first.get_by_role("link")
    expect(session).to_have_attribute("href", re.compile(r"#/session\?id=\d+"))
    page.get_by_role("button", name="会话", pressed=True).click()
    expect(line.filter(has_text="打开终端")).to_have_count(0)


def test_the_timeline_tells_of_applications_and_leads_to_the_address(alice: Watched, book):
    page = alice.page
    alice.go(f"/address?timeline={book['10.77.0.4']}")
    line = page.get_by_role("main").get_by_role("listitem").filter(has_text="IPR-")
    expect(line.filter(has_text="提交").get_by_role("link")).to_have_attribute("href", re.compile("#/application"))
    line.filter(has_text="通过").first.wait_for()
    page.get_by_role("button", name="10.77.0.4").click()
    dialog(page, "10.77.0.4").get_by_text("cat").first.wait_for()


def test_the_history_is_found_by_event_address_and_actor(alice: Watched, book):
    page = alice.page
    alice.go("/address?list=history&ip=10.77.0.3")
    row(page, "关联主机").wait_for()
    page.get_by_label("事件").select_option(label="分配")
    assert shown(alice) == ["10.77.0.3"]
    page.get_by_label("操作人").fill("nobody")
    page.get_by_text("没有符合条件的结果").wait_for()
    page.get_by_role("button", name="清除筛选").click()
    page.get_by_role("textbox", name="IP地址").fill("10.77.0.0/28")
    assert set(shown(alice)) >= {"10.77.0.1", "10.77.0.3", "10.77.0.4"}
