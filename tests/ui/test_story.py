"""From a fresh machine to a recorded terminal that can be replayed, all of it in the browser."""

import re

from playwright.sync_api import Page

from tests.live import Live
from tests.ui.conftest import Window, run

SETUP = re.compile(r"(http\S+#/setup/\S+)")
PASSWORD = "Blue horse 17"


def test_an_operator_sets_up_works_in_a_terminal_and_replays_it(window: Window, tmp_path, sshd):
    running = Live(tmp_path / "data", "--loopback-targets")
    try:
        watched = window(running.url)
        page = watched.page
        watched.go()
        page.get_by_label("设置令牌").fill("guessed")
        fill_administrator(page)
        page.get_by_role("alert").filter(has_text="设置令牌无效或已使用").wait_for()
        page.goto(running.line(SETUP))
        fill_administrator(page)
        page.get_by_role("heading", name="概览").wait_for()
        add_group(page, "shop")
        add_voucher(page, "key", sshd.login, sshd.private_key())
        add_host(page, "web-1", "127.0.0.1", sshd.port)
        bind_voucher(page, "web-1", "key")
        page.get_by_role("dialog").get_by_role("button", name="连接").click()
        page.get_by_text("在线", exact=True).wait_for()
        assert page.get_by_text("录制中").is_visible()
        run(watched, "echo $((6*7))-is-the-answer", "42-is-the-answer")
        page.keyboard.type("exit\n")
        page.get_by_text("会话已结束。").wait_for()
        replay(page)
        watched.check()
    finally:
        running.kill()


def fill_administrator(page: Page) -> None:
    page.get_by_label("账户").fill("root.admin")
    page.get_by_label("密码", exact=False).first.fill(PASSWORD)
    page.get_by_label("再次输入密码").fill(PASSWORD)
    page.get_by_role("button", name="创建管理员").click()


def add_group(page: Page, name: str) -> None:
    page.get_by_role("link", name="资源管理").click()
    page.get_by_role("button", name="添加资源组").click()
    dialog = page.get_by_role("dialog", name="添加资源组")
    dialog.get_by_label("名称").fill(name)
    dialog.get_by_label("使用角色").click()
    page.get_by_role("option", name="管理员").click()
    save(page)
    page.get_by_role("button", name=name, exact=True).wait_for()


def add_voucher(page: Page, name: str, username: str, key: str) -> None:
    page.get_by_role("link", name="凭证管理").click()
    page.get_by_role("button", name=re.compile("^shop$")).click()
    page.get_by_role("button", name="添加凭证").first.click()
    dialog = page.get_by_role("dialog", name="添加凭证")
    dialog.get_by_label("名称", exact=False).first.fill(name)
    dialog.get_by_label("用户名").fill(username)
    dialog.get_by_label("私钥").check()
    dialog.get_by_role("textbox", name="私钥", exact=False).first.fill(key)
    save(page)
    page.get_by_role("cell", name=username).wait_for()


def add_host(page: Page, name: str, address: str, port: int) -> None:
    page.get_by_role("link", name="资源管理").click()
    page.get_by_role("button", name="shop", exact=True).click()
    page.get_by_role("button", name="添加主机").first.click()
    dialog = page.get_by_role("dialog", name="添加主机")
    dialog.get_by_label("名称").fill(name)
    dialog.get_by_label("地址").fill("300.1.1.1")
    dialog.get_by_role("button", name="保存").click()
    dialog.get_by_text("输入一个有效的 IPv4 地址。").wait_for()
    dialog.get_by_label("地址").fill(address)
    dialog.get_by_label("端口").fill(str(port))
    save(page)
    page.get_by_role("button", name=name, exact=True).wait_for()


def bind_voucher(page: Page, host: str, voucher: str) -> None:
    page.get_by_role("button", name=host, exact=True).click()
    page.get_by_role("button", name="绑定凭证").click()
    dialog = page.get_by_role("dialog", name="编辑主机")
    dialog.get_by_label("凭证").click()
    page.get_by_role("option", name=re.compile(voucher)).click()
    page.keyboard.press("Escape")
    dialog.get_by_role("button", name="保存").click()
    dialog.wait_for(state="hidden")


def replay(page: Page) -> None:
    page.get_by_role("link", name="会话", exact=True).click()
    row = page.get_by_role("row").filter(has_text="web-1")
    row.filter(has_text="已结束").get_by_role("link").click()
    page.locator(".xterm-rows").filter(has_text="42-is-the-answer").wait_for()


def save(page: Page) -> None:
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="保存").click()
    dialog.wait_for(state="hidden")
