"""Faults of form and faults of rule are told together, and nothing is written."""

from typing import Any

import pytest

from tests.client import Client
from tests.ptpb.estate import add_group, add_host, add_voucher, edit

PHONE = "13800138000"


def test_somebody_new_hears_everything_at_once(alice: Client) -> None:
    answer = alice.post("/api/rbac/user/add/", {"account": "alice", "password": "short", "email": "nobody", "name": ""})
    assert answer.detail == {
        "account": ["账户以被注册"],
        "password": ["密码长度须为8到128个字符"],
        "email": ["无效邮箱"],
        "name": ["该字段不能为空。"],
    }


def test_changes_of_somebody_hear_everything_at_once(alice: Client, bob: Client, carol: Client) -> None:
    alice.post("/api/rbac/user/edit/", {"id": carol.id, "phone_number": PHONE})
    answer = alice.post("/api/rbac/user/edit/", {"id": bob.id, "name": "", "phone_number": PHONE, "status": "maybe"})
    assert answer.detail == {
        "name": ["该字段不能为空。"],
        "phone_number": ["具有 电话 的 用户 已存在。"],
        "status": ["必须是有效的布尔值。"],
    }


@pytest.mark.parametrize("call", ["add", "edit"])
def test_a_role_hears_everything_at_once(alice: Client, call: str) -> None:
    answer = alice.post(f"/api/rbac/role/{call}/", {"id": 4, "name": "审计员", "code": "x", "description": "x" * 1001})
    assert answer.detail == {
        "name": ["具有 name 的 role 已存在。"],
        "description": ["请确保这个字段不能超过 1000 个字符。"],
    }


def test_a_host_hears_everything_at_once(alice: Client) -> None:
    add_host(alice, "web", "192.0.2.1")
    answer = alice.post(
        "/api/resource/resource/add/",
        {"name": "web", "ipv4_address": "192.0.2.1", "group": 99, "protocol": 9, "port": 0},
    )
    assert answer.detail == {
        "name": ["名称已被占用"],
        "ipv4_address": ["ipv4地址重复"],
        "group": ["所添加至的组不存在"],
        "protocol": ["无效主键 “9” － 对象不存在。"],
        "port": ["请确保该值大于或者等于 1。"],
    }


def test_changes_of_a_host_hear_everything_at_once(alice: Client) -> None:
    add_host(alice, "web", "192.0.2.1")
    wrong = {"name": "web", "ipv4_address": "192.0.2.1", "group": 99, "protocol": 9, "port": 0, "voucher_ids": [9]}
    answer = edit(alice, "hosts", id=add_host(alice, "other", "192.0.2.2"), **wrong)
    assert answer.detail == {
        "name": ["名称已被占用"],
        "ipv4_address": ["ipv4地址重复"],
        "group": ["所添加至的组不存在"],
        "protocol": ["无效主键 “9” － 对象不存在。"],
        "port": ["请确保该值大于或者等于 1。"],
        "voucher_ids": ["无效主键 “9” － 对象不存在。"],
    }


def test_changes_of_a_voucher_hear_everything_at_once(alice: Client) -> None:
    add_voucher(alice, "root")
    answer = edit(alice, "vouchers", id=add_voucher(alice, "other"), name="root", username="")
    assert answer.detail == {"name": ["名称已被占用"], "username": ["该字段不能为空。"]}


@pytest.mark.parametrize("place", [{"role": 99}, {"parent": 99}, {"role": "many"}, {}], ids=str)
def test_a_group_hears_everything_at_once(alice: Client, place: dict[str, Any]) -> None:
    answer = alice.post("/api/resource/group/add/", {"name": "shop", "description": "x" * 1001} | place)
    long = {"description": ["请确保这个字段不能超过 1000 个字符。"]}
    role = {"many": "请填写合法的整数值。", 99: "角色不存在"}.get(place.get("role", 0), "角色为必填项")
    top = {"name": ["名称已被占用"], "role": [role]}
    assert answer.detail == long | ({"parent": ["所添加至的组不存在"]} if "parent" in place else top)


def test_changes_of_a_group_hear_everything_at_once(alice: Client) -> None:
    answer = edit(alice, "groups", id=2, name="Default", description="x" * 1001)
    assert answer.detail == {"name": ["名称已被占用"], "description": ["请确保这个字段不能超过 1000 个字符。"]}


def test_a_malformed_change_of_what_one_cannot_see_tells_nothing_of_it(alice: Client, bob: Client) -> None:
    hidden = add_host(alice, "hidden", "192.0.2.1", group=1)
    told = [edit(bob, "hosts", id=ident, name="hidden", port=0).detail for ident in (hidden, 99)]
    assert told == [{"port": ["请确保该值大于或者等于 1。"]}] * 2


def test_a_voucher_hears_everything_at_once(alice: Client) -> None:
    answer = alice.post("/api/resource/voucher/add/", {"name": "root", "group": 99, "password": "x"})
    assert answer.detail == {"username": ["该字段是必填项。"], "group": ["所添加至的组不存在"]}


def test_what_one_may_not_do_is_told_before_further_faults(bob: Client, alice: Client) -> None:
    other = add_group(alice, "other")
    answer = bob.post("/api/resource/resource/add/", {"name": "", "group": other, "protocol": 1})
    assert answer.status == 400
    assert "name" in answer.detail


def test_a_grant_hears_everything_at_once_by_its_place(alice: Client) -> None:
    wrong = [
        {"id": 99, "permission": [1]},
        {"id": 99},
        {"permission": [1]},
        {"id": "x", "permission": "y"},
        {"id": 2, "permission": []},
        {"id": 2, "permission": {}},
        "x",
    ]
    answer = alice.post("/api/perm/group-auth/edit/", {"role_id": 99, "groups": wrong})
    nowhere, not_these = {"group": "所添加至的组不存在"}, {"perms": "权限错误"}
    assert answer.detail == {
        "role_id": {"role": "角色不存在"},
        "groups": {
            "0": {"id": nowhere, "permission": not_these},
            "1": {"id": nowhere, "permission": ["该字段是必填项。"]},
            "2": {"id": ["该字段是必填项。"], "permission": not_these},
            "3": {"id": ["请填写合法的整数值。"], "permission": ["期望为一个包含物件的列表。"]},
            "5": {"id": {"group": "资源组重复"}, "permission": ["期望为一个包含物件的列表。"]},
            "6": ["无效数据。期待为字典类型。"],
        },
    }
