"""The door of every route: what the request shows, whose it is, and whether he may."""

from collections.abc import Mapping

from appliance.domain import access, duties, keys, tokens
from appliance.errors import NOTHING, Denied, Unknown
from appliance.store import Tx
from appliance.web import request
from appliance.web.dialect import Dialect
from appliance.web.request import Credential, Environ
from appliance.web.route import OPEN, SIGNED_IN, Route

NOT_BY_KEY = "API密钥不能执行此操作"
OWN_READ, OWN_WRITE = "user.profile.read", "user.profile.update"
"""What an API key must let through where any signed-in user may read, or write."""


def credential(dialect: Dialect, environ: Environ) -> Credential:
    """What a request shows of its sender."""
    return dialect.credential(request.headers(environ))


def identify(tx: Tx, shown: Credential) -> None:
    """Make the transaction's actor the one whose token or key this is, or Unknown."""
    if not shown.text:
        raise Unknown(why=NOTHING)
    (keys if shown.is_key else tokens).identify(tx, shown.text)


def enter(tx: Tx, route: Route, environ: Environ, arguments: Mapping[str, str]) -> None:
    """Identify the caller and see that he may."""
    shown = credential(route.dialect, environ)
    barred = shown.is_key and not route.by_key
    if route.needs == (OPEN,) and not barred:
        return
    identify(tx, shown)
    if barred:
        raise Denied(NOT_BY_KEY)
    if not route.always:
        duties.require_done(tx)
    permit(tx, route)
    if route.door:
        route.door(tx, **arguments)


def permit(tx: Tx, route: Route) -> None:
    """Go on only with one of the permissions the route names, held somewhere."""
    own = OWN_WRITE if route.writes else OWN_READ
    if SIGNED_IN in route.needs and tx.actor.lets(own):
        return
    if not access.holds_somewhere(tx, *(code for code in route.needs if code != SIGNED_IN)):
        raise Denied(needs=[own if code == SIGNED_IN else code for code in route.needs])
