"""Abuse of users, roles and grants: without the right, beyond the form, above oneself."""

from collections.abc import Callable
from typing import Any

import pytest

from appliance.app import App
from appliance.domain import access
from appliance.domain.access import Actor
from tests.client import Answer, Client
from tests.conftest import PASSWORD, signed_in
from tests.ptpb.people import employ, make_role, number, row, rows

ME = "/api/rbac/user/detail/"


def sign_in(client: Client, login: str, password: str = PASSWORD, **headers: str) -> Answer:
    return client.post("/api/rbac/login/", {"account": login, "password": password}, **headers)


def is_good(app: App, token: str) -> bool:
    return Client(app, token).get(ME).status == 200


# --- A14, A20: whoever lacks the right -------------------------------------------------------------------------------


def everything(app: App) -> dict[str, list[Any]]:
    """All that these chapters can change."""
    tables = ("users", "roles", "user_roles", "role_permissions", "grants", "password_history")
    return {table: rows(app, table) for table in tables}


ATTEMPTS: list[tuple[str, Callable[[int], dict[str, Any]]]] = [
    ("/api/rbac/user/add/", lambda ident: {"account": "new", "password": "admin123", "name": "x"}),
    ("/api/rbac/user/edit/", lambda ident: {"id": ident, "name": "x", "status": False, "password": "brand new 1"}),
    ("/api/rbac/user/del/", lambda ident: {"id_list": [ident]}),
    ("/api/rbac/user/role/", lambda ident: {"id": ident, "roles": [2]}),
    ("/api/rbac/role/add/", lambda ident: {"name": "x", "code": "x"}),
    ("/api/rbac/role/edit/", lambda ident: {"id": ident, "name": "x", "status": False}),
    ("/api/rbac/role/del/", lambda ident: {"id_list": [ident]}),
    ("/api/rbac/role/edit/permission/", lambda ident: {"id": ident, "perms": [1]}),
    ("/api/perm/group-auth/edit/", lambda ident: {"role_id": ident, "groups": [{"id": 2, "permission": [16]}]}),
]


def test_the_attempts_cover_every_changing_route_of_these_chapters(appliance: App) -> None:
    ours = ("/api/rbac/user/", "/api/rbac/role/", "/api/perm/")
    changing = {route.path + "/" for route in appliance.serve.routes if route.writes and route.path.startswith(ours)}
    assert changing - {path for path, _ in ATTEMPTS} == {"/api/rbac/user/reset_password/"}


@pytest.mark.parametrize("who", ["bob", "carol", "mallory"])
def test_without_the_right_nothing_is_read_or_changed(appliance: App, who: str) -> None:
    client, before = signed_in(appliance, who), everything(appliance)
    for path, body in ATTEMPTS:
        for ident in (1, client.id, 4, 99):
            answer = client.post(path, body(ident))
            assert (answer.status, answer.detail) == (403, "您无当前权限访问"), path
    for path in ("user/get/", "role/get/", "role/get/permission/?id=1", "perm/"):
        assert client.get(f"/api/rbac/{path}").status == 403
    assert client.get("/api/perm/group-auth/get/?role_id=1").status == 403
    assert everything(appliance) == before


def test_whoever_holds_every_right_but_admin_does_nothing_to_administrators(appliance: App) -> None:
    boss = employ(appliance, "boss", "admin")
    role = row(appliance, "roles", name="role of boss").id
    dora = deputy(appliance)
    before = everything(appliance)
    for path, body in ATTEMPTS:
        targets = (
            [] if path.endswith("/add/") else [role, 1] if "role/" in path[:15] or "/perm/" in path else [boss.id, 1]
        )
        for ident in targets:
            assert dora.post(path, body(ident)).status in (400, 403), (path, ident)
    assert everything(appliance) == before


def deputy(app: App) -> Client:
    """Somebody with every system permission, but not the label admin."""
    codes = [one.code for one in rows(app, "permissions") if one.code.startswith("system.")]
    return employ(app, "dora", *codes)


# --- A17: writing what is not offered --------------------------------------------------------------------------------


SMUGGLED = {
    "id": 77,
    "protected": True,
    "roles": [1],
    "role_ids": [1],
    "is_admin": True,
    "is_superuser": True,
    "password_hash": "x",
    "login_key": "x",
    "enabled": False,
    "locked": True,
    "must_change_password": True,
    "login_count": 9,
    "avatar": "http://evil.example/x.png",
    "login_date": "2020-01-01T00:00:00+08:00",
    "create_date": "2020-01-01T00:00:00+08:00",
    "created_at": "2020-01-01",
    "uuid": "x",
    "login": {"login": "x"},
    "new_column": 1,
}


def test_a_new_user_is_nothing_but_what_the_document_offers(appliance: App, alice: Client) -> None:
    wanted = {"account": "erin", "password": "admin123", "name": "Erin"}
    assert alice.post("/api/rbac/user/add/", SMUGGLED | wanted).status == 200
    erin = row(appliance, "users", login="erin")
    assert (erin.id, erin.protected, erin.enabled, erin.locked, erin.login_count) == (5, False, True, False, 0)
    assert (erin.login_key, erin.must_change_password, erin.last_login_at) == ("erin", False, None)
    assert erin.created_at.year >= 2025
    assert [one.role_id for one in rows(appliance, "user_roles", user_id=erin.id)] == [2]
    assert "new_column" not in erin
    assert sign_in(Client(appliance), "erin", "admin123").status == 200


def test_an_edit_changes_nothing_but_what_the_document_offers(appliance: App, alice: Client) -> None:
    before = row(appliance, "users", id=2)
    assert alice.post("/api/rbac/user/edit/", SMUGGLED | {"id": 2, "name": "Robert"}).status == 200
    after = row(appliance, "users", id=2)
    assert after == {**before, "name": "Robert", "updated_at": after.updated_at}
    assert [one.role_id for one in rows(appliance, "user_roles", user_id=2)] == [2, 4]


def test_roles_and_grants_take_no_more_than_the_document_offers(appliance: App, alice: Client) -> None:
    alice.post("/api/rbac/role/add/", {**SMUGGLED, "name": "x", "code": "x", "permissions": [34], "perms": [34]})
    role = rows(appliance, "roles")[-1]
    assert (role.name, role.id, role.protected, role.enabled) == ("x", 5, False, True)
    assert rows(appliance, "role_permissions", role_id=role.id) == []
    given = {"id": 2, "permission": [19], "protected": True, "role": 1, "create_date": "2020"}
    alice.post("/api/perm/group-auth/edit/", {"role_id": 5, "groups": [given], "protected": True})
    assert [one.protected for one in rows(appliance, "grants", role_id=5)] == [False]


def test_of_a_repeated_key_one_counts_and_is_checked(appliance: App, alice: Client) -> None:
    body = b'{"id": 2, "roles": [2], "roles": [99]}'
    assert alice.call("POST", "/api/rbac/user/role/", body=body).status == 400
    assert [one.role_id for one in rows(appliance, "user_roles", user_id=2)] == [2, 4]


@pytest.mark.parametrize(
    "odd", [[], {}, [1], {"id": 1}, True, 1.5, "1 or 1=1", "1;--", "\ud83d", 2**70, -1, "x" * 10_000]
)
def test_odd_values_are_refused_and_harm_nothing(appliance: App, alice: Client, odd: Any) -> None:
    before = everything(appliance)
    bodies = {
        "/api/rbac/user/add/": {"account": odd, "password": odd, "name": odd, "email": odd, "phone_number": odd},
        "/api/rbac/user/edit/": {"id": odd, "name": "x"},
        "/api/rbac/user/role/": {"id": odd, "roles": odd},
        "/api/rbac/role/edit/permission/": {"id": odd, "perms": odd},
        "/api/perm/group-auth/edit/": {"role_id": odd, "groups": odd},
        "/api/rbac/user/reset_password/": {"old_password": odd, "new_password": odd},
    }
    for path, body in bodies.items():
        assert alice.post(path, body).status in (400, 404), path
    assert everything(appliance) == before


# --- A18: handing out more than one has ------------------------------------------------------------------------------


def effective(app: App, user_id: int) -> frozenset[str]:
    with app.store.reading(Actor()) as tx:
        return access.effective(tx, user_id)


def test_nobody_climbs_by_what_he_may_hand_out(appliance: App) -> None:
    dora = deputy(appliance)
    own_role = row(appliance, "roles", name="role of dora").id
    with appliance.store.writing() as tx:
        asleep = make_role(tx, "asleep", "admin")
        tx.change("roles", asleep, enabled=False)
        tx.insert("user_roles", user_id=dora.id, role_id=asleep)
        admin = number(tx, "admin")
    before = effective(appliance, dora.id)
    mine = [one.permission_id for one in rows(appliance, "role_permissions", role_id=own_role)]
    for path, body in [
        ("/api/rbac/user/role/", {"id": dora.id, "roles": [own_role, asleep, 1]}),
        ("/api/rbac/user/role/", {"id": dora.id, "roles": [own_role, asleep, 4]}),
        ("/api/rbac/role/edit/permission/", {"id": own_role, "perms": [*mine, admin]}),
        ("/api/rbac/role/edit/permission/", {"id": own_role, "perms": [*mine, 24]}),
        ("/api/perm/group-auth/edit/", {"role_id": own_role, "groups": [{"id": 2, "permission": [19]}]}),
        ("/api/rbac/role/edit/", {"id": asleep, "status": True}),
    ]:
        answer = dora.post(path, body)
        assert (answer.status, answer.detail) == (403, "无权操作超出自身权限的对象"), path
    assert effective(appliance, dora.id) == before


def test_the_last_administrator_stays_whatever_he_does_himself(appliance: App, alice: Client) -> None:
    for path, body in [
        ("/api/rbac/user/del/", {"id_list": [1]}),
        ("/api/rbac/user/edit/", {"id": 1, "status": False}),
        ("/api/rbac/user/role/", {"id": 1, "roles": [2, 3]}),
        ("/api/rbac/role/del/", {"id_list": [1]}),
        ("/api/rbac/role/edit/", {"id": 1, "status": False}),
        ("/api/rbac/role/edit/permission/", {"id": 1, "perms": []}),
    ]:
        assert alice.post(path, body).status == 400, path
    assert "admin" in effective(appliance, 1)
    assert is_good(appliance, alice.token)
