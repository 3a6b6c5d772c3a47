"""A tiny application behind the real server, in a process of its own: what the tests of this folder talk to."""

from gevent import monkey

monkey.patch_all()

import sys  # noqa: E402
from collections.abc import Iterator  # noqa: E402
from typing import Any  # noqa: E402
from urllib.parse import quote  # noqa: E402

import gevent  # noqa: E402

from appliance import datafolder, logs, server, server_http, server_input  # noqa: E402
from appliance.errors import Problem  # noqa: E402
from appliance.hardening import harden  # noqa: E402
from appliance.server import Server  # noqa: E402
from appliance.settings import Settings, load  # noqa: E402
from appliance.web import sockets  # noqa: E402


def slowly() -> Iterator[bytes]:
    """An answer that is under way for a while."""
    yield b"begun"
    gevent.sleep(1.6)
    yield b"ended"


class Small:
    """Echoes bodies, streams, fails and opens WebSockets on demand."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.live: set[sockets.WebSocket] = set()

    def wsgi(self, environ: dict[str, Any], start_response: Any) -> Any:
        path = environ["PATH_INFO"]
        if path == "/api/terminal/ssh/":
            return self.terminal(environ, start_response)
        if path == "/error":
            raise RuntimeError("password=hunter2hunter2")
        if path == "/slow":
            start_response("200 OK", [])
            return slowly()
        if path == "/unread":
            start_response("413 Request Entity Too Large", [("Content-Length", "0")])
            return []
        if path == "/big":
            start_response("200 OK", [])
            return [b"x" * 20_000_000]
        if path == "/stream":
            start_response("200 OK", [])
            return (b"part%d\n" % number for number in range(3))
        body = environ["wsgi.input"].read() or b"hello"
        length = environ.get("CONTENT_LENGTH", "")
        start_response("200 OK", [("Content-Type", "text/plain"), ("X-Length", length), ("X-Path", quote(path))])
        return [body]

    def terminal(self, environ: dict[str, Any], start_response: Any) -> Any:
        """An echo; the word `bye` closes."""
        try:
            needed = "ticket=" in environ["QUERY_STRING"]
            socket = sockets.accept(environ, self.settings, origin_needed=needed)
        except Problem as problem:
            start_response("403 Forbidden", [("Content-Length", "0"), ("X-Why", type(problem).__name__)])
            return []
        self.live.add(socket)
        while (message := socket.receive()) is not None:
            if message == "bye":
                socket.close(1000, "再见" * 60)
            elif not socket.closed:
                socket.send(message)
        self.live.discard(socket)
        return []

    def start(self) -> None:
        """Nothing."""

    def stop(self, seconds: float) -> None:
        """As the appliance does with terminals."""
        for socket in list(self.live):
            socket.close(1001, "服务正在停止")

    def setup_token(self) -> str | None:
        return "one-time-token"


def hurry() -> None:
    """Time-outs that a test can wait for."""
    server_input.HEAD_SECONDS = server_input.BODY_SECONDS = 0.8
    server.HANDSHAKE_SECONDS = server_http.FIRST_SECONDS = 1.5


def strangers() -> None:
    """Of the loopback addresses only the first is this machine; the others are strangers."""
    server.Front.favours = lambda self, peer: peer == "127.0.0.1"  # type: ignore[method-assign]


def main() -> int:
    """Started as `small.py name=value …`."""
    hurry()
    strangers()
    settings = load(dict(argument.split("=", 1) for argument in sys.argv[1:]))
    harden()
    datafolder.prepare(settings.data)
    datafolder.hold(settings.data)
    logs.start(settings.log_file)
    return Server(settings, Small(settings)).run()


if __name__ == "__main__":
    sys.exit(main())
