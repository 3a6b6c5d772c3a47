"""Users: adding, changing, removing, listing them."""

from typing import Any

import pytest

from appliance.app import App
from appliance.domain import guard, passwords
from tests.client import Answer, Client
from tests.conftest import PASSWORD
from tests.ptpb.people import alter, employ, last_operation, make_role, row, rows

NEW = {"account": "erin", "password": "admin123", "name": "Erin"}
BEYOND = "无权操作超出自身权限的对象"
RESERVED = "无法操作系统保留项"


@pytest.fixture(autouse=True)
def cheaper(monkeypatch: pytest.MonkeyPatch) -> None:
    """New passwords are hashed as in earnest, only faster."""
    monkeypatch.setattr(passwords, "COST", 4)


def add(client: Client, **fields: Any) -> Answer:
    return client.post("/api/rbac/user/add/", NEW | fields)


def edit(client: Client, ident: int, **fields: Any) -> Answer:
    return client.post("/api/rbac/user/edit/", {"id": ident, **fields})


def remove(client: Client, *ids: Any) -> Answer:
    return client.post("/api/rbac/user/del/", {"id_list": list(ids)})


def bind(client: Client, ident: int, *roles: int) -> Answer:
    return client.post("/api/rbac/user/role/", {"id": ident, "roles": list(roles)})


def change_password(client: Client, old: str, new: str) -> Answer:
    return client.post("/api/rbac/user/reset_password/", {"old_password": old, "new_password": new})


def may_sign_in(app: App, login: str, password: str = PASSWORD) -> bool:
    return Client(app).post("/api/rbac/login/", {"account": login, "password": password}).status == 200


def is_signed_in(client: Client) -> bool:
    return client.get("/api/rbac/user/detail/").status == 200


def lock(app: App, login: str) -> None:
    """What five failures do."""
    with app.store.writing() as tx:
        for _ in range(guard.LOCK_AFTER):
            guard.strike(tx, "account", login, guard.LOCK_AFTER, guard.LOCK_WITHIN)


# --- adding ----------------------------------------------------------------------------------------------------------


def test_a_new_user_is_an_ordinary_one_and_may_sign_in(appliance: App, alice: Client) -> None:
    assert add(alice).status == 200
    user = alice.get("/api/rbac/user/get/?account=erin").detail[0]
    assert (user["roles"], user["status"], user["protected"], user["email"]) == ([2], True, False, None)
    assert may_sign_in(appliance, "erin", "admin123")
    assert last_operation(appliance) == ("添加用户", True)


def test_all_that_is_wrong_is_told_at_once(alice: Client) -> None:
    wrong = {"account": "é", "password": "short", "email": "a@b", "phone_number": "call me"}
    assert add(alice, **wrong).detail == {
        "account": ["账户含有不允许的字符"],
        "password": ["密码长度须为8到128个字符"],
        "email": ["无效邮箱"],
        "phone_number": ["无效电话"],
    }


def test_what_is_missing_is_told_at_once(alice: Client) -> None:
    answer = alice.post("/api/rbac/user/add/", {"status": "perhaps", "remark": "x" * 1001})
    assert answer.detail == {
        "account": ["账户为必填项"],
        "password": ["密码为必填项"],
        "name": ["该字段是必填项。"],
        "status": ["必须是有效的布尔值。"],
        "remark": ["请确保这个字段不能超过 1000 个字符。"],
    }


def test_accounts_addresses_and_numbers_are_unique_whatever_their_case(alice: Client) -> None:
    add(alice, email="erin@example.com", phone_number="12345")
    answer = add(alice, account="ERIN", email="Erin@Example.COM", phone_number="12345")
    assert answer.detail == {
        "account": ["账户以被注册"],
        "email": ["邮箱已被注册"],
        "phone_number": ["具有 电话 的 用户 已存在。"],
    }


@pytest.mark.parametrize("nothing", ["", None, "  "])
def test_many_users_have_neither_address_nor_number(alice: Client, nothing: str | None) -> None:
    for account in ("erin", "frank"):
        assert add(alice, account=account, email=nothing, phone_number=nothing, remark=nothing).status == 200
    user = alice.get("/api/rbac/user/get/?account=frank").detail[0]
    assert (user["email"], user["phone_number"], user["remark"]) == (None, None, None)


@pytest.mark.parametrize("name", ["", " ", "x" * 65, None])
def test_a_name_has_1_to_64_signs(alice: Client, name: str | None) -> None:
    assert list(add(alice, name=name).detail) == ["name"]


def test_names_need_not_be_unique(alice: Client) -> None:
    assert add(alice, name="bob").status == 200


@pytest.mark.parametrize("account", ["a" * 65, "a b", "a/b", "张三", "a\nb", "<b>", "a:b"])
def test_strange_accounts_are_refused(alice: Client, account: str) -> None:
    assert add(alice, account=account).detail == {"account": ["账户含有不允许的字符"]}


@pytest.mark.parametrize("account", ["a", "A.b_c-d@example.com", "7" * 64, 12345])
def test_usual_accounts_are_taken(alice: Client, account: Any) -> None:
    assert add(alice, account=account).status == 200


@pytest.mark.parametrize("email", ["a@b.c", "a.b+c@mail.example.com", "x@" + "a" * 60 + ".example"])
def test_usual_addresses_are_taken(alice: Client, email: str) -> None:
    assert add(alice, email=email).status == 200


@pytest.mark.parametrize(
    "email", ["a", "@b.c", "a@", "a@b", "a b@c.de", "a@b..c", ".a@b.c", "a@-b.c", "a@b.c\nd", "a@@b.c"]
)
def test_broken_addresses_are_refused(alice: Client, email: str) -> None:
    assert add(alice, email=email).detail == {"email": ["无效邮箱"]}


@pytest.mark.parametrize("phone", ["1234", "1" * 21, "+-+-+-", "0x1234567", "12345\n6"])
def test_broken_numbers_are_refused(alice: Client, phone: str) -> None:
    assert add(alice, phone_number=phone).detail == {"phone_number": ["无效电话"]}


@pytest.mark.parametrize("phone", ["13800138000", "+86 138-0013-8000", 13800138000])
def test_usual_numbers_are_taken(alice: Client, phone: Any) -> None:
    assert add(alice, phone_number=phone).status == 200


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("1234567", "密码长度须为8到128个字符"),
        ("x" * 129, "密码长度须为8到128个字符"),
        ("Erin.Erin", "密码不能包含用户名"),
        ("tab\tulator", "密码不能包含控制字符"),
    ],
)
def test_the_floor_of_passwords(alice: Client, password: str, sentence: str) -> None:
    assert add(alice, account="erin.erin", password=password).detail == {"password": [sentence]}


def test_a_long_password_counts_to_its_last_sign(appliance: App, alice: Client) -> None:
    add(alice, password="x" * 127 + "a")
    assert not may_sign_in(appliance, "erin", "x" * 127 + "b")
    assert may_sign_in(appliance, "erin", "x" * 127 + "a")


class TestStrictRules:
    """password_rules = strict."""

    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"password_rules": "strict"}

    def test_the_full_rules_hold_here_too(self, alice: Client) -> None:
        faults = ["密码须包含大写字母、小写字母、数字、特殊字符中的至少三类", "密码过于常见"]
        assert add(alice, password="admin123").detail == {"password": faults}
        assert add(alice, password="Password123!").status == 200


def test_somebody_added_disabled_may_not_sign_in(appliance: App, alice: Client) -> None:
    assert add(alice, status="false").status == 200
    assert not may_sign_in(appliance, "erin", "admin123")


def test_a_refused_addition_is_in_the_log_and_changes_nothing(appliance: App, alice: Client, mallory: Client) -> None:
    assert add(alice, password="short").status == 400
    assert last_operation(appliance) == ("添加用户", False)
    assert add(mallory).status == 403
    assert last_operation(appliance) == ("添加用户", False)
    assert len(rows(appliance, "users")) == 4


# --- changing --------------------------------------------------------------------------------------------------------


def test_absent_fields_stay_and_empty_ones_are_cleared(appliance: App, alice: Client) -> None:
    full = {"email": "bob@example.com", "phone_number": "12345", "remark": "x"}
    assert edit(alice, 2, **full).status == 200
    assert edit(alice, 2, name="Robert").status == 200
    bob = row(appliance, "users", id=2)
    assert (bob.name, bob.email, bob.phone, bob.remark) == ("Robert", "bob@example.com", "12345", "x")
    assert edit(alice, 2, email=None, phone_number="", remark=None).status == 200
    bob = row(appliance, "users", id=2)
    assert (bob.name, bob.email, bob.email_key, bob.phone, bob.remark) == ("Robert", None, None, None, None)


def test_a_name_cannot_be_emptied(alice: Client) -> None:
    assert edit(alice, 2, name="").detail == {"name": ["该字段不能为空。"]}


def test_ones_own_address_is_not_taken(alice: Client) -> None:
    edit(alice, 2, email="bob@example.com")
    assert edit(alice, 2, email="BOB@example.com").status == 200


@pytest.mark.parametrize("ident", [99, 10**30, -1, 0])
def test_an_unknown_user_is_not_found(appliance: App, alice: Client, ident: int) -> None:
    assert edit(alice, ident, name="x").status == 404
    assert bind(alice, ident, 2).status == 404


def test_an_edit_names_its_user_in_the_log(appliance: App, alice: Client, mallory: Client) -> None:
    edit(alice, 2, name="x")
    assert last_operation(appliance) == ("编辑用户2", True)
    edit(alice, 99, name="x")
    assert last_operation(appliance) == ("编辑用户99", False)
    edit(mallory, 2, name="x")
    assert last_operation(appliance) == ("编辑用户2", False)


def test_an_id_is_needed_and_a_number(alice: Client) -> None:
    assert alice.post("/api/rbac/user/edit/", {}).detail == {"id": ["该字段是必填项。"]}
    assert alice.post("/api/rbac/user/edit/", {"id": "x"}).detail == {"id": ["请填写合法的整数值。"]}


def test_an_account_cannot_be_changed(alice: Client) -> None:
    assert edit(alice, 2, account="bob").status == 200
    assert edit(alice, 2, account="robert", email="x").detail == {"account": ["账户不可修改"], "email": ["无效邮箱"]}


def test_disabling_somebody_ends_his_sign_ins_at_once(appliance: App, alice: Client, bob: Client) -> None:
    assert edit(alice, 2, status=False).status == 200
    assert not is_signed_in(bob)
    assert edit(alice, 2, status=True).status == 200
    assert not is_signed_in(bob)
    assert may_sign_in(appliance, "bob")


def test_nobody_disables_himself(appliance: App, alice: Client) -> None:
    dora = employ(appliance, "dora", "system.user.update")
    assert edit(dora, dora.id, status=False).detail == {"status": ["不能停用自己"]}
    assert edit(dora, dora.id, status=True, name="Dora").status == 200


def test_the_protected_user_is_changed_by_himself_alone(appliance: App, alice: Client) -> None:
    boss = employ(appliance, "boss", "admin")
    for fields in ({"name": "x"}, {"email": "a@b.c"}, {"status": False}, {"password": "another one"}):
        answer = edit(boss, 1, **fields)
        assert (answer.status, answer.detail) == (400, RESERVED)
    assert edit(alice, 1, name="x", email="a@b.c", status=True).status == 200
    assert edit(alice, 1, status=False).detail == RESERVED


def test_only_administrators_touch_administrators(appliance: App, alice: Client) -> None:
    boss = employ(appliance, "boss", "admin")
    dora = employ(appliance, "dora", "system.user.update", "system.user.delete", "system.permission.update")
    for answer in (edit(dora, boss.id, name="x"), bind(dora, boss.id)):
        assert (answer.status, answer.detail) == (403, BEYOND)
    with appliance.store.writing() as tx:
        small = make_role(tx, "small")
    role = row(appliance, "roles", name="role of boss").id
    assert bind(dora, boss.id, role, small).status == 403
    assert remove(dora, boss.id).status == 400
    assert edit(alice, boss.id, name="x").status == 200


# --- removing --------------------------------------------------------------------------------------------------------


def test_those_who_may_not_be_removed_are_skipped_and_named(appliance: App, alice: Client) -> None:
    boss = employ(appliance, "boss", "system.user.delete")
    employ(appliance, "other boss", "admin", id=9)
    answer = remove(boss, 1, 2, 3, boss.id, 9, 99, 2)
    assert answer.json == {"code": 200, "msg": "OK", "detail": {"skipped": [1, boss.id, 9, 99]}, "total": 2}
    assert last_operation(appliance) == ("删除用户", True)


def test_who_was_removed_is_signed_out_and_his_history_stays(appliance: App, alice: Client, bob: Client) -> None:
    change_password(bob, "wrong", "x")
    assert remove(alice, 2).json == {"code": 200, "msg": "OK", "total": 1}
    assert not is_signed_in(bob)
    line = alice.get("/api/audit/opera/get/").detail[0]
    assert (line["user"], line["operation"]) == ({"id": 2, "name": "bob"}, "重置bob密码")


def test_a_name_may_be_used_again_but_never_an_id(appliance: App, alice: Client) -> None:
    lock(appliance, "mallory")
    remove(alice, 4)
    add(alice, account="mallory")
    assert row(appliance, "users", login="mallory").id == 5
    assert may_sign_in(appliance, "mallory", "admin123")


@pytest.mark.parametrize("named", ["x", None, {}, ["x"], [True], [1.5], [[2]], [], 2.5])
def test_what_is_no_list_of_integers_removes_nobody(appliance: App, alice: Client, named: Any) -> None:
    answer = alice.post("/api/rbac/user/del/", {"id_list": named})
    assert (answer.status, answer.detail) == (400, "用户受保护,或对象不存在")
    assert last_operation(appliance) == ("删除用户", False)


def test_ids_may_come_as_text_or_in_a_form(appliance: App, alice: Client) -> None:
    assert alice.post("/api/rbac/user/del/", {"id_list": ["2"]}).status == 200
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert alice.call("POST", "/api/rbac/user/del/", body=b"id_list=3&id_list=4", headers=form).json["total"] == 2


# --- listing ---------------------------------------------------------------------------------------------------------


def test_filters_contain_without_regard_to_case(alice: Client) -> None:
    add(alice, name="Ångström 100%", email="Erin@example.com", phone_number="+86 555")
    for query in ("account=RIN", "name=100%25", "email=ERIN@", "phone_number=86 5", "account=erin&name=str"):
        assert [user["account"] for user in alice.get(f"/api/rbac/user/get/?{query}").detail] == ["erin"], query
    assert alice.get("/api/rbac/user/get/?name=%25o").json["total"] == 0
    assert alice.get("/api/rbac/user/get/?name=_").json["total"] == 0


def test_the_filter_of_status_takes_the_usual_spellings(appliance: App, alice: Client) -> None:
    alter(appliance, "users", 3, enabled=False)
    for word in ("false", "0", "No", "OFF"):
        assert [user["id"] for user in alice.get("/api/rbac/user/get/", status=word).detail] == [3]
    assert alice.get("/api/rbac/user/get/?status=").json["total"] == 4
    assert alice.get("/api/rbac/user/get/?status=x").detail == {"status": ["必须是有效的布尔值。"]}


def test_pages(alice: Client) -> None:
    def ids(query: str) -> list[int]:
        return [user["id"] for user in alice.get(f"/api/rbac/user/get/?{query}").detail]

    assert ids("page_size=3") == [1, 2, 3]
    assert ids("page_size=3&page=2") == ids("page_size=3&page=9&page_number=2") == [4]
    assert ids("page_size=3&page=2&all=true") == [1, 2, 3, 4]
    assert ids("desc=true&page_size=2") == [4, 3]
    past = alice.get("/api/rbac/user/get/?page=7").json
    assert (past["total"], past["detail"], past["extra"]) == (4, [], None)
    for wrong in ("page=0", "page_size=0", "page_size=x", "page_number=-1"):
        assert alice.get(f"/api/rbac/user/get/?{wrong}").status == 400


def test_a_page_of_users_costs_as_many_queries_as_one_user(appliance: App, alice: Client) -> None:
    counted: list[str] = []
    alice.get("/api/rbac/user/get/?page_size=1")  # from here on it is known who alice is
    appliance.store.driver.set_trace_callback(counted.append)
    alice.get("/api/rbac/user/get/?page_size=1")
    one = len(counted)
    alice.get("/api/rbac/user/get/?page_size=100")
    assert len(counted) == 2 * one


def test_no_answer_holds_a_hash(alice: Client) -> None:
    for path in ("/api/rbac/user/get/?all=true", "/api/rbac/user/detail/"):
        assert b"$2b$" not in alice.get(path).body
        assert b"password" not in alice.get(path).body


def test_everybody_sees_himself_and_where_he_comes_from(mallory: Client) -> None:
    mallory.address = "203.0.113.7"
    me = mallory.get("/api/rbac/user/detail/").detail
    assert (me["account"], me["roles"], me["ip"]) == ("mallory", [], "203.0.113.7")
