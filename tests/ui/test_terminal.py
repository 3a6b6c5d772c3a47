"""The terminal in the browser, and what a hostile host or a careless paste cannot do there."""

import pytest
from playwright.sync_api import Route

from tests.terminal import sshd as servers
from tests.terminal.sshd import Sshd
from tests.ui.conftest import Watched, Window, connect, run

pytestmark = pytest.mark.usefixtures("equipped")

PASTE = """(text) => {
  const data = new DataTransfer()
  data.setData('text/plain', text)
  const event = new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })
  document.querySelector('.xterm-helper-textarea').dispatchEvent(event)
}"""


@pytest.fixture
def watched(alice: Watched) -> Watched:
    return alice


def screen(watched: Watched, text: str) -> None:
    watched.page.locator(".xterm-rows:visible").filter(has_text=text).wait_for()


def test_the_shell_knows_the_size_of_the_window(watched: Watched):
    connect(watched)
    rows = watched.page.locator(".xterm-rows:visible > div")
    tall = rows.count()
    run(watched, "stty size", f"{tall} ")
    watched.page.set_viewport_size({"width": 900, "height": 500})
    rows.nth(tall - 1).wait_for(state="detached")
    run(watched, "stty size", f"{rows.count()} ")


def test_recorded_is_said_of_recorded_terminals_only(watched: Watched):
    def unrecorded(route: Route) -> None:
        answer = route.fetch()
        body = answer.json()
        route.fulfill(response=answer, json=body | {"detail": body["detail"] | {"recorded": False}})

    connect(watched)
    assert watched.page.get_by_text("录制中").count() == 1
    watched.page.route("**/api/terminal/ticket/", unrecorded)
    watched.page.get_by_role("button", name="重新连接").click()
    watched.page.get_by_text("录制中").wait_for(state="detached")
    watched.page.get_by_text("在线", exact=True).wait_for()
    assert watched.page.get_by_text("录制中").count() == 0


def test_a_flood_is_shown_to_its_end_and_can_be_interrupted(watched: Watched):
    connect(watched)
    run(watched, "seq 1 150000; echo en''d", "end")
    watched.page.keyboard.type("yes\n")
    screen(watched, "y")
    watched.page.keyboard.press("Control+C")
    run(watched, "echo ali''ve", "alive")


def test_true_colours_survive_the_policy(watched: Watched):
    connect(watched)
    run(watched, r"printf '\033[38;2;255;100;0mora''nge\033[0m\n'", "orange")
    colour = watched.page.get_by_text("orange", exact=True).last.evaluate("(span) => getComputedStyle(span).color")
    assert colour == "rgb(255, 100, 0)"


def test_two_tabs_are_two_shells(watched: Watched):
    connect(watched)
    run(watched, "mine=fir''st; echo $mine", "first")
    watched.page.get_by_role("button", name="再开一个").click()
    watched.page.locator(".tab[aria-selected=true].live").wait_for()
    run(watched, "echo [$mine]", "[]")
    watched.page.keyboard.press("Control+Shift+ArrowLeft")
    screen(watched, "first")


def test_terminals_go_on_while_another_page_is_shown(watched: Watched):
    connect(watched)
    run(watched, "echo be''fore", "before")
    watched.page.get_by_role("link", name="资源管理").click()
    watched.page.get_by_role("heading", name="资源管理").wait_for()
    watched.page.get_by_role("link", name="Web终端").click()
    screen(watched, "before")
    run(watched, "echo af''ter", "after")


def test_a_closed_terminal_says_why_and_reconnects(watched: Watched):
    connect(watched)
    watched.page.keyboard.type("exit\n")
    watched.page.get_by_role("alert").filter(has_text="会话已结束。").wait_for()
    watched.page.keyboard.press("Enter")
    watched.page.get_by_text("在线", exact=True).wait_for()
    run(watched, "echo ba''ck", "back")


def test_a_disabled_user_is_told_in_the_terminal(window: Window, equipped, token):
    watched = window()
    watched.sign_in("bob")
    connect(watched)
    bob = equipped.call("/api/rbac/user/get/?account=bob", token=token)["detail"][0]
    equipped.call("/api/rbac/user/edit/", {"id": bob["id"], "status": False}, token)
    watched.page.get_by_role("alert").filter(has_text="登录已失效,连接已断开").wait_for()
    equipped.call("/api/rbac/user/edit/", {"id": bob["id"], "status": True}, token)


def test_an_administrator_ends_a_live_session(window: Window, watched: Watched):
    other = window()
    other.sign_in("bob")
    connect(other)
    watched.go("/session")
    row = watched.page.get_by_role("row").filter(has_text="bob").filter(has_text="进行中")
    row.get_by_role("button", name="终止").click()
    watched.page.get_by_role("dialog").get_by_role("button", name="终止").click()
    other.page.get_by_role("alert").filter(has_text="会话已被管理员终止").wait_for()


def test_a_changed_host_key_stops_and_is_accepted_by_hand(watched: Watched, equipped, token, tmp_path):
    also = "ListenAddress 127.0.0.2"  # web-1 has 127.0.0.1 already
    first, second = (servers.start(tmp_path / name, extra=also) for name in ("first", "second"))
    try:
        host = {"name": "moved", "ipv4_address": "127.0.0.2", "port": first.port, "group": 2, "protocol": 1}
        equipped.call("/api/resource/voucher/add/", voucher(first, "old"), token)
        equipped.call("/api/resource/voucher/add/", voucher(second, "new"), token)
        found = {row["name"]: row["id"] for row in equipped.call("/api/resource/voucher/get/", token=token)["detail"]}
        equipped.call("/api/resource/resource/add/", host | {"voucher_ids": [found["old"]]}, token)
        connect(watched, "moved")
        ident = equipped.call("/api/resource/resource/get/?name=moved", token=token)["detail"][0]["id"]
        change = {"id": ident, "port": second.port, "voucher_ids": [found["new"]]}
        assert equipped.call("/api/resource/resource/edit/", change, token)["code"] == 200
        watched.page.reload()
        watched.page.get_by_role("listitem").filter(has_text="moved").get_by_role("button", name="连接").click()
        reason = watched.page.get_by_role("alert")
        reason.filter(has_text="主机密钥已变更").filter(has_text=second.fingerprint()).wait_for()
        reason.get_by_role("button", name="接受新密钥…").click()
        watched.page.get_by_role("dialog").get_by_role("button", name="接受此密钥").click()
        watched.page.get_by_text("在线", exact=True).wait_for()
    finally:
        first.stop()
        second.stop()


def voucher(server: Sshd, name: str) -> dict[str, object]:
    return {"name": name, "username": server.login, "private_key": server.private_key(), "group": 2}


def test_several_lines_are_pasted_only_after_a_look(watched: Watched):
    connect(watched)
    watched.page.evaluate(PASTE, "echo one\necho t''wo\n")
    dialog = watched.page.get_by_role("dialog", name="粘贴 2 行？")
    dialog.wait_for()
    dialog.get_by_role("button", name="取消").click()
    dialog.wait_for(state="hidden")
    run(watched, "echo noth''ing", "nothing")
    assert "two" not in watched.page.locator(".xterm-rows:visible").inner_text()
    watched.page.evaluate(PASTE, "echo t''wo\necho thr''ee\n")
    dialog.get_by_role("button", name="粘贴").click()
    dialog.wait_for(state="hidden")
    watched.page.keyboard.press("Enter")
    screen(watched, "three")


def test_a_paste_cannot_close_bracketed_mode(watched: Watched):
    connect(watched)
    watched.page.evaluate(PASTE, "echo '\x1b[201~'; echo esc''aped")
    screen(watched, "echo '[201~'; echo esc''aped")


def test_text_is_found_in_the_scrollback(watched: Watched):
    connect(watched)
    run(watched, "echo nee''dle; seq 1 200; echo en''d", "end")
    watched.page.keyboard.press("Control+Shift+F")
    watched.page.get_by_role("textbox", name="在输出中查找").fill("needle")
    watched.page.get_by_text("1/1").wait_for()
    screen(watched, "needle")


def test_f6_leaves_the_terminal_and_comes_back(watched: Watched):
    connect(watched)
    watched.page.keyboard.press("F6")
    assert watched.page.evaluate("document.activeElement.getAttribute('role')") == "tab"
    watched.page.keyboard.press("F6")
    run(watched, "echo ag''ain", "again")


def test_a_host_cannot_write_the_clipboard(watched: Watched):
    watched.go("/terminal")
    watched.page.evaluate("navigator.clipboard.writeText('mine')")
    connect(watched)
    run(watched, r"printf '\033]52;c;aGFja2Vk\007'; echo do''ne", "done")
    assert watched.page.evaluate("navigator.clipboard.readText()") == "mine"


def test_a_host_cannot_have_text_typed_back(watched: Watched):
    connect(watched)
    ask = r"printf '\033]2;id\007\033[21t\033P$q\"p\033\\\033P+q544e\033\\'"
    run(watched, ask + "; read -t 1 -n 1 heard; echo got''[$heard]", "got[]")


def test_links_of_a_host_ask_first_and_only_the_web_opens(watched: Watched):
    connect(watched)
    run(watched, r"printf '\033]8;;javascript:alert(1)\007cli''ck\033]8;;\007 https://example.invalid/a\n'", "click ")
    lines = watched.page.locator(".xterm-rows:visible > div")
    row = lines.filter(has_text="click https").last
    box = row.bounding_box()
    assert box
    watched.page.mouse.move(box["x"] + 20, box["y"] + 8)
    watched.page.mouse.click(box["x"] + 20, box["y"] + 8)
    assert watched.page.get_by_role("dialog").count() == 0
    watched.page.mouse.move(box["x"] + 100, box["y"] + 8)
    watched.page.mouse.click(box["x"] + 100, box["y"] + 8)
    watched.page.get_by_role("dialog").get_by_text("https://example.invalid/a").wait_for()
    assert watched.context.pages == [watched.page]


def test_a_title_is_short_plain_text(watched: Watched):
    connect(watched)
    run(watched, r"printf '\033]2;<img src=x onerror=alert(1)>%0500d\007' 0; echo do''ne", "done")
    title = watched.page.get_by_role("tab", selected=True).get_attribute("title")
    assert title.startswith("<img src=x onerror=alert(1)>000")
    assert len(title) <= 80


def test_a_replay_of_hostile_output_does_nothing(watched: Watched):
    watched.go("/terminal")
    watched.page.evaluate("navigator.clipboard.writeText('mine')")
    connect(watched)
    run(watched, r"printf '\033]52;c;aGFja2Vk\007\033]2;<b>\007\033[c\033[6n'; echo ev''il", "evil")
    watched.page.keyboard.press("Control+C")  # takes back what the live terminal answered
    watched.page.keyboard.type("exit\n")
    watched.page.get_by_text("会话已结束。").wait_for()
    watched.page.get_by_role("link", name="会话", exact=True).click()
    watched.page.get_by_role("link", name="回放").first.click()
    screen(watched, "evil")
    assert watched.page.evaluate("navigator.clipboard.readText()") == "mine"


def test_a_replay_obeys_the_keyboard(watched: Watched):
    connect(watched)
    run(watched, "echo fir''st; sleep 1; echo la''st", "last")
    watched.page.keyboard.type("exit\n")
    watched.page.get_by_text("会话已结束。").wait_for()
    watched.page.get_by_role("link", name="会话", exact=True).click()
    watched.page.get_by_role("link", name="回放").first.click()
    screen(watched, "last")
    watched.page.get_by_role("heading").first.click()
    watched.page.keyboard.press("Home")
    watched.page.locator(".xterm-rows").filter(has_not_text="last").wait_for()
    with watched.page.expect_download() as download:
        watched.page.get_by_role("button", name="下载 .cast").click()
    assert download.value.suggested_filename.endswith(".cast")
