"""One-time tickets of the terminal: asked for with a token, shown once in its place."""

import secrets
from datetime import timedelta

from sqlalchemy import delete

from appliance import clock
from appliance.crypto import digest
from appliance.domain import access, sessions, tokens
from appliance.errors import Conflict, Denied, Unknown
from appliance.store import Row, Tx
from appliance.store.tables import admissions

LIFE = 30
LONGEST = 128


def issue(tx: Tx, *, host_id: int, voucher_id: int) -> str:
    """A ticket for a session that could begin now; it is good for this sign-in, host and voucher alone."""
    if tx.actor.sign_in_id is None:
        raise Denied(access.NOT_YOURS)
    admission = sessions.admit(tx, host_id=host_id, voucher_id=voucher_id)
    sentence = sessions.obstacle(tx, admission)
    if sentence:
        raise Conflict(sentence)
    ticket = secrets.token_urlsafe(32)
    who = {"user_id": tx.actor.user_id, "sign_in_id": tx.actor.sign_in_id}
    where = {"host_id": host_id, "voucher_id": voucher_id}
    end = clock.now() + timedelta(seconds=LIFE)
    tx.insert("admissions", token_hash=digest(ticket), expires_at=end, **who, **where)
    return ticket


def claim(tx: Tx, ticket: str) -> Row | None:
    """Use a ticket up: of any number who show it, one gets the row. Commit before anything else is decided."""
    row = tx.find("admissions", token_hash=digest(ticket)) if len(ticket) <= LONGEST else None
    tx.run(delete(admissions).where(admissions.c.expires_at <= clock.now()))
    if row is None or tx.run(delete(admissions).where(admissions.c.id == row.id)) != 1:
        return None
    return row


def become(tx: Tx, row: Row) -> None:
    """Make the actor the user a ticket was given to, if his sign-in still stands; else Unknown."""
    sign_in = tx.find("sign_ins", id=row.sign_in_id)
    if sign_in is None or sign_in.ended_at:
        raise Unknown()
    tokens.become(tx, row.user_id, row.sign_in_id)
