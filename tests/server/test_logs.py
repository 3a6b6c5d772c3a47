"""Log lines: one each, whatever is in them; never a secret; and nobody waits for whoever reads them."""

import io
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance import logs
from tests.server.harness import ROOT, SMALL, Small, request, status

HOSTILE = [
    "a\r\nb",
    "\x1b[2J\x1b]0;owned\x07",
    "\u202egnp.exe",
    "\x9b31m",
    "a\u2028b",
    "\0",
    "\x7f",
    "\ud800",
    "\ufeff",
    "😀" * 9,
]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What goes to the log."""
    lines: list[bytes] = []
    monkeypatch.setattr(logs.sink, "put", lines.append)
    return lines


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_one_event_is_one_line_that_no_terminal_obeys(written: list[bytes], text: str) -> None:
    logs.note("sign-in", login=text)
    assert written[0].count(b"\n") == 1
    assert json.loads(written[0])["login"] == text
    shown = written[0].decode().rstrip("\n")
    assert shown.isprintable()


def test_a_megabyte_becomes_a_line_of_a_few_kilobytes(written: list[bytes]) -> None:
    logs.note("request", agent="x" * 1_000_000)
    assert len(written[0]) < 3000


@pytest.mark.parametrize(
    "text",
    [
        "login failed for {'account': 'bob', 'password': 'hunter2hunter2'}",
        "Authorization: Bearer hunter2hunter2",
        "GET /x?token=hunter2hunter2&cols=80",
        "cannot open eyJhbGciOiJIUzI1NiJ9.hunter2hunter2.c2lnbmF0dXJl",
        "key ak_hunter2hunter2 is revoked",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n-----END OPENSSH PRIVATE KEY-----",
        "passphrase: hunter2hunter2",
    ],
)
def test_secrets_in_texts_and_tracebacks_are_masked(written: list[bytes], text: str) -> None:
    logs.warn("text", text=text)
    logs.fail("broken", RuntimeError(text))
    assert b"hunter2" not in b"".join(written)


def test_a_fact_with_a_secret_name_is_masked_whatever_it_is(written: list[bytes]) -> None:
    logs.note("made", password="abc", api_key="abc", refresh_token="abc", otp="abc", private_key=b"abc")
    assert b"abc" not in written[0]


def test_a_failure_keeps_its_traceback_in_the_line(written: list[bytes]) -> None:
    logs.fail("broken", ValueError("no such thing"))
    line = json.loads(written[0])
    assert line["level"] == "error"
    assert line["traceback"].endswith("ValueError: no such thing\n")


def test_what_libraries_log_becomes_a_line_of_ours(written: list[bytes]) -> None:
    record = logging.LogRecord("paramiko.transport", logging.WARNING, "", 0, "bad %s", ("banner\r\n",), None)
    logs.Bridge().emit(record)
    line = json.loads(written[0])
    assert (line["event"], line["level"], line["text"]) == ("paramiko.transport", "warning", "bad banner\r\n")


def test_a_line_carries_the_id_of_its_request(written: list[bytes]) -> None:
    token = logs.request.set("abc-1")
    logs.note("something")
    logs.request.reset(token)
    assert json.loads(written[0])["request"] == "abc-1"


def test_hostile_requests_are_one_line_each(small: Small) -> None:
    paths = ["/%0d%0a{}", "/\x9b31m\xe2\x80\xae", "/" + "a" * 7000, "/?password=hunter2&x=1", "/x?a=1&ticket=hunter2"]
    for path in paths:
        assert status(small.say(request(f"GET {path} HTTP/1.1", "Connection: close"))) == 200
    lines = small.log("request", len(paths))
    assert len(lines) == len(paths)
    raw = small.log_path.read_text()
    assert raw.replace("\n", "").isprintable()
    assert "hunter2" not in raw
    assert max(map(len, raw.splitlines())) < 1200


def test_what_breaks_is_logged_with_its_request_and_without_its_secrets(small: Small) -> None:
    small.get("/error")
    [line] = small.log("request.failed")
    assert "RuntimeError" in line["traceback"]
    assert "hunter2" not in small.log_path.read_text()
    assert [other["status"] for other in small.log(request=line["request"], event="request")] == [500]


def test_a_stuck_reader_of_the_log_holds_up_nobody(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    small = subprocess.Popen(
        [sys.executable, str(SMALL), f"data={tmp_path}", "listen=127.0.0.1:0"],
        stdout=subprocess.PIPE,
        stderr=writing,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    os.close(writing)
    try:
        assert small.stdout
        running = Small.__new__(Small)
        running.port = int(small.stdout.readline().rpartition(":")[2])
        with running.connect() as connection:
            answered, until = 0, time.monotonic() + 2
            while time.monotonic() < until:
                connection.sendall(request("GET / HTTP/1.1"))
                answered += bool(connection.recv(65536))
        assert answered > 1000  # whose lines are 200 KB, and the pipe holds 64
        small.terminate()
        assert small.wait(15) == 0
    finally:
        small.kill()
        os.close(reading)


def test_lines_that_nobody_takes_are_counted_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    sink = logs.Sink()
    sink.threads = object()
    for number in range(logs.BACKLOG + 5):
        sink.put(b"%d\n" % number)
    block = sink.take()
    assert block.startswith(b"5\n")
    assert json.loads(block.splitlines()[-1])["lines"] == 5


def test_a_full_disk_is_no_reason_to_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    sink = logs.Sink()
    sink.descriptor = os.open("/dev/full", os.O_WRONLY)
    sink.put(b"x\n")
    os.close(sink.descriptor)


def test_files_are_private_from_their_first_moment(start: Callable[..., Small], tmp_path: Path) -> None:
    log = tmp_path / "logs" / "appliance.log"
    log.parent.mkdir()
    small = start(log_file=str(log))
    small.get()
    small.stop()
    assert log.stat().st_mode & 0o777 == 0o600
    assert [json.loads(line)["event"] for line in io.StringIO(log.read_text())][-1] == "server.stopped"
