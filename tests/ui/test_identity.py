"""Second factor, sign-in policy and API keys, as people meet them in the browser."""

import time

from playwright.sync_api import Page

from tests.conftest import PASSWORD
from tests.live import Live
from tests.ui.conftest import Watched, Window
from tests.ui.steps import add_role, agree, bind, choose, dialog, row, show, sign_out

# --- second factor ---------------------------------------------------------------------------------------------------


def sign_in_with(page: Page, login: str, code: str) -> None:
    page.get_by_label("账户").fill(login)
    page.get_by_label("密码").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_label("动态验证码").fill(code)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="我的账户").wait_for()


def test_a_second_factor_is_bound_asked_for_and_turned_off_again(window: Window, newcomer):
    watched, login = window(), newcomer()
    page = watched.page
    watched.sign_in(login)
    watched.go("/profile")
    app, codes = bind(page)
    page.get_by_text("剩余 10 个恢复码。").wait_for()
    sign_out(page)
    sign_in_with(page, login, app.at(int(time.time()) + 30))  # the code before is used up
    sign_out(page)
    sign_in_with(page, login, codes[0])
    watched.go("/profile")
    page.get_by_text("剩余 9 个恢复码。").wait_for()
    assert page.get_by_text(codes[1]).count() == 0
    codes = renewed(page, codes)
    page.get_by_role("button", name="关闭MFA").click()
    show(page, codes[0])
    page.get_by_role("button", name="绑定MFA").wait_for()


def renewed(page: Page, codes: list[str]) -> list[str]:
    """Fresh recovery codes for an old one; one that was used is none."""
    page.get_by_role("button", name="重新生成恢复码").click()
    show(page, codes[0])
    page.get_by_text("MFA验证码错误").wait_for()
    show(page, codes[1])
    told = page.get_by_label("恢复码", exact=True)
    told.wait_for()
    fresh = told.inner_text().split()
    page.get_by_role("button", name="我已保存").click()
    assert len(fresh) == 10
    assert not set(fresh) & set(codes)
    return fresh


def test_a_policy_that_asks_for_a_second_factor_leads_to_enrolment(
    window: Window, page: Page, newcomer, live: Live, token
):
    role = add_role(live, token, "guarded")
    page.goto(f"{live.url}/#/role?id={role}&side=policy")
    found = dialog(page, "角色“guarded”")
    found.get_by_label("允许登录的地址").fill("127.0.0.0/8\nnonsense")
    found.get_by_role("button", name="添加时段").click()
    found.get_by_label("从", exact=True).fill("00:00")
    found.get_by_label("到", exact=True).fill("24:00")
    for day in "六日":
        found.get_by_label(day, exact=True).check()
    found.get_by_label("必须使用MFA").press("Space")
    found.get_by_role("button", name="保存").click()
    found.get_by_text("IP地址或网段格式错误。").wait_for()
    found.get_by_label("允许登录的地址").fill("127.0.0.0/8")
    found.get_by_role("button", name="保存").click()
    page.get_by_text("已保存").wait_for()
    page.reload()
    assert found.get_by_label("允许登录的地址").input_value() == "127.0.0.0/8"
    assert found.get_by_label("到", exact=True).input_value() == "24:00"
    enrol_at_once(window(), newcomer(role))


def enrol_at_once(watched: Watched, login: str) -> None:
    page = watched.page
    watched.sign_in(login)
    page.get_by_text("您的角色要求使用MFA，请先绑定。").wait_for()
    assert page.get_by_role("link", name="API密钥").count() == 0
    bind(page)
    page.get_by_role("link", name="API密钥").wait_for()
    page.get_by_role("heading", name="我的登录").wait_for()


# --- API keys --------------------------------------------------------------------------------------------------------


def test_a_key_is_made_used_counted_switched_off_and_removed(page: Page, live: Live):
    page.get_by_role("link", name="API密钥").click()
    key = make_key(page, "nightly", "read")
    used = f"ApiKey {key}"
    for _ in range(3):
        assert live.call("/api/rbac/user/get/", token=used)["code"] == 200
    assert live.call("/api/rbac/role/add/", {"name": "x", "code": "x"}, used)["code"] == 403
    page.get_by_role("button", name="nightly", exact=True).click()
    found = dialog(page, "nightly")
    found.get_by_text("共 4 次：成功 3，失败 1").wait_for()
    found.get_by_role("img", name="7 天内共 4 次调用").wait_for()
    found.get_by_role("listitem").filter(has_text="/api/rbac/user/get").filter(has_text="3").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="禁用 nightly").click()
    row(page, "nightly").filter(has_text="停用").wait_for()
    assert live.call("/api/rbac/user/get/", token=used)["code"] == 401
    page.get_by_role("button", name="启用 nightly").click()
    row(page, "nightly").filter(has_text="启用").wait_for()
    page.get_by_role("button", name="删除 nightly").click()
    agree(page, "删除")
    row(page, "nightly").wait_for(state="detached")
    assert live.call("/api/rbac/user/get/", token=used)["code"] == 401


def make_key(page: Page, name: str, permission: str) -> str:
    page.get_by_role("button", name="创建密钥").click()
    found = dialog(page, "创建密钥")
    found.get_by_label("名称").fill(name)
    found.get_by_role("button", name="保存").click()
    found.get_by_text("列表不能为空。").wait_for()
    choose(page, found.get_by_label("权限"), permission)
    found.get_by_role("button", name="保存").click()
    shown = dialog(page, "密钥已创建")
    key = shown.get_by_label("API密钥").inner_text()
    shown.get_by_role("button", name="我已保存").click()
    shown.wait_for(state="hidden")
    assert page.get_by_text(key).count() == 0
    return key


def test_a_key_beyond_ones_own_rights_is_refused_by_name(window: Window, newcomer):
    watched = window()
    watched.sign_in(newcomer())
    watched.go("/apikey")
    watched.page.get_by_role("button", name="创建密钥").click()
    found = dialog(watched.page, "创建密钥")
    found.get_by_label("名称").fill("greedy")
    choose(watched.page, found.get_by_label("权限"), "admin")
    found.get_by_role("button", name="保存").click()
    found.get_by_text("缺少权限 admin").wait_for()
