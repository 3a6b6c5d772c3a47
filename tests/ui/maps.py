"""How tests find their way in the pages of subnets."""

from typing import Any

from playwright.sync_api import Locator, Page

from tests.ui.conftest import Watched


def visit(watched: Watched, subnet: dict[str, Any]) -> Page:
    watched.go(f"/subnet?id={subnet['id']}")
    watched.page.get_by_role("heading", name=subnet["name"], level=1).wait_for()
    watched.settle()
    return watched.page


def cell(page: Page, ip: str) -> Locator:
    return page.locator(f'[role=gridcell][aria-label^="{ip} "]')


def states(page: Page, *ips: str) -> list[str]:
    """What is written in the cells, without the address."""
    return [(cell(page, ip).get_attribute("aria-label") or "").split(" ")[1] for ip in ips]


def drag(page: Page, first: str, last: str) -> None:
    """With the mouse from one cell to another."""
    for act, ip in ((page.mouse.down, first), (page.mouse.up, last)):
        cell(page, ip).hover()
        act()


def bar(page: Page) -> Locator:
    return page.get_by_role("region", name="已选的地址")


def tree(page: Page) -> Locator:
    return page.get_by_role("treegrid")


def line(page: Page, text: str) -> Locator:
    return tree(page).get_by_role("row").filter(has_text=text)


def open_area(watched: Watched, area: dict[str, Any]) -> Locator:
    """Show what lies in an area."""
    watched.go("/subnet")
    row = line(watched.page, area["name"])
    row.wait_for()
    watched.settle()
    if row.get_attribute("aria-expanded") == "false":
        row.get_by_role("button", name="展开或收起").click()
        watched.settle()
    return row
