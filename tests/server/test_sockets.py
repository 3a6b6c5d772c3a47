"""WebSockets at the socket: who may open one (A42), and what a hostile one cannot do (A43)."""

import socket
import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from websocket import create_connection

from tests.server.harness import KEY, Small, Talk, frame, status, upgrade

HERE = socket.gethostname()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    """One that has another name and lets one foreign origin in."""
    running = Small(
        tmp_path_factory.mktemp("small"), host_names="jump.example.com", allowed_origins="https://portal.example.com"
    )
    yield running
    running.kill()


def answered(small: Small, query: str = "", **headers: str) -> int:
    """The status that a request for a WebSocket gets."""
    with small.connect() as connection:
        connection.sendall(upgrade(query, **headers))
        return status(connection.recv(4096))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]:8080", "LOCALHOST:1234", HERE, "jump.example.com"])
def test_a_page_of_ours_opens_a_terminal_under_each_of_our_names(small: Small, host: str) -> None:
    assert answered(small, Host=host, Origin=f"http://{host.lower()}") == 101


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("jump.example.com", "http://evil.example"),
        ("jump.example.com", "http://sub.jump.example.com"),
        ("jump.example.com", "http://example.com"),
        ("jump.example.com", "http://jump.example.com.evil.example"),
        ("jump.example.com", "http://jump.example.com:81"),
        ("jump.example.com:8080", "http://jump.example.com"),
        ("localhost:8080", "http://localhost:9090"),
        ("localhost:8080", "http://127.0.0.1:8080"),
        ("localhost", "ftp://localhost"),
        ("localhost", "null"),
        ("localhost", ""),
        ("localhost", "localhost"),
        ("localhost", "http://localhost/"),
        ("localhost", "http://localhost@evil.example"),
        ("localhost", "http://user@localhost"),
        ("localhost", "https://portal.example.com.evil.example"),
        ("evil.example", "http://evil.example"),
        ("evil.example:8080", "http://evil.example:8080"),
        ("8.8.8.8", "http://8.8.8.8"),
        ("localhost.evil.example", "http://localhost.evil.example"),
        ("", "http://"),
    ],
)
def test_a_foreign_page_or_name_is_refused_before_the_upgrade(small: Small, host: str, origin: str) -> None:
    assert answered(small, Host=host, Origin=origin) == 403


def test_an_origin_of_the_settings_may_open_terminals(small: Small) -> None:
    assert answered(small, Origin="https://portal.example.com") == 101


def test_a_program_that_names_no_origin_may_unless_it_brings_a_ticket(small: Small) -> None:
    assert answered(small) == 101
    assert answered(small, "ticket=abc") == 403
    assert answered(small, "ticket=abc", Origin="http://localhost") == 101


def test_a_program_must_use_one_of_our_names_too(small: Small) -> None:
    assert answered(small, Host="evil.example") == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Upgrade": None},
        {"Connection": "keep-alive"},
        {"Sec-WebSocket-Version": "8"},
        {"Sec-WebSocket-Key": None},
        {"Sec-WebSocket-Key": "c2hvcnQ="},
        {"Sec-WebSocket-Key": "!" + KEY},
        {"Content-Length": "5"},
    ],
)
def test_what_is_no_handshake_is_no_websocket(small: Small, headers: dict[str, str]) -> None:
    assert answered(small, **headers) == 403  # the small application answers every refusal so


def test_an_ordinary_client_speaks_text_and_bytes(small: Small) -> None:
    client = create_connection(f"ws://127.0.0.1:{small.port}/api/terminal/ssh/", timeout=5)
    for message in ("字" * 1000, "", "x" * 65536):
        client.send(message)
        assert client.recv() == message
    client.send_binary(bytes(range(256)))
    assert client.recv() == bytes(range(256))
    client.close()


def test_fragments_make_one_message_with_a_ping_in_between(small: Small) -> None:
    talk = Talk(small).send(frame("字".encode()[:1], fin=False), frame(b"?", 9), frame("字".encode()[1:], 0))
    assert talk.receive() == (10, b"?")
    assert talk.receive() == (1, "字".encode())


def test_a_goodbye_is_answered_with_its_code(small: Small) -> None:
    assert Talk(small).send(frame(b"\x0f\xa0bye", 8)).closed_with() == 4000


def test_our_goodbye_fits_a_control_frame_and_ends_at_a_character(small: Small) -> None:
    opcode, payload = Talk(small).send(frame(b"bye")).receive()
    assert opcode == 8
    assert payload[:2] == b"\x03\xe8"
    assert payload[2:].decode() == "再见" * 20 + "再"


def test_after_our_goodbye_the_connection_ends_though_nobody_answers(small: Small) -> None:
    talk = Talk(small).send(frame(b"bye"))
    assert talk.closed_with() == 1000
    began = time.monotonic()
    assert talk.connection.recv(100) == b""
    assert time.monotonic() - began < 5


BROKEN = {
    "2^63 bytes announced": (frame(length=2**63), 1009),
    "2^62 bytes announced": (frame(length=2**62), 1009),
    "64 KB and one byte": (frame(b"x" * 65537), 1009),
    "fragments of more than 64 KB": (frame(b"x" * 40_000, fin=False) + frame(b"x" * 40_000, 0), 1009),
    "fragments for ever": (frame(b"x", fin=False) + frame(b"x", 0, fin=False) * 5000, 1009),
    "empty fragments for ever": (frame(b"", fin=False) + frame(b"", 0, fin=False) * 5000, 1009),
    "unmasked": (frame(b"ls", mask=False), 1002),
    "an unmasked ping": (frame(b"", 9, mask=False), 1002),
    "a reserved bit": (bytes([frame(b"x")[0] | 0x40]) + frame(b"x")[1:], 1002),
    "a reserved opcode": (frame(b"x", 3), 1002),
    "a reserved control opcode": (frame(b"x", 11), 1002),
    "a continuation of nothing": (frame(b"x", 0), 1002),
    "a message within a message": (frame(b"x", fin=False) + frame(b"x"), 1002),
    "a fragmented ping": (frame(b"x", 9, fin=False), 1002),
    "a long ping": (frame(b"x" * 126, 9), 1002),
    "a goodbye of one byte": (frame(b"\x03", 8), 1002),
    "a goodbye with a reserved code": (frame(b"\x03\xed", 8), 1002),
    "a goodbye with a bad reason": (frame(b"\x03\xe8\xff\xfe", 8), 1007),
    "text that is no UTF-8": (frame(b"\xff\xfe"), 1007),
    "half a character": (frame("字".encode()[:2]), 1007),
    "an encoded surrogate": (frame(b"\xed\xa0\x80"), 1007),
}


@pytest.mark.parametrize(("sent", "code"), BROKEN.values(), ids=BROKEN.keys())
def test_what_is_no_websocket_frame_ends_the_socket_with_its_code(small: Small, sent: bytes, code: int) -> None:
    assert Talk(small).send(sent).closed_with() == code


def test_a_message_of_64_kilobytes_in_fragments_is_fine_and_pings_do_not_count(small: Small) -> None:
    talk = Talk(small)
    talk.send(frame(b"x" * 65536, fin=False), frame(b"p" * 125, 9), frame(b"", 0))
    assert talk.receive() == (10, b"p" * 125)
    assert talk.receive() == (1, b"x" * 65536)


def test_a_million_tiny_frames_are_served_and_leave_others_their_turn(small: Small) -> None:
    flood = Talk(small)
    sender = threading.Thread(target=flood.send, args=(frame(b"", 10) * 1_000_000, frame(b"done")), daemon=True)
    sender.start()
    waits = []
    while sender.is_alive():
        began = time.monotonic()
        assert status(small.get()) == 200
        waits.append(time.monotonic() - began)
    assert len(waits) > 20
    assert statistics.median(waits) < 0.2
    assert flood.receive() == (1, b"done")


def test_who_reads_nothing_is_not_read_from_for_ever(small: Small) -> None:
    lazy = Talk(small)
    lazy.connection.settimeout(1)
    echoed = frame(b"x" * 60_000)
    with pytest.raises(TimeoutError):
        lazy.connection.sendall(echoed * 3000)
    assert status(small.get()) == 200


def test_the_query_of_a_terminal_is_not_logged(small: Small) -> None:
    assert answered(small, "token=very-secret-token&cols=80") == 101
    assert small.log("request")
    assert b"very-secret-token" not in small.log_path.read_bytes()


def test_over_tls_it_is_the_same(start: Callable[..., Small], tmp_path: Path) -> None:
    secure = start("0.0.0.0:0")
    talk = Talk(secure, Origin="https://localhost").send(frame(b"x" * 65536))
    assert talk.receive() == (1, b"x" * 65536)
    assert talk.send(frame(b"bye")).closed_with() == 1000


def test_over_tls_a_page_that_came_without_it_is_foreign(start: Callable[..., Small]) -> None:
    with start("0.0.0.0:0").secure() as connection:
        connection.sendall(upgrade(Origin="http://localhost"))
        assert status(connection.recv(4096)) == 403
