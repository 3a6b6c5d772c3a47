"""Sign-ins, own data, users, roles and effective access, as people meet them in the browser."""

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import PASSWORD
from tests.live import Live
from tests.ui.conftest import Window
from tests.ui.steps import add_role, agree, bind, choose, dialog, row

# --- sign-ins and own data -------------------------------------------------------------------------------------------


def test_ending_another_sign_in_signs_that_browser_out(window: Window, newcomer):
    here, there, login = window(), window(), newcomer()
    there.sign_in(login)
    here.sign_in(login)
    here.go("/profile")
    rows = here.page.get_by_role("table", name="当前登录").get_by_role("row")
    rows.filter(has_not_text="当前").get_by_role("button", name="结束").click()
    here.page.get_by_text("已终止").wait_for()
    there.go("/apikey")
    there.page.get_by_role("button", name="登录", exact=True).wait_for()
    there.page.get_by_text("登录已结束，请重新登录。").wait_for()


def test_all_other_sign_ins_are_ended_in_one_go(window: Window, newcomer, live: Live):
    watched, login = window(), newcomer()
    others = [live.sign_in(login, PASSWORD) for _ in range(2)]
    watched.sign_in(login)
    watched.go("/profile")
    watched.page.get_by_role("button", name="结束其他登录").click()
    agree(watched.page, "结束")
    watched.page.get_by_text("已终止").wait_for()
    assert [live.call("/api/rbac/user/detail/", token=token)["code"] for token in others] == [401, 401]
    watched.page.reload()
    watched.page.get_by_role("heading", name="我的登录").wait_for()


def test_everybody_edits_the_own_data(window: Window, newcomer):
    watched = window()
    watched.sign_in(newcomer(role=3))
    watched.go("/profile")
    page = watched.page
    page.get_by_role("button", name="编辑").click()
    page.get_by_label("部门").fill("night shift")
    page.get_by_label("电话").fill("x")
    page.get_by_role("button", name="保存").click()
    page.get_by_text("无效电话").wait_for()
    page.get_by_label("电话").fill("13800000000")
    page.get_by_role("button", name="保存").click()
    page.get_by_role("definition").filter(has_text="night shift").wait_for()


# --- users, roles, effective access ----------------------------------------------------------------------------------


def test_a_user_is_locked_and_unlocked(page: Page, newcomer):
    open_user(page, login := newcomer())
    page.get_by_role("button", name="锁定").click()
    agree(page, "锁定")
    page.get_by_role("definition").filter(has_text="锁定").wait_for()
    row(page, login).filter(has_text="锁定").wait_for()
    page.get_by_role("button", name="解锁").click()
    page.get_by_role("definition").filter(has_text="启用").first.wait_for()


def open_user(page: Page, login: str) -> None:
    page.get_by_role("link", name="用户管理").click()
    page.get_by_label("账户", exact=True).fill(login)
    page.get_by_role("button", name=login, exact=True).click()
    dialog(page, login)


def test_a_temporary_password_is_shown_once_and_changed_first(window: Window, page: Page, newcomer):
    open_user(page, login := newcomer())
    page.get_by_role("button", name="临时密码").click()
    agree(page, "生成")
    password = page.get_by_role("status", name="临时密码").inner_text()
    page.reload()
    dialog(page, login)
    assert page.get_by_text(password).count() == 0
    other = window()
    other.sign_in(login, password)
    other.page.get_by_text("管理员要求您先修改密码。").wait_for()


def test_limits_of_sign_in_are_set_and_seen(page: Page, newcomer):
    open_user(page, newcomer())
    page.get_by_role("button", name="编辑登录限制").click()
    found = dialog(page, "登录限制")
    found.get_by_label("账号有效期").fill("2099-12-31T08:00:00")
    found.get_by_label("允许的来源地址").fill("10.0.0.0/8, 192.0.2.1")
    found.get_by_role("button", name="保存").click()
    page.get_by_role("definition").filter(has_text="2099-12-31 08:00:00").wait_for()
    page.get_by_role("definition").filter(has_text="10.0.0.0/8 192.0.2.1").wait_for()


def test_an_administrator_ends_sign_ins_and_a_second_factor(window: Window, page: Page, newcomer, live: Live):
    other, login = window(), newcomer()
    other.sign_in(login)
    other.go("/profile")
    bind(other.page)
    open_user(page, login)
    page.get_by_role("button", name="重置MFA").click()
    agree(page, "重置MFA")
    page.get_by_text("当前没有登录。").wait_for()
    other.page.reload()
    other.page.get_by_role("button", name="登录", exact=True).wait_for()
    again = live.sign_in(login, PASSWORD)
    page.reload()
    page.get_by_role("button", name="结束全部登录").click()
    agree(page, "结束")
    page.get_by_text("当前没有登录。").wait_for()
    assert live.call("/api/rbac/user/detail/", token=again)["code"] == 401


def test_roles_tell_how_many_have_them_and_who(page: Page, newcomer, live: Live, token):
    role = add_role(live, token, "counted")
    login = newcomer(role)
    page.get_by_role("link", name="角色管理").click()
    page.get_by_role("button", name="“counted”的用户：1").click()
    found = dialog(page, "角色“counted”")
    found.get_by_role("link", name=login, exact=True).wait_for()
    found.get_by_role("tab", name="用户").press("ArrowRight")
    found.get_by_label("read").or_(found.get_by_label("读取数据权限")).check()
    assert found.get_by_role("link", name="按资源组授权").count() > 0
    found.get_by_role("button", name="保存").click()
    page.get_by_text("已保存").wait_for()
    page.reload()
    expect(found.get_by_label("读取数据权限")).to_be_checked()


@pytest.mark.usefixtures("equipped")
def test_the_tester_says_who_gets_to_a_host_and_why(page: Page):
    page.get_by_role("link", name="权限分配").click()
    page.get_by_role("tab", name="有效权限").click()
    answer = page.get_by_role("status")
    choose(page, page.get_by_label("用户"), "bob")
    choose(page, page.get_by_label("主机"), "web-1")
    answer.filter(has_text="角色 shopkeeper，授权于 shop").filter(has_text="已绑定到该主机").wait_for()
    assert answer.locator(".yes").count() == 1
    choose(page, page.get_by_label("用户"), "carol")
    answer.filter(has_text="没有该资源的查看权限").filter(has_text="没有授权到达该主机。").wait_for()
    assert answer.locator(".no").count() == 1
    page.reload()
    answer.filter(has_text="没有该资源的查看权限").wait_for()
