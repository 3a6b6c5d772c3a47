"""Second factor, API keys, sign-ins, policies and effective access, as people meet them in the browser."""

import re
import time
from collections.abc import Callable
from itertools import count

import pyotp
import pytest
from playwright.sync_api import Locator, Page

from tests.conftest import PASSWORD
from tests.live import Live
from tests.ui.conftest import Watched, Window

numbers = count(1)


@pytest.fixture
def newcomer(live: Live, token: str) -> Callable[..., str]:
    """Makes users of one test only; their logins."""

    def make(role: int = 2) -> str:
        login = f"new{next(numbers)}"
        told = live.call("/api/rbac/user/add/", {"account": login, "password": PASSWORD, "name": login}, token)
        assert told["code"] == 200, told
        ident = live.call(f"/api/rbac/user/get/?account={login}", token=token)["detail"][0]["id"]
        live.call("/api/rbac/user/role/", {"id": ident, "roles": [role]}, token)
        return login

    return make


def dialog(page: Page, title: str) -> Locator:
    found = page.get_by_role("dialog", name=title)
    found.wait_for()
    return found


def agree(page: Page, button: str) -> None:
    """To the question just asked."""
    question = page.locator(".el-message-box")
    question.get_by_role("button", name=button).click()
    question.wait_for(state="hidden")


def choose(page: Page, box: Locator, option: str) -> None:
    """An entry of a list that is searched by typing."""
    box.fill(option)
    page.get_by_role("option", name=re.compile(rf"^{option}\b")).first.click()
    page.keyboard.press("Escape")


def row(page: Page, text: str) -> Locator:
    return page.get_by_role("row").filter(has_text=text)


# --- second factor ---------------------------------------------------------------------------------------------------


def bind(page: Page) -> tuple[pyotp.TOTP, list[str]]:
    """Go through enrolment; the app and the recovery codes."""
    page.get_by_role("button", name="绑定MFA").click()
    picture = page.get_by_role("img", name="MFA二维码")
    assert picture.evaluate("(image) => image.decode().then(() => image.naturalWidth)") > 0
    app = pyotp.TOTP(page.get_by_label("MFA密钥").inner_text().replace(" ", ""))
    show(page, "nonsense")
    page.get_by_text("MFA验证码错误").wait_for()
    show(page, app.now())
    codes = page.get_by_label("恢复码").inner_text().split()
    page.get_by_role("button", name="我已保存").click()
    return app, codes


def show(page: Page, code: str) -> None:
    page.get_by_label("验证码").fill(code)
    page.get_by_role("button", name="确认").click()


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="我的账户").click()
    page.get_by_role("menuitem", name="退出登录").click()
    page.get_by_role("button", name="登录", exact=True).wait_for()


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
    page.get_by_text("剩余 9 个恢复码。").wait_for()
    page.get_by_role("button", name="关闭MFA").click()
    show(page, codes[0])
    page.get_by_text("MFA验证码错误").wait_for()
    show(page, codes[1])
    page.get_by_role("button", name="绑定MFA").wait_for()


def test_recovery_codes_are_shown_once_and_made_anew(window: Window, newcomer):
    watched = window()
    page = watched.page
    watched.sign_in(newcomer())
    watched.go("/profile")
    _, codes = bind(page)
    page.reload()
    page.get_by_role("button", name="重新生成恢复码").click()
    assert page.get_by_text(codes[0]).count() == 0
    show(page, codes[0])
    page.get_by_label("恢复码", exact=True).wait_for()
    assert not set(codes) & set(page.get_by_label("恢复码", exact=True).inner_text().split())


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


def add_role(live: Live, token: str, name: str) -> int:
    live.call("/api/rbac/role/add/", {"name": name, "code": name}, token)
    found = live.call(f"/api/rbac/role/get/?name={name}", token=token)["detail"][0]
    assert isinstance(found["id"], int)
    return found["id"]


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


def test_an_administrator_ends_sign_ins_and_a_second_factor(window: Window, page: Page, newcomer):
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
    other.sign_in(login)
    page.reload()
    page.get_by_role("button", name="结束全部登录").click()
    agree(page, "结束")
    page.get_by_text("当前没有登录。").wait_for()
    other.page.reload()
    other.page.get_by_role("button", name="登录", exact=True).wait_for()


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
    assert found.get_by_label("读取数据权限").is_checked()


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
