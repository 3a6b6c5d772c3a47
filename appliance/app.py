"""The wiring diagram: settings → store → dialects → sockets → UI → WSGI."""

from collections.abc import Callable, Iterable
from typing import Any

import orjson

from appliance import logs
from appliance.crypto import BadKey, Vault, load_master_key
from appliance.datafolder import DATABASE, KEY
from appliance.dialects.identity import identity
from appliance.dialects.ipam import ipam
from appliance.dialects.ptpb import ptpb
from appliance.domain import access, duties, passwords, seeds, setup, usage, users, values
from appliance.domain.access import Actor
from appliance.errors import Problem, Unknown
from appliance.health import Health
from appliance.settings import Settings
from appliance.store import Store, Tx
from appliance.terminal.socket import Terminals
from appliance.web import entrance, fields, request, sockets
from appliance.web.dialect import Dialect
from appliance.web.files import Files
from appliance.web.request import Environ
from appliance.web.serve import Response, Serve, new_request_id, told
from appliance.work.chores import Chores

DIALECTS: list[Dialect] = [identity, ptpb, ipam]  # narrow owners first
SEALED_CHECK = "key_check"
WRONG_KEY = "主密钥不匹配,系统只读"
Start = Callable[..., Any]


class App:
    """Everything behind the socket of the server."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        first_start = not (settings.data / DATABASE).exists()
        key = load_master_key(settings.data / KEY, settings.master_key, may_make=first_start)
        self.vault = Vault(key)
        self.store = Store(settings.data, self.vault, settings)
        self.plant()
        ptpb.zone = fields.Moment.zone = values.Zone.zone = settings.zone
        self.serve = Serve(self.store, DIALECTS)
        self.files = Files()
        self.health = Health(settings.data)
        self.chores = Chores(self.store)
        self.terminals = Terminals(self.store)
        self.sockets: dict[str, Callable[[Environ, Start], Iterable[bytes]]] = {"/api/terminal/ssh": self.terminal}

    def plant(self) -> None:
        """First rows and the proof that the master key fits; without it nothing is ever written."""
        with self.store.writing() as tx:
            if not key_fits(tx):
                self.store.read_only = WRONG_KEY
                logs.warn("master key does not fit the database: read-only")
                return
            seeds.plant(tx)

    def setup_token(self) -> str | None:
        """A fresh token for the set-up page while there is no administrator."""
        if self.store.read_only:
            return None
        with self.store.writing() as tx:
            return setup.new_token(tx) if setup.needed(tx) else None

    def create_first_administrator(self, login: str, password: str) -> None:
        """Unattended set-up; the password is held to the floor. Does nothing once there is somebody."""
        with self.store.reading() as tx:
            if not setup.needed(tx):
                return
            users.check(tx, login=login, password=password)
        hashed = passwords.hash_password(password)
        with self.store.writing() as tx:
            setup.make_administrator(tx, login=login, password_hash=hashed)

    def wsgi(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        """Any request: a socket, a route of a dialect, a page of the UI."""
        request_id = logs.request.get()
        if request_id == "-":
            request_id = new_request_id()
            logs.request.set(request_id)
        try:
            environ["PATH_INFO"] = environ.get("PATH_INFO", "").encode("latin-1").decode()
        except UnicodeDecodeError:
            return plain(404, "not found").start(start_response, request_id)
        socket = self.sockets.get(environ["PATH_INFO"].rstrip("/"))
        if socket and environ.get("HTTP_UPGRADE", "").lower() == "websocket":
            return socket(environ, start_response)
        found = self.serve(environ, request_id) or self.own(environ) or self.page(environ)
        self.health.answers[found.status] += 1
        return found.start(start_response, request_id)

    def terminal(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        """A terminal's WebSocket, from its handshake to its end."""
        query = request.query(environ)
        try:
            socket = sockets.accept(environ, self.settings, origin_needed="ticket" in query)
        except Problem as problem:
            return told(ptpb.failure(problem)).start(start_response, logs.request.get())
        place = request.client_address(environ, self.settings.trusted_proxies)
        browser = environ.get("HTTP_USER_AGENT", "")
        self.terminals.serve(socket, query, Actor(place, browser, logs.request.get(), ptpb.name))
        return []

    def own(self, environ: Environ) -> Response | None:
        """What is neither a dialect's nor a page: the state of the process."""
        path = environ["PATH_INFO"].rstrip("/")
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return None
        return self.healthz() if path == "/healthz" else self.metrics(environ) if path == "/metrics" else None

    def healthz(self) -> Response:
        """200, or 503 with the reasons; nothing about versions or paths."""
        reasons = self.health.reasons() + ([self.store.read_only] if self.store.read_only else [])
        return Response(503 if reasons else 200, orjson.dumps({"ok": not reasons, "reasons": reasons}))

    def metrics(self, environ: Environ) -> Response:
        """The process in figures, for holders of the label `metrics` or whoever the setting lets."""
        if not self.settings.open_metrics and not self.may_measure(environ):
            return plain(401, "a token with the permission metrics is needed")
        return Response(200, self.health.metrics(writes_total=self.store.writes), kind="text/plain; version=0.0.4")

    def may_measure(self, environ: Environ) -> bool:
        """Whether the request's token is of somebody who may see the figures."""
        place = request.client_address(environ, self.settings.trusted_proxies)
        with self.store.reading(Actor(address=place)) as tx:
            try:
                entrance.identify(tx, entrance.credential(ptpb, environ))
            except Unknown:
                return False
            return access.holds(tx, "metrics") and not duties.due(tx)

    def page(self, environ: Environ) -> Response:
        """A file of the web UI, or a plain 404."""
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return plain(405, "method not allowed", [("Allow", "GET, HEAD")])
        wanted = {name[5:].lower().replace("_", "-"): value for name, value in environ.items() if name[:5] == "HTTP_"}
        answer = self.files.serve(environ["PATH_INFO"], wanted)
        if answer is None:
            return plain(404, "not found")
        return Response(answer.status, answer.body, answer.headers, "")

    def start(self) -> None:
        """Begin background work."""
        self.terminals.start()
        self.health.start()
        self.chores.start()

    def stop(self, seconds: float = 8) -> None:
        """End what is live, then let go of the database."""
        self.terminals.stop(seconds)
        self.chores.stop()
        self.health.stop()
        usage.flush(self.store)
        self.store.close()


def key_fits(tx: Tx) -> bool:
    """Whether the master key opens what was sealed at the first start; seals it if this is the first."""
    found = tx.find("options", name=SEALED_CHECK)
    if found is None:
        sealed = tx.vault.seal(SEALED_CHECK, SEALED_CHECK).hex()
        tx.insert("options", name=SEALED_CHECK, value=sealed)
        return True
    try:
        return tx.vault.open(bytes.fromhex(found.value), SEALED_CHECK) == SEALED_CHECK
    except (BadKey, ValueError):
        return False


def plain(status: int, text: str, headers: list[tuple[str, str]] | None = None) -> Response:
    """A sentence for whoever asked for something that nobody serves."""
    return Response(status, text.encode(), headers or [], "text/plain; charset=utf-8")
