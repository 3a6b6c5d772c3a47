"""Trust on first use, and a hard stop for every other key until somebody accepts it (A44)."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.terminal import rogue, sshd
from tests.terminal.sshd import Sshd
from tests.terminal.world import World, add_host, add_voucher, eventually


class Street:
    """An appliance, and host 2 at a port where one server after another answers."""

    def __init__(self, begin: Callable[..., World], keys: Path, folder: Path) -> None:
        self.keys, self.folder, self.port = keys, folder, sshd.free_port()
        self.server: Sshd | None = None
        self.world = begin(more=lambda tx: (add_host(tx, port=self.port), add_voucher(tx, "root", password="private")))

    def answer(self, name: str, *, own_keys: bool = False, kinds: tuple[str, ...] = sshd.KINDS) -> Sshd:
        """From now on this server answers; it has host keys of its own, or those all servers here share."""
        self.silence()
        folder = self.folder / name
        self.server = sshd.start(folder, keys=self.keys, port=self.port, kinds=kinds)
        if own_keys:
            self.silence()
            for file in folder.glob("host_*"):
                file.unlink()
            self.server = sshd.start(folder, port=self.port, kinds=kinds)
        return self.server

    def silence(self) -> None:
        """Nobody answers."""
        if self.server:
            self.server.stop()
        self.server = None

    def pinned(self) -> str | None:
        """What the list of hosts shows."""
        rows = self.world.call("/api/resource/resource/get/?all=true", token=self.world.token())["detail"]
        return next(row["host_key"] for row in rows if row["id"] == 2)

    def accept(self, fingerprint: str | None) -> Any:
        """An operator decides."""
        body = {"id": 2, "fingerprint": fingerprint}
        return self.world.call("/api/resource/resource/hostkey/", body, self.world.token())["code"]

    def operations(self) -> list[tuple[int, str]]:
        """What the log says about the key of host 2, the newest first."""
        rows = self.world.rows("select * from operations where operation = '变更资源2主机密钥' order by id desc")
        return [(row["succeeded"], json.dumps(json.loads(row["details"]))) for row in rows]


@pytest.fixture
def street(begin: Callable[..., World], ssh_server: Sshd, tmp_path: Path) -> Iterator[Street]:
    made = Street(begin, ssh_server.folder, tmp_path)
    yield made
    made.silence()


def changed(pinned: str, offered: str) -> str:
    return f"主机密钥已变更,连接已终止\n已登记: {pinned}\n收到: {offered}"


def test_the_first_key_is_pinned_shown_and_on_record(street: Street) -> None:
    fingerprint = street.answer("first").fingerprint()
    assert street.pinned() is None
    assert street.world.shell(2).run("echo in") == "in\r\n"
    assert street.pinned() == fingerprint
    street.world.shell(2)
    ((succeeded, details),) = street.operations()
    assert succeeded
    assert fingerprint in details


def test_another_key_stops_hard_until_it_is_accepted(street: Street) -> None:
    old = street.answer("first").fingerprint()
    street.world.shell(2)
    new = street.answer("second", own_keys=True).fingerprint()
    terminal = street.world.open(2)
    assert terminal.end() == changed(old, new)
    assert terminal.code == 1000
    assert (street.world.sessions()[0]["status"], street.pinned()) == ("failed", old)
    succeeded, details = street.operations()[0]
    assert (succeeded, old in details, new in details) == (0, True, True)
    assert street.accept("SHA256:never seen") == 400
    assert street.accept(new) == 200
    assert street.world.shell(2).run("echo in") == "in\r\n"
    street.answer("first")
    assert street.world.open(2).end() == changed(new, old)


def test_a_forgotten_pin_makes_the_next_contact_the_first(street: Street) -> None:
    street.answer("first")
    street.world.shell(2)
    new = street.answer("second", own_keys=True).fingerprint()
    assert street.accept(None) == 200
    assert street.pinned() is None
    street.world.shell(2)
    assert street.pinned() == new


def test_a_host_that_learns_another_kind_of_key_is_still_known(street: Street) -> None:
    fingerprint = street.answer("first", kinds=("rsa",)).fingerprint("rsa")
    street.world.shell(2)
    street.answer("second", kinds=sshd.KINDS)
    assert street.world.shell(2).run("echo in") == "in\r\n"
    assert street.pinned() == fingerprint


def test_a_host_that_has_only_another_kind_of_key_is_not(street: Street) -> None:
    street.answer("first", kinds=("ed25519",))
    street.world.shell(2)
    street.answer("second", kinds=("ecdsa",))
    assert "主机密钥已变更" in street.world.open(2).end()


def test_the_pin_is_of_the_host_wherever_it_moves(street: Street) -> None:
    street.answer("first")
    street.world.shell(2)
    street.silence()
    with rogue.listening(rogue.ssh()) as port:
        body = {"id": 2, "port": port}
        assert street.world.call("/api/resource/resource/edit/", body, street.world.token())["code"] == 200
        assert "主机密钥已变更" in street.world.open(2).end()


def test_whoever_has_the_wrong_key_never_sees_the_password(street: Street) -> None:
    street.answer("first")
    street.world.shell(2)
    street.silence()
    seen: list[str] = []

    class Curious(rogue.Desk):
        def check_auth_password(self, username: str, password: str) -> int:
            seen.append(password)
            return super().check_auth_password(username, password)

    with rogue.listening(rogue.ssh(Curious)) as port:
        street.world.write("update hosts set port = ? where id = 2", port)
        assert "主机密钥已变更" in street.world.open(2, 2).end()
        assert seen == []
        street.accept(None)
        street.world.open(2, 2)
        eventually(lambda: seen == ["private"])
