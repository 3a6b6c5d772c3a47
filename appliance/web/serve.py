"""The life of a request: route, identify, permit, read, run, audit, render; one page that every call passes."""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import bottle
import orjson
from sqlalchemy import Select
from sqlalchemy.exc import OperationalError

from appliance import logs
from appliance.domain import audit, usage
from appliance.domain.access import Actor
from appliance.errors import Invalid, Misshapen, Problem, Unavailable
from appliance.store import Prepared, Store, Tx
from appliance.web import request
from appliance.web.dialect import Dialect, Failure, Paging
from appliance.web.entrance import credential, enter
from appliance.web.request import Environ
from appliance.web.route import Listing, Reply, Route

JSON = "application/json"
LONGEST_NUMBER, BEYOND = 15, 10**15
MENTIONED = ("id", "resource_id", "role_id")
ALWAYS = [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]


@dataclass
class Response:
    """What goes out: bytes, or an iterable of bytes."""

    status: int
    body: Any
    headers: list[tuple[str, str]] = field(default_factory=list)
    kind: str = JSON
    done: bool = True
    """False for a refusal, whatever status the dialect gives it."""

    def start(self, start_response: Callable[..., Any], request_id: str) -> Iterable[bytes]:
        """Send it by WSGI."""
        usual = [("Content-Type", self.kind), *ALWAYS] if self.kind else []  # a page of the UI brings its own
        headers = [("X-Request-Id", request_id), *usual, *self.headers]
        if isinstance(self.body, bytes):
            headers.append(("Content-Length", str(len(self.body))))
        start_response(f"{self.status} {bottle.HTTP_CODES.get(self.status, 'Unknown')}", headers)
        return [self.body] if isinstance(self.body, bytes) else self.body


class Desk:
    """What a handler gets that opens its own transactions: a store with the actor and the audit line in place."""

    def __init__(self, store: Store, actor: Actor, route: Route, environ: Environ, facts: Mapping[str, Any]) -> None:
        self.store, self.actor, self.settings, self.environ = store, actor, store.settings, environ
        shown = credential(route.dialect, environ)
        self.token = "" if shown.is_key else shown.text
        self.secure = request.is_secure(environ, store.settings.trusted_proxies)
        self._route, self._facts = route, facts

    @contextmanager
    def reading(self) -> Iterator[Tx]:
        """A reading transaction of the actor."""
        with self.store.reading(self.actor) as tx:
            yield tx

    @contextmanager
    def writing(self, store: Store | None = None) -> Iterator[Tx]:
        """A writing transaction of the actor, be it in another store; its audit line is part of it."""
        with (store or self.store).writing(self.actor) as tx:
            yield tx
            note(tx, self._route, self._facts)


class Serve:
    """Finds the route of a request by Bottle's router and takes the request through its life."""

    def __init__(self, store: Store, dialects: list[Dialect]) -> None:
        self.store, self.dialects = store, dialects
        self.router = bottle.Bottle()
        for dialect in dialects:
            for route in dialect.routes:
                self.router.route(route.path, route.method, callback=route)

    @property
    def routes(self) -> list[Route]:
        """Every declared row."""
        return [route for dialect in self.dialects for route in dialect.routes]

    def __call__(self, environ: Environ, request_id: str) -> Response | None:
        """The answer, or None when the path is nobody's."""
        path = environ["PATH_INFO"]
        dialect = next((one for one in self.dialects if one.owns.match(path + "/")), None)
        if dialect is None:
            return None
        environ = environ | {"PATH_INFO": path.rstrip("/")}
        try:
            found, arguments = self.router.match(environ)
        except bottle.HTTPError as error:
            return lost(dialect, error, environ["REQUEST_METHOD"])
        return self.take(found.callback, environ, arguments, request_id)

    def take(self, route: Route, environ: Environ, arguments: dict[str, Any], request_id: str) -> Response:
        """Serve one route, and count what API keys do."""
        actor = Actor(
            address=request.client_address(environ, self.store.settings.trusted_proxies),
            user_agent=environ.get("HTTP_USER_AGENT", ""),
            request_id=request_id,
            dialect=route.dialect.name,
        )
        answer = self.attempt(route, environ, arguments, actor)
        if actor.key:
            usage.count(self.store, actor.key.id, route.endpoint, succeeded=answer.done, address=actor.address)
        return answer

    def attempt(self, route: Route, environ: Environ, arguments: dict[str, Any], actor: Actor) -> Response:
        """The answer of a route; every way it can go wrong ends in the dialect's words."""
        facts: dict[str, Any] = dict(arguments)
        try:
            return self.run(route, environ, arguments, actor, facts)
        except Problem as problem:
            self.note_refusal(route, actor, facts)
            return told(route.dialect.failure(named(problem, route)))
        except OperationalError as error:
            logs.fail("database.refused", error, path=route.path)
            return told(route.dialect.failure(Unavailable()))
        except Exception as error:  # noqa: BLE001 -- the last guard: the client hears a number, the log the rest
            logs.fail("request.failed", error, path=route.path)
            return told(route.dialect.broken(actor.request_id))

    def run(
        self, route: Route, environ: Environ, arguments: dict[str, Any], actor: Actor, facts: dict[str, Any]
    ) -> Response:
        """The way of a request that is in order."""
        query = request.query(environ)
        if not route.writes and not route.outside:
            with self.store.reading(actor) as tx:
                enter(tx, route, environ, arguments)
                data = [route.takes.read(query)] if route.takes else []
                return render(tx, route, route.handler(tx, *data, **arguments), query)
        raw = self.received(route, environ, arguments, actor) if route.writes else query
        if raw == {} and route.method == "DELETE":
            raw = query
        facts.update(mentioned(raw))
        with self.store.reading(actor) as tx:
            enter(tx, route, environ, arguments)
        try:
            data = shaped(route, raw)
        except Misshapen as fault:
            self.judge(route, actor, fault)
            raise
        if route.outside:
            desk = Desk(self.store, actor, route, environ, facts)
            return render(None, route, route.handler(desk, *data, **arguments), query)
        with self.store.writing(actor) as tx:
            result = route.handler(tx, *data, **arguments)
            note(tx, route, facts, succeeded=not (isinstance(result, Reply) and result.failed))
            return render(tx, route, result, query)

    def received(self, route: Route, environ: Environ, arguments: dict[str, Any], actor: Actor) -> Any:
        """What the body holds; a file is read only of those who may send one."""
        if not (route.upload and request.uploads(environ)):
            return parsed(route, environ, request.body(environ))
        with self.store.reading(actor) as tx:
            enter(tx, route, environ, arguments)
        return request.upload(environ, request.body(environ, route.upload + request.LARGEST))

    def judge(self, route: Route, actor: Actor, fault: Misshapen) -> None:
        """Add what the rules of the domain find in the rest of a misshapen body."""
        if not route.rules or not route.takes:
            return
        with self.store.reading(actor) as tx:
            try:
                route.rules(tx, **fault.right)
            except Invalid as further:
                fault.add(route.takes.renamed(further.faults))
            except Problem:
                return  # what he may not do, or what is not there, is told once the form is right

    def note_refusal(self, route: Route, actor: Actor, facts: Mapping[str, Any]) -> None:
        """A changing call that was refused leaves its line too, in a small transaction of its own."""
        if not route.audit or actor.user is None or self.store.read_only:
            return
        with self.store.writing(actor) as tx:
            audit.note(tx, called(route, actor, facts), succeeded=False)


def parsed(route: Route, environ: Environ, content: bytes) -> Any:
    """The body as data, or the fault that makes it unreadable: the door comes before the fault."""
    try:
        return request.parse(environ, content, forms=route.dialect.forms)
    except Invalid as fault:
        return fault


def shaped(route: Route, raw: Any) -> list[dict[str, Any]]:
    """The body in the shape the route takes; the fault of one that could not be read is told only here."""
    if not route.takes:
        return []
    if isinstance(raw, Problem):
        raise raw
    return [route.takes.read(raw)]


def mentioned(raw: Any) -> dict[str, Any]:
    """The ids a body names, for the audit line."""
    found = {name: raw.get(name) for name in MENTIONED} if isinstance(raw, dict) else {}
    return {name: value for name, value in found.items() if str(value).isdecimal()}


def lost(dialect: Dialect, error: bottle.HTTPError, method: str) -> Response:
    """An unknown path, or a method that is not served on it."""
    failure = dialect.unknown(405 if error.status_code == 405 else 404, method)  # 400: no number where one belongs
    allow = error.headers.get("Allow", "")
    return told(failure._replace(headers=[*failure.headers, *([("Allow", allow)] if allow else [])]))


def told(failure: Failure) -> Response:
    """A refusal as a response."""
    return Response(failure.status, orjson.dumps(failure.body), list(failure.headers), done=False)


def named(problem: Problem, route: Route) -> Problem:
    """The domain's field names as the caller knows them."""
    if problem.faults and route.takes and not isinstance(problem, Misshapen):
        problem.faults = route.takes.renamed(problem.faults)
    return problem


def note(tx: Tx, route: Route, facts: Mapping[str, Any], *, succeeded: bool = True) -> None:
    """The audit line of a call, in the transaction of its change."""
    if route.audit:
        audit.note(tx, called(route, tx.actor, facts), succeeded=succeeded)


def called(route: Route, actor: Actor, facts: Mapping[str, Any]) -> str:
    """What the audit calls a call: in the handler's words where it has its own, else in the route's."""
    own = {"account": actor.user.login} if actor.user else {}
    return actor.operation or line(route.audit, own | dict(facts))


class Facts(dict[str, Any]):
    """Values for an audit line; what is not known is left out of it."""

    def __missing__(self, key: str) -> str:
        return ""


def line(text: str, facts: Mapping[str, Any]) -> str:
    """An audit text with its values."""
    return text.format_map(Facts({name: str(value)[:64] for name, value in facts.items()}))


def render(tx: Tx | None, route: Route, result: Any, query: Mapping[str, Any]) -> Response:
    """What a handler returned, as the dialect shows it, while the transaction is open."""
    dialect = route.dialect
    if not isinstance(result, Listing) and isinstance(result, Select | Prepared):
        result = Listing(result)
    if isinstance(result, Listing):
        assert tx is not None
        return Response(200, orjson.dumps(listing(tx, route, result, dialect.paging(dict(query)))))
    reply = result if isinstance(result, Reply) else Reply(result)
    headers = [*reply.headers, *[("Set-Cookie", cookie) for cookie in reply.cookies]]
    if reply.body is not None:
        return Response(200, reply.body, headers, reply.kind)
    if isinstance(reply.data, dict) and route.gives:
        reply.data = route.gives.show(reply.data, dialect.moment)
    elif isinstance(reply.data, list):
        reply.data = dialect.completed(reply.data, route.gives)
    return Response(reply.status, orjson.dumps(dialect.success(reply)), headers)


def listing(tx: Tx, route: Route, found: Listing, paging: Paging) -> dict[str, Any]:
    """One page of a Select: total, rows, what completes them."""
    total = tx.count(found.select)
    start = min((paging.page - 1) * paging.size, 2**62) if paging.size else 0
    rows = tx.page(found.select, size=paging.size, start=start, falling=paging.descending)
    if found.complete:
        found.complete(tx, rows)
    beside = found.beside(tx, rows) if found.beside else None
    return route.dialect.page(route.dialect.completed(rows, route.gives), total, paging, beside)


def new_request_id() -> str:
    """Found in every line of the log and in the answer."""
    return secrets.token_hex(8)


def require_positive(name: str, value: Any, sentence: str) -> int:
    """A number of at least 1 out of a query, or Invalid on that name."""
    text = str(value).strip()
    number = (int(text) if len(text) <= LONGEST_NUMBER else BEYOND) if text.isdecimal() else 0
    if number < 1:
        raise Invalid(**{name: sentence})
    return number
