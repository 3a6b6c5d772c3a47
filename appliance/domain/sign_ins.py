"""Sign-ins that are good now: whose, from where, until when; and the end of one, of some, or of all."""

from typing import Any

from sqlalchemy import Select, select

from appliance import clock
from appliance.domain import access, presence, tokens
from appliance.errors import Missing
from appliance.query import batches
from appliance.store import Row, Store, Tx
from appliance.store.tables import sign_ins

BY_USER, BY_ADMINISTRATOR = "user", "administrator"
IDLE, TOO_LONG = "idle", "absolute"


def search(tx: Tx, user_id: int) -> Select[Any]:
    """The sign-ins of a user that have neither been ended nor run out."""
    good = (sign_ins.c.ended_at.is_(None), sign_ins.c.expires_at > clock.now())
    return select(sign_ins).where(sign_ins.c.user_id == user_id, *good)


def describe(tx: Tx, rows: list[Row]) -> None:
    """Mark the one that the actor is asking with."""
    for row in rows:
        row["current"] = row.id == tx.actor.sign_in_id


def end(tx: Tx, user_id: int, sign_in_id: int) -> None:
    """End one sign-in of a user, or Missing."""
    found = tx.one(search(tx, user_id).where(sign_ins.c.id == sign_in_id))
    if found is None:
        raise Missing()
    close(tx, user_id, [found.id])


def end_own(tx: Tx, *, all: bool) -> int:  # noqa: A002 -- the documented word
    """End the actor's other sign-ins, or all of them; how many."""
    mine = tx.values(search(tx, tx.actor.user_id).with_only_columns(sign_ins.c.id))
    return close(tx, tx.actor.user_id, [ident for ident in mine if all or ident != tx.actor.sign_in_id])


def end_all(tx: Tx, user_id: int) -> int:
    """End every sign-in of a user; how many."""
    return close(tx, user_id, tx.values(search(tx, user_id).with_only_columns(sign_ins.c.id)))


def close(tx: Tx, user_id: int, idents: list[int]) -> int:
    """End these; those of an administrator only for administrators."""
    own = user_id == tx.actor.user_id
    if not own:
        access.require_over(tx, user_id)
    for ident in idents:
        tokens.end(tx, ident, BY_USER if own else BY_ADMINISTRATOR)
    tx.tell("sign_ins", user_id=user_id, ended=idents)
    return len(idents)


# --- those that end by themselves ------------------------------------------------------------------------------------


def end_over(store: Store) -> None:
    """End what was idle for too long or has lasted as long as it may: terminals follow, a restart forgets nothing."""
    if store.read_only or not (store.settings.idle_sign_in or store.settings.absolute_sign_in):
        return
    with store.reading() as tx:
        rows = tx.all(select(sign_ins).where(sign_ins.c.ended_at.is_(None)))
        over = {row.id: why for row in rows if (why := reason(tx, row))}
    presence.keep_only(store, {row.id for row in rows if row.id not in over})
    for batch in batches(over):
        with store.writing() as tx:
            for ident in batch:
                tokens.end(tx, ident, over[ident])


def reason(tx: Tx, row: Row) -> str:
    """Why a sign-in is over although nobody ended it; empty while it is not."""
    if tokens.last_moment(tx, row) <= clock.now():
        return TOO_LONG
    return IDLE if presence.is_idle(tx.store, row.id) else ""
