"""Hosts: their addresses, their vouchers, their place in the tree, their keys (chapter 六)."""

from typing import Any

import pytest

from appliance.app import App
from appliance.domain import host_keys
from tests.client import Answer, Client
from tests.ptpb.estate import DEFAULT, OK, SHOP, add_group, add_host, add_voucher, edit, listed, names, one, remove
from tests.ptpb.people import employ, last_operation, make_role, row, rows

ADD = "/api/resource/resource/add/"
HOSTKEY = "/api/resource/resource/hostkey/"
UNSEEN = 999
TILL = {"name": "till", "ipv4_address": "10.0.0.1", "group": SHOP, "protocol": 1}
ONE_ADDRESS = {"ip": ["ipv4与ipv6必须且只能填写一个"]}


def bound(client: Client, host: int) -> list[int]:
    return [voucher["id"] for voucher in one(client, "hosts", host)["vouchers"]]


def give(app: App, client: Client, *codes: str, on: int) -> None:
    """Another role for somebody."""
    with app.store.writing() as tx:
        role = make_role(tx, f"{codes} on {on}", *codes, on=on)
        tx.insert("user_roles", user_id=client.id, role_id=role)


# --- adding -----------------------------------------------------------------------------------------------------------


def test_a_new_host_has_what_was_given_and_the_usual_rest(alice: Client) -> None:
    given = {"port": "2222", "domain": "till.example.com", "description": " counter "}
    row = one(alice, "hosts", add_host(alice, " till ", " 10.0.0.1 ", **given))
    assert (row["name"], row["ipv4_address"], row["port"], row["domain"]) == ("till", "10.0.0.1", 2222, given["domain"])
    assert (row["status"], row["description"], row["host_key"]) == (True, "counter", None)


def test_a_host_may_have_an_ipv6_address_instead(alice: Client) -> None:
    body = {"name": "till", "ipv4_address": "", "ipv6_address": "2001:DB8:0:0::1", "group": SHOP, "protocol": 1}
    assert alice.post(ADD, body).json == OK
    assert (listed(alice, "hosts")[0]["ipv4_address"], listed(alice, "hosts")[0]["ipv6_address"]) == (
        None,
        "2001:db8::1",
    )


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.256",
        "10.0.0",
        "010.0.0.1",
        "0.0.0.0",  # noqa: S104 -- to be refused
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "localhost",
        "{{7*7}}",
        "$(id)",
    ],
)
def test_an_ipv4_address_is_one_that_a_machine_can_have(alice: Client, address: str) -> None:
    answer = alice.post(ADD, TILL | {"ipv4_address": address})
    assert (answer.status, answer.detail) == (400, {"ipv4_address": ["输入一个有效的 IPv4 地址。"]})


@pytest.mark.parametrize("address", ["::", "ff02::1", "::ffff:10.0.0.1", "fe80::1%eth0", "10.0.0.1", "1::2::3"])
def test_an_ipv6_address_is_one_that_a_machine_can_have(alice: Client, address: str) -> None:
    answer = alice.post(ADD, TILL | {"ipv4_address": None, "ipv6_address": address})
    assert (answer.status, answer.detail) == (400, {"ipv6_address": ["输入一个有效的 IPv6 地址。"]})


@pytest.mark.parametrize("domain", ["-a.example", "a..b", "a b", "a;b", "10.0.0.1", "a/b", f"{'a' * 64}.b"])
def test_a_domain_is_a_host_name(alice: Client, domain: str) -> None:
    assert alice.post(ADD, TILL | {"domain": domain}).detail == {"domain": ["无效域名"]}


@pytest.mark.parametrize("domain", ["till", "till.example.com.", "a_b.example", "3com.example", "堡垒机.example"])
def test_a_domain_may_be_any_host_name(alice: Client, domain: str) -> None:
    assert alice.post(ADD, TILL | {"domain": domain}).json == OK


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({"ipv4_address": None}, ONE_ADDRESS),
        ({"ipv6_address": "2001:db8::1"}, ONE_ADDRESS),
        ({"name": None}, {"name": ["该字段不能为 null。"]}),
        ({"name": "x" * 129}, {"name": ["请确保这个字段不能超过 128 个字符。"]}),
        ({"group": None}, {"group": ["该字段不能为 null。"]}),
        ({"group": UNSEEN}, {"group": ["所添加至的组不存在"]}),
        ({"protocol": None}, {"protocol": ["协议为必填项"]}),
        ({"protocol": 9}, {"protocol": ["无效主键 “9” － 对象不存在。"]}),
        ({"port": 0}, {"port": ["请确保该值大于或者等于 1。"]}),
        ({"port": 65536}, {"port": ["请确保该值小于或者等于 65535。"]}),
        ({"port": "ssh"}, {"port": ["请填写合法的整数值。"]}),
        ({"port": 22.5}, {"port": ["请填写合法的整数值。"]}),
        ({"voucher_ids": [9]}, {"voucher_ids": ["无效主键 “9” － 对象不存在。"]}),
        ({"voucher_ids": 9}, {"voucher_ids": ["期望为一个包含物件的列表。"]}),
        ({"voucher_ids": ["x"]}, {"voucher_ids": ["请填写合法的整数值。"]}),
        ({"voucher_ids": list(range(10_001))}, {"voucher_ids": ["请确保列表不超过 10000 项。"]}),
        ({"description": "x" * 1001}, {"description": ["请确保这个字段不能超过 1000 个字符。"]}),
        ({"domain": "x" * 254}, {"domain": ["请确保这个字段不能超过 253 个字符。"]}),
    ],
)
def test_every_fault_has_its_sentence(alice: Client, change: Any, faults: Any) -> None:
    answer = alice.post(ADD, TILL | change)
    assert (answer.status, answer.json) == (400, {"code": 400, "msg": "参数错误", "detail": faults})


def test_all_faults_are_told_at_once(alice: Client) -> None:
    assert alice.post(ADD, {"port": "x", "ipv6_address": "x"}).detail == {
        "name": ["该字段是必填项。"],
        "group": ["该字段是必填项。"],
        "protocol": ["协议为必填项"],
        "port": ["请填写合法的整数值。"],
        "ipv6_address": ["输入一个有效的 IPv6 地址。"],
    }
    add_host(alice, "till", "10.0.0.1")
    assert alice.post(ADD, TILL | {"group": UNSEEN, "protocol": 9, "voucher_ids": [7]}).detail == {
        "group": ["所添加至的组不存在"],
        "name": ["名称已被占用"],
        "ipv4_address": ["ipv4地址重复"],
        "protocol": ["无效主键 “9” － 对象不存在。"],
        "voucher_ids": ["无效主键 “7” － 对象不存在。"],
    }


@pytest.mark.parametrize("body", ["[]", "null", '"x"', "7"])
def test_a_body_that_is_no_object_is_refused(alice: Client, body: str) -> None:
    answer = alice.call("POST", ADD, body=body.encode())
    assert (answer.status, answer.detail) == (400, "无效数据。期待为字典类型。")


def test_an_address_is_unique_however_it_is_written(alice: Client) -> None:
    alice.post(ADD, TILL | {"ipv4_address": None, "ipv6_address": "2001:db8::1"})
    again = alice.post(ADD, TILL | {"name": "x", "ipv4_address": None, "ipv6_address": "2001:0db8:0::0001"})
    assert again.detail == {"ipv6_address": ["ipv6地址重复"]}


def test_an_address_may_be_taken_in_another_cloud(appliance: App, alice: Client) -> None:
    elsewhere = add_host(alice, "elsewhere", "10.0.0.1")
    with appliance.store.writing() as tx:
        tx.change("hosts", elsewhere, cloud_id=7)
    assert alice.post(ADD, TILL).json == OK
    assert edit(alice, "hosts", id=elsewhere, name="still elsewhere").json == OK


def test_what_clients_may_not_set_is_ignored(appliance: App, alice: Client) -> None:
    extra = {"id": 77, "uuid": "x", "cloud_id": 5, "status": False, "enabled": False, "host_key": "SHA256:x"}
    ident = add_host(alice, "till", "10.0.0.1", **extra, created_at="2000-01-01", vouchers=[1])
    stored = row(appliance, "hosts", id=ident)
    assert (stored.id, stored.cloud_id, stored.enabled) == (1, 0, True)
    assert (len(stored.uuid), stored.created_at.year > 2000) == (36, True)


def test_forms_are_read_too(alice: Client) -> None:
    add_voucher(alice, "root")
    body = b"name=till&ipv4_address=10.0.0.1&group=2&protocol=1&voucher_ids=1"
    answer = alice.call("POST", ADD, body=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.json == OK
    assert bound(alice, 1) == [1]


def test_adding_takes_the_right_on_the_group_or_above_it(appliance: App, alice: Client, bob: Client) -> None:
    assert add_host(bob, "till", "10.0.0.1", add_group(bob, "stock", SHOP))
    assert bob.post(ADD, TILL | {"group": DEFAULT}).detail["group"] == ["所添加至的组不存在"]
    eve = employ(appliance, "eve", "resource.self.create", on=add_group(alice, "lab", DEFAULT))
    give(appliance, eve, "resource.self.read", on=SHOP)
    answer = eve.post(ADD, TILL | {"name": "x"})
    assert (answer.status, answer.detail) == (403, "权限错误")


def test_who_holds_the_right_nowhere_is_refused_at_the_door(carol: Client) -> None:
    answer = carol.post(ADD, {})
    assert (answer.status, answer.detail) == (403, "您无当前权限访问")


# --- binding vouchers -------------------------------------------------------------------------------------------------


def test_voucher_ids_replace_the_set(alice: Client) -> None:
    first, second, third = (add_voucher(alice, name) for name in ("first", "second", "third"))
    host = add_host(alice, "till", "10.0.0.1", voucher_ids=[first, second, first])
    assert bound(alice, host) == [first, second]
    edit(alice, "hosts", id=host, voucher_ids=[str(second), third])
    assert bound(alice, host) == [second, third]
    edit(alice, "hosts", id=host, name="counter")
    assert bound(alice, host) == [second, third]
    edit(alice, "hosts", id=host, voucher_ids=[])
    assert bound(alice, host) == []


def test_a_voucher_of_another_system_is_never_bound(alice: Client) -> None:
    foreign = add_voucher(alice, "foreign", DEFAULT)
    assert alice.post(ADD, TILL | {"voucher_ids": [foreign]}).detail == {"voucher": ["不同系统组,禁止使用"]}
    host = add_host(alice, "till", "10.0.0.1")
    assert edit(alice, "hosts", id=host, voucher_ids=[foreign]).detail == {"voucher": ["不同系统组,禁止使用"]}
    moving = edit(alice, "hosts", id=host, group=DEFAULT, voucher_ids=[foreign])
    assert (moving.json, bound(alice, host)) == (OK, [foreign])  # afterwards both are of one system


def test_a_voucher_one_cannot_see_is_as_unknown(appliance: App, alice: Client, bob: Client) -> None:
    foreign = add_voucher(alice, "foreign", DEFAULT)
    host = add_host(bob, "till", "10.0.0.1")
    answer = edit(bob, "hosts", id=host, voucher_ids=[foreign])
    assert answer.detail == {"voucher_ids": [f"无效主键 “{foreign}” － 对象不存在。"]}


def test_binding_and_unbinding_take_the_right_to_change_the_voucher(appliance: App, alice: Client) -> None:
    host, voucher = add_host(alice, "till", "10.0.0.1"), add_voucher(alice, "root")
    eve = employ(appliance, "eve", "resource.self.read", "resource.self.update", "resource.voucher.read", on=SHOP)
    assert edit(eve, "hosts", id=host, voucher_ids=[voucher]).status == 403
    edit(alice, "hosts", id=host, voucher_ids=[voucher])
    assert edit(eve, "hosts", id=host, voucher_ids=[]).status == 403
    assert edit(eve, "hosts", id=host, voucher_ids=[voucher], name="counter").json == OK


def test_what_one_cannot_see_stays_bound(appliance: App, alice: Client) -> None:
    vault = add_group(alice, "vault", SHOP)
    hidden, shown = add_voucher(alice, "hidden", vault), add_voucher(alice, "shown", add_group(alice, "desk", SHOP))
    host = add_host(alice, "till", "10.0.0.1", voucher_ids=[hidden, shown])
    eve = employ(appliance, "eve", "resource.self.read", "resource.self.update", on=SHOP)
    give(appliance, eve, "resource.voucher.read", "resource.voucher.update", on=vault + 1)
    assert (bound(eve, host), edit(eve, "hosts", id=host, voucher_ids=[]).json) == ([shown], OK)
    assert bound(alice, host) == [hidden]


# --- changing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "status", "detail"),
    [
        ({"name": "x"}, 400, {"id": ["该字段是必填项。"]}),
        ({"id": UNSEEN, "name": "x"}, 404, "未找到。"),
        ({"id": -1, "name": "x"}, 404, "未找到。"),
        ({"id": 10**25, "name": "x"}, 404, "未找到。"),
        ({"id": 1, "name": ""}, 400, {"name": ["该字段不能为空。"]}),
        ({"id": 1, "name": "safe"}, 400, {"name": ["名称已被占用"]}),
        ({"id": 1, "ipv4_address": "10.0.0.2"}, 400, {"ipv4_address": ["ipv4地址重复"]}),
        ({"id": 1, "ipv4_address": "10.0.0.3", "ipv6_address": "::2"}, 400, ONE_ADDRESS),
        ({"id": 1, "ipv4_address": None}, 400, ONE_ADDRESS),
        ({"id": 1, "ipv4_address": None, "domain": "till.example"}, 400, ONE_ADDRESS),
        ({"id": 1, "status": "maybe"}, 400, {"status": ["必须是有效的布尔值。"]}),
        ({"id": 1, "protocol": 2}, 400, {"protocol": ["无效主键 “2” － 对象不存在。"]}),
        ({"id": 1, "group": UNSEEN}, 400, {"group": ["所添加至的组不存在"]}),
    ],
)
def test_edits_that_cannot_be(alice: Client, changes: Any, status: int, detail: Any) -> None:
    add_host(alice, "till", "10.0.0.1")
    add_host(alice, "safe", "10.0.0.2")
    answer = edit(alice, "hosts", **changes)
    assert (answer.status, answer.detail) == (status, detail)


def test_an_edit_that_cannot_be_changes_nothing_at_all(appliance: App, alice: Client) -> None:
    host = add_host(alice, "till", "10.0.0.1", voucher_ids=[add_voucher(alice, "root")])
    before = row(appliance, "hosts", id=host)
    assert edit(alice, "hosts", id=host, name="x", port=23, voucher_ids=[], group=UNSEEN).status == 400
    assert (row(appliance, "hosts", id=host), bound(alice, host)) == (before, [1])


def test_an_address_of_one_kind_replaces_the_other(alice: Client) -> None:
    host = add_host(alice, "till", "10.0.0.1")
    edit(alice, "hosts", id=host, ipv6_address="2001:db8::1")
    assert (one(alice, "hosts", host)["ipv4_address"], one(alice, "hosts", host)["ipv6_address"]) == (
        None,
        "2001:db8::1",
    )
    edit(alice, "hosts", id=host, ipv4_address="10.0.0.9", ipv6_address=None)
    assert (one(alice, "hosts", host)["ipv4_address"], one(alice, "hosts", host)["ipv6_address"]) == ("10.0.0.9", None)


def test_a_row_sent_back_as_it_was_shown_changes_nothing(appliance: App, alice: Client) -> None:
    host = add_host(alice, "till", "10.0.0.1", voucher_ids=[add_voucher(alice, "root")])
    before = row(appliance, "hosts", id=host)
    assert edit(alice, "hosts", **one(alice, "hosts", host)).json == OK
    assert (row(appliance, "hosts", id=host), bound(alice, host)) == (before, [1])


def test_a_host_known_by_name_shows_and_keeps_its_name(appliance: App, alice: Client) -> None:
    host = add_host(alice, "till", "10.0.0.1")
    with appliance.store.writing() as tx:
        tx.change("hosts", host, ipv4=None, domain="till.example")
    shown = one(alice, "hosts", host)
    assert (shown["ipv4_address"], shown["ipv6_address"], shown["domain"]) == (None, None, "till.example")
    assert edit(alice, "hosts", **shown).json == OK
    assert edit(alice, "hosts", id=host, domain=None).detail == ONE_ADDRESS


def test_status_may_be_changed_only_later(alice: Client) -> None:
    host = add_host(alice, "till", "10.0.0.1", status=False)
    assert one(alice, "hosts", host)["status"] is True
    edit(alice, "hosts", id=host, status="off")
    assert one(alice, "hosts", host)["status"] is False


@pytest.mark.parametrize("change", [{"ipv4_address": "10.6.6.6"}, {"ipv6_address": "2001:db8::6"}, {"port": 2222}])
def test_who_may_not_bind_a_hosts_vouchers_cannot_send_them_elsewhere(
    appliance: App, alice: Client, change: Any
) -> None:
    host = add_host(alice, "till", "10.0.0.1", voucher_ids=[add_voucher(alice, "root")])
    eve = employ(appliance, "eve", "resource.self.read", "resource.self.update", on=SHOP)
    assert edit(eve, "hosts", id=host, **change).detail == {"voucher": ["变更地址前请先解绑凭证"]}
    assert edit(eve, "hosts", id=host, description="x", ipv4_address="10.0.0.1", port=22).json == OK
    edit(alice, "hosts", id=host, voucher_ids=[])
    assert edit(eve, "hosts", id=host, **change).json == OK


def test_the_name_of_a_host_known_by_name_is_an_address_too(appliance: App, alice: Client) -> None:
    host = add_host(alice, "till", "10.0.0.1", voucher_ids=[add_voucher(alice, "root")])
    with appliance.store.writing() as tx:
        tx.change("hosts", host, ipv4=None, domain="till.example")
    eve = employ(appliance, "eve", "resource.self.read", "resource.self.update", on=SHOP)
    assert edit(eve, "hosts", id=host, domain="evil.example").detail == {"voucher": ["变更地址前请先解绑凭证"]}


def test_a_pinned_key_survives_another_address(appliance: App, alice: Client) -> None:
    host = add_host(alice, "till", "10.0.0.1")
    offer(appliance, host, "SHA256:first")
    edit(alice, "hosts", id=host, ipv4_address="10.0.0.9")
    assert one(alice, "hosts", host)["host_key"] == "SHA256:first"


def test_switching_groups_takes_both_rights(appliance: App, alice: Client) -> None:
    old, new = add_group(alice, "old", SHOP), add_group(alice, "new", SHOP)
    host = add_host(alice, "till", "10.0.0.1", old)
    eve = employ(appliance, "eve", "resource.self.read", "resource.self.update", "resource.self.delete", on=SHOP)
    refused = edit(eve, "hosts", id=host, group=new)
    assert (refused.status, refused.detail) == (403, "无切换组权限,即添加新组和删除旧组的组合权限")
    assert edit(eve, "hosts", id=host, group=old).json == OK
    give(appliance, eve, "resource.self.create", on=new)
    assert edit(eve, "hosts", id=host, group=new).json == OK
    assert one(eve, "hosts", host)["group"] == new


def test_a_host_with_vouchers_moves_within_its_system_only(alice: Client) -> None:
    host = add_host(alice, "till", "10.0.0.1", voucher_ids=[add_voucher(alice, "root")])
    assert edit(alice, "hosts", id=host, group=add_group(alice, "stock", SHOP)).json == OK
    answer = edit(alice, "hosts", id=host, group=DEFAULT)
    assert (answer.status, answer.detail) == (400, "有关联当前组数据,无法切组")
    assert edit(alice, "hosts", id=host, group=DEFAULT, voucher_ids=[]).json == OK


def test_one_may_not_touch_what_one_cannot_see_nor_what_one_merely_sees(
    appliance: App, alice: Client, bob: Client
) -> None:
    hidden, shown = add_host(alice, "hidden", "10.0.0.1", DEFAULT), add_host(alice, "shown", "10.0.0.2", SHOP)
    assert edit(bob, "hosts", id=hidden, name="mine").status == 404
    eve = employ(appliance, "eve", "resource.self.read", on=SHOP)
    give(appliance, eve, "resource.self.update", "resource.self.delete", on=DEFAULT)
    for refused in (edit(eve, "hosts", id=shown, name="mine"), remove(eve, "hosts", shown)):
        assert (refused.status, refused.detail) == (403, "权限错误")
    assert edit(eve, "hosts", id=hidden, name="mine").status == 404


# --- removing ---------------------------------------------------------------------------------------------------------


def test_removing_skips_what_is_not_there_or_not_to_be_seen(alice: Client, bob: Client) -> None:
    hidden, mine = add_host(alice, "hidden", "10.0.0.1", DEFAULT), add_host(alice, "mine", "10.0.0.2")
    answer = remove(bob, "hosts", hidden, mine, UNSEEN, mine, str(mine))
    assert answer.json == {**OK, "detail": {"skipped": [hidden, UNSEEN]}, "total": 1}
    assert names(alice, "hosts") == ["hidden"]


def test_one_host_without_the_right_refuses_the_whole_call(appliance: App, alice: Client) -> None:
    stock = add_group(alice, "stock", SHOP)
    hosts = [add_host(alice, "till", "10.0.0.1"), add_host(alice, "shelf", "10.0.0.2", stock)]
    eve = employ(appliance, "eve", "resource.self.read", on=SHOP)
    give(appliance, eve, "resource.self.delete", on=stock)
    assert remove(eve, "hosts", *hosts).status == 403
    assert names(alice, "hosts") == ["till", "shelf"]
    assert remove(eve, "hosts", hosts[1]).json == {**OK, "total": 1}


@pytest.mark.parametrize("id_list", [[UNSEEN], [], "x", None, {"1": 1}, [None], [1.5], [True], list(range(10_001))])
def test_a_list_that_names_nothing_is_refused(alice: Client, id_list: Any) -> None:
    answer = alice.post("/api/resource/resource/del/", {"id_list": id_list})
    assert (answer.status, answer.detail) == (400, "错误参数")


def test_ten_thousand_ids_are_no_trouble(alice: Client) -> None:
    host = add_host(alice, "till", "10.0.0.1")
    assert remove(alice, "hosts", *range(host, 10_001)).json["total"] == 1


def test_a_removed_host_leaves_its_vouchers_and_its_history(appliance: App, alice: Client) -> None:
    host = add_host(alice, "till", "10.0.0.1", voucher_ids=[add_voucher(alice, "root")])
    offer(appliance, host, "SHA256:first")
    remove(alice, "hosts", host)
    assert (names(alice, "vouchers"), rows(appliance, "host_vouchers"), rows(appliance, "host_keys")) == (
        ["root"],
        [],
        [],
    )
    assert [line["operation"] for line in alice.get("/api/audit/opera/get/").detail][-1] == "删除资源"


# --- the list ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def estate(alice: Client) -> dict[str, int]:
    """Hosts in the shop, in a group below it, and where only alice looks; the groups by name."""
    stock = add_group(alice, "stock", SHOP)
    add_host(alice, "Till-1", "10.0.0.1")
    add_host(alice, "till_2", "10.0.1.2", port=23)
    add_host(alice, "shelf", "10.0.2.3", stock)
    add_host(alice, "hidden", "10.0.0.4", DEFAULT)
    edit(alice, "hosts", id=2, status=False)
    return {"stock": stock}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["Till-1", "till_2", "shelf", "hidden"]),
        ({"desc": "true"}, ["hidden", "shelf", "till_2", "Till-1"]),
        ({"name": "TILL"}, ["Till-1", "till_2"]),
        ({"name": "l_2"}, ["till_2"]),
        ({"name": "%"}, []),
        ({"name": "_"}, ["till_2"]),
        ({"name": "' or '1'='1"}, []),
        ({"ipv4_address": "10.0.0"}, ["Till-1", "hidden"]),
        ({"ipv4_address": "0.0_"}, []),
        ({"status": "0"}, ["till_2"]),
        ({"status": ""}, ["Till-1", "till_2", "shelf", "hidden"]),
        ({"protocol": 1, "name": "shelf"}, ["shelf"]),
        ({"protocol": 2}, []),
        ({"group": SHOP}, ["Till-1", "till_2"]),
        ({"group": SHOP, "subtree": "true"}, ["Till-1", "till_2", "shelf"]),
        ({"group": UNSEEN, "subtree": "true"}, []),
        ({"group": str(10**25)}, []),
        ({"group": "-1"}, []),
        ({"page_size": 2, "page_number": 2}, ["shelf", "hidden"]),
        ({"page_size": 2, "page": 2, "desc": 1}, ["till_2", "Till-1"]),
        ({"page_size": 2, "page_number": 1, "page": 2}, ["Till-1", "till_2"]),
        ({"page_size": 2, "page": 9}, []),
        ({"page_size": 2, "page": 9, "all": "yes"}, ["Till-1", "till_2", "shelf", "hidden"]),
        ({"order_by": "id; drop table hosts", "__class__": "x"}, ["Till-1", "till_2", "shelf", "hidden"]),
    ],
)
def test_filters(estate: Any, alice: Client, query: Any, found: list[str]) -> None:
    assert names(alice, "hosts", **query) == found


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        ({"group": "x"}, {"group": ["请填写合法的整数值。"]}),
        ({"protocol": "1.5"}, {"protocol": ["请填写合法的整数值。"]}),
        ({"status": "x", "subtree": "x"}, {"status": ["必须是有效的布尔值。"], "subtree": ["必须是有效的布尔值。"]}),
        ({"page_size": 0}, {"page_size": ["请填写合法的整数值。"]}),
        ({"page": "x"}, {"page": ["请填写合法的整数值。"]}),
        ({"all": "x"}, {"all": ["必须是有效的布尔值。"]}),
        ({"name": "a\0b"}, {"name": ["不允许使用空字符。"]}),
    ],
)
def test_filters_that_cannot_be(alice: Client, query: Any, faults: Any) -> None:
    answer = alice.get("/api/resource/resource/get/", **query)
    assert (answer.status, answer.detail) == (400, faults)


def test_a_list_and_its_total_end_where_ones_rights_end(appliance: App, estate: dict[str, int], bob: Client) -> None:
    for query in ({}, {"ipv4_address": "10.0.0"}, {"group": DEFAULT}, {"name": "hidden"}, {"page": 5}):
        answer = bob.get("/api/resource/resource/get/", **query)
        assert "hidden" not in str(answer.detail)
        assert answer.json["total"] == len(names(bob, "hosts", all=True, **query))
    eve = employ(appliance, "eve", "resource.self.read", on=estate["stock"])
    assert (names(eve, "hosts"), eve.get("/api/resource/resource/get/").json["total"]) == (["shelf"], 1)


def test_a_right_held_twice_counts_once(appliance: App, estate: Any, bob: Client) -> None:
    give(appliance, bob, "resource.self.read", on=SHOP)
    give(appliance, bob, "resource.self.read", on=estate["stock"])
    assert names(bob, "hosts") == ["Till-1", "till_2", "shelf"]


def test_a_role_that_is_switched_off_gives_nothing(appliance: App, estate: Any, bob: Client) -> None:
    with appliance.store.writing() as tx:
        tx.change("roles", 4, enabled=False)
    assert bob.get("/api/resource/resource/get/").status == 403


def test_hosts_show_only_vouchers_that_the_caller_may_read(appliance: App, alice: Client) -> None:
    add_host(alice, "till", "10.0.0.1", voucher_ids=[add_voucher(alice, "root")])
    eve = employ(appliance, "eve", "resource.self.read", on=SHOP)
    assert listed(eve, "hosts")[0]["vouchers"] == []
    assert eve.get("/api/resource/voucher/get/").status == 403


def extra(client: Client, **query: Any) -> list[int]:
    return [group["id"] for group in client.get("/api/resource/resource/get/", **query).json["extra"]]


def test_extra_holds_the_trees_of_the_page(estate: dict[str, int], alice: Client, bob: Client) -> None:
    assert extra(alice) == [DEFAULT, SHOP, estate["stock"]]
    assert extra(alice, name="shelf") == [SHOP, estate["stock"]]
    assert extra(alice, name="hidden") == [DEFAULT]
    assert extra(alice, name="nothing") == extra(alice, page=9) == []
    assert extra(bob) == [SHOP, estate["stock"]]


def test_extra_leaves_out_what_the_caller_may_not_see(appliance: App, estate: dict[str, int]) -> None:
    eve = employ(appliance, "eve", "resource.self.read", on=estate["stock"])
    assert extra(eve) == [estate["stock"]]


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "a\r\nb\x1b]0;x\x07\u202e", "'; --", "{{7*7}}", "=1+1", "😀"]
)
def test_texts_are_plain_data(alice: Client, text: str) -> None:
    host = add_host(alice, text, "10.0.0.1", description=text)
    assert (one(alice, "hosts", host)["name"], one(alice, "hosts", host)["description"]) == (text.strip(), text.strip())
    assert names(alice, "hosts", name=text) == [text.strip()]


# --- host keys --------------------------------------------------------------------------------------------------------


def offer(app: App, host: int, fingerprint: str) -> str:
    """The host shows a key; the one that is trusted."""
    with app.store.writing() as tx:
        return host_keys.meet(tx, host, kind="ssh-ed25519", fingerprint=fingerprint, public_key="AAAA").fingerprint


def choose(client: Client, host: int, fingerprint: str | None) -> Answer:
    return client.post(HOSTKEY, {"id": host, "fingerprint": fingerprint})


def test_the_first_key_is_pinned_and_no_other_ever_by_itself(appliance: App, alice: Client) -> None:
    host = add_host(alice, "till", "10.0.0.1")
    assert [offer(appliance, host, key) for key in ("SHA256:a", "SHA256:b", "SHA256:a", "SHA256:b")] == ["SHA256:a"] * 4
    assert one(alice, "hosts", host)["host_key"] == "SHA256:a"


def test_a_key_that_was_offered_may_be_accepted(appliance: App, alice: Client) -> None:
    host = add_host(alice, "till", "10.0.0.1")
    offer(appliance, host, "SHA256:a")
    assert choose(alice, host, "SHA256:b").detail == {"fingerprint": ["未见过的主机密钥"]}
    offer(appliance, host, "SHA256:b")
    assert choose(alice, host, "SHA256:b").json == OK
    assert one(alice, "hosts", host)["host_key"] == offer(appliance, host, "SHA256:a") == "SHA256:b"


def test_a_key_of_another_host_is_not_accepted(appliance: App, alice: Client) -> None:
    first, second = add_host(alice, "till", "10.0.0.1"), add_host(alice, "safe", "10.0.0.2")
    offer(appliance, first, "SHA256:a")
    assert choose(alice, second, "SHA256:a").detail == {"fingerprint": ["未见过的主机密钥"]}


def test_a_pin_may_be_forgotten(appliance: App, alice: Client) -> None:
    host = add_host(alice, "till", "10.0.0.1")
    offer(appliance, host, "SHA256:a")
    assert choose(alice, host, None).json == OK
    assert one(alice, "hosts", host)["host_key"] is None
    assert offer(appliance, host, "SHA256:b") == "SHA256:b"


def test_a_host_that_makes_up_keys_fills_nothing(appliance: App, alice: Client) -> None:
    host = add_host(alice, "till", "10.0.0.1")
    for number in range(30):
        assert offer(appliance, host, f"SHA256:{number}") == "SHA256:0"
    assert len(rows(appliance, "host_keys", host_id=host)) == 11


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({"fingerprint": "x"}, {"id": ["该字段是必填项。"]}),
        ({"id": 1}, {"fingerprint": ["该字段是必填项。"]}),
        ({"id": 1, "fingerprint": ""}, {"fingerprint": ["该字段不能为空。"]}),
        ({"id": 1, "fingerprint": ["x"]}, {"fingerprint": ["不是有效的字符串。"]}),
    ],
)
def test_choices_that_cannot_be(alice: Client, body: Any, faults: Any) -> None:
    assert alice.post(HOSTKEY, body).detail == faults


def test_choosing_a_key_takes_both_rights(appliance: App, alice: Client, bob: Client) -> None:
    host, hidden = add_host(alice, "till", "10.0.0.1"), add_host(alice, "hidden", "10.0.0.2", DEFAULT)
    eve = employ(appliance, "eve", "resource.self.read", "resource.self.update", on=SHOP)
    assert (choose(eve, host, None).status, choose(bob, host, None).status) == (403, 200)
    assert choose(bob, hidden, None).status == choose(alice, UNSEEN, None).status == 404


def test_what_is_done_to_hosts_is_audited(appliance: App, alice: Client) -> None:
    host = add_host(alice, "till", "10.0.0.1")
    assert last_operation(appliance) == ("添加资源", True)
    alice.post(ADD, TILL)
    assert last_operation(appliance) == ("添加资源", False)
    edit(alice, "hosts", id=host, port=23)
    assert last_operation(appliance) == (f"编辑资源{host}", True)
    assert rows(appliance, "operations")[-1].details == [
        {"what": "hosts", "id": host, "old": {"port": 22}, "new": {"port": 23}}
    ]
    edit(alice, "hosts", id=UNSEEN, port=23)
    assert last_operation(appliance) == (f"编辑资源{UNSEEN}", False)
    choose(alice, host, None)
    assert last_operation(appliance) == (f"变更资源{host}主机密钥", True)
    remove(alice, "hosts", host, UNSEEN)
    assert last_operation(appliance) == ("删除资源", True)


def test_a_refusal_by_right_is_audited(appliance: App, carol: Client) -> None:
    carol.post(ADD, TILL)
    assert last_operation(appliance) == ("添加资源", False)
