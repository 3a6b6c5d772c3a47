"""Abuse of tokens and cookies: forging, outliving, riding."""

import base64
import hmac
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from appliance import clock
from appliance.app import App
from appliance.web.route import OPEN, PLACE
from tests.client import Answer, Client
from tests.conftest import PASSWORD
from tests.ptpb.people import later

ME = "/api/rbac/user/detail/"


def sign_in(client: Client, login: str, password: str = PASSWORD, **headers: str) -> Answer:
    return client.post("/api/rbac/login/", {"account": login, "password": password}, **headers)


def is_good(app: App, token: str) -> bool:
    return Client(app, token).get(ME).status == 200


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
