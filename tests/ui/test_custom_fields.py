"""Custom fields: defined by administrators, filled in forms, shown and filtered in lists."""

import pytest
from playwright.sync_api import Page

from tests.live import Live
from tests.ui.conftest import Watched
from tests.ui.forms import add, field, fill, made, told
from tests.ui.steps import dialog, row, save


@pytest.fixture
def badge(alice: Watched) -> Page:
    """A required choice of contacts, shown in their list."""
    page = alice.page
    alice.go("/directory?tab=fields")
    found = add(page, "字段")
    fill(found, 显示名称="门禁", 字段名="badge")
    field(found, "适用于").get_by_role("combobox").select_option("使用人")
    field(found, "类型").get_by_role("combobox").select_option("单选")
    assert told(found, "可选项") == ["选择类型需要可选项"]
    for number, (value, text) in enumerate((("a", "普通"), ("b", "机房")), 1):
        found.get_by_role("button", name="添加选项").click()
        found.get_by_label(f"选项 {number} 的值").fill(value)
        found.get_by_label(f"选项 {number} 的显示文字").fill(text)
    for label in ("必填", "在列表中显示"):
        found.get_by_label(label, exact=True).press("Space")
    save(found)
    return page


def test_a_custom_field_is_defined_filled_shown_filtered_and_purged(badge: Page, live: Live):
    badge.get_by_role("tab", name="使用人").click()
    found = add(badge, "使用人")
    fill(found, 姓名="赵磊")
    assert told(found, "门禁") == ["不能为空"]
    field(found, "门禁").get_by_role("combobox").select_option("机房")
    save(found)
    row(badge, "赵磊").filter(has_text="机房").wait_for()
    badge.get_by_role("search").get_by_label("门禁").select_option("普通")
    badge.get_by_text("没有符合条件的结果").wait_for()
    badge.get_by_role("search").get_by_label("门禁").select_option("机房")
    row(badge, "赵磊").wait_for()
    badge.goto(f"{live.url}/#/directory?tab=fields")
    badge.get_by_role("button", name="编辑 门禁").click()
    found = dialog(badge, "编辑字段")
    fill(found, 字段名="pass")
    assert told(found, "字段名") == ["已有数据,不可修改"]
    found.get_by_role("button", name="取消").click()
    badge.get_by_role("button", name="门禁", exact=True).click()
    badge.get_by_role("dialog", name="门禁").get_by_role("button", name="删除").click()
    question = dialog(badge, "删除字段")
    question.get_by_label("同时清除").check()
    question.get_by_role("button", name="删除").click()
    row(badge, "门禁").wait_for(state="detached")
    badge.get_by_role("tab", name="使用人").click()
    row(badge, "赵磊").wait_for()
    assert badge.get_by_role("columnheader", name="门禁").count() == 0


TYPED = {
    "decimal": ("1.5", "1.5"),
    "url": ("https://a.example/x", "https://a.example/x"),
    "phone": ("+86 10 1234", "+86 10 1234"),
    "ip": ("2001:DB8::1", "2001:db8::1"),
    "mac": ("BC-24-11-00-00-02", "bc:24:11:00:00:02"),
    "date": ("2026-01-02", "2026-01-02"),
    "json": ('{"a": [1]}', '{"a":[1]}'),
}
CHOICE = [{"value": "a", "label": "甲"}, {"value": "b", "label": "乙"}]


def test_every_type_has_a_control_for_its_values(alice: Watched, live: Live, token):
    for kind in (*TYPED, "boolean", "datetime", "multiselect", "email"):
        facts = {"resource_type": "projects", "name": f"of_{kind}", "label": kind, "field_type": kind}
        made(live, token, "field_definitions", options=CHOICE, **facts)
    alice.go("/directory?tab=projects")
    found = add(alice.page, "项目")
    fill(found, 名称="样样", email="nobody", **{kind: text for kind, (text, _) in TYPED.items()})
    found.get_by_label("datetime").fill("2026-01-02T03:04:05")
    field(found, "boolean").get_by_role("combobox").select_option("是")
    box = field(found, "multiselect").get_by_role("combobox")
    box.click()
    for one in "甲乙":
        alice.page.get_by_role("option", name=one, exact=True).click()
    box.press("Tab")
    assert told(found, "email") == ["邮箱格式不正确"]
    fill(found, email="")
    save(found)
    alice.page.get_by_role("button", name="样样", exact=True).click()
    shown = dialog(alice.page, "样样")
    for text in (*(kept for _, kept in TYPED.values()), "2026-01-02 03:04:05", "甲, 乙", "是"):
        shown.get_by_text(text, exact=True).first.wait_for()
