"""The small application behind the real server: one for a file of tests, or one for a test alone."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.server.harness import Small


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    """For a whole file of tests."""
    running = Small(tmp_path_factory.mktemp("small"))
    yield running
    running.kill()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Small]]:
    """Starts servers for one test, with settings of its own."""
    running: list[Small] = []

    def begin(*arguments: str, folder: Path = tmp_path, **settings: str) -> Small:
        running.append(Small(folder, *arguments, **settings))
        return running[-1]

    yield begin
    for one in running:
        one.kill()
