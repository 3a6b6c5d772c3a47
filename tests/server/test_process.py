"""The process: alone on its data, quiet about its secrets, and gone in order when it is told."""

import os
import re
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.server.harness import SMALL, Small, Talk, answer, request, rest, status, upgrade


def under_way(small: Small) -> socket.socket:
    """A connection whose answer has begun and takes a while."""
    connection = small.connect()
    connection.sendall(request("GET /slow HTTP/1.1"))
    received = b""
    while b"begun" not in received:
        received += connection.recv(4096)
    return connection


def test_a_second_process_on_the_same_data_refuses_and_names_the_first(start: Callable[..., Small]) -> None:
    small = start()
    second = subprocess.run(
        [small.process.args[0], str(SMALL), f"data={small.data}", "listen=127.0.0.1:0"],
        env={**os.environ, "PYTHONPATH": str(SMALL.parent.parent.parent)},
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert second.returncode != 0
    assert f"process {small.process.pid} is already running on {small.data}" in second.stderr


def test_after_a_kill_the_data_are_free_again(start: Callable[..., Small]) -> None:
    start().kill()
    assert status(start().get()) == 200


def test_told_to_end_it_says_why_to_terminals_finishes_answers_and_goes(start: Callable[..., Small]) -> None:
    small = start()
    terminal, quiet, slow = Talk(small), small.connect(), under_way(small)
    quiet.sendall(request("GET / HTTP/1.1"))
    answer(quiet)
    began = time.monotonic()
    small.process.send_signal(signal.SIGTERM)
    assert terminal.closed_with() == 1001
    assert b"ended" in rest(slow)
    assert rest(quiet) == b""
    assert small.process.wait(15) == 0
    assert time.monotonic() - began < 10


def test_it_ends_in_time_though_clients_hang_on(start: Callable[..., Small]) -> None:
    small = start()
    half = [small.connect() for _ in range(5)]
    for connection in half:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nx")
    talk = Talk(small)
    began = time.monotonic()
    small.stop()
    assert time.monotonic() - began < 10
    assert talk.closed_with() == 1001


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_both_signals_end_it_with_success(start: Callable[..., Small], number: int) -> None:
    assert start().stop(number) == 0


def test_once_it_stops_it_takes_no_more_connections(start: Callable[..., Small]) -> None:
    small = start()
    slow = under_way(small)
    small.process.send_signal(signal.SIGTERM)
    assert small.log("server.stopping")
    with pytest.raises(ConnectionRefusedError):
        small.connect()
    slow.close()


def test_the_log_is_opened_anew_on_sighup(start: Callable[..., Small], tmp_path: Path) -> None:
    log, rotated = tmp_path / "appliance.log", tmp_path / "appliance.log.1"
    small = start(log_file=str(log))
    log.rename(rotated)
    small.process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + 5
    while not (log.exists() and b"server.reopened" in log.read_bytes()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert b"server.started" in rotated.read_bytes()


def test_the_setup_page_is_told_on_the_console_and_in_a_private_file(start: Callable[..., Small]) -> None:
    small = start()
    file = small.data / "setup-url"
    assert file.read_text() == f"{small.url}/#/setup/one-time-token\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "one-time-token" not in small.log_path.read_text()
    assert small.process.stdout
    assert any(f"{small.url}/#/setup/one-time-token" in small.process.stdout.readline() for _ in range(3))


def test_its_data_are_private_and_nothing_it_makes_is_readable_by_others(start: Callable[..., Small]) -> None:
    data = start().data
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert all(not stat.S_IMODE(file.stat().st_mode) & 0o077 for file in data.iterdir())


def test_it_leaves_no_core_dump(start: Callable[..., Small]) -> None:
    limits = Path(f"/proc/{start().process.pid}/limits").read_text()
    assert re.search(r"Max core file size +0 +0 ", limits)


def test_with_files_running_out_the_silent_make_room_and_it_goes_on(start: Callable[..., Small]) -> None:
    small = start("127.0.0.1:0", "prlimit", "--nofile=256:256")
    silent, began = [], time.monotonic()
    for _ in range(240):
        silent.append(small.connect())
        silent[-1].sendall(request("GET / HTTP/1.1"))
        assert status(answer(silent[-1])) == 200
    assert time.monotonic() - began < 12  # nobody waited until others had been silent for long
    assert len(small.log("request", 240)) == 240
    assert not small.log("greenlet.failed", 0)


def test_one_address_cannot_take_all_connections_from_the_others(start: Callable[..., Small]) -> None:
    small = start("127.0.0.1:0", "prlimit", "--nofile=256:256")
    greedy = [small.connect(source="127.0.0.2") for _ in range(60)]
    for connection in greedy:
        connection.sendall(upgrade())
    assert sum(first_status(connection) == 101 for connection in greedy) == 32
    assert status(small.get()) == 200


def first_status(connection: socket.socket) -> int:
    """What a connection is answered first, 0 for nothing."""
    with suppress(ConnectionResetError):
        return status(connection.recv(4096))
    return 0
