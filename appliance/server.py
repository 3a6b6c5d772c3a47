"""The process around the application: its socket, TLS, signals, set-up page and orderly end."""

import itertools
import secrets
import signal
import sys
import time
from contextlib import closing, suppress
from ipaddress import ip_address
from typing import Any, Protocol

import gevent
from gevent import socket
from gevent.event import Event
from gevent.pool import Pool
from gevent.pywsgi import WSGIServer

from appliance import logs
from appliance.crypto import write_private
from appliance.domain import setup
from appliance.hardening import raise_file_limit
from appliance.interfaces import real_addresses
from appliance.kinds import Address, Network
from appliance.server_http import Connection, Dates, plain
from appliance.settings import Settings

MOST_CONNECTIONS = 4000
KEPT_FILES = 64  # for the database, recordings and logs, when connections take all others
FILES_PER_CONNECTION = 3  # a terminal: browser, host, recording
SPARE = 8  # connections that idle ones make room for
HANDSHAKE_SECONDS = 10.0
BACKLOG = 1024
ENDING_SECONDS = 9.5  # then the system ends us


class Application(Protocol):
    """What runs inside."""

    def wsgi(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answer a request."""

    def start(self) -> None:
        """Begin background work."""

    def stop(self, seconds: float) -> None:
        """Tell terminals why, end background work, let go of the database."""

    def setup_token(self) -> str | None:
        """A one-time token for the set-up page, while there is no administrator."""


class Front(WSGIServer):
    """Pywsgi with a bounded number of connections, of which one address gets at most half."""

    handler_class = Connection

    def __init__(self, listener: Any, application: Any, *, limit: int, tls: Any, proxies: tuple[Network, ...]) -> None:
        self.tls = tls
        self.proxies = proxies
        self.idle: dict[Connection, None] = {}
        self.peers: dict[str, int] = {}
        self.share = max(1, limit // 2)
        self.stopping = False
        self.answering = 0
        self.date = Dates()
        self.numbers = itertools.count(1)
        self.boot = secrets.token_hex(4)
        environ = {"SERVER_NAME": "appliance", "wsgi.multithread": True}
        more = {"ssl_context": tls} if tls else {}
        super().__init__(
            listener, application, spawn=Pool(limit), log=None, error_log=logs.Stream(), environ=environ, **more
        )

    def next_id(self) -> str:
        """The id of the next request: unique among all starts of the appliance."""
        return f"{self.boot}-{next(self.numbers):x}"

    def crowded(self) -> bool:
        """Whether connections are scarce."""
        return self.pool.free_count() < SPARE

    def do_handle(self, *args: Any) -> None:
        """A new connection; when few more can come, whoever has been silent longest makes room."""
        if self.crowded() and self.idle:
            next(iter(self.idle)).hang_up()
        super().do_handle(*args)

    def handle(self, sock: Any, address: Any) -> None:
        """One connection, unless its address has more than its share; this machine and our proxies always get in."""
        peer = plain(address[0])
        if self.peers.get(peer, 0) >= self.share and not self.favours(peer):
            return
        self.peers[peer] = self.peers.get(peer, 0) + 1
        try:
            super().handle(sock, address)
        finally:
            self.peers[peer] -= 1
            if not self.peers[peer]:
                del self.peers[peer]

    def favours(self, peer: str) -> bool:
        """Whether a peer may take any number of connections."""
        parsed = ip_address(peer)
        return parsed.is_loopback or any(parsed in network for network in self.proxies)

    def wrap_socket_and_handle(self, client_socket: Any, address: Any) -> None:
        """TLS in the connection's own greenlet, so that nobody waits for a client that stalls in it."""
        try:
            with gevent.Timeout(HANDSHAKE_SECONDS, TimeoutError):
                secured = self.tls.wrap_socket(client_socket, server_side=True)
        except (OSError, ValueError):  # no TLS, a scan, too slow, gone: nothing to tell anybody
            return
        with closing(secured):
            self.handle(secured, address)

    def close_doors(self) -> None:
        """Take no more connections, and no more requests on those that are quiet."""
        self.stopping = True
        self.close()
        for connection in list(self.idle):
            connection.hang_up()

    def wait_for_answers(self, seconds: float) -> None:
        """Until nobody waits for an answer; terminals are not waited for."""
        deadline = time.monotonic() + seconds
        while self.answering and time.monotonic() < deadline:
            gevent.sleep(0.02)


def listen(address: Address) -> Any:
    """The listening socket; its connections inherit TCP_NODELAY, without which each answer would wait 40 ms."""
    made = socket.socket(socket.AF_INET6 if ":" in address.host else socket.AF_INET)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if address.host == "::":
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    try:
        made.bind(tuple(address))
    except OSError as error:
        raise OSError(f"cannot listen on {address}: {error.strerror}") from None
    made.listen(BACKLOG)
    made.setblocking(False)
    return made


class Server:
    """Runs one application on one address until it is told to stop."""

    def __init__(self, settings: Settings, app: Application) -> None:
        self.settings = settings
        self.app = app
        self.ended = Event()
        limit = min(MOST_CONNECTIONS, (raise_file_limit() - KEPT_FILES) // FILES_PER_CONNECTION)
        self.front = Front(
            listen(settings.listen),
            app.wsgi,
            limit=limit,
            tls=self.tls(),
            proxies=settings.trusted_proxies,
        )

    def tls(self) -> Any:
        """What TLS connections are wrapped with; None without TLS."""
        if not self.settings.tls:
            return None
        from appliance import server_tls  # reading certificates takes a while to import

        return server_tls.context(self.settings)

    def run(self) -> int:
        """Serve until a signal ends it; the exit code."""
        gevent.signal_handler(signal.SIGTERM, self.stop)
        gevent.signal_handler(signal.SIGINT, self.stop)
        gevent.signal_handler(signal.SIGHUP, self.reopen)
        self.app.start()
        self.front.start()
        self.announce()
        self.ended.wait()
        return 0

    def stop(self) -> None:
        """Say goodbye in order; should anything hang, the system ends the process. A second signal does at once."""
        signal.setitimer(signal.ITIMER_REAL, 0.001 if self.front.stopping else ENDING_SECONDS)
        logs.note("server.stopping")
        self.front.close_doors()
        self.front.wait_for_answers(2)
        with gevent.Timeout(5, False):
            self.app.stop(4.5)
        self.front.stop(timeout=1)
        logs.note("server.stopped")
        logs.stop()
        self.ended.set()

    def reopen(self) -> None:
        """After logs were rotated or a certificate renewed; a broken certificate leaves the old one in force."""
        logs.reopen()
        try:
            self.front.tls = self.tls()
        except (OSError, ValueError) as error:
            logs.fail("certificate.refused", error)
        logs.note("server.reopened")

    def announce(self) -> None:
        """Print where we are, and how the first administrator is made while there is none."""
        urls = self.urls()
        logs.note("server.started", url=urls[0])
        told = [f"appliance is at {' and '.join(urls)}"]
        token = self.app.setup_token()
        file = self.settings.data / setup.FILE
        file.unlink(missing_ok=True)
        if token:
            links = [f"{url}/#/setup/{token}" for url in urls]
            write_private(file, "".join(link + "\n" for link in links).encode())
            told += ["Make the first administrator within 30 minutes at", *links, f"(also in {file})"]
        say(told)

    def urls(self) -> list[str]:
        """Where browsers find us: the address we listen on, or every real one when that is all of them."""
        host, port = self.front.address[:2]
        everywhere = host in ("0.0.0.0", "::")  # noqa: S104 -- compared, not bound
        hosts = [host] if not everywhere else reachable(host)
        scheme = "https" if self.settings.tls else "http"
        return [f"{scheme}://{Address(found, port)}" for found in hosts]


def reachable(host: str) -> list[str]:
    """The addresses meant by `0.0.0.0` or `::`."""
    found = [address for address in real_addresses() if host == "::" or ":" not in address]
    return [*found, "127.0.0.1"]


def say(lines: list[str]) -> None:
    """To whoever started us; that nobody listens any more is no reason to stop."""
    with suppress(OSError):
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()
