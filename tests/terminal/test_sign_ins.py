"""Live terminals and the sign-in they were opened with: they end together, also when the console ends it."""

import time
from collections.abc import Callable, Iterator

import pytest

from appliance.app import App
from appliance.domain import access, presence, sessions, sign_ins
from appliance.terminal.live import Live
from appliance.terminal.registry import Registry
from tests.client import Client
from tests.conftest import PASSWORD
from tests.server.test_commands import admin as console
from tests.terminal.world import World, add_host, add_voucher

SIGNED_OUT = "登录已失效,连接已断开"


@pytest.fixture
def own(begin: Callable[..., World]) -> World:
    """An appliance that a test may change."""
    return begin()


@pytest.mark.parametrize("command", ["unlock", "password", "mfa-reset"])
def test_what_the_console_ends_is_over_within_five_seconds(own: World, command: str) -> None:
    terminal, other = own.shell(), own.shell(login="alice")
    done = console(command, "bob", own.data, typed=f"{PASSWORD}2\n")
    began = time.monotonic()
    assert done.returncode == 0, done.stderr
    assert terminal.end() == SIGNED_OUT
    assert time.monotonic() - began < 5
    assert other.run("echo still here").strip() == "still here"


def test_whoever_has_to_bind_a_second_factor_opens_no_terminal(own: World) -> None:
    own.token()
    columns = "role_id, allowed_addresses, denied_addresses, hours, second_factor, updated_at"
    own.write(f"insert into role_policies ({columns}) values (4, '[]', '[]', '[]', 1, '2026-01-01 00:00:00')")
    assert own.open().end() == "请先绑定MFA"
    assert own.ticket()["detail"] == "请先绑定MFA"


# --- idle life -------------------------------------------------------------------------------------------------------


@pytest.fixture
def live(appliance: App, bob: Client) -> Live:
    """Bob's terminal, as the registry knows it."""
    with appliance.store.writing(access.Actor(address="127.0.0.1")) as tx:
        host, voucher = add_host(tx, port=22, ipv4="192.0.2.1"), add_voucher(tx, "root", password="secret")
        tx.insert("host_vouchers", host_id=host, voucher_id=voucher)
        tx.actor.user = tx.get("users", bob.id or 0)
        tx.actor.roles = access.role_ids(tx, bob.id or 0)
        row = sessions.begin(tx, sessions.admit(tx, host_id=host, voucher_id=voucher))
    return Live(row.id, bob.id or 0, 1, host, voucher, "127.0.0.1")


@pytest.fixture
def registry(appliance: App, live: Live) -> Iterator[Registry]:
    """With that terminal in it; it looks when told to."""
    registry = Registry(appliance.store)
    registry.add(live)
    yield registry
    registry._watcher.kill()


def look(registry: Registry, minutes: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """So much later, everybody looks at the clock."""
    now = time.monotonic() + minutes * 60
    monkeypatch.setattr(presence, "monotonic", lambda: now)
    registry.look_at_clock()
    sign_ins.end_over(registry.store)
    registry.look_at_rights()


@pytest.mark.parametrize("settings", [{"idle_sign_in": 15}])
def test_who_types_is_not_idle(registry: Registry, live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    live.input_at = time.monotonic() + 10 * 60
    look(registry, 20, monkeypatch)
    assert not live.over


@pytest.mark.parametrize("settings", [{"idle_sign_in": 15}])
def test_a_terminal_ends_with_an_idle_sign_in(registry: Registry, live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    look(registry, 14, monkeypatch)
    assert not live.over
    look(registry, 16, monkeypatch)
    assert live.sentence == SIGNED_OUT


def test_without_the_setting_it_goes_on(registry: Registry, live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    look(registry, 1000, monkeypatch)
    assert not live.over
