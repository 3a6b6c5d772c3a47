"""One SSH server for all tests of the terminal, and for each file an appliance that knows it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.terminal import sshd
from tests.terminal.sshd import Sshd
from tests.terminal.world import Terminal, World, furnish, opened


@pytest.fixture(autouse=True)
def hung_up() -> Iterator[None]:
    """Nobody leaves a test with a terminal open."""
    yield
    while Terminal.opened:
        Terminal.opened.pop().close()


@pytest.fixture(scope="session")
def ssh_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """A real OpenSSH server that lets the user of the tests in by key."""
    server = sshd.start(tmp_path_factory.mktemp("sshd"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def furnished(template: Path, tmp_path_factory: pytest.TempPathFactory, ssh_server: Sshd) -> Path:
    """A data directory in which bob may use voucher 1 on host 1."""
    folder = tmp_path_factory.mktemp("furnished") / "data"
    shutil.copytree(template, folder)
    with opened(folder) as app:
        furnish(app, ssh_server)
    return folder


@pytest.fixture(scope="module")
def begin(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., World]]:
    """Start an appliance of one's own, with flags of one's own."""
    started: list[World] = []

    def start(*flags: str, more: Callable[[Any], None] | None = None) -> World:
        folder = tmp_path_factory.mktemp("world")
        shutil.copytree(furnished, folder / "data")
        if more:
            with opened(folder / "data") as app, app.store.writing() as tx:
                more(tx)
        started.append(World(folder / "data", *flags))
        return started[-1]

    yield start
    for world in started:
        world.kill()


@pytest.fixture(scope="module")
def world(begin: Callable[..., World]) -> World:
    """An appliance for a whole file of tests."""
    return begin()
