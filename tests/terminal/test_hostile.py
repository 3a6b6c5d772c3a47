"""Hosts that mean harm get a sentence, and nobody else notices."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.terminal import rogue
from tests.terminal.world import Terminal, World, add_host, add_voucher

NO_SSH = "SSH协商失败"
LOST = "目标主机断开连接"
WRONG = "认证失败:用户名或密码错误"
IN_VAIN = "连接超时"
GREETING = b"SSH-2.0-rogue\r\n"
CBC = ("aes128-cbc", "aes256-cbc", "3des-cbc")

REFUSED: dict[str, tuple[Callable[..., Any], str]] = {
    "http": (rogue.saying(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n" * 60), NO_SSH),
    "one endless line": (rogue.saying(forever=b"x" * 65536), NO_SSH),
    "endless lines": (rogue.saying(forever=b"hello\r\n" * 5000), NO_SSH),
    "old": (rogue.saying(b"SSH-1.5-old\r\n"), NO_SSH),
    "hangs up": (lambda connection: None, NO_SSH),
    "hangs up later": (lambda connection: connection.sendall(GREETING), NO_SSH),
    "huge packet": (rogue.saying(GREETING, b"\xff\xff\xff\xfc", forever=b"\x00" * 65536), NO_SSH),
    "odd packet": (rogue.saying(GREETING, b"\x00\x00\x00\x0d" + b"\x00" * 60), NO_SSH),
    "garbage": (rogue.saying(GREETING, bytes(range(256)) * 100), NO_SSH),
    "no key exchange": (rogue.saying(GREETING), IN_VAIN),
    "only broken ciphers": (rogue.ssh(ciphers=CBC), NO_SSH),
    "many prompts": (rogue.ssh(lambda: rogue.Questions(rogue.ENDLESS)), WRONG),
    "many rounds": (rogue.ssh(lambda: rogue.Questions(1)), WRONG),
}
ENDED: dict[str, tuple[Callable[..., Any], str]] = {
    "endless extensions": (rogue.ssh(then=rogue.endless_extensions), LOST),
    "deaf to windows": (rogue.ssh(then=rogue.deaf_to_windows), LOST),
}
OTHERS: dict[str, Callable[..., Any]] = {
    "chatter": rogue.ssh(then=rogue.chatter),
    "intruder": rogue.ssh(then=rogue.intruder),
    "mute after keys": rogue.mute_after_keys,
}


@pytest.fixture(scope="module")
def street(begin: Callable[..., World]) -> Iterator[tuple[World, dict[str, int]]]:
    """An appliance with every rogue as a host; voucher 2 is a password."""
    behaviours = {name: behave for name, (behave, _) in (REFUSED | ENDED).items()} | OTHERS
    hosts: dict[str, int] = {}
    with ExitStack() as ports:

        def furnish(tx: Any) -> None:
            add_voucher(tx, "root", password="for the rogue")
            for name, behave in behaviours.items():
                hosts[name] = add_host(tx, port=ports.enter_context(rogue.listening(behave)))

        yield begin("--connect-timeout", "2", more=furnish), hosts


Street = tuple[World, dict[str, int]]


@pytest.fixture(scope="module", autouse=True)
def patient(street: Street) -> Terminal:
    """Somebody who has been waiting for a mute host since the first test of this file."""
    world, hosts = street
    terminal = world.open(hosts["mute after keys"], 2)
    Terminal.opened.remove(terminal)
    return terminal


@pytest.fixture
def neighbour(street: Street) -> Iterator[Callable[[], float]]:
    """Somebody who works on an honest host meanwhile: how long an answer takes him."""
    terminal = street[0].shell()

    def answer() -> float:
        began = time.monotonic()
        terminal.run("true")
        return time.monotonic() - began

    answer()
    yield answer
    assert answer() < 1


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_turned_away_with_a_sentence(street: Street, neighbour: Callable[[], float], name: str) -> None:
    world, hosts = street
    memory = world.memory()
    began = time.monotonic()
    terminal = world.open(hosts[name], 2)
    assert neighbour() < 1
    assert terminal.end() == REFUSED[name][1]
    assert time.monotonic() - began < 5
    assert world.memory() - memory < 4_000_000


@pytest.mark.parametrize("name", ENDED)
def test_it_is_cut_off(street: Street, neighbour: Callable[[], float], name: str) -> None:
    world, hosts = street
    terminal = world.open(hosts[name], 2)
    time.sleep(0.5)
    assert neighbour() < 1
    assert terminal.end() == ENDED[name][1]


def test_chatter_slows_nobody_down(street: Street, neighbour: Callable[[], float]) -> None:
    world, hosts = street
    terminal = world.open(hosts["chatter"], 2)
    time.sleep(0.5)
    assert max(neighbour() for _ in range(10)) < 0.5
    terminal.send("")
    terminal.end()


def test_a_host_opens_nothing_towards_us(street: Street) -> None:
    world, hosts = street
    terminal = world.open(hosts["intruder"], 2)
    assert terminal.until("]") == "[nothing]"


def test_a_host_that_says_nothing_to_a_password_is_given_up(patient: Terminal) -> None:
    patient.socket.settimeout(40)
    assert patient.end() == IN_VAIN


def test_what_rogues_say_is_not_in_the_log(street: Street) -> None:
    log = street[0].log.read_text()
    assert "hello" not in log
    assert '"level":"error"' not in log, log
