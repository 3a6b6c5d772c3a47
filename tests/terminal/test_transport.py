"""The SSH connection itself: whatever a server prefers, and new keys in the middle of a flood."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.terminal import sshd
from tests.terminal.sshd import Sshd
from tests.terminal.world import World, add_host

SERVERS = {
    "usual": "",
    "aes256-gcm": "Ciphers aes256-gcm@openssh.com",
    "aes256-ctr, encrypt then mac": "Ciphers aes256-ctr\nMACs hmac-sha2-512-etm@openssh.com",
    "aes128-ctr, mac then encrypt": "Ciphers aes128-ctr\nMACs hmac-sha2-256",
    "nistp256": "KexAlgorithms ecdh-sha2-nistp256",
    "group exchange": "KexAlgorithms diffie-hellman-group-exchange-sha256",
    "group 16": "KexAlgorithms diffie-hellman-group16-sha512",
    "curve25519 by its new name": "KexAlgorithms curve25519-sha256",
    "new keys often": "RekeyLimit 500K",
    "new keys often, ctr": "RekeyLimit 500K\nCiphers aes128-ctr",
}
REFUSED = {
    "only chacha20": "Ciphers chacha20-poly1305@openssh.com",
    "only sha1": "KexAlgorithms diffie-hellman-group14-sha1",
}


@pytest.fixture(scope="module")
def servers(ssh_server: Sshd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Sshd]]:
    started = {
        name: sshd.start(tmp_path_factory.mktemp("sshd"), keys=ssh_server.folder, extra=extra)
        for name, extra in (SERVERS | REFUSED).items()
    }
    yield started
    for server in started.values():
        server.stop()


@pytest.fixture(scope="module")
def hosts(begin: Callable[..., World], servers: dict[str, Sshd]) -> tuple[World, dict[str, int]]:
    ids: dict[str, int] = {}

    def furnish(tx: Any) -> None:
        ids.update({name: add_host(tx, port=server.port) for name, server in servers.items()})

    return begin(more=furnish), ids


@pytest.mark.parametrize("name", SERVERS)
def test_three_megabytes_arrive_whole_from_a_server_with(
    hosts: tuple[World, dict[str, int]], tmp_path: Path, name: str
) -> None:
    world, ids = hosts
    content = os.urandom(30_000) * 100
    (tmp_path / "content").write_bytes(content)
    terminal = world.shell(ids[name], binary=1)
    terminal.run("stty raw")
    terminal.type(f"cat {tmp_path}/content; printf the''end\r")
    assert terminal.bytes_until(b"theend") == content
    terminal.type("stty sane -echo\r")
    assert terminal.run("echo alive").endswith("alive\r\n")


@pytest.mark.parametrize("name", SERVERS)
def test_a_megabyte_typed_arrives_whole_at_a_server_with(hosts: tuple[World, dict[str, int]], name: str) -> None:
    world, ids = hosts
    terminal = world.shell(ids[name])
    line = "0123456789abcdef" * 1000
    terminal.type(f"stty raw; printf go.; head -c {len(line) * 64} | tr -d 0-9 | wc -c\r")
    terminal.until("go.")
    for _ in range(64):
        terminal.type(line)
    terminal.until(str(6 * 1000 * 64))


@pytest.mark.parametrize("name", REFUSED)
def test_nothing_weak_or_unknown_is_agreed_on(hosts: tuple[World, dict[str, int]], name: str) -> None:
    world, ids = hosts
    assert world.open(ids[name]).end() == "SSH协商失败"
