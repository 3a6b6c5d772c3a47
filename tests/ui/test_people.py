"""Users, roles, grants, vouchers and the audit lists, as an administrator uses them in the browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import PASSWORD
from tests.live import Live
from tests.ui.conftest import Watched, Window, connect
from tests.ui.steps import dialog, row, save

pytestmark = pytest.mark.usefixtures("equipped")


def test_a_newcomer_gets_a_role_that_opens_one_group(window: Window, page: Page):
    add_role(page, "nightwatch")
    tick_base_right(page, "nightwatch", "会话", "查看")
    grant(page, "nightwatch", "shop", ["主机 查看", "凭证 查看"])
    add_user(page, "nina", "nightwatch")
    newcomer = window()
    newcomer.sign_in("nina")
    newcomer.page.get_by_role("link", name="会话", exact=True).wait_for()
    connect(newcomer)


def test_a_right_from_above_is_marked_and_not_ticked_below(page: Page, equipped: Live, token: str):
    equipped.call("/api/resource/group/add/", {"name": "under", "parent": 2}, token)
    page.get_by_role("link", name="角色管理").click()
    row(page, "shopkeeper").get_by_role("link", name="“shopkeeper”的组权限").click()
    below = page.get_by_role("checkbox", name=re.compile("under：主机 查看 · 继承自.*shop"))
    below.wait_for()
    expect(below).not_to_be_checked()
    expect(page.get_by_role("checkbox", name="shop：主机 查看", exact=True)).to_be_checked()


def add_role(page: Page, name: str) -> None:
    page.get_by_role("link", name="角色管理").click()
    page.get_by_role("button", name="添加角色").click()
    found = dialog(page, "添加角色")
    found.get_by_label("名称").fill(name)
    found.get_by_label("编码").fill("Administrator")
    found.get_by_role("button", name="保存").click()
    found.get_by_text("具有 code 的 role 已存在。").wait_for()
    found.get_by_label("编码").fill(name)
    save(found)


def tick_base_right(page: Page, role: str, about: str, right: str) -> None:
    page.get_by_role("button", name=f"“{role}”的系统权限").click()
    found = dialog(page, f"角色“{role}”")
    found.get_by_role("checkbox", name=f"{about}：{right}", exact=True).check()
    found.get_by_role("button", name="保存").click()
    page.get_by_text("已保存").wait_for()
    page.keyboard.press("Escape")
    found.wait_for(state="hidden")


def grant(page: Page, role: str, group: str, rights: list[str]) -> None:
    row(page, role).get_by_role("link", name=f"“{role}”的组权限").click()
    for right in rights:
        page.get_by_role("checkbox", name=f"{group}：{right}", exact=True).check()
    page.get_by_role("button", name="保存 (1)").click()
    page.get_by_text("已保存").wait_for()
    page.reload()
    expect(page.get_by_role("checkbox", name=f"{group}：{rights[0]}", exact=True)).to_be_checked()


def add_user(page: Page, account: str, role: str) -> None:
    page.get_by_role("link", name="用户管理").click()
    page.get_by_role("button", name="添加用户").click()
    found = dialog(page, "添加用户")
    found.get_by_label("账户").fill(account)
    found.get_by_label("姓名").fill(account)
    found.get_by_label("密码").fill(PASSWORD)
    found.get_by_label("角色").press("Enter")
    page.get_by_role("option", name=role).click()
    page.keyboard.press("Escape")
    save(found)
    row(page, account).filter(has_text=role).wait_for()


def test_faults_stand_at_their_fields_and_the_form_stays(page: Page):
    page.get_by_role("link", name="用户管理").click()
    page.get_by_role("button", name="添加用户").click()
    found = dialog(page, "添加用户")
    found.get_by_label("账户").fill("alice")
    found.get_by_label("姓名").fill("another alice")
    found.get_by_label("密码").fill(PASSWORD)
    found.get_by_label("邮箱").fill("nonsense")
    found.get_by_role("button", name="保存").click()
    found.get_by_text("账户以被注册").wait_for()
    assert found.get_by_label("邮箱").get_attribute("aria-invalid") == "true"
    assert found.get_by_label("账户").input_value() == "alice"


def test_a_form_is_filled_and_sent_by_keyboard_alone(page: Page):
    page.get_by_role("link", name="角色管理").click()
    page.get_by_role("button", name="添加角色").press("Enter")
    dialog(page, "添加角色")
    page.locator("input:focus").wait_for()
    page.keyboard.type("typed")
    page.keyboard.press("Tab")
    page.keyboard.type("typed")
    page.keyboard.press("Enter")
    row(page, "typed").wait_for()


def test_picked_users_are_removed_after_a_question(page: Page, live, token):
    live.call("/api/rbac/user/add/", {"account": "gone", "password": PASSWORD, "name": "gone"}, token)
    page.get_by_role("link", name="用户管理").click()
    page.get_by_role("checkbox", name="选择 gone").check()
    page.get_by_role("button", name="删除选中的 1 项").click()
    page.get_by_role("dialog").get_by_role("button", name="删除").click()
    row(page, "gone").wait_for(state="detached")


def test_a_voucher_is_edited_without_showing_its_secret(page: Page):
    page.get_by_role("link", name="凭证管理").click()
    page.get_by_role("button", name="编辑 key").click()
    found = dialog(page, "编辑凭证")
    expect(found.get_by_label("保持不变")).to_be_checked()
    assert found.get_by_role("textbox", name="私钥").count() == 0
    found.get_by_label("描述").fill("the key of the shop")
    save(found)
    row(page, "the key of the shop").wait_for()


def test_filters_narrow_a_list_and_are_cleared_in_one_go(page: Page):
    page.get_by_role("link", name="用户管理").click()
    page.get_by_label("账户", exact=True).fill("carol")
    row(page, "bob").wait_for(state="detached")
    row(page, "carol").wait_for()
    page.get_by_label("账户", exact=True).fill("nobody at all")
    page.get_by_text("没有符合条件的结果。").wait_for()
    page.get_by_role("button", name="清除筛选").click()
    row(page, "bob").wait_for()


def test_the_audit_lists_tell_what_happened(page: Page, live):
    live.call("/api/rbac/login/", {"account": "stranger", "password": "x"})
    page.get_by_role("link", name="审计日志").click()
    page.get_by_label("结果").select_option("失败")
    row(page, "stranger").filter(has_text="失败").wait_for()
    page.get_by_role("tab", name="登录日志").press("ArrowRight")
    page.get_by_label("操作", exact=True).fill("添加凭证")
    row(page, "添加凭证").filter(has_text="成功").first.wait_for()
    page.get_by_label("开始时间").fill("2099-01-01T00:00:00")
    page.get_by_text("没有符合条件的结果。").wait_for()


def test_one_changes_the_own_password_and_signs_in_again(window: Window, live, token):
    live.call("/api/rbac/user/add/", {"account": "dora", "password": PASSWORD, "name": "dora"}, token)
    watched = window()
    watched.sign_in("dora")
    watched.go("/profile")
    change_password(watched, "nonsense")
    watched.page.get_by_text("密码错误").wait_for()
    change_password(watched, PASSWORD)
    watched.page.get_by_role("button", name="登录", exact=True).wait_for()
    watched.sign_in("dora", "another horse 2")


def change_password(watched: Watched, old: str) -> None:
    watched.page.get_by_label("旧密码").fill(old)
    watched.page.get_by_label("新密码").fill("another horse 2")
    watched.page.get_by_label("再次输入密码").fill("another horse 2")
    watched.page.get_by_role("button", name="修改密码").click()


def test_the_palette_opens_a_terminal_by_name(page: Page):
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("web-1")
    page.get_by_role("option").filter(has_text="@web-1").wait_for()
    page.keyboard.press("Enter")
    page.get_by_text("在线", exact=True).wait_for()
