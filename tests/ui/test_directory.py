"""Areas, gateways and the directory: units, departments, projects, contacts, groups with a scope."""

import re

from playwright.sync_api import Locator, Page

from tests.live import Live
from tests.ui.conftest import Watched, Window
from tests.ui.forms import add, fault, field, fill, made, pick, told
from tests.ui.steps import dialog, row, save


def level(found: Locator, name: str) -> None:
    field(found, "级别").get_by_role("combobox").select_option(name)


def remove(page: Page, what: str) -> Locator:
    """Ask for it from the drawer; the question."""
    page.get_by_role("dialog").get_by_role("button", name="删除", exact=True).click()
    question = dialog(page, f"删除{what}")
    question.get_by_role("button", name="删除", exact=True).click()
    return question


# --- areas and gateways ----------------------------------------------------------------------------------------------


def test_an_area_gets_a_gateway_and_stays_as_long_as_that_is_there(alice: Watched):
    page = alice.page
    alice.go("/network")
    found = add(page, "网络区域")
    fill(found, 名称="默认区域")
    found.get_by_role("button", name="保存").click()
    assert fault(found, "名称") == "名称已存在"
    fill(found, 名称="实验区", 编码="LAB")
    save(found)
    add_gateway(page)
    page.get_by_role("tab", name="网络区域").click()
    page.get_by_role("button", name="实验区", exact=True).click()
    question = remove(page, "网络区域")
    question.get_by_text("实验区: 被 1 个网关引用").wait_for()
    question.get_by_role("button", name="取消").click()
    alice.go("/network?tab=gateways")
    page.get_by_role("checkbox", name="选择 出口").check()
    page.get_by_role("button", name="删除选中的 1 项").click()
    dialog(page, "删除网关").get_by_role("button", name="删除").click()
    row(page, "10.99.0.254").wait_for(state="detached")


def add_gateway(page: Page) -> None:
    page.get_by_role("tab", name="网关").click()
    found = add(page, "网关")
    fill(found, IP地址="10.99.0", MAC地址="zz", 名称="出口")
    found.get_by_role("button", name="保存").click()
    assert fault(found, "IP地址") == "IP地址格式不正确"
    assert fault(found, "MAC地址") == "MAC地址格式不正确"
    fill(found, IP地址="10.99.0.254", MAC地址="BC-24-11-00-00-01")
    pick(found, "网络区域", "实验区")
    save(found)
    row(page, "10.99.0.254").filter(has_text="bc:24:11:00:00:01").filter(has_text="实验区").wait_for()


def test_the_default_area_offers_no_removal(alice: Watched):
    alice.go("/network?tab=areas&id=1")
    found = dialog(alice.page, "默认区域")
    found.get_by_text("默认区域不可删除").wait_for()
    assert found.get_by_role("button", name="删除").count() == 0


# --- units -----------------------------------------------------------------------------------------------------------


def test_units_grow_as_a_tree_with_the_level_given(alice: Watched, live: Live, token):
    made(live, token, "units", name="甲省", level=1)
    page = alice.page
    alice.go("/directory")
    page.get_by_role("button", name="在 甲省 下添加").click()
    found = dialog(page, "添加单位")
    assert field(found, "级别").get_by_role("combobox").input_value() == "2"
    fill(found, 名称="甲市")
    save(found)
    page.get_by_role("button", name="在 甲市 下添加").click()
    fill(dialog(page, "添加单位"), 名称="甲县")
    save(dialog(page, "添加单位"))
    page.get_by_role("button", name="甲县", exact=True).click()
    dialog(page, "甲县").get_by_text("甲省 / 甲市 / 甲县").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="展开或收起 甲省").click()
    row(page, "甲县").wait_for(state="detached")
    assert "id=" not in page.url  # folding opens nothing
    page.get_by_role("search").get_by_label("关键字").fill("甲县")
    row(page, "甲省").wait_for(state="detached")
    row(page, "甲县").wait_for()


def test_each_fault_of_a_unit_stands_beside_its_field(alice: Watched, live: Live, token):
    made(live, token, "units", name="乙省", code="YI", level=1)
    alice.go("/directory")
    found = add(alice.page, "单位")
    assert told(found, "名称", "级别") == ["不能为空", "不能为空"]
    fill(found, 名称="乙省", 编码="yi")
    level(found, "市级")
    assert told(found, "名称", "编码", "上级单位") == ["名称已存在", "编码已存在", "缺少上级单位"]
    level(found, "县级")
    pick(found, "上级单位", "乙省")
    assert told(found, "上级单位") == ["上级单位的级别须为上一级"]
    level(found, "省级")
    assert told(found, "上级单位") == ["省级单位不能有上级"]
    fill(found, 名称="乙市", 编码="")
    level(found, "市级")
    save(found)
    alice.page.get_by_role("button", name="编辑 乙省").click()
    found = dialog(alice.page, "编辑单位")
    level(found, "市级")
    assert told(found, "级别", "上级单位") == ["下级单位的级别与此级别不符", "缺少上级单位"]


def test_a_parent_that_went_meanwhile_and_a_change_of_somebody_else_are_told(alice: Watched, live: Live, token):
    gone = made(live, token, "units", name="丙省", level=1)
    kept = made(live, token, "units", name="丁省", level=1)
    page = alice.page
    alice.go("/directory")
    page.get_by_role("button", name="在 丙省 下添加").click()
    found = dialog(page, "添加单位")
    fill(found, 名称="丙市")
    page.request.delete(f"{live.url}/api/units?ids={gone}", headers={"Authorization": token})
    assert told(found, "上级单位") == ["上级单位不存在"]
    found.get_by_role("button", name="取消").click()
    page.get_by_role("button", name="编辑 丁省").click()
    found = dialog(page, "编辑单位")
    page.request.patch(f"{live.url}/api/units", data={"id": kept, "leader": "某人"}, headers={"Authorization": token})
    fill(found, 简称="丁")
    found.get_by_role("button", name="保存").click()
    found.get_by_text("数据已被他人修改").wait_for()
    found.get_by_role("button", name="取消").click()
    row(page, "丁省").filter(has_text="某人").wait_for()
    page.get_by_role("button", name="编辑 丁省").click()
    page.request.delete(f"{live.url}/api/units?ids={kept}", headers={"Authorization": token})
    found.get_by_role("button", name="保存").click()
    found.get_by_text("ID不存在").wait_for()


# --- departments, projects, contacts ---------------------------------------------------------------------------------


def test_a_department_a_project_and_a_contact_belong_together(alice: Watched, live: Live, token):
    made(live, token, "units", name="戊省", level=1)
    page = alice.page
    alice.go("/directory?tab=departments")
    found = add(page, "部门")
    fill(found, 名称="网络部")
    pick(found, "单位", "戊省")
    save(found)
    add_project(alice)
    alice.go("/directory?tab=contacts")
    found = add(page, "使用人")
    fill(found, 姓名="陈静", 工号="E1001")
    pick(found, "单位", "戊省")
    pick(found, "部门", "网络部")
    save(found)
    page.get_by_role("button", name="陈静", exact=True).click()
    contact = int(page.url.rpartition("id=")[2])
    subnet = made(live, token, "subnets", name="戊", cidr="10.98.0.0/28")
    live.call("/api/ips/allocate", {"subnet_id": subnet, "user_contact_id": contact}, token)
    page.reload()
    dialog(page, "陈静").get_by_role("link", name="1").click()
    page.get_by_role("heading", name="IP地址", level=1).wait_for()
    row(page, "10.98.0.1").wait_for()
    assert row(page, "10.98.0.2").count() == 0


def add_project(alice: Watched) -> None:
    alice.go("/directory?tab=projects")
    found = add(alice.page, "项目")
    fill(found, 名称="改造", 开始日期="2026-05-01", 结束日期="2026-01-01")
    assert told(found, "结束日期") == ["结束日期不能早于开始日期"]
    fill(found, 结束日期="2026-12-31")
    pick(found, "部门", "网络部")
    save(found)
    row(alice.page, "改造").filter(has_text="网络部").filter(has_text="2026-12-31").wait_for()


# --- who may, and who sees what --------------------------------------------------------------------------------------


def test_an_auditor_reads_the_directory_and_is_offered_no_change(window: Window, live: Live, token):
    made(live, token, "projects", name="看得见")
    watched = window()
    watched.sign_in("carol")
    watched.go("/directory?tab=projects")
    row(watched.page, "看得见").wait_for()
    watched.settle()
    assert watched.page.get_by_role("button", name=re.compile("^(添加|编辑)")).count() == 0
    assert watched.page.get_by_role("checkbox").count() == 0


def test_the_scope_of_a_group_narrows_what_its_member_sees(alice: Watched, window: Window, live: Live, token, newcomer):
    for name in ("己省", "庚省"):
        made(live, token, "units", name=name, level=1)
    login = newcomer()
    page = alice.page
    alice.go("/directory?tab=groups")
    found = add(page, "用户组")
    found.get_by_text("成员只能看到这里列出的单位").wait_for()
    fill(found, 名称="己省运维")
    pick(found, "成员", login)
    pick(found, "单位", "己省")
    save(found)
    page.get_by_role("button", name="己省运维", exact=True).click()
    dialog(page, "己省运维").get_by_text(login).wait_for()
    watched = window()
    watched.sign_in(login)
    watched.go("/directory")
    row(watched.page, "己省").wait_for()
    assert row(watched.page, "庚省").count() == 0
    watched.page.get_by_role("tab", name="用户组").click()
    row(watched.page, "己省运维").wait_for()
    assert watched.page.get_by_role("button", name="添加用户组").count() == 0
