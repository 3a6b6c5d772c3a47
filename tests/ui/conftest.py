"""Chromium before a live appliance; every page is watched for policy violations and script errors."""

import shutil
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, sync_playwright

from appliance.web.files import built
from tests.conftest import PASSWORD
from tests.live import Live
from tests.terminal import sshd as servers
from tests.terminal.sshd import Sshd

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
QUIET = [  # as root there is no sandbox to have; the rest keeps Chromium from calling home
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LISTEN = """
window.violations = []
document.addEventListener('securitypolicyviolation', (event) => {
  window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`)
})
"""
BUSY = "Boolean(document.querySelector('[aria-busy=true]'))"
PATIENCE = 10_000
numbers = count(1)


class Watched:
    """A browser window on the appliance, and what went wrong in it."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.context, self.url, self.wrong = context, url, list[str]()
        self.page = context.new_page()
        self.asking = set[Any]()
        self.page.on("request", lambda request: self.asking.add(request))
        self.page.on("requestfinished", lambda request: self.asking.discard(request))
        self.page.on("requestfailed", lambda request: self.asking.discard(request))
        self.page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        self.page.on("console", self._hear)

    def _hear(self, message: Any) -> None:
        # Chromium itself notes every answer that is not 2xx; refusals are part of what is tested.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.wrong.append(f"console: {message.text}")

    def go(self, place: str = "") -> None:
        """Open a page of the UI."""
        self.page.goto(f"{self.url}/{place and '#' + place}")

    def settle(self) -> None:
        """Until every question to the server is answered and its answer is shown."""
        deadline = time.monotonic() + PATIENCE / 1000
        while self.asking or self.page.evaluate(BUSY):
            assert time.monotonic() < deadline, [request.url for request in self.asking]
            self.page.wait_for_timeout(20)

    def sign_in(self, login: str, password: str = PASSWORD) -> None:
        """As people do it."""
        self.go()
        self.page.get_by_label("账户").fill(login)
        self.page.get_by_label("密码").fill(password)
        self.page.get_by_role("button", name="登录", exact=True).click()
        self.page.get_by_role("button", name="我的账户").wait_for()

    def check(self) -> None:
        """Nothing violated the policy, nothing threw."""
        violations = self.page.evaluate("window.violations") if not self.page.is_closed() else []
        assert violations == []
        assert self.wrong == []


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    assert (built() / "index.html").is_file(), "UI not built: run ./build.sh"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


Window = Callable[..., Watched]
Make = Callable[..., dict[str, Any]]


def context(browser: Browser, *, width: int = 1280, locale: str = "zh-CN", **options: Any) -> BrowserContext:
    """A browser that knows nothing yet, and notes what violates the policy."""
    fresh = browser.new_context(
        viewport={"width": width, "height": 844}, locale=locale, reduced_motion="reduce", **options
    )
    fresh.add_init_script(LISTEN)
    fresh.set_default_timeout(PATIENCE)
    return fresh


@pytest.fixture
def window(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Window]:
    """Opens windows on a live appliance; at the end all of them must have been quiet."""
    opened: list[Watched] = []

    def open_window(url: str = "", **options: Any) -> Watched:
        url = url or request.getfixturevalue("live").url
        opened.append(Watched(context(browser, **options), url))
        return opened[-1]

    yield open_window
    for watched in opened:
        watched.check()
        watched.context.close()


@pytest.fixture(scope="module")
def live(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A running appliance with the people in it, one for all tests of a file: starting it takes longer than most."""
    folder = tmp_path_factory.mktemp("live")
    shutil.copytree(template, folder / "data")
    running = Live(folder / "data", "--loopback-targets")
    yield running
    running.kill()


@pytest.fixture(scope="module")
def token(live: Live) -> str:
    """Alice's, for what a test prepares past the browser."""
    return live.sign_in("alice", PASSWORD)


@pytest.fixture
def newcomer(live: Live, token: str) -> Callable[..., str]:
    """Makes users of one test only; their logins."""

    def make(role: int = 2) -> str:
        login = f"new{next(numbers)}"
        told = live.call("/api/rbac/user/add/", {"account": login, "password": PASSWORD, "name": login}, token)
        assert told["code"] == 200, told
        ident = live.call(f"/api/rbac/user/get/?account={login}&desc=true", token=token)["detail"][0]["id"]
        live.call("/api/rbac/user/role/", {"id": ident, "roles": [role]}, token)
        return login

    return make


@pytest.fixture(scope="module")
def office(browser: Browser, live: Live) -> Iterator[BrowserContext]:
    """A browser in which alice is signed in, once for all tests of a file: signing in takes longer than most."""
    known = context(browser, permissions=["clipboard-read", "clipboard-write"])
    watched = Watched(known, live.url)
    watched.sign_in("alice")
    watched.check()
    watched.page.close()
    yield known
    known.close()


@pytest.fixture
def alice(office: BrowserContext, live: Live) -> Iterator[Watched]:
    """A tab of alice's, who administers."""
    watched = Watched(office, live.url)
    watched.go()
    watched.page.get_by_role("button", name="我的账户").wait_for()
    yield watched
    watched.check()
    watched.page.close()


@pytest.fixture
def page(alice: Watched) -> Page:
    """What there is to see in it."""
    return alice.page


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """A host to connect to."""
    server = servers.start(tmp_path_factory.mktemp("sshd"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def equipped(live: Live, sshd: Sshd, token: str) -> Live:
    """The live appliance with one host in the group shop and a voucher that opens it."""
    key = {"name": "key", "username": sshd.login, "private_key": sshd.private_key(), "group": 2}
    live.call("/api/resource/voucher/add/", key, token)
    named = live.call("/api/resource/voucher/get/?name=key", token=token)["detail"]
    voucher = next(row["id"] for row in named if row["name"] == "key")
    host = {"name": "web-1", "ipv4_address": "127.0.0.1", "port": sshd.port, "group": 2, "protocol": 1}
    told = live.call("/api/resource/resource/add/", host | {"voucher_ids": [voucher]}, token)
    assert told["code"] == 200, told
    return live


@pytest.fixture(scope="module")
def applied(live: Live, token: str) -> None:
    """An application of bob's for an address, which waits for a decision."""
    subnet = live.call("/api/subnets", {"name": "lot", "cidr": "10.8.0.0/24"}, token)["data"]["id"]
    wish = {"subnet_id": subnet, "ip": "10.8.0.9", "purpose": "site", "mac": "BC-24-11-AA-00-01"}
    told = live.call("/api/registerIps", wish, live.sign_in("bob", PASSWORD))
    assert told["code"] == 201, told


@pytest.fixture(scope="module")
def organised(live: Live, token: str) -> None:
    """A unit with somebody in it, a gateway, and custom fields of every shape."""
    kinds = ("text", "boolean", "date", "datetime", "multiselect", "json")
    rows: list[tuple[str, dict[str, Any]]] = [("units", {"name": "province", "level": 1})]
    for kind in kinds:
        choice = {"label": "机柜" if kind == "text" else kind, "options": [{"value": "a", "label": "A"}]}
        rows.append(
            (
                "field_definitions",
                choice | {"resource_type": "user_contacts", "name": kind, "field_type": kind, "show_in_list": True},
            )
        )
    rows.append(("user_contacts", {"name": "somebody", "custom_fields": {"multiselect": ["a"], "json": {"a": [1]}}}))
    rows.append(("gateways", {"ip": "10.7.0.1", "name": "way out"}))
    for collection, facts in rows:
        told = live.call(f"/api/{collection}", facts, token)
        assert told["code"] == 201, told


@pytest.fixture
def make(live: Live, token: str) -> Make:
    """Makes rows of the address book past the browser."""

    def made(resource: str, /, **facts: Any) -> dict[str, Any]:
        told = live.call(f"/api/{resource}", facts, token)
        assert told["code"] in (200, 201), told
        return told["data"]  # type: ignore[no-any-return]

    return made


@pytest.fixture
def area(make: Make) -> dict[str, Any]:
    """An area of one test only, where every network is free."""
    return make("network_areas", name=f"区域-{next(numbers)}-")


@pytest.fixture
def subnet(make: Make, area: dict[str, Any]) -> dict[str, Any]:
    """A /24 in it."""
    return make("subnets", name=f"办公网{area['id']}", cidr="10.0.0.0/24", network_area_id=area["id"])


@pytest.fixture
def site(make: Make, area: dict[str, Any]) -> dict[str, Any]:
    """An area with a container in it that has one child, and so gaps; nowhere else are networks like these."""
    net, place = f"10.{area['id']}", {"network_area_id": area["id"]}
    make("subnets", name=f"总部{area['id']}", cidr=f"{net}.0.0/22", status="container", **place)
    make("subnets", name="一层", cidr=f"{net}.1.0/24", **place)
    return area | {"net": net}


def connect(watched: Watched, host: str = "web-1") -> Locator:
    """Open a terminal from the workspace; its screen once the shell is there."""
    watched.go("/terminal")
    row = watched.page.get_by_role("listitem").filter(has_text=host)
    row.get_by_role("button", name="连接").click()
    screen = watched.page.locator(".xterm-rows:visible")
    watched.page.get_by_text("在线", exact=True).wait_for()
    return screen


def run(watched: Watched, command: str, answer: str) -> None:
    """Type a command and wait until its answer stands on the screen; the answer must not be part of the command."""
    assert answer not in command
    watched.page.keyboard.type(command + "\n")
    watched.page.locator(".xterm-rows:visible").filter(has_text=answer).wait_for()


def scripts(name: str) -> str:
    """A development dependency of the UI, for loading into a page."""
    return (Path(__file__).parents[2] / "static" / "node_modules" / name).read_text("utf-8")
