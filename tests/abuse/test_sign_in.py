"""Abuse of sign-in: spraying, finding out, locking out, passing for somebody else."""

import statistics
import time
from typing import Any

import bcrypt
import pytest

from appliance import clock
from appliance.app import App
from appliance.domain import guard, passwords
from appliance.kinds import networks
from tests.client import Answer, Client
from tests.conftest import PASSWORD
from tests.ptpb.people import alter, later, rows

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
def test_tries_of_a_blocked_address_are_on_record_and_fill_no_disk(
    appliance: App, stranger: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    spray(stranger, guard.BLOCK_AFTER)
    moment = clock.now()
    monkeypatch.setattr(clock, "now", lambda: moment)
    assert set(spray(stranger, 5)) == {429}
    later(monkeypatch, seconds=2)
    assert sign_in(stranger, "bob").status == 429
    blocked = [(one.login, one.user_id) for one in rows(appliance, "login_records", reason="blocked")]
    assert blocked == [("name0", None), ("bob", 2)]


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

    def test_the_refresh_cookie_is_for_tls_alone_where_the_proxy_speaks_it(self, stranger: Client) -> None:
        cookie = sign_in(stranger, "bob", X_Forwarded_Proto="https").header("Set-Cookie")
        assert cookie is not None
        assert "; Secure" in cookie


def test_a_stranger_cannot_say_that_the_connection_is_tls(stranger: Client) -> None:
    cookie = sign_in(stranger, "bob", X_Forwarded_Proto="https").header("Set-Cookie")
    assert cookie is not None
    assert "Secure" not in cookie


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


# --- A6: who is signed in after all ----------------------------------------------------------------------------------


def test_failing_as_one_and_succeeding_as_another_makes_the_other(appliance: App, stranger: Client) -> None:
    sign_in(stranger, "alice", "x")
    token = sign_in(stranger, "bob").json["token"]["access"]
    assert Client(appliance, token).get(ME).detail["account"] == "bob"


@pytest.mark.parametrize("alike", ["ALICE", "ａｌｉｃｅ", "ⓐlice", "alıce", "аlice"])
def test_no_account_looks_like_another(alice: Client, alike: str) -> None:
    answer = alice.post("/api/rbac/user/add/", {"account": alike, "password": "admin123", "name": "x"})
    assert list(answer.detail) == ["account"]
