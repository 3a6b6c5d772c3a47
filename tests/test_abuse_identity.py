"""Abuse of accounts, sign-in, tokens, roles: the cases of the threat list that concern who somebody is."""

import ast
import base64
import hmac
import json
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import bcrypt
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from appliance import clock
from appliance.app import App
from appliance.domain import access, guard, passwords
from appliance.domain.access import Actor
from appliance.kinds import networks
from appliance.settings import Settings
from appliance.web.route import OPEN, PLACE
from tests.client import Answer, Client
from tests.conftest import PASSWORD, signed_in
from tests.ptpb.people import alter, employ, later, make_role, number, row, rows

ME = "/api/rbac/user/detail/"


def sign_in(client: Client, login: str, password: str = PASSWORD, **headers: str) -> Answer:
    return client.post("/api/rbac/login/", {"account": login, "password": password}, **headers)


def is_good(app: App, token: str) -> bool:
    return Client(app, token).get(ME).status == 200


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unknown accounts are compared as ever, only faster."""
    monkeypatch.setattr(passwords, "DUMMY", bcrypt.hashpw(b"x", bcrypt.gensalt(4)).decode())


# --- A1: password spraying from one address --------------------------------------------------------------------------


def spray(client: Client, times: int, **headers: str) -> list[int]:
    return [sign_in(client, f"name{turn}", "x", **headers).status for turn in range(times)]


@pytest.mark.usefixtures("cheap")
def test_a_sprayed_address_is_shut_out_with_the_right_password_too(appliance: App, stranger: Client) -> None:
    assert set(spray(stranger, guard.BLOCK_AFTER)) == {401}
    answer = sign_in(stranger, "bob")
    assert (answer.status, answer.json["msg"]) == (429, "请求过于频繁")
    assert 0 < int(answer.header("Retry-After") or 0) <= 60
    assert sign_in(Client(appliance, address="203.0.113.9"), "bob").status == 200


@pytest.mark.usefixtures("cheap")
def test_each_further_block_lasts_twice_as_long(stranger: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for minutes in (1, 2, 4):
        assert 429 not in spray(stranger, guard.BLOCK_AFTER)
        wait = int(sign_in(stranger, "bob").header("Retry-After") or 0)
        assert minutes * 60 - 30 < wait <= minutes * 60
        later(monkeypatch, minutes=minutes, seconds=1)


@pytest.mark.usefixtures("cheap")
def test_a_forwarded_address_is_believed_from_nobody(stranger: Client) -> None:
    for turn in range(guard.BLOCK_AFTER):
        sign_in(stranger, f"name{turn}", "x", X_Forwarded_For=f"203.0.113.{turn}")
    assert sign_in(stranger, "bob", X_Forwarded_For="198.51.100.1").status == 429


class TestBehindAProxy:
    """The proxy 127.0.0.1 is trusted."""

    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"trusted_proxies": networks("127.0.0.1")}

    @pytest.mark.usefixtures("cheap")
    def test_the_last_untrusted_hop_is_counted(self, stranger: Client) -> None:
        spray(stranger, guard.BLOCK_AFTER, X_Forwarded_For="198.51.100.1, 203.0.113.7, 127.0.0.1")
        assert sign_in(stranger, "bob", X_Forwarded_For="1.2.3.4, 203.0.113.7").status == 429
        assert sign_in(stranger, "bob", X_Forwarded_For="203.0.113.7, 198.51.100.1").status == 200


def test_guesses_at_other_doors_count_for_the_same_block(appliance: App, stranger: Client, bob: Client) -> None:
    with appliance.store.writing() as tx:
        for _ in range(guard.BLOCK_AFTER - 1):
            guard.strike(tx, "address", "127.0.0.1", guard.BLOCK_AFTER, guard.BLOCK_WITHIN)
    words = {"old_password": "guess", "new_password": "brand new 1"}
    assert bob.post("/api/rbac/user/reset_password/", words).status == 400
    assert sign_in(stranger, "bob").status == 429
    assert bob.post("/api/rbac/user/reset_password/", words).status == 429


# --- A2: who has an account ------------------------------------------------------------------------------------------


def test_unknown_wrong_and_locked_look_alike_and_take_as_long(appliance: App) -> None:
    with appliance.store.writing() as tx:
        for _ in range(guard.LOCK_AFTER):
            guard.strike(tx, "account", "carol", guard.LOCK_AFTER, guard.LOCK_WITHIN)
    tries = {"unknown": ("nobody", "x"), "wrong": ("alice", "x"), "locked": ("carol", PASSWORD)}
    answers, seconds = set(), {kind: [] for kind in tries}
    for turn in range(4):
        for kind, (login, password) in tries.items():
            client, begun = Client(appliance, address=f"203.0.113.{turn}"), time.perf_counter()
            answer = sign_in(client, login, password)
            seconds[kind].append(time.perf_counter() - begun)
            answers.add((answer.status, answer.body))
    assert len(answers) == 1
    medians = [statistics.median(measured) for measured in seconds.values()]
    assert max(medians) < 2 * min(medians)


# --- A3: locking others out ------------------------------------------------------------------------------------------


def fail(app: App, login: str) -> None:
    for turn in range(guard.LOCK_AFTER):
        assert sign_in(Client(app, address=f"203.0.113.{turn}"), login, "x").status == 401


def test_the_last_administrator_cannot_be_locked_from_outside(appliance: App, stranger: Client) -> None:
    fail(appliance, "alice")
    assert sign_in(stranger, "alice").status == 200


def test_a_lock_by_guesses_ends_by_itself_and_leaves_what_is_signed_in(
    appliance: App, stranger: Client, bob: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail(appliance, "bob")
    assert sign_in(stranger, "bob").json["detail"] == "密码错误"
    assert is_good(appliance, bob.token)
    later(monkeypatch, minutes=30, seconds=1)
    assert sign_in(stranger, "bob").status == 200


def test_failures_count_only_in_a_row(appliance: App) -> None:
    for turn in range(2 * guard.LOCK_AFTER - 2):
        client = Client(appliance, address=f"203.0.113.{turn}")
        if turn == guard.LOCK_AFTER - 1:
            assert sign_in(client, "bob").status == 200
        sign_in(client, "bob", "x")
    assert sign_in(Client(appliance), "bob").status == 200


def test_an_administrators_lock_ends_what_is_signed_in(appliance: App, bob: Client) -> None:
    alter(appliance, "users", 2, locked=True)
    assert not is_good(appliance, bob.token)


# --- A4: tokens ------------------------------------------------------------------------------------------------------


def part(data: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()


def signed(head: dict[str, Any], claims: dict[str, Any], key: bytes, digest: str = "sha256") -> str:
    """A token made by hand, because libraries refuse to make some of these."""
    text = f"{part(head)}.{part(claims)}"
    return f"{text}.{base64.urlsafe_b64encode(hmac.digest(key, text.encode(), digest)).rstrip(b'=').decode()}"


def forged(app: App, token: str) -> Iterator[tuple[str, str]]:
    """What is made of a good token, by name."""
    key = app.vault.signing_key
    claims = jwt.decode(token, key, algorithms=["HS256"])
    head, body, signature = token.split(".")
    pem = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    yield "alg none", f"{part({'alg': 'none', 'typ': 'JWT'})}.{body}."
    yield "alg None", f"{part({'alg': 'None', 'typ': 'JWT'})}.{body}.{signature}"
    yield "no signature", f"{head}.{body}."
    yield "RS256", jwt.encode(claims, pem, algorithm="RS256")
    yield "HS512 with our key", signed({"alg": "HS512", "typ": "JWT"}, claims, key, "sha512")
    yield "other key", signed({"alg": "HS256", "typ": "JWT"}, claims, b"k" * 32)
    yield "empty key", signed({"alg": "HS256", "typ": "JWT"}, claims, b"")
    yield "key by name", signed({"alg": "HS256", "kid": "/dev/null", "jku": "http://127.0.0.1/"}, claims, b"")
    yield "somebody else", f"{head}.{part({**claims, 'user_id': '1'})}.{signature}"
    for changed in ({"user_id": "1"}, {"user_id": 2}, {"jti": "0" * 32}, {"jti": None}, {"exp": "2099"}):
        yield f"signed by us: {changed}", jwt.encode(claims | changed, key, algorithm="HS256")
    for missing in claims:
        rest = {name: value for name, value in claims.items() if name != missing}
        yield f"signed by us: no {missing}", jwt.encode(rest, key, algorithm="HS256")
    for text in ("", ".", "..", "a.b.c", token[:-2], token + "x", token * 100, "é", "null"):
        yield f"text {text[:9]}", text


def test_no_forged_token_is_taken(appliance: App, bob: Client) -> None:
    claims = jwt.decode(bob.token, options={"verify_signature": False})
    assert is_good(appliance, signed({"alg": "HS256", "typ": "JWT"}, claims, appliance.vault.signing_key))
    assert [name for name, token in forged(appliance, bob.token) if is_good(appliance, token)] == []


def test_a_token_ends_with_its_second(appliance: App, bob: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    end = jwt.decode(bob.token, options={"verify_signature": False})["exp"]
    moment = clock.now() + timedelta(seconds=end - clock.stamp(clock.now()) - 1)
    monkeypatch.setattr(clock, "now", lambda: moment)
    assert is_good(appliance, bob.token)
    later(monkeypatch, seconds=1)
    assert not is_good(appliance, bob.token)


def test_a_refresh_token_opens_nothing(appliance: App, stranger: Client) -> None:
    assert not is_good(appliance, sign_in(stranger, "bob").json["token"]["refresh"])


@pytest.mark.parametrize("written", ["{}", "Bearer {}", "bearer {}", "Token {}", "TOKEN {}"])
def test_a_token_is_taken_raw_or_after_its_scheme(stranger: Client, bob: Client, written: str) -> None:
    assert stranger.call("GET", ME, headers={"Authorization": written.format(bob.token)}).status == 200


@pytest.mark.parametrize("written", ["Basic {}", "Bearer {0} {0}", "Bearer", "Bearer,{}", '"{}"'])
def test_a_token_is_not_taken_otherwise(stranger: Client, bob: Client, written: str) -> None:
    assert stranger.call("GET", ME, headers={"Authorization": written.format(bob.token)}).status == 401


def test_a_token_in_the_query_or_the_body_is_not_taken(stranger: Client, bob: Client) -> None:
    assert stranger.get(ME, token=bob.token).status == 401
    assert stranger.post("/api/rbac/user/del/", {"id_list": [2], "token": bob.token}).status == 401


# --- A6: who is signed in after all ----------------------------------------------------------------------------------


def test_failing_as_one_and_succeeding_as_another_makes_the_other(appliance: App, stranger: Client) -> None:
    sign_in(stranger, "alice", "x")
    token = sign_in(stranger, "bob").json["token"]["access"]
    assert Client(appliance, token).get(ME).detail["account"] == "bob"


@pytest.mark.parametrize("alike", ["ALICE", "ａｌｉｃｅ", "ⓐlice", "alıce", "аlice"])
def test_no_account_looks_like_another(alice: Client, alike: str) -> None:
    answer = alice.post("/api/rbac/user/add/", {"account": alike, "password": "admin123", "name": "x"})
    assert list(answer.detail) == ["account"]


# --- A7: what ends a sign-in -----------------------------------------------------------------------------------------

Ending = Callable[[Client, Client], Answer]
ENDINGS: dict[str, Ending] = {
    "sign-out": lambda alice, bob: bob.call("POST", "/api/rbac/logout/"),
    "disabled": lambda alice, bob: alice.post("/api/rbac/user/edit/", {"id": 2, "status": False}),
    "removed": lambda alice, bob: alice.post("/api/rbac/user/del/", {"id_list": [2]}),
    "reset": lambda alice, bob: alice.post("/api/rbac/user/edit/", {"id": 2, "password": "brand new 1"}),
    "own password": lambda alice, bob: bob.post(
        "/api/rbac/user/reset_password/", {"old_password": PASSWORD, "new_password": "brand new 1"}
    ),
}


@pytest.mark.parametrize("how", ENDINGS)
def test_a_sign_in_ends_at_once(appliance: App, alice: Client, bob: Client, how: str) -> None:
    writes = appliance.store.writes
    assert ENDINGS[how](alice, bob).status == 200
    assert not is_good(appliance, bob.token)
    assert appliance.store.writes > writes  # what terminals watch


def test_every_sign_in_has_tokens_of_its_own(stranger: Client) -> None:
    tokens = [sign_in(stranger, "bob").json["token"] for _ in range(2)]
    assert len({token for pair in tokens for token in pair.values()}) == 4


# --- A11: requests that a foreign page makes a browser send ----------------------------------------------------------


def cookie_of(client: Client, login: str) -> dict[str, str]:
    return {"Cookie": f"refresh={sign_in(client, login).json['token']['refresh']}"}


def test_a_cookie_alone_changes_nothing(appliance: App, stranger: Client) -> None:
    cookie = cookie_of(stranger, "alice")
    guarded = [route for route in appliance.serve.routes if route.needs != (OPEN,)]
    for route in guarded:
        assert stranger.call(route.method, PLACE.sub("1", route.path), headers=cookie).status == 401, route.path


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost.evil.example", "http://localhost:81"]
)
def test_a_foreign_page_neither_refreshes_nor_signs_out(appliance: App, stranger: Client, origin: str) -> None:
    pair = sign_in(stranger, "bob").json["token"]
    sent = {"Cookie": f"refresh={pair['refresh']}", "Origin": origin}
    answer = stranger.call("POST", "/api/rbac/refresh/", headers=sent)
    assert (answer.status, answer.header("Set-Cookie")) == (403, None)
    stranger.call("POST", "/api/rbac/logout/", headers=sent)
    assert is_good(appliance, pair["access"])


@pytest.mark.parametrize("origin", ["http://localhost", "https://localhost"])
def test_our_own_page_refreshes(stranger: Client, origin: str) -> None:
    sent = {**cookie_of(stranger, "bob"), "Origin": origin}
    assert stranger.call("POST", "/api/rbac/refresh/", headers=sent).status == 200


def test_a_foreign_page_does_not_leave_its_own_sign_in_in_the_browser(stranger: Client) -> None:
    assert sign_in(stranger, "bob", Origin="https://evil.example").header("Set-Cookie") is None
    assert sign_in(stranger, "bob", Origin="http://localhost").header("Set-Cookie") is not None


# --- A12: the first start --------------------------------------------------------------------------------------------


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[App]:
    """An appliance nobody has set up."""
    app = App(Settings(data=tmp_path / "fresh"))
    yield app
    app.store.close()


def set_up(app: App, token: str | None) -> int:
    first = {"token": token, "account": "root", "password": "Correct horse 1"}
    return Client(app).post("/api/rbac/setup/", first).status


def test_a_stranger_does_not_get_past_the_wizard(fresh: App) -> None:
    assert set_up(fresh, "") == 400
    assert set_up(fresh, "guess") == 403
    assert fresh.setup_token()
    assert set_up(fresh, "guess") == 403
    assert rows(fresh, "users") == []


def test_the_set_up_token_lives_half_an_hour(fresh: App, monkeypatch: pytest.MonkeyPatch) -> None:
    token = fresh.setup_token()
    later(monkeypatch, minutes=30, seconds=1)
    assert set_up(fresh, token) == 403


def test_a_newer_set_up_token_voids_the_older(fresh: App) -> None:
    older, newer = fresh.setup_token(), fresh.setup_token()
    assert (set_up(fresh, older), set_up(fresh, newer)) == (403, 200)


def test_a_set_up_token_is_used_once_and_the_wizard_is_dead_afterwards(fresh: App) -> None:
    token = fresh.setup_token()
    assert [set_up(fresh, token), set_up(fresh, token)] == [200, 404]
    assert fresh.setup_token() is None
    assert len(rows(fresh, "users")) == 1


def test_of_two_who_race_one_becomes_the_administrator(fresh: App, monkeypatch: pytest.MonkeyPatch) -> None:
    token = fresh.setup_token()
    hashing, answers = passwords.hash_password, []

    def slow(password: str) -> str:
        monkeypatch.setattr(passwords, "hash_password", hashing)
        answers.append(set_up(fresh, token))
        return hashing(password)

    monkeypatch.setattr(passwords, "hash_password", slow)
    assert (set_up(fresh, token), answers) == (404, [200])


def test_an_old_backup_does_not_open_the_wizard_again(fresh: App) -> None:
    token = fresh.setup_token()
    stale = row(fresh, "options", name="setup_token")
    set_up(fresh, token)
    with fresh.store.writing() as tx:
        tx["options"].insert(stale)
    assert set_up(fresh, token) == 404


def test_the_database_holds_no_set_up_token(fresh: App) -> None:
    token = fresh.setup_token()
    assert token is not None
    assert len(base64.urlsafe_b64decode(token)) >= 16
    assert token not in str(rows(fresh, "options"))


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


# --- A54: randomness -------------------------------------------------------------------------------------------------

GUESSABLE = {"random", "uuid1", "getnode", "mktemp", "getrandbits", "RandomState"}


def test_nothing_guessable_is_used_for_randomness() -> None:
    package = Path(__file__).parent.parent / "appliance"
    for module in package.rglob("*.py"):
        names = {word for node in ast.walk(ast.parse(module.read_text())) for word in words(node)}
        assert not names & GUESSABLE, module


def words(node: ast.AST) -> set[str]:
    """The names of modules and functions that a piece of source mentions."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {alias.name for alias in node.names} | {getattr(node, "module", None) or ""}
    return {getattr(node, "attr", ""), getattr(node, "id", "")}
