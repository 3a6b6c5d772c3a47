"""Groups: the tree, who sees it, who may change it (chapter 五)."""

from typing import Any

import pytest

from appliance.app import App
from tests.client import Client
from tests.ptpb.estate import DEFAULT, OK, SHOP, add, add_group, add_host, add_voucher, edit, listed, names, one, remove
from tests.ptpb.people import employ, last_operation, make_role, rows

ADD = "/api/resource/group/add/"
UNSEEN = 999


def test_a_child_knows_its_level_parent_and_root(alice: Client) -> None:
    child = add_group(alice, "stock", SHOP)
    row = one(alice, "groups", add_group(alice, "shelf", child))
    assert (row["level"], row["parent"], row["root"]) == (2, child, SHOP)


def test_a_top_group_is_its_own_root_and_granted_to_administrators_and_one_role(appliance: App, alice: Client) -> None:
    ident = add(alice, "groups", name="lab", role=4)
    assert one(alice, "groups", ident)["root"] == ident
    grants = [(row.role_id, row.protected) for row in rows(appliance, "grants", group_id=ident)]
    assert grants == [(1, True)] * 11 + [(4, False)] * 11


def test_a_child_is_granted_to_nobody_and_inherits(appliance: App, bob: Client) -> None:
    child = add_group(bob, "stock", SHOP)
    assert rows(appliance, "grants", group_id=child) == []
    assert add_host(bob, "till", "10.0.0.1", child)


def test_rights_do_not_leak_into_groups_whose_numbers_begin_alike(alice: Client, bob: Client) -> None:
    for number in range(3, 23):
        add_group(alice, f"other {number}")
    assert names(bob, "groups", all=True) == ["shop"]


def test_groups_nest_as_deep_as_the_setting_says(alice: Client) -> None:
    deepest = SHOP
    for level in range(1, 6):
        deepest = add_group(alice, f"level {level}", deepest)
    answer = alice.post(ADD, {"name": "level 6", "parent": deepest})
    assert (answer.status, answer.detail) == (400, "子组层数已到达最大,可在设置中调整")


def test_a_name_is_unique_among_the_children_of_one_parent_only(alice: Client) -> None:
    add_group(alice, "stock", SHOP)
    assert alice.post(ADD, {"name": "stock", "parent": SHOP}).detail == {"name": ["名称已被占用"]}
    assert alice.post(ADD, {"name": "stock", "parent": DEFAULT}).json == OK


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({"name": "x"}, {"role": ["角色为必填项"]}),
        ({"name": "x", "role": 99}, {"role": ["角色不存在"]}),
        ({"name": "shop"}, {"name": ["名称已被占用"], "role": ["角色为必填项"]}),
        ({}, {"name": ["该字段是必填项。"], "role": ["角色为必填项"]}),
        ({"parent": SHOP}, {"name": ["该字段是必填项。"]}),
        ({"name": "", "role": 1}, {"name": ["该字段不能为空。"]}),
        ({"name": None, "role": "x"}, {"name": ["该字段不能为 null。"], "role": ["请填写合法的整数值。"]}),
        ({"name": "x" * 129, "role": 1}, {"name": ["请确保这个字段不能超过 128 个字符。"]}),
        (
            {"name": "x", "role": 1, "description": "x" * 1001},
            {"description": ["请确保这个字段不能超过 1000 个字符。"]},
        ),
        ({"name": "x", "parent": UNSEEN}, {"parent": ["所添加至的组不存在"]}),
        ({"name": "x", "parent": 10**25}, {"parent": ["所添加至的组不存在"]}),
    ],
)
def test_every_fault_of_a_new_group_is_told(alice: Client, body: Any, faults: Any) -> None:
    answer = alice.post(ADD, body)
    assert (answer.status, answer.detail) == (400, faults)


def test_a_top_group_goes_to_a_role_of_ones_own_unless_one_administers(appliance: App) -> None:
    dave = employ(appliance, "dave", "system.group.create", "system.group.read")
    own = rows(appliance, "user_roles", user_id=dave.id)[0].role_id
    assert dave.post(ADD, {"name": "lab", "role": 1}).detail == {"role": ["该角色不属于自身所拥有的角色"]}
    assert dave.post(ADD, {"name": "lab", "role": own}).json == OK
    assert add_host(dave, "bench", "10.0.0.1", one(dave, "groups", 3)["id"])


def test_a_parent_one_cannot_see_is_unknown_and_one_without_the_right_is_refused(appliance: App, bob: Client) -> None:
    eve = employ(appliance, "eve", "resource.group.update", on=SHOP)
    assert eve.post(ADD, {"name": "x", "parent": SHOP}).status == 403
    assert bob.post(ADD, {"name": "x", "parent": DEFAULT}).detail == {"parent": ["所添加至的组不存在"]}


def test_who_may_only_make_children_makes_no_top_group(bob: Client) -> None:
    answer = bob.post(ADD, {"name": "x", "role": 4})
    assert (answer.status, answer.detail) == (403, "您无当前权限访问")


def test_who_may_only_make_top_groups_makes_no_child(appliance: App) -> None:
    dave = employ(appliance, "dave", "system.group.create")
    for parent in (SHOP, UNSEEN):
        answer = dave.post(ADD, {"name": "x", "parent": parent})
        assert (answer.status, answer.detail) == (403, "您无当前权限访问")


def test_what_clients_may_not_set_is_ignored(appliance: App, alice: Client) -> None:
    extra = {"id": 77, "level": 4, "root": 1, "path": "/1/", "protected": True, "create_date": "2000-01-01"}
    ident = add(alice, "groups", name="lab", role=1, **extra)
    row = rows(appliance, "groups", id=ident)[0]
    assert (row.id, row.level, row.root_id, row.path, row.protected) == (3, 0, 3, "/3/", False)


def test_editing_changes_what_is_given_and_moves_nothing(alice: Client) -> None:
    ident = add_group(alice, "stock", SHOP)
    assert edit(alice, "groups", id=ident, name="store", description="x", parent=DEFAULT, role=3).json == OK
    assert edit(alice, "groups", id=ident, description=None).json == OK
    row = one(alice, "groups", ident)
    assert (row["name"], row["description"], row["parent"], row["root"]) == ("store", None, SHOP, SHOP)


@pytest.mark.parametrize(
    ("changes", "status", "detail"),
    [
        ({}, 400, {"id": ["该字段是必填项。"]}),
        ({"id": "x"}, 400, {"id": ["请填写合法的整数值。"]}),
        ({"id": UNSEEN, "name": "x"}, 404, "未找到。"),
        ({"id": 10**25, "name": "x"}, 404, "未找到。"),
        ({"id": SHOP, "name": "Default"}, 400, {"name": ["名称已被占用"]}),
        ({"id": SHOP, "name": ""}, 400, {"name": ["该字段不能为空。"]}),
        ({"id": DEFAULT, "description": "x"}, 400, "无法操作系统保留项"),
    ],
)
def test_edits_that_cannot_be(alice: Client, changes: Any, status: int, detail: Any) -> None:
    answer = edit(alice, "groups", **changes)
    assert (answer.status, answer.detail) == (status, detail)


def test_a_group_keeps_its_own_name(alice: Client) -> None:
    assert edit(alice, "groups", id=SHOP, name="shop").json == OK


def test_one_may_not_edit_what_one_cannot_see_nor_what_one_merely_sees(bob: Client) -> None:
    assert edit(bob, "groups", id=DEFAULT, name="mine").status == 404
    answer = edit(bob, "groups", id=SHOP, name="mine")  # a top group takes a system permission
    assert (answer.status, answer.detail) == (403, "您无当前权限访问")


def test_a_child_is_edited_by_whoever_holds_the_right_above_it(bob: Client) -> None:
    ident = add_group(bob, "stock", SHOP)
    assert edit(bob, "groups", id=ident, name="store").json == OK
    assert names(bob, "groups") == ["shop", "store"]


def test_a_group_that_holds_something_stays_and_says_what(alice: Client) -> None:
    full, empty = add_group(alice, "full", SHOP), add_group(alice, "empty", SHOP)
    host, voucher = add_host(alice, "till", "10.0.0.1", full), add_voucher(alice, "root", full)
    child = add_group(alice, "child", full)
    answer = remove(alice, "groups", SHOP, full, empty)
    assert answer.status == 400
    assert answer.detail == f"资源组{full}有关联资源[{host}]凭证[{voucher}]资源组[{child}]无法删除"
    assert names(alice, "groups", parent=SHOP) == ["full", "empty"]


def test_each_group_that_holds_something_has_its_line(alice: Client) -> None:
    first = add_host(alice, "till", "10.0.0.1"), add_host(alice, "safe", "10.0.0.2")
    child = add_group(alice, "stock", SHOP)
    voucher = add_voucher(alice, "root", child)
    assert remove(alice, "groups", child, SHOP).detail.splitlines() == [
        f"资源组2有关联资源[{first[0]}, {first[1]}]凭证[]资源组[]无法删除",
        f"资源组{child}有关联资源[]凭证[{voucher}]资源组[]无法删除",
    ]


def test_a_whole_tree_goes_in_one_call_with_its_grants(appliance: App, alice: Client) -> None:
    child = add_group(alice, "stock", SHOP)
    assert remove(alice, "groups", SHOP, child).json == {**OK, "total": 2}
    assert rows(appliance, "grants", group_id=SHOP) == []


def test_removing_lists_what_was_skipped(alice: Client) -> None:
    ident = add_group(alice, "stock", SHOP)
    answer = remove(alice, "groups", DEFAULT, ident, UNSEEN, ident)
    assert answer.json == {**OK, "detail": {"skipped": [DEFAULT, UNSEEN]}, "total": 1}


@pytest.mark.parametrize("id_list", [[UNSEEN], [], "x", {"a": 1}, None, [[1]], [True], ["1; drop table groups"]])
def test_a_list_that_names_nothing_is_refused(alice: Client, id_list: Any) -> None:
    answer = alice.post("/api/resource/group/del/", {"id_list": id_list})
    assert (answer.status, answer.detail) == (400, "错误参数")


def test_a_group_one_may_not_remove_refuses_the_whole_call(bob: Client) -> None:
    child = add_group(bob, "stock", SHOP)
    assert remove(bob, "groups", child, SHOP).status == 403
    assert remove(bob, "groups", DEFAULT).status == 400  # not to be seen: as unknown
    assert remove(bob, "groups", child).json == {**OK, "total": 1}


def test_a_child_without_the_right_is_refused(appliance: App, bob: Client) -> None:
    eve = employ(appliance, "eve", "resource.group.delete", on=add_group(bob, "stock", SHOP))
    with appliance.store.writing() as tx:
        role = make_role(tx, "reader", "resource.self.read", on=SHOP)
        tx.insert("user_roles", user_id=eve.id, role_id=role)
    other = add_group(bob, "other", SHOP)
    assert remove(eve, "groups", other).status == 403
    assert names(bob, "groups") == ["shop", "stock", "other"]


def test_one_sees_the_groups_one_holds_anything_on(appliance: App, alice: Client, carol: Client) -> None:
    ident = add_group(alice, "stock", SHOP)
    eve = employ(appliance, "eve", "resource.voucher.delete", on=ident)
    answer = eve.get("/api/resource/group/get/")
    assert (answer.json["total"], [row["id"] for row in answer.detail]) == (1, [ident])
    assert carol.get("/api/resource/group/get/").status == 403


def test_who_may_read_groups_sees_all(appliance: App) -> None:
    dave = employ(appliance, "dave", "system.group.read")
    assert names(dave, "groups") == ["Default", "shop"]


def test_groups_are_found_by_name_and_parent(alice: Client) -> None:
    add_group(alice, "Stock", SHOP)
    assert names(alice, "groups", name="sTo") == ["Stock"]
    assert names(alice, "groups", parent=SHOP) == ["Stock"]
    assert names(alice, "groups", parent=10**25) == []
    assert names(alice, "groups", name="%") == names(alice, "groups", name="_") == []
    assert alice.get("/api/resource/group/get/", parent="x").detail == {"parent": ["请填写合法的整数值。"]}


def test_grants_hold_from_the_next_request_on(appliance: App, bob: Client) -> None:
    assert names(bob, "groups") == ["shop"]
    with appliance.store.writing() as tx:
        tx["grants"].delete(role_id=4)
    assert bob.get("/api/resource/group/get/").status == 403


def test_what_is_done_to_groups_is_audited(appliance: App, alice: Client) -> None:
    ident = add_group(alice, "stock", SHOP)
    assert last_operation(appliance) == ("添加资源组", True)
    edit(alice, "groups", id=ident, name="store")
    assert last_operation(appliance) == (f"编辑资源组{ident}", True)
    assert rows(appliance, "operations")[-1].details == [
        {"what": "groups", "id": ident, "old": {"name": "stock"}, "new": {"name": "store"}}
    ]
    edit(alice, "groups", id=DEFAULT, name="mine")
    assert last_operation(appliance) == ("编辑资源组1", False)
    remove(alice, "groups", ident)
    assert last_operation(appliance) == ("删除资源组", True)
    remove(alice, "groups", ident)
    assert last_operation(appliance) == ("删除资源组", False)


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>", "a\r\nb\x1b[31m\u202e", "' or 1=1 --", "=1+1"])
def test_a_name_is_plain_data(alice: Client, name: str) -> None:
    ident = add_group(alice, name, SHOP)
    assert listed(alice, "groups", name=name)[0] | {"id": ident} == one(alice, "groups", ident)
    assert one(alice, "groups", ident)["name"] == name


def test_a_nul_is_refused(alice: Client) -> None:
    assert alice.post(ADD, {"name": "a\0b", "parent": SHOP}).detail == {"name": ["不允许使用空字符。"]}
