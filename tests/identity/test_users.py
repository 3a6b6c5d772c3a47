"""Users as this document keeps them: on the same table as everybody else's."""

from datetime import UTC, datetime
from typing import Any

import pytest

from appliance.app import App
from tests.client import Client
from tests.conftest import signed_in
from tests.identity.calls import ROOT, USER, data, errors, refused, sign_in
from tests.ptpb.people import alter, employ, later, row, rows

USERS = f"{ROOT}/users"
BEYOND = (403, "无权操作超出自身权限的对象")
LAST = (409, "不能移除最后一个管理员")
RESERVED = (403, "无法操作系统保留项")
NO_RIGHT = (403, "权限不足")


# --- finding ---------------------------------------------------------------------------------------------------------


def test_a_user_is_found_by_id_uuid_and_name(appliance: App, alice: Client) -> None:
    uuid = row(appliance, "users", id=2).uuid
    found = [data(alice.get(f"{USERS}/{name}"))["id"] for name in ("2", uuid, uuid.upper(), "bob", "BOB")]
    assert found == ["2"] * 5


@pytest.mark.parametrize("name", ["0", "9" * 30, "nobody", "00000000-0000-0000-0000-000000000000", "%00"])
def test_who_is_not_there_is_missing(alice: Client, name: str) -> None:
    assert refused(alice.get(f"{USERS}/{name}")) == (404, "用户不存在")


def test_digits_are_always_an_id(appliance: App, alice: Client) -> None:
    employ(appliance, "2222")
    assert alice.get(f"{USERS}/2222").status == 404


@pytest.mark.parametrize(
    ("columns", "status"),
    [
        ({"enabled": False}, "inactive"),
        ({"pending": True}, "inactive"),
        ({"locked": True}, "locked"),
        ({}, "active"),
    ],
)
def test_the_status_is_shown_and_filtered(appliance: App, alice: Client, columns: dict, status: str) -> None:
    alter(appliance, "users", 2, **columns)
    assert data(alice.get(f"{USERS}/2"))["status"] == status
    assert "bob" in [row["username"] for row in data(alice.get(USERS, status=status))["users"]]
    others = {"active", "inactive", "locked"} - {status}
    for other in others:
        assert "bob" not in [row["username"] for row in data(alice.get(USERS, status=other))["users"]]


def test_everybody_sees_himself_and_nobody_else(mallory: Client) -> None:
    himself = data(mallory.get(f"{USERS}/{mallory.id}"))
    assert (himself["username"], himself["permissions"]) == ("mallory", [])
    assert himself["profile"] == {"real_name": "", "phone": "", "department": "", "position": ""}
    assert refused(mallory.get(f"{USERS}/2")) == NO_RIGHT


def test_a_timed_lock_is_shown_with_its_end(alice: Client, stranger: Client) -> None:
    assert data(alice.get(f"{USERS}/bob"))["locked_until"] is None
    for _ in range(5):
        sign_in(stranger, "bob", "wrong")
    shown = data(alice.get(f"{USERS}/bob"))
    assert (shown["status"], shown["locked_until"][-1]) == ("active", "Z")


# --- adding ----------------------------------------------------------------------------------------------------------


def test_somebody_new_signs_in_at_every_door(alice: Client, stranger: Client) -> None:
    data(alice.post(USERS, USER))
    assert sign_in(stranger, "dave", USER["password"]).status == 200
    words = {"account": "dave", "password": USER["password"]}
    assert stranger.post("/api/rbac/login/", words).status == 200


def test_all_faults_are_told_at_once(alice: Client) -> None:
    wrong = {"username": "a b", "email": "nowhere", "password": "short", "roles": ["user", "boss", "chief"]}
    told = errors(alice.post(USERS, wrong | {"profile": {"phone": "call me"}}))
    assert sorted(told) == ["email", "password", "profile.phone", "roles", "username"]
    assert told["roles"] == ["角色不存在: boss", "角色不存在: chief"]
    assert told["password"] == ["密码长度须为8到128个字符", "密码须包含大写字母、小写字母、数字、特殊字符中的至少三类"]


def test_faults_of_form_do_not_hide_faults_of_rules(alice: Client) -> None:
    wrong = {"username": "a b", "password": "short", "roles": ["user", 5], "profile": {"phone": 5}, "allowed_ips": "x"}
    told = errors(alice.post(USERS, wrong))
    assert sorted(told) == ["allowed_ips", "email", "password", "profile.phone", "roles.1", "username"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"roles": []}, "roles"),
        ({"roles": "user"}, "roles"),
        ({"email": ""}, "email"),
        ({"email": "a" * 250 + "@example.com"}, "email"),
        ({"username": "x" * 65}, "username"),
        ({"profile": []}, "profile"),
        ({"profile": None}, "profile"),
        ({"profile": {"department": "x" * 65}}, "profile.department"),
        ({"password": "dave12345!"}, "password"),
        ({"password": "P@ssw0rd"}, "password"),
        ({"password": "Password123!\n"}, "password"),
        ({"expires_at": "tomorrow"}, "expires_at"),
        ({"expires_at": "9999-12-31T23:59:59-14:00"}, "expires_at"),
        ({"expires_at": "0001-01-01T00:00:00+14:00"}, "expires_at"),
        ({"allowed_ips": ["10.0.0.0/33"]}, "allowed_ips.0"),
    ],
)
def test_a_bad_field_is_named(appliance: App, alice: Client, change: dict[str, Any], field: str) -> None:
    assert list(errors(alice.post(USERS, USER | change))) == [field]
    assert len(rows(appliance, "users")) == 4


def test_what_is_taken_is_a_conflict(alice: Client) -> None:
    alice.post(USERS, USER | {"profile": {"phone": "13900139000"}})
    again = alice.post(USERS, USER | {"username": "DAVE", "profile": {"phone": "13900139000"}})
    assert refused(again) == (409, "用户名已存在")
    assert again.json["errors"] == {
        "username": ["用户名已存在"],
        "email": ["邮箱已被注册"],
        "profile.phone": ["手机号已被使用"],
    }
    assert refused(alice.post(USERS, USER | {"username": "eve", "email": "Dave@Example.com"})) == (409, "邮箱已被注册")


@pytest.mark.parametrize("name", ["user", "USER", "Client", "用户"])
def test_a_role_goes_by_any_of_its_names(alice: Client, name: str) -> None:
    assert data(alice.post(USERS, USER | {"roles": [name]}))["roles"] == ["user"]


def test_nobody_gives_a_role_that_holds_more_than_he_does(appliance: App) -> None:
    clerk = employ(appliance, "clerk", "system.user.create", "system.user.update", "system.user.read")
    assert refused(clerk.post(USERS, USER | {"roles": ["admin"]})) == BEYOND
    assert refused(clerk.post(USERS, USER | {"roles": ["shop"]})) == BEYOND
    assert refused(clerk.put(f"{USERS}/clerk", {"roles": ["admin"]})) == BEYOND
    assert [user.login for user in rows(appliance, "users")][-1] == "clerk"


# --- changing --------------------------------------------------------------------------------------------------------


def test_what_is_absent_stays(alice: Client) -> None:
    ident = data(alice.post(USERS, USER | {"profile": {"real_name": "戴夫", "department": "开发部"}}))["id"]
    data(alice.put(f"{USERS}/{ident}", {"profile": {"department": "", "position": "工程师"}}))
    shown = data(alice.get(f"{USERS}/{ident}"))
    assert shown["profile"] == {"real_name": "戴夫", "phone": "", "department": "", "position": "工程师"}
    assert (shown["email"], shown["roles"], shown["status"]) == (USER["email"], ["user"], "active")


def test_roles_are_replaced_and_not_added(alice: Client) -> None:
    ident = data(alice.post(USERS, USER | {"roles": ["user", "auditor"]}))["id"]
    assert data(alice.put(f"{USERS}/{ident}", {"roles": ["auditor"]}))["roles"] == ["auditor"]
    assert data(alice.put(f"{USERS}/{ident}", {"roles": []}))["roles"] == []


def test_new_roles_count_from_the_next_request_on(alice: Client, mallory: Client) -> None:
    assert refused(mallory.get(USERS))[0] == 403
    alice.put(f"{USERS}/mallory", {"roles": ["admin"]})
    assert mallory.get(USERS).status == 200
    alice.put(f"{USERS}/mallory", {"roles": []})
    assert refused(mallory.get(USERS))[0] == 403


@pytest.mark.parametrize("status", ["inactive", "locked"])
def test_stopping_somebody_ends_his_tokens_at_once(alice: Client, bob: Client, status: str) -> None:
    assert data(alice.put(f"{USERS}/bob", {"status": status}))["status"] == status
    assert refused(bob.get(f"{USERS}/bob")) == (401, "Token无效")
    assert bob.get("/api/rbac/user/detail/").status == 401
    data(alice.put(f"{USERS}/bob", {"status": "active"}))
    assert bob.get(f"{USERS}/bob").status == 401
    assert signed_in(bob.app, "bob").get(f"{USERS}/bob").status == 200


def test_active_lifts_a_timed_lock(alice: Client, stranger: Client) -> None:
    for _ in range(5):
        sign_in(stranger, "bob", "wrong")
    assert sign_in(stranger, "bob").status == 401
    data(alice.put(f"{USERS}/bob", {"status": "active"}))
    assert sign_in(stranger, "bob").status == 200


def test_an_account_ends_when_it_expires(alice: Client, bob: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    end = datetime.now(UTC).replace(microsecond=0).isoformat()
    data(alice.put(f"{USERS}/bob", {"expires_at": end}))
    later(monkeypatch, seconds=1)
    assert bob.get(f"{USERS}/bob").status == 401
    data(alice.put(f"{USERS}/bob", {"expires_at": None}))
    assert bob.get(f"{USERS}/bob").status == 200


def test_allowed_addresses_bind_from_the_next_request_on(appliance: App, alice: Client, bob: Client) -> None:
    shown = alice.put(f"{USERS}/bob", {"allowed_ips": ["203.0.113.7/24", "2001:DB8::1", "203.0.113.7/24"]})
    assert shown.status == 200
    assert data(alice.get(f"{USERS}/bob"))["allowed_ips"] == ["203.0.113.0/24", "2001:db8::1"]
    assert bob.get(f"{USERS}/bob").status == 401
    assert Client(appliance, bob.token, address="203.0.113.99").get(f"{USERS}/bob").status == 200


def test_of_oneself_one_changes_address_and_profile(mallory: Client) -> None:
    place = f"{USERS}/{mallory.id}"
    data(mallory.put(place, {"email": "m@example.com", "profile": {"real_name": "Mal"}}))
    shown = data(mallory.get(place))
    assert (shown["email"], shown["profile"]["real_name"]) == ("m@example.com", "Mal")


@pytest.mark.parametrize(
    "change", [{"roles": ["admin"]}, {"expires_at": "2030-01-01T00:00:00Z"}, {"allowed_ips": ["10.0.0.1"]}]
)
def test_of_oneself_one_changes_nothing_else(appliance: App, mallory: Client, change: dict[str, Any]) -> None:
    before = row(appliance, "users", id=mallory.id)
    assert refused(mallory.put(f"{USERS}/mallory", change)) == NO_RIGHT
    assert row(appliance, "users", id=mallory.id) == before


def test_what_is_so_already_may_be_repeated(bob: Client) -> None:
    assert data(bob.put(f"{USERS}/bob", {"roles": ["shop", "user"], "status": "active", "expires_at": None}))


@pytest.mark.parametrize("status", ["inactive", "locked"])
def test_nobody_stops_himself(alice: Client, mallory: Client, status: str) -> None:
    for somebody in (alice, mallory):
        answer = somebody.put(f"{USERS}/{somebody.id}", {"status": status})
        assert refused(answer) == (403, "不能停用自己的账号")


# --- administrators --------------------------------------------------------------------------------------------------


@pytest.fixture
def other(appliance: App, alice: Client) -> Client:
    """Another administrator."""
    data(alice.post(USERS, USER | {"roles": ["admin"]}))
    return signed_in(appliance, "dave")


def test_the_first_account_is_changed_by_itself_alone(alice: Client, other: Client) -> None:
    assert refused(other.put(f"{USERS}/1", {"email": "x@example.com"})) == RESERVED
    assert refused(other.put(f"{USERS}/1", {"roles": []})) == RESERVED
    assert refused(other.delete(f"{USERS}/1")) == RESERVED
    assert refused(other.post(f"{USERS}/1/reset-password")) == RESERVED
    assert data(alice.put(f"{USERS}/1", {"email": "alice@example.com"}))["email"] == "alice@example.com"


def test_the_last_administrator_stays_one(appliance: App, other: Client) -> None:
    alter(appliance, "users", 1, enabled=False)
    assert refused(other.put(f"{USERS}/dave", {"roles": ["user"]})) == LAST
    assert refused(other.put(f"{USERS}/dave", {"expires_at": "2030-01-01T00:00:00Z"})) == LAST
    assert refused(other.put(f"{USERS}/dave", {"allowed_ips": ["203.0.113.1"]})) == LAST
    assert other.get(USERS).status == 200


def test_an_administrator_is_touched_by_administrators_alone(appliance: App, other: Client) -> None:
    codes = ["system.user.update", "system.user.delete"]
    clerk = employ(appliance, "clerk", *codes)
    for answer in (
        clerk.put(f"{USERS}/dave", {"email": "x@example.com"}),
        clerk.delete(f"{USERS}/dave"),
        clerk.post(f"{USERS}/dave/reset-password"),
    ):
        assert refused(answer) == BEYOND


def test_nobody_removes_himself(appliance: App, other: Client) -> None:
    assert refused(other.delete(f"{USERS}/dave")) == NO_RIGHT
    assert row(appliance, "users", login="dave")


# --- removing --------------------------------------------------------------------------------------------------------


def test_removing_ends_tokens_and_keeps_history(appliance: App, alice: Client, bob: Client) -> None:
    bob.put(f"{USERS}/bob", {"profile": {"position": "shopkeeper"}})
    data(alice.delete(f"{USERS}/bob"))
    assert refused(bob.get(f"{USERS}/bob")) == (401, "Token无效")
    assert rows(appliance, "operations")[0].user_name == "bob"


def test_a_name_may_be_used_again_and_an_id_never(alice: Client) -> None:
    first = data(alice.post(USERS, USER))["id"]
    alice.delete(f"{USERS}/{first}")
    assert int(data(alice.post(USERS, USER))["id"]) > int(first)
