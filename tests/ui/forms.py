"""Forms of the address book, as stories fill them in."""

import re
from typing import Any

from playwright.sync_api import Locator, Page

from tests.live import Live
from tests.ui.steps import dialog


def made(live: Live, token: str, collection: str, **facts: Any) -> int:
    answer = live.call(f"/api/{collection}", facts, token)
    assert answer["code"] == 201, answer
    return int(answer["data"]["id"])


def field(found: Locator, label: str) -> Locator:
    """A field of a form with what is said about it."""
    return found.locator(".field").filter(has=found.page.locator("label", has_text=re.compile(rf"^{label}( \*)?$")))


def fault(found: Locator, label: str) -> str:
    sentence = field(found, label).get_by_role("alert")
    sentence.wait_for()
    return sentence.inner_text()


def fill(found: Locator, **texts: str) -> None:
    for label, text in texts.items():
        field(found, label).get_by_role("textbox").or_(field(found, label).locator("[type=date]")).fill(text)


def pick(found: Locator, label: str, option: str) -> None:
    """A row of another collection, found by typing."""
    box = field(found, label).get_by_role("combobox")
    box.fill(option)
    found.page.locator(".el-select-dropdown").get_by_role("option", name=option, exact=True).click()
    box.press("Tab")


def add(page: Page, what: str) -> Locator:
    page.get_by_role("button", name=f"添加{what}", exact=True).first.click()
    return dialog(page, f"添加{what}")


def told(found: Locator, *labels: str) -> list[str]:
    """What is said about fields when it is sent."""
    found.get_by_role("button", name="保存").click()
    found.locator(".el-button.is-loading").wait_for(state="detached")
    return [fault(found, label) for label in labels]
