"""Users in this document's words; who may change whom."""

from typing import Any

import pytest

from appliance.app import App
from tests.client import Client
from tests.conftest import signed_in
from tests.ipam.calls import made, patch, refused, remove, rows
from tests.ipam.test_signing_in import sign_in


def add(client: Client, username: str = "dave", **more: Any) -> dict[str, Any]:
    return made(client, "users", username=username, password="correct horse 2", **more)


def test_a_user_is_made_an_operator_and_signs_in_everywhere(alice: Client, stranger: Client) -> None:
    row = add(alice, nickname="Dave", email="dave@example.com", description="d")
    assert (row["role"], row["roles"], row["status"], row["first_login"]) == ("operator", ["operator"], "active", True)
    assert "password" not in row
    assert sign_in(stranger, "dave", "correct horse 2").json["data"]["first_login"] is True
    body = {"account": "dave", "password": "correct horse 2"}
    assert stranger.post("/api/rbac/login/", body).status == 200


def test_every_fault_is_told_in_these_words(alice: Client) -> None:
    body = {"username": "BOB", "password": "x", "email": "no", "role": "king", "unit_id": 9, "status": "asleep"}
    status, code, details = refused(alice.post("/api/users", body))
    assert (status, code) == (400, "INVALID_PARAMETER")
    assert set(details) == set(body)
    assert refused(alice.post("/api/users", {}))[2] == {"username": "不能为空", "password": "不能为空"}
    taken = alice.post("/api/users", {"username": "bob", "password": "correct horse 2"})
    assert refused(taken) == (400, "ALREADY_EXISTS", {"username": "用户名已存在"})


def test_several_are_made_or_none(alice: Client) -> None:
    one = {"password": "correct horse 2"}
    assert alice.post("/api/users", [one | {"username": "u1"}, one | {"username": "u2"}]).json["data"]["total"] == 2
    twice = alice.post("/api/users", [one | {"username": "u3"}, one | {"username": "U3"}])
    assert refused(twice)[1:] == ("ALREADY_EXISTS", {"username": "用户名已存在"})
    assert "u3" not in [row["username"] for row in rows(alice, "users")]


@pytest.mark.parametrize(
    ("word", "shown"), [("viewer", "auditor"), ("user", "operator"), ("admin", "admin"), ("shop", "shop")]
)
def test_a_role_replaces_all_others(alice: Client, word: str, shown: str) -> None:
    ident = add(alice, roles=["auditor", "operator"])["id"]
    data = patch(alice, "users", {"id": ident, "role": word}).json["data"]
    assert (data["role"], data["roles"]) == (shown, [shown])


def test_without_the_right_one_sees_himself(bob: Client, carol: Client, alice: Client) -> None:
    assert [row["username"] for row in rows(bob, "users")] == ["bob"]
    assert bob.get("/api/users/count").json["data"]["total"] == 1
    assert bob.get("/api/users/1").status == 404
    assert len(rows(alice, "users")) == 4


def test_people_are_found_by_status_and_group(alice: Client) -> None:
    group = made(alice, "user-groups", name="g")
    row = add(alice, status="disabled", group_ids=[group["id"]])
    assert row["group_ids"] == [group["id"]]
    assert [one["username"] for one in rows(alice, "users", status="disabled")] == ["dave"]


def test_stopping_somebody_ends_his_tokens(appliance: App, alice: Client, bob: Client) -> None:
    data = patch(alice, "users", {"id": bob.id, "status": "disabled"}).json["data"]
    assert data["status"] == "disabled"
    assert bob.get("/api/profile").status == 401


def test_a_password_set_by_another_has_to_be_changed(
    appliance: App, alice: Client, bob: Client, stranger: Client
) -> None:
    assert patch(alice, "users", {"id": bob.id, "password": "brand new 1"}).status == 200
    assert bob.get("/api/profile").status == 401
    data = sign_in(stranger, "bob", "brand new 1").json["data"]
    assert (data["must_change_password"], data["first_login"]) == (True, True)
    assert refused(Client(appliance, data["token"]).get("/api/units"))[:2] == (403, "FORBIDDEN")


def test_one_does_not_stop_or_remove_or_promote_oneself(appliance: App, alice: Client) -> None:
    add(alice, role="admin")
    dave = signed_in(appliance, "dave")
    assert set(refused(patch(dave, "users", {"id": dave.id, "status": "disabled"}))[2]) == {"status"}
    assert patch(dave, "users", {"id": dave.id, "role": "auditor"}).status == 403
    assert remove(dave, "users", dave.id).status == 403
    assert remove(alice, "users", dave.id or 0).status == 200


def test_the_first_account_is_not_touched_by_another_administrator(appliance: App, alice: Client) -> None:
    add(alice, role="admin")
    dave = signed_in(appliance, "dave")
    for body in ({"status": "disabled"}, {"role": "operator"}, {"password": "brand new 1"}):
        assert patch(dave, "users", {"id": 1} | body).status == 403, body
    assert remove(dave, "users", 1).status == 403


def test_names_are_given_once(alice: Client, bob: Client) -> None:
    assert refused(patch(alice, "users", {"id": bob.id, "username": "robert"}))[2] == {"username": "不可修改"}
    assert patch(alice, "users", {"id": bob.id, "username": "bob", "nickname": "Robert"}).status == 200


def test_a_manager_of_users_gives_no_roles_beyond_his_own(appliance: App, alice: Client, mallory: Client) -> None:
    with appliance.store.writing() as tx:
        codes = ["system.user.create", "system.user.update", "system.user.read", "system.permission.update"]
        role = tx.insert("roles", name="m", name_key="m", code="m", code_key="m")
        for code in codes:
            tx.insert("role_permissions", role_id=role, permission_id=tx.find("permissions", code=code).id)
        tx.insert("user_roles", user_id=mallory.id, role_id=role)
    body = {"username": "eve", "password": "correct horse 2", "role": "admin"}
    assert mallory.post("/api/users", body).status == 403
    assert patch(mallory, "users", {"id": mallory.id, "role": "admin"}).status == 403
    assert patch(mallory, "users", {"id": 1, "nickname": "x"}).status == 403
    assert "eve" not in [row["username"] for row in rows(alice, "users")]
    assert mallory.post("/api/users", body | {"role": "m"}).status == 201


def test_unknown_people_and_batches(alice: Client, bob: Client, carol: Client) -> None:
    assert refused(patch(alice, "users", {"id": 99, "nickname": "x"}))[:2] == (404, "ID_NOT_FOUND")
    data = patch(alice, "users", {"ids": [bob.id, carol.id], "description": "x"}).json["data"]
    assert (data["updated"], [row["description"] for row in data["list"]]) == (2, ["x", "x"])
    assert refused(remove(alice, "users", bob.id, 99))[1] == "ID_NOT_FOUND"
    assert remove(alice, "users", bob.id, carol.id).json["data"]["deleted"] == 2
