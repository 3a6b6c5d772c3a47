"""Every page in every dress: no sideways scrolling on a phone, WCAG AA by axe, both languages."""

from collections.abc import Callable
from typing import Literal

import pytest
from playwright.sync_api import Locator, Page

from tests.ui.conftest import Watched, Window, connect, run, scripts

CONDITIONS = '/address?filters={"ip":{"foo":1},"unit_id":{"in":[1]},"expires_at":{"between":["",1]}}'
ROUTES = {
    "/overview": ("概览", "Overview"),
    "/terminal": ("Web终端", "Terminal"),
    "/resource": ("资源管理", "Hosts"),
    "/resource?id=1": ("资源管理", "Hosts"),
    "/address": ("IP地址", "IP addresses"),
    "/address?id=1": ("IP地址", "IP addresses"),
    CONDITIONS: ("IP地址", "IP addresses"),
    "/address?list=history": ("IP地址", "IP addresses"),
    "/address?timeline=1": ("时间线", "Timeline"),
    "/subnet": ("子网", "Subnets"),
    "/application?tab=all": ("地址申请", "Applications"),
    "/application?id=1": ("地址申请", "Applications"),
    "/voucher": ("凭证管理", "Vouchers"),
    "/user": ("用户管理", "Users"),
    "/user?id=2": ("用户管理", "Users"),
    "/role": ("角色管理", "Roles"),
    "/role?id=4": ("角色管理", "Roles"),
    "/role?id=4&side=policy": ("角色管理", "Roles"),
    "/role?id=4&side=members": ("角色管理", "Roles"),
    "/permission?role=4": ("权限分配", "Grants"),
    "/permission?tab=access&user=2&host=1": ("权限分配", "Grants"),
    "/apikey": ("API密钥", "API keys"),
    "/audit": ("审计日志", "Audit"),
    "/audit?list=operations": ("审计日志", "Audit"),
    "/audit?list=sessions": ("审计日志", "Audit"),
    "/session": ("会话", "Sessions"),
    "/exchange": ("导入导出", "Import & export"),
    "/exchange?tab=export": ("导入导出", "Import & export"),
    "/network": ("区域与网关", "Areas & gateways"),
    "/network?tab=gateways": ("区域与网关", "Areas & gateways"),
    "/directory?tab=units&id=1": ("组织目录", "Directory"),
    "/directory?tab=contacts": ("组织目录", "Directory"),
    "/directory?tab=fields": ("组织目录", "Directory"),
    "/profile": ("个人中心", "Profile"),
}
FORMS: list[tuple[str, str, Callable[[Page], Locator]]] = [
    ("/resource", "添加主机", lambda page: page.get_by_role("dialog", name="添加主机")),
    ("/subnet", "添加子网", lambda page: page.get_by_role("dialog", name="添加子网")),
    ("/application?tab=all", "申请地址", lambda page: page.get_by_role("dialog", name="申请地址")),
    ("/address?id=1", "编辑", lambda page: page.get_by_role("dialog", name="编辑 ")),
    ("/voucher", "添加凭证", lambda page: page.get_by_role("dialog", name="添加凭证")),
    ("/application?tab=all", "通过 IPR", lambda page: page.get_by_role("dialog", name="通过 IPR")),
    (CONDITIONS, "保存为视图", lambda page: page.get_by_role("dialog", name="保存为视图")),
    ("/user", "添加用户", lambda page: page.get_by_role("dialog", name="添加用户")),
    ("/user?id=2", "编辑登录限制", lambda page: page.get_by_role("dialog", name="登录限制")),
    ("/role", "添加角色", lambda page: page.get_by_role("dialog", name="添加角色")),
    ("/apikey", "创建密钥", lambda page: page.get_by_role("dialog", name="创建密钥")),
    ("/network", "编辑 默认区域", lambda page: page.get_by_role("dialog", name="编辑网络区域")),
    ("/directory?tab=units&id=1", "添加下级单位", lambda page: page.get_by_role("dialog", name="添加单位")),
    ("/directory?tab=contacts", "添加使用人", lambda page: page.get_by_role("dialog", name="添加使用人")),
    ("/directory?tab=fields", "编辑 机柜", lambda page: page.get_by_role("dialog", name="编辑字段")),
    ("/profile", "绑定MFA", lambda page: page.get_by_role("img", name="MFA二维码")),
]
STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
AXE = f"axe.run({{ runOnly: {STANDARD}, resultTypes: ['violations'] }}).then((told) => told.violations)"
SIDEWAYS = """
[...document.querySelectorAll('html, main, [role=dialog]')]
  .filter((box) => box.scrollWidth > box.clientWidth).map((box) => `${box.tagName} ${box.scrollWidth}`)
"""


def visit(watched: Watched, route: str, language: int = 0) -> None:
    watched.go(route)
    title = ROUTES[route][language]
    watched.page.get_by_role("heading", name=title, exact=True, level=1).wait_for()
    watched.settle()


def dress(watched: Watched, scheme: Literal["light", "dark"]) -> None:
    watched.page.emulate_media(color_scheme=scheme)
    watched.page.add_init_script(scripts("axe-core/axe.min.js"))
    watched.page.reload()


def faults(watched: Watched) -> list[str]:
    """What axe has against the page, each with its first place."""
    found = watched.page.evaluate(AXE)
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]} {one['nodes'][0]['failureSummary'][:200]}" for one in found]


@pytest.mark.usefixtures("equipped", "applied", "organised")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_meets_wcag_aa(window: Window, scheme):
    watched = window(color_scheme=scheme)
    watched.context.add_init_script(scripts("axe-core/axe.min.js"))
    watched.go()
    watched.page.get_by_role("button", name="登录", exact=True).wait_for()
    assert faults(watched) == []
    watched.sign_in("alice")
    connect(watched)  # so that there is a session to be shown
    wrong = {}
    for route in ROUTES:
        visit(watched, route)
        wrong[route] = faults(watched)
    assert {route: told for route, told in wrong.items() if told} == {}


@pytest.mark.usefixtures("equipped", "applied", "organised")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_forms_and_dialogs_meet_wcag_aa(alice: Watched, scheme):
    dress(alice, scheme)
    for route, button, opened in FORMS:
        visit(alice, route)
        alice.page.get_by_role("button", name=button).first.click()
        opened(alice.page).wait_for()
        assert faults(alice) == [], route


@pytest.mark.usefixtures("equipped")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_open_terminal_and_its_replay_meet_wcag_aa(alice: Watched, scheme):
    dress(alice, scheme)
    connect(alice)
    run(alice, "ls --color=always /; echo do''ne", "done")
    assert faults(alice) == []
    alice.page.keyboard.type("exit\n")
    alice.page.get_by_text("会话已结束。").wait_for()
    assert faults(alice) == []
    alice.page.get_by_role("link", name="会话", exact=True).click()
    alice.page.get_by_role("link", name="回放").first.click()
    alice.page.locator(".xterm-rows").filter(has_text="done").wait_for()
    assert faults(alice) == []


@pytest.mark.usefixtures("equipped", "applied", "organised")
@pytest.mark.parametrize("language", [0, 1])
def test_no_page_scrolls_sideways_on_a_phone(window: Window, language):
    watched = window(width=390, has_touch=True)
    watched.sign_in("alice")
    if language:
        watched.page.get_by_role("button", name="English").click()
    wide = {}
    for route in ROUTES:
        visit(watched, route, language)
        wide[route] = watched.page.evaluate(SIDEWAYS)
    assert {route: boxes for route, boxes in wide.items() if boxes} == {}


@pytest.mark.usefixtures("live")
def test_the_sign_in_page_fits_a_phone(window: Window):
    watched = window(width=390)
    watched.go()
    watched.page.get_by_role("button", name="登录", exact=True).wait_for()
    assert watched.page.evaluate(SIDEWAYS) == []


@pytest.mark.usefixtures("live")
def test_a_phone_reaches_every_page_by_its_menu(window: Window):
    watched = window(width=390)
    watched.sign_in("alice")
    watched.page.get_by_role("button", name="菜单").click()
    watched.page.get_by_role("dialog").get_by_role("link", name="凭证管理").click()
    watched.page.get_by_role("heading", name="凭证管理").wait_for()


@pytest.mark.usefixtures("live")
def test_language_and_theme_are_chosen_and_kept(window: Window):
    watched = window(color_scheme="light")
    watched.sign_in("alice")
    page = watched.page
    page.get_by_role("button", name="English").click()
    page.get_by_role("link", name="Hosts", exact=True).wait_for()
    page.get_by_role("button", name="Dark theme").click()
    page.reload()
    page.get_by_role("link", name="Hosts", exact=True).wait_for()
    assert page.locator("html.dark").count() == 1
    assert page.locator("html").get_attribute("lang") == "en"
