"""API keys: what they are worth, where, and for how long."""

import json
from pathlib import Path
from typing import Any

import pytest

from appliance.app import App
from tests.client import Client
from tests.conftest import signed_in
from tests.identity.calls import ROOT, USER, data, errors, key_of, refused, sign_in
from tests.ptpb.people import alter, employ, later, row, rows

KEYS = f"{ROOT}/api-keys"
BAD, OFF, OVER = (401, "API密钥无效"), (401, "API密钥已禁用"), (401, "API密钥已过期")
NOT_BY_KEY = (403, "API密钥不能执行此操作")
MISSING = (404, "API密钥不存在")
HOSTS = "/api/resource/resource/get/"


# --- making ----------------------------------------------------------------------------------------------------------


def test_a_key_is_shown_once_and_kept_as_a_hash(appliance: App, alice: Client) -> None:
    secret = key_of(alice, "read").password
    shown = data(alice.get(KEYS))["api_keys"][0]
    assert (shown["key_prefix"], shown["name"], shown["created_by"]) == (secret[:9], "key", "alice")
    assert secret not in json.dumps([data(alice.get(KEYS)), data(alice.get(f"{KEYS}/{shown['id']}"))])
    assert secret not in json.dumps(rows(appliance, "operations"), default=str)
    appliance.store.close()
    kept = b"".join(file.read_bytes() for file in Path(appliance.settings.data).rglob("appliance.db*"))
    assert secret[9:].encode() not in kept


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"description": "x" * 256}, "description"),
        ({"permissions": []}, "permissions"),
        ({"permissions": "read"}, "permissions"),
        ({"permissions": ["read", "nothing", "more"]}, "permissions"),
        ({"expires_in_days": 0}, "expires_in_days"),
        ({"expires_in_days": 3651}, "expires_in_days"),
        ({"expires_in_days": True}, "expires_in_days"),
        ({"expires_in_days": "30"}, "expires_in_days"),
        ({"expires_in_days": 1.5}, "expires_in_days"),
        ({"allowed_ips": ["here"]}, "allowed_ips.0"),
    ],
)
def test_a_bad_field_is_named(alice: Client, change: dict[str, Any], field: str) -> None:
    assert list(errors(alice.post(KEYS, {"name": "key", "permissions": ["read"]} | change))) == [field]


def test_unknown_permissions_are_all_named_and_none_is_made_up(appliance: App, alice: Client) -> None:
    before = len(rows(appliance, "permissions"))
    told = errors(alice.post(KEYS, {"name": "key", "permissions": ["read", "nothing", "more"]}))
    assert told == {"permissions": ["权限不存在: nothing", "权限不存在: more"]}
    assert len(rows(appliance, "permissions")) == before


def test_a_key_holds_no_more_than_its_maker(carol: Client, mallory: Client) -> None:
    answer = carol.post(KEYS, {"name": "key", "permissions": ["read", "admin", "system.user.read"]})
    assert refused(answer) == (403, "权限不足")
    assert answer.json["errors"] == {"permission": ["admin", "system.user.read"]}
    assert refused(mallory.post(KEYS, {"name": "key", "permissions": ["read"]}))[0] == 403
    assert key_of(carol, "logs", "audit.login.read").get("/api/audit/login/get/").status == 200


def test_a_right_on_a_group_may_go_into_a_key(bob: Client) -> None:
    key = key_of(bob, "resource.self.read")
    assert key.get(HOSTS).status == 200
    assert key.get("/api/resource/voucher/get/").status == 403


def test_everybody_keeps_a_hundred_keys(appliance: App, bob: Client) -> None:
    made = [bob.post(KEYS, {"name": "key", "permissions": ["read"]}).status for _ in range(101)]
    assert made == [200] * 100 + [409]


# --- keeping ---------------------------------------------------------------------------------------------------------


def test_nobody_sees_the_keys_of_others_but_an_administrator(alice: Client, bob: Client, carol: Client) -> None:
    bobs = key_of(bob, "read").id
    assert data(carol.get(KEYS))["total"] == 0
    for method, path in (("GET", ""), ("GET", "/stats"), ("POST", "/disable"), ("POST", "/enable"), ("DELETE", "")):
        assert refused(carol.call(method, f"{KEYS}/{bobs}{path}")) == MISSING
    assert data(alice.get(KEYS))["api_keys"][0]["created_by"] == "bob"
    assert alice.call("POST", f"{KEYS}/{bobs}/disable").status == 200


@pytest.mark.parametrize("ident", ["0", "999", "9" * 30, "-1", "key", "1.5", "%31x"])
def test_a_key_that_is_not_there_is_missing(alice: Client, ident: str) -> None:
    key_of(alice, "read")
    assert refused(alice.delete(f"{KEYS}/{ident}")) == MISSING


def test_keys_are_found_by_name_and_status(alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    on, off = key_of(alice, "read", name="Nightly"), key_of(alice, "read", name="old", expires_in_days=1)
    alice.call("POST", f"{KEYS}/{off.id}/disable")
    by = {status: data(alice.get(KEYS, status=status))["api_keys"] for status in ("active", "inactive", "expired")}
    assert {status: [row["id"] for row in found] for status, found in by.items()} == {
        "active": [on.id],
        "inactive": [off.id],
        "expired": [],
    }
    assert [row["id"] for row in data(alice.get(KEYS, name="NIGHT"))["api_keys"]] == [on.id]
    assert list(errors(alice.get(KEYS, status="locked"))) == ["status"]
    later(monkeypatch, days=1)
    alice = signed_in(alice.app, "alice")
    assert [row["status"] for row in data(alice.get(KEYS, status="expired"))["api_keys"]] == ["expired"]


def test_switching_twice_tells_the_first_time(alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    key = key_of(alice, "read")
    first = data(alice.call("POST", f"{KEYS}/{key.id}/disable"))
    later(monkeypatch, minutes=5)
    assert data(alice.call("POST", f"{KEYS}/{key.id}/disable")) == first
    enabled = data(alice.call("POST", f"{KEYS}/{key.id}/enable"))
    assert enabled["enabled_at"] > first["disabled_at"]


def test_an_expired_key_is_over_for_good(alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    key = key_of(alice, "read", expires_in_days=1)
    later(monkeypatch, hours=23.9)
    assert key.get(f"{ROOT}/users").status == 200
    later(monkeypatch, hours=0.1)
    assert refused(key.get(f"{ROOT}/users")) == OVER
    answer = signed_in(alice.app, "alice").call("POST", f"{KEYS}/{key.id}/enable")
    assert refused(answer) == (400, "API密钥已过期")


# --- showing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["ApiKey {}", "apikey {}", "Bearer {}", "bearer {}"])
def test_a_key_is_taken_in_the_authorization_header(appliance: App, alice: Client, scheme: str) -> None:
    key = Client(appliance, scheme.format(key_of(alice, "read").password))
    assert key.get(f"{ROOT}/users").status == 200
    assert key.get("/api/rbac/user/get/").status == 200


def test_a_key_is_taken_in_its_own_header(stranger: Client, alice: Client) -> None:
    header = {"X-API-Key": key_of(alice, "read").password}
    for path in (f"{ROOT}/users", "/api/rbac/user/get/"):
        assert stranger.call("GET", path, headers=header).status == 200


def test_a_key_in_the_url_or_a_cookie_is_not_taken(stranger: Client, alice: Client) -> None:
    secret = key_of(alice, "read").password
    for name in ("api_key", "apikey", "token", "key", "X-API-Key"):
        assert stranger.get(f"{ROOT}/users", **{name: secret}).status == 401
        assert stranger.call("GET", f"{ROOT}/users", headers={"Cookie": f"{name}={secret}"}).status == 401


@pytest.mark.parametrize("shown", ["ApiKey x", "Bearer ak_", "ApiKey ak_" + "0" * 40, "Bearer ak_" + "g" * 40])
def test_a_key_that_nobody_made_is_no_good(appliance: App, shown: str) -> None:
    answer = Client(appliance, shown).get(f"{ROOT}/users")
    assert refused(answer) == BAD
    assert answer.header("WWW-Authenticate") == 'Bearer error="invalid_token"'


def test_with_a_key_and_a_token_the_key_counts(alice: Client) -> None:
    header = {"X-API-Key": key_of(alice, "metrics").password}
    assert alice.call("GET", f"{ROOT}/users", headers=header).status == 403


def test_a_key_does_not_open_what_is_for_people(appliance: App, alice: Client) -> None:
    key = key_of(alice, "admin")
    calls = [(r.method, r.endpoint.replace("{id}", "1")) for r in appliance.serve.routes if not r.by_key]
    assert {path for _, path in calls} >= {KEYS, f"{ROOT}/login", f"{ROOT}/refresh", f"{ROOT}/logout"}
    assert {path for _, path in calls} >= {f"{ROOT}/users/1/password", "/api/terminal/ticket", "/api/rbac/logout"}
    for method, path in calls:
        assert key.call(method, path, body={}).status == 403, path
    assert refused(key.get(KEYS)) == NOT_BY_KEY


def test_the_figures_are_shown_to_a_key_for_them(alice: Client) -> None:
    assert key_of(alice, "metrics").get("/metrics").status == 200
    assert key_of(alice, "read").get("/metrics").status == 401


# --- what it is worth ------------------------------------------------------------------------------------------------


def test_a_reading_key_of_an_administrator_reads_everything_and_writes_nothing(alice: Client) -> None:
    key = key_of(alice, "read")
    for path in ("user/get/", "role/get/", "perm/"):
        assert key.get(f"/api/rbac/{path}").status == 200
    assert key.get("/api/resource/group/get/").json["total"] == 2
    for path in ("rbac/user/add/", "rbac/role/add/", "resource/group/add/", "resource/resource/add/"):
        assert key.post(f"/api/{path}", {}).status == 403
    assert refused(key.put(f"{ROOT}/users/1", {"email": "x@example.com"})) == (403, "权限不足")


def test_a_writing_key_does_not_reach_the_system(alice: Client) -> None:
    key = key_of(alice, "write")
    words = {"name": "web", "ipv4_address": "192.0.2.10", "group": 2, "protocol": 1}
    assert key.post("/api/resource/resource/add/", words).status == 200
    assert key.get(HOSTS).status == 403
    assert key.post("/api/rbac/user/add/", {}).status == 403
    assert refused(key.post(f"{ROOT}/users", USER)) == (403, "权限不足")


def test_a_key_reaches_no_further_than_its_owner(alice: Client, bob: Client) -> None:
    for group in (1, 2):
        words = {"name": f"host{group}", "ipv4_address": f"192.0.2.{group}", "group": group, "protocol": 1}
        assert alice.post("/api/resource/resource/add/", words).status == 200
    assert [row["name"] for row in key_of(bob, "read").get(HOSTS).detail] == ["host2"]
    assert [row["name"] for row in key_of(alice, "read").get(HOSTS).detail] == ["host1", "host2"]
    assert [row["name"] for row in key_of(alice, "resource.self.read").get(HOSTS).detail] == ["host1", "host2"]


def test_a_key_that_carries_words_only_opens_nothing(alice: Client) -> None:
    key = key_of(alice, "report", "analytics")
    for path in (f"{ROOT}/permissions", f"{ROOT}/users/1", "/api/rbac/user/detail/", "/api/rbac/routes/", HOSTS):
        assert key.get(path).status == 403


def test_a_key_for_everything_is_its_owner_and_no_more(alice: Client, bob: Client) -> None:
    key = key_of(alice, "admin")
    assert key.post(f"{ROOT}/users", USER).status == 200
    data(alice.put(f"{ROOT}/users/bob", {"roles": ["admin"]}))
    bobs = key_of(bob, "admin")
    assert bobs.get(f"{ROOT}/users").status == 200
    data(alice.put(f"{ROOT}/users/bob", {"roles": ["user"]}))
    assert bobs.get(f"{ROOT}/users").status == 403


def test_a_narrow_key_hands_out_nothing_beyond_it(alice: Client) -> None:
    key = key_of(alice, "system.user.create", "system.role.create", "system.permission.update", "read")
    assert refused(key.post(f"{ROOT}/users", USER | {"roles": ["admin"]}))[0] == 403
    assert refused(key.post(f"{ROOT}/roles", {"name": "boss", "permissions": ["admin"]}))[0] == 403
    assert key.post(f"{ROOT}/roles", {"name": "reader", "permissions": ["read"]}).status == 200


def test_lists_show_a_key_what_it_may_see_and_count_no_more(alice: Client, bob: Client) -> None:
    bob.post("/api/resource/voucher/add/", {"name": "v", "username": "root", "password": "x", "group": 2})
    words = {"name": "web", "ipv4_address": "192.0.2.10", "group": 2, "protocol": 1, "voucher_ids": [1]}
    assert bob.post("/api/resource/resource/add/", words).status == 200
    assert bob.get(HOSTS).detail[0]["vouchers"]
    assert key_of(bob, "resource.self.read").get(HOSTS).detail[0]["vouchers"] == []


# --- how long --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["inactive", "locked"])
def test_a_key_stops_with_its_owner(alice: Client, bob: Client, status: str) -> None:
    key = key_of(bob, "read")
    data(alice.put(f"{ROOT}/users/bob", {"status": status}))
    assert refused(key.get(f"{ROOT}/permissions")) == BAD
    data(alice.put(f"{ROOT}/users/bob", {"status": "active"}))
    assert key.get(f"{ROOT}/permissions").status == 200


def test_a_key_ends_with_its_owner(appliance: App, alice: Client, bob: Client) -> None:
    key = key_of(bob, "read")
    alter(appliance, "users", bob.id, expires_at=row(appliance, "users", id=2).created_at)
    assert refused(key.get(f"{ROOT}/permissions")) == BAD
    data(alice.delete(f"{ROOT}/users/bob"))
    assert refused(key.get(f"{ROOT}/permissions")) == BAD
    assert rows(appliance, "api_keys") == []


def test_a_key_loses_what_its_owner_loses(alice: Client, carol: Client) -> None:
    key = key_of(carol, "logs")
    assert key.get("/api/audit/login/get/").status == 200
    data(alice.put(f"{ROOT}/users/carol", {"roles": ["user"]}))
    assert key.get("/api/audit/login/get/").status == 403


def test_neither_guesses_nor_a_forced_change_stop_a_key(appliance: App, alice: Client, bob: Client) -> None:
    key = key_of(bob, "read")
    for _ in range(5):
        sign_in(Client(appliance), "bob", "wrong")
    assert key.get(f"{ROOT}/permissions").status == 200
    data(alice.post(f"{ROOT}/users/bob/reset-password"))
    assert key.get(f"{ROOT}/permissions").status == 200


def test_a_key_works_from_its_addresses_alone(appliance: App, alice: Client) -> None:
    key = key_of(alice, "read", allowed_ips=["203.0.113.0/24"], address="203.0.113.5")
    assert key.get(f"{ROOT}/users").status == 200
    assert refused(Client(appliance, key.token).get(f"{ROOT}/users")) == BAD


def test_the_addresses_of_the_owner_bind_his_keys(appliance: App, alice: Client, bob: Client) -> None:
    key = key_of(bob, "read")
    data(alice.put(f"{ROOT}/users/bob", {"allowed_ips": ["203.0.113.0/24"]}))
    assert refused(key.get(f"{ROOT}/permissions")) == BAD


def test_the_log_says_which_key_acted(appliance: App, alice: Client) -> None:
    key_of(alice, "admin").post(f"{ROOT}/permissions", {"name": "billing"})
    line = rows(appliance, "operations")[-1]
    assert (line.login, line.details[0]) == ("alice", {"what": "by_key", "id": 1, "name": "key"})


def test_a_key_of_somebody_narrow_is_of_no_use_to_a_clerk(appliance: App) -> None:
    clerk = employ(appliance, "clerk", "system.user.read")
    assert refused(clerk.post(KEYS, {"name": "key", "permissions": ["read"]})) == (403, "权限不足")
    assert key_of(clerk, "system.user.read").get(f"{ROOT}/users").status == 200
