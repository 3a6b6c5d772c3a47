"""People: adding, changing, removing them, and their passwords (ptpb 二, identity 7, 8)."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from appliance import clock
from appliance.domain import passwords
from appliance.domain.names import folded
from appliance.store import Tx
from appliance.store.tables import password_history


def insert(tx: Tx, *, login: str, password_hash: str, **profile: Any) -> int:
    """The row of somebody new, with the first entry of his password history."""
    moment = clock.now()
    email = profile.get("email")
    keys = {"login_key": folded(login), "email_key": folded(email) if email else None}
    ident = tx.insert("users", login=login, password_hash=password_hash, password_at=moment, **keys, **profile)
    remember_password(tx, ident, password_hash, moment)
    return ident


def remember_password(tx: Tx, user_id: int, password_hash: str, moment: datetime) -> None:
    """Add to the history, and keep only as many as count."""
    tx.insert("password_history", user_id=user_id, password_hash=password_hash, created_at=moment)
    newest = select(password_history.c.id).where(password_history.c.user_id == user_id)
    kept = newest.order_by(password_history.c.id.desc()).limit(passwords.KEPT)
    old = (password_history.c.user_id == user_id, password_history.c.id.not_in(kept))
    tx.run(delete(password_history).where(*old))
