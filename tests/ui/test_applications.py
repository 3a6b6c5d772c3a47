"""Applications for addresses in the browser: applying with the map or without any right, deciding, withdrawing."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page

from tests.conftest import PASSWORD
from tests.live import Live
from tests.ui.conftest import Watched, Window, context
from tests.ui.steps import agree, dialog, row

YARD = "yard"
Ask = Callable[..., str]


def made(live: Live, token: str, collection: str, **body: Any) -> dict[str, Any]:
    told = live.call(f"/api/{collection}", body, token)
    assert told["code"] == 201, told
    return told["data"]


@pytest.fixture(scope="module")
def yard(live: Live, token: str) -> int:
    """A subnet that takes applications, beside one that does not; its id."""
    made(live, token, "subnets", name="fenced", cidr="10.7.1.0/24", allow_request=False)
    return int(made(live, token, "subnets", name=YARD, cidr="10.7.0.0/24")["id"])


@pytest.fixture(scope="module")
def bob_token(live: Live) -> str:
    return live.sign_in("bob", PASSWORD)


@pytest.fixture
def ask(live: Live, yard: int, bob_token: str) -> Ask:
    """Applies as bob, past the browser; the number of the application."""
    return lambda **wish: made(live, bob_token, "registerIps", **({"subnet_id": yard} | wish))["request_no"]


@pytest.fixture(scope="module")
def counter(browser: Browser, live: Live) -> Iterator[BrowserContext]:
    """A browser in which bob is signed in, once for all these tests."""
    known = context(browser)
    watched = Watched(known, live.url)
    watched.sign_in("bob")
    watched.check()
    watched.page.close()
    yield known
    known.close()


@pytest.fixture
def bob(counter: BrowserContext, live: Live) -> Iterator[Watched]:
    """A tab of bob's, who operates."""
    watched = Watched(counter, live.url)
    yield watched
    watched.check()
    watched.page.close()


def to_decide(watched: Watched) -> Page:
    """What waits for a decision, as it is now."""
    watched.go("/application?tab=decide")
    watched.page.reload()
    watched.page.get_by_role("tab", name=re.compile("待我审批"), selected=True).wait_for()
    return watched.page


def mine(watched: Watched) -> Page:
    """One's own applications, as they are now."""
    watched.go("/application?tab=mine")
    watched.page.reload()
    watched.page.get_by_role("heading", name="地址申请").wait_for()
    return watched.page


def begin(page: Page) -> Locator:
    page.get_by_role("button", name="申请地址").first.click()
    return dialog(page, "申请地址")


def send(found: Locator, button: str = "提交申请") -> None:
    found.get_by_role("button", name=button, exact=True).click()
    found.wait_for(state="hidden")


def choose_subnet(page: Page, found: Locator, name: str) -> None:
    box = found.get_by_role("combobox", name="子网")
    box.fill(name)
    page.get_by_role("option", name=name).click()


def test_bob_picks_an_address_on_the_map_and_alice_approves_it(bob: Watched, alice: Watched, yard: int):
    found = begin(mine(bob))
    choose_subnet(bob.page, found, YARD)
    found.get_by_role("gridcell", name="10.7.0.42 可用").click()
    assert found.get_by_label("地址（可选）").input_value() == "10.7.0.42"
    found.get_by_label("用途").fill("对外网站")
    send(found)
    line = row(bob.page, "10.7.0.42").filter(has_text="待审批")
    no = line.get_by_role("button").first.inner_text()
    page = to_decide(alice)
    page.get_by_role("button", name=f"通过 {no}").click()
    send(dialog(page, f"通过 {no}"), "通过")
    row(page, no).wait_for(state="detached")
    row(mine(bob), no).filter(has_text="已通过").get_by_role("button", name=no).click()
    shown = dialog(bob.page, no)
    shown.get_by_text("管理员").wait_for()
    given = shown.get_by_role("link", name="10.7.0.42")
    assert [link.get_attribute("href") for link in given.all()][-1].startswith("#/address?id=")


def test_only_subnets_that_take_applications_are_offered(alice: Watched, yard: int):
    page = mine(alice)
    found = begin(page)
    found.get_by_role("combobox", name="子网").click()
    page.get_by_role("option", name=YARD).wait_for()
    assert page.get_by_role("option", name="fenced").count() == 0


def test_faults_stand_beside_their_fields(alice: Watched, yard: int):
    page = mine(alice)
    found = begin(page)
    found.get_by_role("button", name="提交申请").click()
    found.get_by_text("请选择。").wait_for()
    choose_subnet(page, found, YARD)
    found.get_by_label("地址（可选）").fill("10.9.0.1")
    found.get_by_label("MAC地址").fill("nonsense")
    found.get_by_role("button", name="提交申请").click()
    found.get_by_role("alert").wait_for()
    assert found.get_by_label("MAC地址").get_attribute("aria-invalid") == "true"
    found.get_by_label("MAC地址").fill("")
    found.get_by_role("button", name="提交申请").click()
    found.get_by_text("地址不在子网内").wait_for()


def test_a_rejection_needs_a_reason_that_the_applicant_reads_and_answers(bob: Watched, alice: Watched, ask: Ask):
    no = ask(ip="10.7.0.50", purpose="打印机")
    page = to_decide(alice)
    page.get_by_role("button", name=f"拒绝 {no}").click()
    found = dialog(page, f"拒绝 {no}")
    found.get_by_role("button", name="拒绝", exact=True).click()
    found.get_by_text("请填写拒绝原因。").wait_for()
    found.get_by_label("拒绝原因").fill("请说明位置")
    send(found, "拒绝")
    mine(bob).get_by_role("button", name=no).click()
    shown = dialog(bob.page, no)
    shown.get_by_text("请说明位置").first.wait_for()
    shown.get_by_role("button", name="重新提交").click()
    form = dialog(bob.page, f"编辑申请 {no}")
    form.get_by_label("用途").fill("三楼打印机")
    send(form, "重新提交")
    shown.get_by_text("待审批").first.wait_for()
    row(to_decide(alice), no).filter(has_text="三楼打印机").wait_for()


def test_the_second_decider_is_told_and_the_list_is_as_it_became(
    window: Window, alice: Watched, newcomer: Callable[..., str], ask: Ask
):
    no = ask(ip_count=2)
    second = window()
    second.sign_in(newcomer(role=1))
    for watched in (alice, second):
        to_decide(watched).get_by_role("button", name=f"通过 {no}").click()
    send(dialog(alice.page, f"通过 {no}"), "通过")
    late = dialog(second.page, f"通过 {no}")
    late.get_by_role("button", name="通过", exact=True).click()
    late.get_by_text("申请已处理", exact=True).wait_for()
    late.get_by_role("button", name="取消").click()
    row(second.page, no).wait_for(state="detached")


def test_several_are_rejected_together(alice: Watched, ask: Ask):
    numbers = [ask(purpose="一批") for _ in range(2)]
    page = to_decide(alice)
    for no in numbers:
        page.get_by_role("checkbox", name=f"选择 {no}").check()
    page.get_by_role("button", name="拒绝选中的 2 项").click()
    found = dialog(page, "拒绝 2 项申请")
    found.get_by_label("拒绝原因").fill("暂缓")
    send(found, "拒绝")
    for no in numbers:
        row(page, no).wait_for(state="detached")


def test_of_several_what_cannot_be_met_is_told_by_its_number(alice: Watched, live: Live, token: str, ask: Ask):
    tiny = made(live, token, "subnets", name="tiny", cidr="10.7.2.0/30")["id"]
    large = ask(subnet_id=tiny, ip_count=3)
    small = ask(purpose="一个")
    page = to_decide(alice)
    for no in (large, small):
        page.get_by_role("checkbox", name=f"选择 {no}").check()
    page.get_by_role("button", name="通过选中的 2 项").click()
    found = page.get_by_role("dialog").filter(has_text="审批意见")
    found.get_by_role("button", name="通过", exact=True).click()
    found.get_by_text(f"{large}: 子网已无可用地址").wait_for()
    found.get_by_role("button", name="取消").click()
    row(page, small).wait_for(state="detached")
    assert row(page, large).count() == 1


def test_the_approver_gives_another_address_picked_on_the_map(alice: Watched, ask: Ask):
    no = ask(ip="10.7.0.60")
    page = to_decide(alice)
    page.get_by_role("button", name=f"通过 {no}").click()
    found = dialog(page, f"通过 {no}")
    found.get_by_label("改用其他子网或地址").check()
    found.get_by_label("地址（可选）").fill("")
    found.get_by_role("button", name="通过", exact=True).click()
    found.get_by_text("请指定另一个子网或地址。").wait_for()
    found.get_by_role("gridcell", name="10.7.0.61 可用").click()
    send(found, "通过")
    page.get_by_role("tab", name="全部").click()
    row(page, no).filter(has_text="10.7.0.61").wait_for()


def test_one_withdraws_and_removes_ones_own(bob: Watched, ask: Ask):
    no = ask(ip="10.7.0.70")
    mine(bob).get_by_role("button", name=no).click()
    shown = dialog(bob.page, no)
    shown.get_by_role("button", name="撤销").click()
    agree(bob.page, "撤销")
    shown.get_by_text("已撤销").first.wait_for()
    shown.get_by_role("button", name="删除").click()
    agree(bob.page, "删除")
    row(bob.page, no).wait_for(state="detached")


def test_mallory_without_any_right_names_an_address_and_gives_it_back(window: Window, alice: Watched, yard: int):
    mallory = window()
    mallory.sign_in("mallory")
    page = mine(mallory)
    found = begin(page)
    assert found.get_by_role("combobox", name="子网").count() == 0
    found.get_by_label("IP地址").fill("10.7.1.9")
    found.get_by_role("button", name="提交申请").click()
    found.get_by_text("该子网不接受申请").wait_for()
    found.get_by_label("IP地址").fill("10.7.0.80")
    send(found)
    no = row(page, "10.7.0.80").get_by_role("button").first.inner_text()
    assert page.get_by_role("tab").count() == 0
    to_decide(alice).get_by_role("button", name=f"通过 {no}").click()
    send(dialog(alice.page, f"通过 {no}"), "通过")
    found = begin(mine(mallory))
    found.get_by_text("释放", exact=True).click()
    found.get_by_role("combobox", name="IP地址").click()
    page.get_by_role("option", name="10.7.0.80").click()
    send(found)
    row(page, "释放").filter(has_text="待审批").wait_for()
