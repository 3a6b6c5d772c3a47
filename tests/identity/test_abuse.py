"""Abuse of this family of routes: forged tokens, foreign ids, smuggled fields, cookies, clocks."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest

from appliance import clock
from appliance.app import App
from appliance.domain import passwords
from appliance.web.openapi import PLACE
from appliance.web.route import OPEN
from tests.client import Client
from tests.conftest import PASSWORD
from tests.identity.calls import ROOT, USER, data, key_of, refused, sign_in
from tests.ptpb.people import alter, later, row, rows

BAD = (401, "Token无效")
SMUGGLED = {
    "id": 1,
    "uuid": "00000000-0000-0000-0000-000000000001",
    "is_admin": True,
    "admin": True,
    "protected": True,
    "created_at": "2001-01-01T00:00:00Z",
    "updated_at": "2001-01-01T00:00:00Z",
    "login_count": 1000,
    "password_hash": "x",
    "must_change_password": True,
    "login_key": "alice",
    "user_id": 1,
    "key_hash": "x",
    "enabled": False,
    "pending": True,
    "nosuchcolumn": "x",
}


# --- A2: nobody learns which accounts there are -----------------------------------------------------------------------


def test_every_attempt_computes_one_hash_of_the_same_cost(
    appliance: App, stranger: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    original = passwords.matches
    monkeypatch.setattr(passwords, "matches", lambda word, hashed: (seen.append(hashed[:7]), original(word, hashed))[1])
    alter(appliance, "users", 3, locked=True)
    for login, word in (("nobody", PASSWORD), ("bob", "wrong"), ("carol", PASSWORD), ("bob", PASSWORD)):
        sign_in(stranger, login, word)
    assert len(seen) == 4
    assert len(set(seen)) == 1


# --- A4: forged tokens ------------------------------------------------------------------------------------------------


def part(content: dict[str, Any]) -> str:
    """A part of a JWT."""
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def signed(app: App, header: dict[str, Any], claims: dict[str, Any]) -> str:
    """A JWT with our own key, whatever its header says."""
    text = f"{part(header)}.{part(claims)}"
    proof = hmac.new(app.vault.signing_key, text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(proof).decode().rstrip('=')}"


def claims_of(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "RS256", "HS512", "ES256", ""])
def test_the_algorithm_is_not_the_tokens_choice(appliance: App, alice: Client, algorithm: str) -> None:
    header = {"alg": algorithm, "typ": "JWT"}
    bare = f"{part(header)}.{part(claims_of(alice.token))}."
    for token in (bare, signed(appliance, header, claims_of(alice.token))):
        assert refused(Client(appliance, f"Bearer {token}").get(f"{ROOT}/users")) == BAD


@pytest.mark.parametrize("missing", ["exp", "iat", "jti", "user_id", "token_type"])
def test_a_token_without_a_claim_is_no_good(appliance: App, alice: Client, missing: str) -> None:
    claims = claims_of(alice.token)
    del claims[missing]
    token = signed(appliance, {"alg": "HS256", "typ": "JWT"}, claims)
    assert refused(Client(appliance, token).get(f"{ROOT}/users")) == BAD


@pytest.mark.parametrize(
    "change",
    [
        {"user_id": "1"},
        {"user_id": 2},
        {"jti": "0" * 32},
        {"jti": None},
        {"token_type": "refresh"},
        {"exp": "9999999999"},
        {"exp": 1e20},
    ],
)
def test_an_edited_token_is_no_good_even_with_our_key(appliance: App, bob: Client, change: dict[str, Any]) -> None:
    token = signed(appliance, {"alg": "HS256", "typ": "JWT"}, claims_of(bob.token) | change)
    assert refused(Client(appliance, token).get(f"{ROOT}/permissions")) == BAD


def test_a_key_of_somebody_else_signs_nothing(appliance: App, alice: Client) -> None:
    token = jwt.encode(claims_of(alice.token), "x" * 32, algorithm="HS256")
    assert refused(Client(appliance, token).get(f"{ROOT}/users")) == BAD


def test_a_refresh_token_opens_nothing_here(stranger: Client) -> None:
    pair = stranger.post("/api/rbac/login/", {"account": "alice", "password": PASSWORD}).json["token"]
    assert refused(Client(stranger.app, pair["refresh"]).get(f"{ROOT}/users")) == BAD


@pytest.mark.parametrize("end", ["disabled", "deleted", "password", "logout", "locked"])
def test_a_token_ends_with_what_it_stands_for(appliance: App, alice: Client, bob: Client, end: str) -> None:
    words = {"current_password": PASSWORD, "new_password": "NewPassword456!"}
    ends: dict[str, Any] = {
        "disabled": lambda: alice.put(f"{ROOT}/users/bob", {"status": "inactive"}),
        "locked": lambda: alice.put(f"{ROOT}/users/bob", {"status": "locked"}),
        "deleted": lambda: alice.delete(f"{ROOT}/users/bob"),
        "password": lambda: bob.put(f"{ROOT}/users/bob/password", words),
        "logout": lambda: bob.call("POST", f"{ROOT}/logout"),
    }
    assert ends[end]().status == 200
    assert refused(bob.get(f"{ROOT}/permissions")) == BAD
    assert bob.post(f"{ROOT}/refresh", {"token": bob.token}).status == 401


# --- A11: a cookie opens nothing --------------------------------------------------------------------------------------


def test_no_route_is_opened_by_a_cookie(appliance: App, stranger: Client, bob: Client) -> None:
    answer = stranger.post("/api/rbac/login/", {"account": "bob", "password": PASSWORD})
    refresh = answer.json["token"]["refresh"]
    cookie = {"Cookie": f"refresh={refresh}; token={bob.token}; access={bob.token}; Authorization={bob.token}"}
    for route in appliance.serve.routes:
        if route.dialect.name == "identity" and route.needs != (OPEN,):
            path = PLACE.sub("1", route.path)
            assert stranger.call(route.method, path, body={}, headers=cookie).status == 401, path
    assert sign_in(stranger, "bob").header("Set-Cookie") is None


# --- A14: foreign ids -------------------------------------------------------------------------------------------------


def test_every_route_hides_what_belongs_to_others(appliance: App, alice: Client, bob: Client) -> None:
    own = {"key": key_of(alice, "read").id, "user": "1", "role": "1"}
    swept = 0
    for route in appliance.serve.routes:
        if route.dialect.name == "identity" and "<" in route.path:
            answer = bob.call(route.method, PLACE.sub(lambda found: own.get(found[1], "1"), route.path), body={})
            assert answer.status in ([404] if "<key>" in route.path else [403, 404]), route.path
            swept += 1
    assert swept >= 14
    assert row(appliance, "api_keys", id=1).enabled


# --- A17: fields that nobody may send ---------------------------------------------------------------------------------


def test_a_new_user_is_nothing_but_what_the_document_offers(appliance: App, alice: Client) -> None:
    profile = {"real_name": "Dave"} | SMUGGLED
    ident = int(data(alice.post(f"{ROOT}/users", SMUGGLED | USER | {"profile": profile}))["id"])
    made = row(appliance, "users", id=ident)
    assert (ident, made.enabled, made.pending, made.protected, made.login_count) == (5, True, False, False, 0)
    assert made.created_at.year > 2001
    assert made.uuid != SMUGGLED["uuid"]


def test_an_edit_changes_nothing_but_what_the_document_offers(appliance: App, alice: Client) -> None:
    before = row(appliance, "users", id=2)
    data(alice.put(f"{ROOT}/users/2", SMUGGLED | {"username": "mallory2", "profile": SMUGGLED | {"login": "x"}}))
    after = row(appliance, "users", id=2)
    assert {name for name in before if before[name] != after[name]} <= {"updated_at"}


def test_roles_permissions_and_keys_take_nothing_else(appliance: App, alice: Client) -> None:
    role = data(alice.post(f"{ROOT}/roles", SMUGGLED | {"name": "r", "permissions": ["read"], "user_count": 9}))
    made = row(appliance, "roles", id=int(role["id"]))
    assert (made.id, made.protected, made.enabled) == (5, False, True)
    data(alice.post(f"{ROOT}/permissions", SMUGGLED | {"name": "billing", "implicit": True}))
    assert row(appliance, "permissions", code="billing").id > 31
    key_of(alice, "read", **SMUGGLED | {"key": "ak_mine", "prefix": "x", "expires_at": "2099-01-01T00:00:00Z"})
    kept = row(appliance, "api_keys", id=1)
    assert (kept.user_id, kept.enabled, kept.prefix[:3], len(kept.key_hash)) == (1, True, "ak_", 64)


def test_of_a_repeated_key_one_counts_and_is_checked(appliance: App, bob: Client) -> None:
    body = b'{"roles": ["user", "shop"], "roles": ["admin"], "email": "b@example.com"}'
    assert refused(bob.call("PUT", f"{ROOT}/users/bob", body=body))[0] == 403
    assert row(appliance, "users", id=2).email is None


@pytest.mark.parametrize(
    "odd", [{"a": 1}, ["x"], 10**400, "\0", "x" * 10**5, True, "'; DROP TABLE users; --", "\u202e"]
)
def test_odd_values_harm_nothing(appliance: App, alice: Client, odd: Any) -> None:
    for path, fields in {
        "users": ["username", "email", "password", "roles", "profile", "expires_at", "allowed_ips"],
        "roles": ["name", "description", "permissions"],
        "api-keys": ["name", "description", "permissions", "expires_in_days", "allowed_ips"],
        "permissions": ["name", "category", "description"],
        "login": ["username", "password", "remember_me", "otp_code"],
        "refresh": ["token"],
    }.items():
        answer = alice.post(f"{ROOT}/{path}", dict.fromkeys(fields, odd))
        assert answer.status in (400, 401), (path, answer.body)
    assert len(rows(appliance, "users")) == 4


def test_a_list_without_end_is_refused(alice: Client) -> None:
    endless = [f"label{number}" for number in range(60_000)]
    for path, field in (("roles", "permissions"), ("users", "roles"), ("api-keys", "permissions")):
        answer = alice.post(f"{ROOT}/{path}", {field: endless})
        assert answer.json["errors"][field] == ["请确保列表不超过 200 项。"]


@pytest.mark.parametrize("odd", ["'", "%", "\\", "1 OR 1=1", "1;--", "\u202e", "..%2f..", "９"])
def test_odd_paths_and_filters_find_nothing(alice: Client, odd: str) -> None:
    for path in ("users", "roles", "api-keys"):
        assert alice.get(f"{ROOT}/{path}/{odd}").status == 404
    assert data(alice.get(f"{ROOT}/users", username=odd, email=odd))["total"] == 0


# --- A56: clocks ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_clock_that_jumps_a_little_ends_nothing(
    appliance: App, alice: Client, monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    token = data(sign_in(Client(appliance), "alice"))["token"]
    key = key_of(alice, "read", expires_in_days=1)
    later(monkeypatch, minutes=minutes)
    for somebody in (Client(appliance, token), key):
        assert somebody.get(f"{ROOT}/users").status == 200
    assert data(alice.get(f"{ROOT}/api-keys/{key.id}/stats"))["total_requests"] == 1
    assert data(Client(appliance).post(f"{ROOT}/refresh", {"token": token}))["token"]


def test_a_token_ends_with_its_second(appliance: App, stranger: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    issued = clock.now().replace(microsecond=0)
    monkeypatch.setattr(clock, "now", lambda: issued)
    bob = Client(appliance, data(sign_in(stranger, "bob"))["token"])
    monkeypatch.setattr(clock, "now", lambda: issued + timedelta(hours=12, seconds=-1))
    assert bob.get(f"{ROOT}/permissions").status == 200
    monkeypatch.setattr(clock, "now", lambda: issued + timedelta(hours=12))
    assert refused(bob.get(f"{ROOT}/permissions")) == (401, "Token已过期")
