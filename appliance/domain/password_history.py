"""The passwords of users: the present one and those before it, as hashes (identity 8)."""

from datetime import datetime

from sqlalchemy import delete, select

from appliance import clock
from appliance.domain import guard, passwords, tokens
from appliance.errors import Conflict
from appliance.store import Tx
from appliance.store.tables import password_history


def replace(tx: Tx, user_id: int, password_hash: str, *, instead_of: str | None = None) -> None:
    """A new password: it ends all sign-ins and any timed lock. `instead_of`: only while the old one is still that."""
    user = tx.get("users", user_id)
    if instead_of is not None and user.password_hash != instead_of:
        raise Conflict()
    moment = clock.now()
    lasting = {"must_change_password": False, "password_expires_at": None}
    tx.change("users", user_id, password_hash=password_hash, password_at=moment, **lasting)
    remember(tx, user_id, password_hash, moment)
    guard.unlock(tx, user.login_key)
    tokens.end_all(tx, user_id, "password")


def remember(tx: Tx, user_id: int, password_hash: str, moment: datetime) -> None:
    """Add to the history, and keep only as many as count."""
    tx.insert("password_history", user_id=user_id, password_hash=password_hash, created_at=moment)
    newest = select(password_history.c.id).where(password_history.c.user_id == user_id)
    kept = newest.order_by(password_history.c.id.desc()).limit(passwords.KEPT)
    old = (password_history.c.user_id == user_id, password_history.c.id.not_in(kept))
    tx.run(delete(password_history).where(*old))


def past(tx: Tx, user_id: int) -> list[str]:
    """The hashes of the last five, the present one first."""
    of_user = password_history.c.user_id == user_id
    newest = select(password_history.c.password_hash).where(of_user).order_by(password_history.c.id.desc())
    return tx.values(newest.limit(passwords.KEPT))
