"""Sign-in, staying signed in, and leaving, as people meet them in the browser."""

import json

import pytest

from tests.conftest import PASSWORD
from tests.ui.conftest import Window

pytestmark = pytest.mark.usefixtures("live")


def test_signing_in_needs_no_mouse(window: Window):
    watched = window()
    watched.go()
    watched.page.get_by_label("账户").wait_for()
    assert watched.page.evaluate("document.activeElement.autocomplete") == "username"
    watched.page.keyboard.type("alice")
    watched.page.keyboard.press("Tab")
    watched.page.keyboard.type(PASSWORD)
    watched.page.keyboard.press("Enter")
    watched.page.get_by_role("heading", name="概览").wait_for()


def test_the_first_tab_skips_to_the_content(window: Window):
    watched = window()
    watched.sign_in("alice")
    watched.page.reload()
    watched.page.get_by_role("heading", name="概览").wait_for()
    watched.page.keyboard.press("Tab")
    watched.page.keyboard.press("Enter")
    assert watched.page.evaluate("document.activeElement.tagName") == "MAIN"


def test_a_wrong_password_is_told_in_words(window: Window):
    watched = window()
    watched.go()
    watched.page.get_by_label("账户").fill("alice")
    watched.page.get_by_label("密码").fill("not it")
    watched.page.get_by_role("button", name="登录", exact=True).click()
    watched.page.get_by_role("alert").filter(has_text="密码错误").wait_for()


def test_a_second_factor_is_asked_for_when_the_server_wants_it(window: Window):
    watched = window()
    sent = []

    def answer(route):
        sent.append(route.request.post_data_json)
        detail = "需要动态验证码" if len(sent) == 1 else "动态验证码错误"
        body = json.dumps({"code": 401, "msg": "未登录", "detail": detail})
        route.fulfill(status=401, content_type="application/json", body=body)

    watched.page.route("**/api/rbac/login/", answer)
    watched.go()
    watched.page.get_by_label("账户").fill("alice")
    watched.page.get_by_label("密码").fill(PASSWORD)
    watched.page.keyboard.press("Enter")
    watched.page.get_by_label("动态验证码").wait_for()
    watched.page.keyboard.type("123456")
    watched.page.keyboard.press("Enter")
    watched.page.get_by_role("alert").filter(has_text="动态验证码错误").wait_for()
    assert [body.get("otp_code") for body in sent] == [None, "123456"]


def test_a_reload_keeps_the_sign_in_and_no_token_lies_about(window: Window):
    watched = window()
    watched.sign_in("alice")
    watched.page.reload()
    watched.page.get_by_role("heading", name="概览").wait_for()
    assert "eyJ" not in watched.page.evaluate("JSON.stringify({...localStorage, ...sessionStorage}) + document.cookie")


def test_after_signing_out_a_reload_asks_again(window: Window):
    watched = window()
    watched.sign_in("alice")
    watched.page.get_by_role("button", name="我的账户").click()
    watched.page.get_by_role("menuitem", name="退出登录").click()
    watched.page.get_by_role("button", name="登录", exact=True).wait_for()
    watched.page.reload()
    watched.page.get_by_role("button", name="登录", exact=True).wait_for()


def test_a_sign_in_ended_elsewhere_leads_back_to_the_sign_in_page(window: Window, live, token):
    watched = window()
    watched.sign_in("mallory")
    found = live.call("/api/rbac/user/get/?account=mallory", token=token)["detail"][0]
    live.call("/api/rbac/user/edit/", {"id": found["id"], "status": False}, token)
    watched.page.reload()
    watched.page.get_by_role("button", name="登录", exact=True).wait_for()
    live.call("/api/rbac/user/edit/", {"id": found["id"], "status": True}, token)


def test_the_menu_shows_what_the_user_may_do(window: Window):
    watched = window()
    watched.sign_in("carol")
    watched.page.get_by_role("link", name="审计日志").wait_for()
    assert watched.page.get_by_role("link", name="用户管理").count() == 0
    watched.go("/user")
    watched.page.get_by_role("heading", name="没有此页面").wait_for()


def test_a_refusal_names_the_missing_right(window: Window):
    watched = window()
    watched.sign_in("bob")
    watched.go("/resource")
    watched.page.get_by_role("button", name="添加资源组").click()
    watched.page.get_by_role("dialog").get_by_label("名称").fill("mine")
    watched.page.get_by_role("dialog").get_by_role("button", name="保存").click()
    watched.page.get_by_text("缺少权限 system.group.create").wait_for()


def test_a_password_that_is_due_is_changed_before_anything_else(window: Window):
    watched = window()
    body = json.dumps({"code": 403, "msg": "权限错误", "detail": "请先修改密码"})
    watched.page.route(
        "**/api/rbac/routes/**", lambda route: route.fulfill(status=403, content_type="application/json", body=body)
    )
    watched.sign_in("alice")
    watched.page.get_by_text("管理员要求您先修改密码。").wait_for()
    watched.page.get_by_label("旧密码").wait_for()


def test_the_first_load_is_light_and_asks_nobody_else(window: Window, live):
    watched = window()
    asked = []
    watched.page.on("request", lambda request: asked.append(request.url))
    watched.go()
    watched.page.get_by_role("button", name="登录", exact=True).wait_for()
    watched.page.wait_for_load_state("networkidle")
    weight = watched.page.evaluate(
        "performance.getEntries().reduce((sum, entry) => sum + (entry.transferSize ?? 0), 0)"
    )
    assert weight <= 300 * 1024
    assert len(asked) <= 12
    assert {url.split("/")[2] for url in asked if not url.startswith("data:")} == {live.url.split("/")[2]}
