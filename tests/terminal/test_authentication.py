"""Every way to be let in by a real sshd, and every way to be kept out, each with its own sentence."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.terminal import sshd
from tests.terminal.sshd import Sshd
from tests.terminal.world import World, add_host, add_voucher

Servers = Callable[[str], Sshd]

PASSPHRASE = "opens it"
WRONG_PASSWORD = "认证失败:用户名或密码错误"
KEY_REFUSED = "认证失败:密钥被拒绝"
UNREADABLE = "私钥无法解析"
UNUSABLE = "凭证不可用"


@pytest.fixture(scope="module")
def account() -> Iterator[tuple[str, str]]:
    """A throw-away account with a password; what sshd checks passwords against."""
    assert os.geteuid() == 0, "password authentication by a real sshd needs an account, and that needs root"
    with sshd.throwaway_user() as made:
        yield made


@pytest.fixture(scope="module")
def by_password(
    account: tuple[str, str], ssh_server: Sshd, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Servers]:
    """A server that takes passwords in the given way only."""
    ways = {
        "password": "PasswordAuthentication yes\nUsePAM yes",
        "keyboard-interactive": "KbdInteractiveAuthentication yes\nUsePAM yes",
        "both": "PasswordAuthentication yes\nKbdInteractiveAuthentication yes\nUsePAM yes",
        "both in turn": "PasswordAuthentication yes\nKbdInteractiveAuthentication yes\nUsePAM yes\n"
        "AuthenticationMethods password,keyboard-interactive",
    }
    started: dict[str, Sshd] = {}

    def start(way: str) -> Sshd:
        if way not in started:
            started[way] = sshd.start(tmp_path_factory.mktemp("sshd"), keys=ssh_server.folder, extra=ways[way])
        return started[way]

    yield start
    for server in started.values():
        server.stop()


class Guests:
    """Adds hosts and vouchers to a running appliance's database before it starts."""

    def __init__(self, tx: Any) -> None:
        self.tx = tx
        self.doors: dict[str, tuple[int, int]] = {}

    def add(self, name: str, port: int, username: str, **secret: str) -> None:
        self.doors[name] = (add_host(self.tx, port=port), add_voucher(self.tx, username, **secret))


@pytest.fixture(scope="module")
def doors(
    begin: Callable[..., World], ssh_server: Sshd, account: tuple[str, str], by_password: Servers
) -> tuple[World, dict[str, tuple[int, int]]]:
    """An appliance, and pairs of host and voucher by name."""
    kept: list[Guests] = []

    def furnish(tx: Any) -> None:
        guests = Guests(tx)
        kept.append(guests)
        add_keys(guests, ssh_server)
        for way in ("password", "keyboard-interactive", "both", "both in turn"):
            guests.add(way, by_password(way).port, account[0], password=account[1])
            guests.add(f"wrong {way}", by_password(way).port, account[0], password="not that")
        guests.add("nobody", by_password("password").port, "nosuchuser", password="not that")
        guests.add("password where only keys are taken", ssh_server.port, ssh_server.login, password="not that")
        guests.add(
            "key where only passwords are taken", by_password("password").port, account[0], key=ssh_server.private_key()
        )

    world = begin(more=furnish)
    return world, kept[0].doors


def add_keys(guests: Guests, server: Sshd) -> None:
    """Good keys of every kind, and bad ones."""
    for kind in sshd.KINDS:
        guests.add(kind, server.port, server.login, key=server.private_key(kind))
        locked = server.private_key(kind, PASSPHRASE)
        guests.add(f"locked {kind}", server.port, server.login, key=locked, passphrase=PASSPHRASE)
        guests.add(f"wrongly locked {kind}", server.port, server.login, key=locked, passphrase="does not")
    guests.add("unlocked", server.port, server.login, key=server.private_key("rsa", PASSPHRASE))
    guests.add("garbage", server.port, server.login, key="-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n")
    sshd.make_key(server.folder / "stranger", "ed25519", "")
    guests.add("stranger", server.port, server.login, key=(server.folder / "stranger").read_text())


Doors = tuple[World, dict[str, tuple[int, int]]]
IN = [
    "password",
    "keyboard-interactive",
    "both",
    "both in turn",
    *sshd.KINDS,
    *(f"locked {kind}" for kind in sshd.KINDS),
]
OUT = {
    "wrong password": WRONG_PASSWORD,
    "wrong keyboard-interactive": WRONG_PASSWORD,
    "wrong both": WRONG_PASSWORD,
    "wrong both in turn": WRONG_PASSWORD,
    "nobody": WRONG_PASSWORD,
    "password where only keys are taken": WRONG_PASSWORD,
    "key where only passwords are taken": KEY_REFUSED,
    "stranger": KEY_REFUSED,
    "unlocked": UNREADABLE,
    "garbage": UNREADABLE,
    **{f"wrongly locked {kind}": UNREADABLE for kind in sshd.KINDS},
}


@pytest.mark.parametrize("door", IN)
def test_it_lets_in(doors: Doors, door: str) -> None:
    world, pairs = doors
    terminal = world.shell(*pairs[door])
    assert terminal.run("id -un").strip() in ("root", os.environ.get("USER", ""), *world_users(world, pairs[door]))


def world_users(world: World, pair: tuple[int, int]) -> list[str]:
    """The user name of a voucher."""
    return [row["username"] for row in world.rows("select username from vouchers where id = ?", pair[1])]


@pytest.mark.parametrize("door", OUT)
def test_it_keeps_out_and_says_why(doors: Doors, door: str) -> None:
    world, pairs = doors
    terminal = world.open(*pairs[door])
    assert (terminal.end(), terminal.code, terminal.reason) == (OUT[door], 1000, OUT[door])
    session = world.sessions()[0]
    assert (session["status"], session["reason"]) == ("failed", OUT[door])
    assert session["ended_at"]
    assert session["host_id"] == pairs[door][0]


def test_a_voucher_whose_secret_does_not_open_is_unusable(doors: Doors) -> None:
    world, pairs = doors
    host, voucher = pairs["password"]
    world.write("update vouchers set secret = (select secret from vouchers where id = 1) where id = ?", voucher)
    assert world.open(host, voucher).end() == UNUSABLE


def test_a_wrong_password_is_tried_once(doors: Doors, by_password: Servers) -> None:
    world, pairs = doors
    server = by_password("both")
    before = server.log().count("Failed ")
    world.open(*pairs["wrong both"]).end()
    assert server.log().count("Failed ") - before == 1


def test_no_secret_is_in_the_log(doors: Doors, account: tuple[str, str]) -> None:
    log = doors[0].log.read_text()
    assert account[1] not in log
    assert "PRIVATE KEY" not in log
    assert "Traceback" not in log, log
