"""What is kept of a session, through kill -9 too, and that the public player plays it."""

import hashlib
import json
import signal
import stat
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.terminal.world import World, eventually

UNRECORDED = "录像写入失败,会话已终止"


def file_of(world: World) -> Path:
    """The recording of the newest session."""
    return world.data / world.sessions()[0]["recording"]


def events(path: Path) -> list[Any]:
    """Its lines, every one of which is whole."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def shown(path: Path) -> str:
    """The output in it."""
    return "".join(data for _, kind, data in events(path)[1:] if kind == "o")


def played(path: Path) -> bytes:
    """What the public player, which wants a terminal to itself, makes of it."""
    command = ["script", "-qec", f"asciinema cat {path}", "/dev/null"]
    return subprocess.run(command, check=True, capture_output=True, timeout=60, stdin=subprocess.DEVNULL).stdout


def test_a_session_is_recorded_from_its_first_to_its_last_word(world: World) -> None:
    terminal = world.shell(cols=100, rows=30)
    terminal.run("echo recor''ded 中文")
    terminal.resize(90, 20)
    terminal.type("printf good''bye; exec true\r")
    terminal.end()
    header, *rest = events(file_of(world))
    assert (header["version"], header["width"], header["height"], header["env"]["TERM"]) == (
        2,
        100,
        30,
        "xterm-256color",
    )
    assert [90, 20] in [list(map(int, data.split("x"))) for _, kind, data in rest if kind == "r"]
    assert "recorded 中文" in shown(file_of(world))
    assert shown(file_of(world)).rstrip().endswith("goodbye")
    moments = [event[0] for event in rest]
    assert moments == sorted(moments)


def test_the_header_says_whose_session_it_was(world: World) -> None:
    world.shell().send("")
    session = eventually(lambda: world.sessions()[0])
    header = events(file_of(world))[0]
    assert header["user"]["login"] == "bob"
    assert (header["host"]["id"], header["host"]["address"]) == (1, "127.0.0.1")
    assert (header["voucher"]["id"], header["voucher"]["username"]) == (1, session["username"])
    assert abs(header["timestamp"] - time.time()) < 60
    assert header["session"] == session["uuid"]
    assert "bob" in header["title"]


def test_it_lies_under_its_day_and_is_private(world: World) -> None:
    world.shell()
    path = file_of(world)
    parts = path.relative_to(world.data).parts
    assert (parts[0], len(parts), path.suffix, path.stem) == ("recordings", 5, ".cast", world.sessions()[0]["uuid"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in list(path.parents)[:4]} == {0o700}


def test_input_is_not_recorded(world: World) -> None:
    terminal = world.shell()
    terminal.type("printf go.; read -rs word; printf do''ne\r")
    terminal.until("go.")
    terminal.type("secret typed here\r")
    terminal.until("done")
    terminal.send("")
    terminal.end()
    assert "secret typed here" not in file_of(world).read_text()


def test_a_hash_shows_whether_it_was_touched(world: World) -> None:
    terminal = world.shell()
    terminal.run("seq 3000")
    terminal.send("")
    terminal.end()
    assert hashlib.sha256(file_of(world).read_bytes()).hexdigest() == world.sessions()[0]["recording_hash"]


def test_the_public_player_plays_it(world: World) -> None:
    terminal = world.shell()
    terminal.run(r"printf '\033[31mred\033[0m 中文 \377\n'; seq 2000")
    terminal.send("")
    terminal.end()
    output = played(file_of(world))
    assert "\x1b[31mred\x1b[0m 中文 \ufffd".encode() in output
    assert b"1999\r\n2000" in output


def test_nothing_of_a_flood_is_missing_in_the_recording(world: World, tmp_path: Path) -> None:
    terminal = world.shell(binary=1)
    terminal.run("seq 400000 | tail -n +1; stty raw")
    terminal.send("")
    terminal.end()
    assert "".join(f"{number}\r\n" for number in range(1, 400_001)) in shown(file_of(world))


def test_it_is_there_a_moment_after_it_was_shown(world: World) -> None:
    terminal = world.shell()
    terminal.run("echo just''now")
    eventually(lambda: "justnow" in file_of(world).read_text(), seconds=1)


def test_after_kill_9_it_is_readable_and_the_row_is_closed_at_start(begin: Callable[..., World]) -> None:
    world = begin()
    terminal = world.shell()
    terminal.type("seq 1000; echo be''fore; yes | head -c 20000000\r")
    terminal.until("before")
    time.sleep(0.5)
    world.process.send_signal(signal.SIGKILL)
    world.process.wait()
    assert world.sessions()[0]["status"] == "active"
    assert "before" in shown(file_of(world))
    assert b"before" in played(file_of(world))
    again = World(world.data)
    row = again.sessions()[0]
    again.kill()
    assert (row["status"], row["reason"]) == ("close", "服务异常终止")
    assert row["ended_at"]


def test_what_cannot_be_recorded_does_not_begin(begin: Callable[..., World]) -> None:
    world = begin()
    (world.data / "recordings").write_text("in the way")
    terminal = world.open()
    assert (terminal.end(), terminal.frames) == (UNRECORDED, [UNRECORDED])
    assert (world.sessions()[0]["status"], world.sessions()[0]["reason"]) == ("failed", UNRECORDED)


def test_a_recording_that_fails_ends_its_session_and_stays_readable(begin: Callable[..., World]) -> None:
    world = begin()
    terminal = world.shell()
    terminal.run("echo in time")
    limit = 8_000_000
    subprocess.run(["prlimit", f"--fsize={limit}:{limit}", "--pid", str(world.process.pid)], check=True)
    terminal.type("yes full\r")
    assert terminal.end() == UNRECORDED
    assert file_of(world).stat().st_size <= limit
    assert "in time" in shown(file_of(world))
    assert b"full" in played(file_of(world))


def test_without_the_setting_nothing_is_recorded(begin: Callable[..., World]) -> None:
    world = begin("--no-recording")
    assert world.shell().run("echo off") == "off\r\n"
    assert world.sessions()[0]["recording"] is None
    assert not (world.data / "recordings").exists()


# --- who may fetch it ---


def test_its_user_and_auditors_may_fetch_it_and_nobody_else(world: World) -> None:
    terminal = world.shell()
    terminal.run("echo fet''ched")
    terminal.send("")
    terminal.end()
    session = world.sessions()[0]["id"]
    for login, status in (("bob", 200), ("carol", 200), ("alice", 200), ("mallory", 404)):
        found, content = fetched(world, session, login)
        assert found == status
        assert ("fetched" in content) == (status == 200)
    assert fetched(world, 99, "carol")[0] == 404


def fetched(world: World, session: int, login: str) -> tuple[int, str]:
    """Status and content of a recording over HTTP."""
    url = f"{world.url}/api/audit/session/{session}/recording/"
    command = ["curl", "-s", "-w", "\n%{http_code}", "-H", f"Authorization: {world.token(login)}", url]
    content, _, status = subprocess.run(command, check=True, capture_output=True, text=True).stdout.rpartition("\n")
    return int(status), content


# --- the appliance goes ---


def test_sigterm_tells_terminals_why_and_ends_in_time(begin: Callable[..., World]) -> None:
    world = begin()
    quiet, busy, stalled = world.shell(), world.shell(), world.shell()
    busy.type("yes\r")
    stalled.type("yes\r")
    busy.until("y\r\n" * 100)
    began = time.monotonic()
    world.process.send_signal(signal.SIGTERM)
    for terminal in (quiet, busy):
        assert terminal.end() == "服务正在停止"
        assert (terminal.code, terminal.reason) == (1001, "服务正在停止")
    assert world.process.wait(10) == 0
    assert time.monotonic() - began < 10
    assert {(row["status"], row["reason"]) for row in world.sessions()} == {("close", "服务正在停止")}
    assert all(shown(world.data / row["recording"]) for row in world.sessions())


def test_nothing_is_left_open_after_many_sessions(world: World) -> None:
    def come_and_go(number: int) -> None:
        for terminal in [world.shell() for _ in range(number)]:
            terminal.send("")
            terminal.end()
        eventually(lambda: not world.sessions("active"))

    come_and_go(3)
    before = eventually(lambda: open_files(world))
    for _ in range(3):
        come_and_go(10)
    eventually(lambda: open_files(world) <= before)


def open_files(world: World) -> int:
    """File descriptors of the appliance."""
    return len(list(Path(f"/proc/{world.process.pid}/fd").iterdir()))
