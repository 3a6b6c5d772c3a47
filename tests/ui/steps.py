"""What several stories do in the browser."""

import re

import pyotp
from playwright.sync_api import Locator, Page

from tests.live import Live


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


def save(found: Locator) -> None:
    """A dialog, which closes when all went well."""
    found.get_by_role("button", name="保存").click()
    found.wait_for(state="hidden")


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


def add_role(live: Live, token: str, name: str) -> int:
    live.call("/api/rbac/role/add/", {"name": name, "code": name}, token)
    found = live.call(f"/api/rbac/role/get/?name={name}", token=token)["detail"][0]
    assert isinstance(found["id"], int)
    return found["id"]
