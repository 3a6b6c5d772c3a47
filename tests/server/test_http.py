"""HTTP at the socket: fast on kept-alive connections, strict about what a request is, patient with nobody for ever."""

import socket
import statistics
import struct
import threading
import time
from contextlib import suppress

import pytest

from tests.server.harness import Small, answer, header, request, rest, status

CHUNKED = "Transfer-Encoding: chunked"
POST = "POST / HTTP/1.1"


def ask_often(connection: socket.socket, times: int) -> list[float]:
    """How long each of so many answers on one connection takes."""
    took = []
    for _ in range(times):
        began = time.monotonic()
        connection.sendall(request("GET / HTTP/1.1"))
        answer(connection)
        took.append(time.monotonic() - began)
    return took


def test_an_answer_on_a_kept_alive_connection_does_not_wait_for_acknowledgements(small: Small) -> None:
    with small.connect() as connection:
        assert statistics.median(ask_often(connection, 50)) < 0.02


def test_head_and_body_of_an_answer_come_in_one_piece(small: Small) -> None:
    with small.connect() as connection:
        ask_often(connection, 20)
        received = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 160)
        assert struct.unpack_from("I", received, 152)[0] == 20  # tcpi_data_segs_in


def test_the_pieces_of_a_streamed_answer_do_not_wait_for_acknowledgements(small: Small) -> None:
    with small.connect() as connection:
        took = []
        for _ in range(20):
            began = time.monotonic()
            connection.sendall(request("GET /stream HTTP/1.1"))
            received = b""
            while not received.endswith(b"0\r\n\r\n"):
                received += connection.recv(65536)
            took.append(time.monotonic() - began)
        assert statistics.median(took) < 0.02


def test_a_greedy_connection_leaves_others_their_turn(small: Small) -> None:
    with small.connect() as greedy, small.connect() as modest:
        flood = request("GET / HTTP/1.1") * 20_000
        sender = threading.Thread(target=send_all, args=(greedy, flood), daemon=True)
        reader = threading.Thread(target=drain, args=(greedy, 20_000), daemon=True)
        sender.start()
        reader.start()
        assert statistics.median(ask_often(modest, 20)) < 0.05
        assert reader.is_alive(), "the flood was over before it could be in anybody's way"
        greedy.shutdown(socket.SHUT_RDWR)


def drain(connection: socket.socket, answers: int) -> None:
    """Read so many answers, or until it ends."""
    seen = 0
    with suppress(OSError):
        while seen < answers and (block := connection.recv(1 << 20)):
            seen += block.count(b"HTTP/1.1 200")


def test_requests_sent_ahead_are_answered_in_order(small: Small) -> None:
    ahead = request("GET /one HTTP/1.1") + request("GET /two HTTP/1.1", "Connection: close")
    answers = small.say(ahead)
    assert answers.index(b"X-Path: /one") < answers.index(b"X-Path: /two")


def test_every_answer_carries_the_id_that_its_log_line_has(small: Small) -> None:
    number = header(small.get("/traced"), "X-Request-Id")
    assert [line["path"] for line in small.log("request", request=number)] == ["/traced"]


def test_a_chunked_body_arrives_whole_and_with_its_length(small: Small) -> None:
    body = b"3;name=value\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: x\r\n\r\n"
    told = small.say(request(POST, CHUNKED, "Connection: close", body=body))
    assert told.endswith(b"abcde")
    assert header(told, "X-Length") == "5"


def test_a_client_that_waits_for_leave_to_send_its_body_gets_it(small: Small) -> None:
    with small.connect() as connection:
        connection.sendall(request(POST, "Content-Length: 4", "Expect: 100-continue", "Connection: close"))
        assert connection.recv(1024) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"late")
        assert rest(connection).endswith(b"late")


@pytest.mark.parametrize("path", ["/", "/stream"])
def test_the_answer_to_a_head_is_a_head_alone_and_the_next_one_follows(small: Small, path: str) -> None:
    told = small.say(request(f"HEAD {path} HTTP/1.1") + request("GET /next HTTP/1.1", "Connection: close"))
    head, _, after = told.partition(b"\r\n\r\n")
    assert status(head) == 200
    assert after.startswith(b"HTTP/1.1 200 OK")
    assert header(after, "X-Path") == "/next"


def test_a_streamed_answer_comes_in_chunks(small: Small) -> None:
    told = small.get("/stream")
    assert header(told, "Transfer-Encoding") == "chunked"
    assert told.endswith(b"6\r\npart2\n\r\n0\r\n\r\n")


SMUGGLED = {
    "length and chunks": request(POST, "Content-Length: 4", CHUNKED, body=b"0\r\n\r\n"),
    "two lengths": request(POST, "Content-Length: 4", "Content-Length: 5", body=b"abcde"),
    "the same length twice": request(POST, "Content-Length: 4", "Content-Length: 4", body=b"abcd"),
    "a list of lengths": request(POST, "Content-Length: 4, 4", body=b"abcd"),
    "a signed length": request(POST, "Content-Length: +4", body=b"abcd"),
    "a length with underscores": request(POST, "Content-Length: 1_0", body=b"abcdefghij"),
    "a length in other digits": request(POST, "Content-Length: \xb2", body=b"ab"),
    "a negative length": request(POST, "Content-Length: -1"),
    "another coding": request(POST, "Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"),
    "chunks twice": request(POST, CHUNKED, CHUNKED, body=b"0\r\n\r\n"),
    "a padded coding": request(POST, "Transfer-Encoding: chunked\x0b", body=b"0\r\n\r\n"),
    "chunks in HTTP/1.0": request("POST / HTTP/1.0", CHUNKED, body=b"0\r\n\r\n"),
    "a bare line feed": b"GET / HTTP/1.1\nHost: localhost\n\n",
    "a bare line feed in a head": b"GET / HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n",
    "a bare carriage return": b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\rb\r\n\r\n",
    "a folded header": b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\n\r\n",
    "a blank before the colon": b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length : 4\r\n\r\nabcd",
    "a NUL": b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n",
    "a header without a name": b"GET / HTTP/1.1\r\nHost: localhost\r\n: x\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n",
    "two credentials": request("GET / HTTP/1.1", "Authorization: a", "Authorization: b"),
    "a host with a path": b"GET / HTTP/1.1\r\nHost: localhost/evil\r\n\r\n",
    "a whole URL": b"GET http://evil/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "two blanks": b"GET  / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a later version": b"GET / HTTP/2.0\r\nHost: localhost\r\n\r\n",
    "no version": b"GET /\r\n\r\n",
    "no HTTP at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "a bad chunk size": request(POST, CHUNKED, body=b"0x3\r\nabc\r\n0\r\n\r\n"),
    "no chunk size": request(POST, CHUNKED, body=b"\r\nabc\r\n0\r\n\r\n"),
    "a huge chunk size": request(POST, CHUNKED, body=b"fffffffffffffffff\r\nabc"),
    "a line feed in a chunk extension": request(POST, CHUNKED, body=b"3;a\nb\r\nabc\r\n0\r\n\r\n"),
    "a chunk ended by a line feed": request(POST, CHUNKED, body=b"3\nabc\n0\n\n"),
    "a chunk longer than it says": request(POST, CHUNKED, body=b"3\r\nabcd\r\n0\r\n\r\n"),
    "a bad trailer": request(POST, CHUNKED, body=b"0\r\nno colon\r\n\r\n"),
}


@pytest.mark.parametrize("bytes_sent", SMUGGLED.values(), ids=SMUGGLED.keys())
def test_what_two_servers_could_read_differently_is_refused_and_ends_the_connection(
    small: Small, bytes_sent: bytes
) -> None:
    told = small.say(bytes_sent + request("GET /smuggled HTTP/1.1"))
    assert status(told) == 400
    assert told.count(b"HTTP/1.1 ") == 1


def test_a_header_with_an_underscore_does_not_pass_for_another(small: Small) -> None:
    told = small.say(request(POST, "Content_Length: 4", "Connection: close"))
    assert header(told, "X-Length") == ""


def test_the_rest_of_an_unread_body_is_no_request(small: Small) -> None:
    hidden = request("GET /smuggled HTTP/1.1")
    for filler in (0, 20_000, 300_000):
        body = b"x" * filler + hidden
        told = small.say(
            request("POST /unread HTTP/1.1", f"Content-Length: {len(body)}", "Connection: close", body=body)
        )
        assert status(told) == 413
        assert b"/smuggled" not in told


def test_a_client_that_sends_everything_before_it_reads_hears_why_it_was_refused(small: Small) -> None:
    body = b"x" * 5_000_000
    told = small.say(request("POST /unread HTTP/1.1", f"Content-Length: {len(body)}", body=body))
    assert status(told) == 413


def test_the_late_rest_of_a_body_is_no_request(small: Small) -> None:
    with small.connect() as connection:
        connection.sendall(request("POST /unread HTTP/1.1", "Content-Length: 100", body=b"x" * 50))
        assert status(answer(connection)) == 413
        time.sleep(1.2)  # longer than the server waits for a body in these tests
        send_all(connection, b"x" * 50 + request("GET /smuggled HTTP/1.1", "Connection: close"))
        assert rest(connection) == b""


def test_a_body_of_two_gigabytes_is_not_read(small: Small) -> None:
    with small.connect() as connection:
        connection.sendall(request("POST /unread HTTP/1.1", f"Content-Length: {2**31}"))
        told = answer(connection)
        assert (status(told), header(told, "Connection")) == (413, "close")
        sent = send_until_refused(connection)
    assert sent < 64 * 1024 * 1024


def send_until_refused(connection: socket.socket) -> int:
    sent = 0
    try:
        while sent < 2**31:
            sent += connection.send(b"x" * 65536)
    except OSError:
        pass
    return sent


def test_an_endless_chunked_body_reaches_the_application_as_too_large(small: Small) -> None:
    with small.connect() as connection:
        connection.sendall(request("POST /unread HTTP/1.1", CHUNKED))
        piece = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        sender = threading.Thread(target=send_all, args=(connection, piece * 100), daemon=True)
        sender.start()
        assert status(answer(connection)) == 413


def send_all(connection: socket.socket, content: bytes) -> None:
    with suppress(OSError):
        connection.sendall(content)


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (request(f"GET /{'a' * 9000} HTTP/1.1"), 414),
        (request("GET / HTTP/1.1", *[f"X-{n}: y" for n in range(200)]), 431),
        (request("GET / HTTP/1.1", f"X: {'y' * 60_000}"), 431),
        (b"GET /" + b"a" * 100_000, 431),
    ],
    ids=["long line", "many headers", "large header", "endless line"],
)
def test_heads_have_bounds(small: Small, head: bytes, code: int) -> None:
    assert status(small.say(head)) == code


def test_a_head_that_trickles_is_cut(small: Small) -> None:
    with small.connect() as connection:
        began = time.monotonic()
        told = trickle(connection, b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 1000)
    assert time.monotonic() - began < 8
    assert status(told) == 408


def test_a_body_that_trickles_is_cut(small: Small) -> None:
    with small.connect() as connection:
        connection.sendall(request(POST, "Content-Length: 1000"))
        began = time.monotonic()
        told = trickle(connection, b"x" * 1000)
    assert time.monotonic() - began < 8
    assert status(told) != 200


def trickle(connection: socket.socket, content: bytes) -> bytes:
    """Send a byte at a time until the server has had enough; what it says."""
    connection.settimeout(0.05)
    for at in range(len(content)):
        try:
            connection.sendall(content[at : at + 1])
            if (told := connection.recv(4096)) is not None:
                return told
        except TimeoutError:
            continue
        except OSError:
            return b""
    raise AssertionError("the server was patient to the end")


def test_a_connection_that_says_nothing_is_closed(small: Small) -> None:
    with small.connect() as connection:
        began = time.monotonic()
        assert rest(connection) == b""
        assert time.monotonic() - began < 5


def test_a_client_that_does_not_read_holds_up_nobody_else(small: Small) -> None:
    with small.connect() as lazy:
        lazy.sendall(request("GET /big HTTP/1.1"))
        assert status(small.get()) == 200


def test_a_large_answer_arrives_whole(small: Small) -> None:
    assert len(small.get("/big").partition(b"\r\n\r\n")[2]) == 20_000_000


def test_what_the_application_lets_through_is_a_500_without_its_reasons(small: Small) -> None:
    told = small.get("/error")
    assert status(told) == 500
    assert b"RuntimeError" not in told
