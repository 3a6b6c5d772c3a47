"""Questions at the door that a single permission does not answer: whose thing it is, and second permissions."""

from collections.abc import Callable

from appliance.domain import access, duties, users
from appliance.errors import Denied
from appliance.store import Tx

Door = Callable[..., None]


def also(code: str) -> Door:
    """Another permission besides."""

    def door(tx: Tx, **_: str) -> None:
        access.require(tx, code)

    return door


def oneself(tx: Tx, user: str) -> None:
    """Nobody but the user himself."""
    if not is_oneself(tx, user):
        raise Denied(access.NOT_YOURS)


def oneself_or(code: str) -> Door:
    """The user himself, even while something else is due first, or a holder of the permission."""

    def door(tx: Tx, user: str) -> None:
        if is_oneself(tx, user):
            return
        duties.require_done(tx)
        access.require(tx, code)

    return door


def is_oneself(tx: Tx, user: str) -> bool:
    """Whether a path names the caller."""
    found = users.by_name(tx, user)
    return found is not None and found.id == tx.actor.user_id
