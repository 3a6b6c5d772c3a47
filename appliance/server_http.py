"""HTTP/1.1 on one connection: pywsgi's handler with strict parsing, bounded waits and one send per answer."""

import re
import time
from contextlib import suppress
from errno import ECONNRESET
from io import BytesIO
from typing import Any
from urllib.parse import unquote

import gevent
from gevent.pywsgi import WSGIHandler, format_date_time
from gevent.socket import SHUT_RD, SHUT_WR, socket

from appliance import logs
from appliance.server_head import Head, check_host, length_of, read_head, read_headers
from appliance.server_input import CONTINUE, Body, Reader, Refused, gather
from appliance.web.request import client_address

FIRST_SECONDS = 15.0  # for a new connection to say something
IDLE_SECONDS = 75.0  # between two requests
CROWDED_SECONDS = 1.0  # the same, while connections are scarce
SEND_SECONDS = 60.0  # for a client to take each
SLICE = 256 * 1024
LINGER_SECONDS = 2.0  # a refused client gets time to read why
LINGER_BYTES = 8 * 1024 * 1024

SECRET_WORDS = ("token", "ticket", "pass", "secret", "key", "code", "auth", "sign", "otp")
SECRET_QUERY = re.compile(rf"(?i)((?:^|&)[^=&]*(?:{'|'.join(SECRET_WORDS)})[^=&]*=)[^&]*")
UNLOGGED = "/api/terminal/"  # the documented terminal carries a token in its query


class Connection(WSGIHandler):
    """One client's connection, request after request."""

    socket: Any
    environ: Any
    wsgi_input: Any

    def __init__(self, sock: Any, address: Any, server: Any) -> None:
        super().__init__(sock, address, server, rfile=Reader(sock))
        self.base = server.get_environ()
        self.peer = plain(address[0])
        self.base.update(REMOTE_ADDR=self.peer, REMOTE_PORT=str(address[1]))
        self.patience = FIRST_SECONDS
        self.id = "-"
        self.code = 0
        self.switched = False
        self.lingering = False

    def handle(self) -> None:
        """Serve until either side has had enough."""
        try:
            while self.handle_one_request():
                gevent.sleep(0)  # a greedy client must not keep the loop to itself
        finally:
            self._finish()

    def handle_one_request(self) -> bool:
        """Serve one; False when it was the last."""
        self.command = self.path = ""
        self.response_length = 0
        try:
            head = self._next_head()
            if not head:
                return False
            self.environ = self._environment(read_head(head))
        except Refused as refusal:
            self._refuse(str(refusal))
            return False
        except OSError:
            return False
        self.application = self.server.application
        self.server.answering += 1
        try:
            self.handle_one_response()
        finally:
            self.server.answering -= not self.switched
        self.environ = None
        return not (self.close_connection or self.wsgi_input.left)

    def _next_head(self) -> bytes:
        self.server.idle[self] = None
        try:
            return self.rfile.head(CROWDED_SECONDS if self.server.crowded() else self.patience)
        finally:
            self.server.idle.pop(self, None)
            self.patience = IDLE_SECONDS
            self.time_start = time.time()
            self.id = self.server.next_id()
            logs.request.set(self.id)

    def _environment(self, head: Head) -> dict[str, Any]:
        """Also fills in what pywsgi's own parsing would."""
        self.command, self.path, self.request_version = head.method, head.target, head.version
        environ = self.base.copy()
        path, _, query = head.target.partition("?")
        environ["REQUEST_METHOD"] = head.method
        environ["PATH_INFO"] = unquote(path, "latin-1") if "%" in path else path
        environ["QUERY_STRING"] = query
        environ["SERVER_PROTOCOL"] = head.version
        environ["appliance.request_id"] = self.id
        environ["appliance.connection"] = self
        read_headers(head.lines, environ)
        check_host(environ)
        self.close_connection = self._last_request(environ.get("HTTP_CONNECTION", "").lower())
        self.wsgi_input = environ["wsgi.input"] = self._body(environ)
        environ["wsgi.input_terminated"] = True
        return environ

    def _last_request(self, asked: str) -> bool:
        if self.server.stopping:
            return True
        return "close" in asked if self.request_version == "HTTP/1.1" else "keep-alive" not in asked

    def _body(self, environ: dict[str, Any]) -> Body:
        """The request's body. Chunks are put together here: Bottle would take them apart a second time."""
        length = length_of(environ)
        greet = self._greet(environ)
        if length is not None:
            return Body(self.rfile, length, greet)
        if greet is not None:
            greet.sendall(CONTINUE)
        body, size = gather(self.rfile)
        environ["CONTENT_LENGTH"] = str(size)
        self.lingering = size > len(body)
        self.close_connection = self.close_connection or self.lingering
        return Body(BytesIO(body), len(body))

    def _greet(self, environ: dict[str, Any]) -> Any:
        expected = environ.pop("HTTP_EXPECT", None)
        if expected is None or self.request_version == "HTTP/1.0":
            return None
        if expected.lower() != "100-continue":
            raise Refused("417 Expectation Failed")
        return self.socket

    def finalize_headers(self) -> None:
        """Add what every answer carries."""
        if self.wsgi_input.unwanted:
            self.close_connection = self.lingering = True
        given = {name.lower() for name, _ in self.response_headers}
        if b"x-request-id" not in given:
            self.response_headers.append((b"X-Request-Id", self.id.encode()))
        if b"date" not in given:
            self.response_headers.append((b"Date", self.server.date()))
        if self.close_connection and b"connection" not in given:
            self.response_headers.append((b"Connection", b"close"))
        self.provided_date = ""
        super().finalize_headers()

    def _write_with_headers(self, data: bytes) -> None:
        """Head and first part of the body in one send: apart they would wait for each other's acknowledgement."""
        self.headers_sent = True
        self.finalize_headers()
        parts = [b"HTTP/1.1 ", self.status]
        for name, value in self.response_headers:
            parts += (b"\r\n", name, b": ", value)
        parts.append(b"\r\n\r\n")
        if data:
            parts += (b"%x\r\n" % len(data), data, b"\r\n") if self.response_use_chunked else (data,)
        self._sendall(b"".join(parts))

    def _sendall(self, data: bytes) -> None:
        """Send, giving a slow client time for each slice; whatever goes wrong, the client is gone."""
        try:
            self.socket.settimeout(SEND_SECONDS)
            if len(data) <= SLICE:
                sent = self.socket.send(data)  # nearly always all of it, in half the steps of sendall()
                if sent < len(data):
                    self.socket.sendall(data[sent:])
            else:
                view = memoryview(data)
                for start in range(0, len(view), SLICE):
                    self.socket.sendall(view[start : start + SLICE])
        except OSError as error:
            self.code = -abs(self.code)
            self.close_connection = True
            raise ConnectionResetError(ECONNRESET, str(error)) from None
        self.response_length += len(data)

    def process_result(self) -> None:
        """After a WebSocket there is nothing to answer, to a HEAD nothing but the head."""
        if self.command == "HEAD":
            self.write(b"")
        elif not self.switched:
            super().process_result()

    def switch(self, answer: bytes) -> tuple[Any, Reader]:
        """Stop speaking HTTP: send the answer that says so, and hand over the connection."""
        self.switched = self.close_connection = self.headers_sent = self.lingering = True
        self.server.answering -= 1
        self.code, self.status = 101, b"101 Switching Protocols"
        self._sendall(answer)
        self.rfile.patient = True
        self.socket.settimeout(None)
        return self.socket, self.rfile

    def handle_error(self, kind: Any, error: Any, trace: Any) -> None:
        """The application let something through, or the client went away in the middle of its body."""
        gone = isinstance(error, OSError)
        self.close_connection = self.close_connection or gone
        if not gone and not issubclass(kind, gevent.GreenletExit):
            logs.fail("request.failed", error)
        self._send_error_response_if_possible(400 if gone else 500)

    def _refuse(self, status: str) -> None:
        self.code = int(status[:3])
        self.lingering = True
        answer = f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\nX-Request-Id: {self.id}\r\n\r\n"
        with suppress(OSError):
            self._sendall(answer.encode())
        self.time_finish = time.time()
        self.log_request()

    def log_request(self) -> None:
        """One line per request, made by hand: it is on the hot path."""
        path, _, query = (self.path or "").partition("?")
        line = {
            "time": logs.now(),
            "level": "info",
            "event": "request",
            "request": self.id,
            "peer": self._client(),
            "method": self.command,
            "path": path[:500],
            "status": abs(self.code or 0),
            "bytes": self.response_length,
            "ms": round((self.time_finish - self.time_start) * 1000, 2),
        }
        if query and not path.startswith(UNLOGGED):
            line["query"] = masked(query)[:500]
        if (self.code or 0) < 0:
            line["cut"] = True
        logs.sink.put(logs.encode(line))

    def _client(self) -> str:
        """Who asked: the peer, or whom a proxy of ours names."""
        proxies = self.server.proxies
        return client_address(self.environ, proxies) if proxies and self.environ else self.peer

    def _finish(self) -> None:
        with suppress(OSError):
            if self.lingering:
                self._linger()
            self.socket.close()
        self.rfile.close()
        self.socket = self.environ = self.wsgi_input = None

    def hang_up(self) -> None:
        """End a connection that waits for its next request."""
        with suppress(OSError):
            self._shut(SHUT_RD)

    def _shut(self, how: int) -> None:
        """The socket below TLS, whose own shutdown would forget the keys that a waiting reader still needs."""
        socket.shutdown(self.socket, how)

    def _linger(self) -> None:
        """Read a little more before closing: a close with unread input would take the answer back."""
        self._shut(SHUT_WR)
        deadline, left = time.monotonic() + LINGER_SECONDS, LINGER_BYTES
        while left > 0 and (seconds := deadline - time.monotonic()) > 0:
            self.socket.settimeout(seconds)
            block = self.socket.recv(64 * 1024)
            if not block:
                return
            left -= len(block)
            gevent.sleep(0)


def masked(query: str) -> str:
    """A query without what could let somebody in; the pattern is slow, so only where one of its words occurs."""
    suspicious = query.lower()
    return SECRET_QUERY.sub(r"\1***", query) if any(word in suspicious for word in SECRET_WORDS) else query


def plain(address: str) -> str:
    """An IPv4 client of an IPv6 socket is an IPv4 client."""
    return address.removeprefix("::ffff:") if "." in address else address.partition("%")[0]


class Dates:
    """The Date header, made once a second."""

    def __init__(self) -> None:
        self.second = 0
        self.text = b""

    def __call__(self) -> bytes:
        second = int(time.time())
        if second != self.second:
            self.second, self.text = second, format_date_time(second)
        return self.text
