"""API keys: made once, shown once, and never worth more than what their owner may at the moment (identity 5)."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from appliance import clock
from appliance.crypto import digest
from appliance.domain import access, tokens, usage
from appliance.errors import BAD_KEY, DISABLED_KEY, OLD_KEY, Conflict, Denied, Invalid, Missing, Unknown, together
from appliance.query import contains
from appliance.store import Row, Tx
from appliance.store.tables import api_keys, permissions, users

PREFIX, SHOWN = "ak_", 9
LIMIT = 100
TOO_MANY = "API密钥数量已达上限"
OVER = "API密钥已过期"
NO_PERMISSION = "权限不存在: {}"
ACTIVE, INACTIVE, EXPIRED = "active", "inactive", "expired"


# --- showing one -----------------------------------------------------------------------------------------------------


def identify(tx: Tx, key: str) -> None:
    """Make the transaction's actor the owner of a key, narrowed to what the key is for, or Unknown."""
    row = tx.find("api_keys", key_hash=digest(key))
    if row is None:
        raise Unknown(why=BAD_KEY)
    tx.actor.key = row
    if status(row) != ACTIVE:
        raise Unknown(why=OLD_KEY if status(row) == EXPIRED else DISABLED_KEY)
    if not tokens.allowed_from(row.allowed_addresses, tx.actor.address):
        raise Unknown(why=BAD_KEY)
    try:
        tokens.become(tx, row.user_id, None)
    except Unknown:
        raise Unknown(why=BAD_KEY) from None
    tx.actor.narrow(row.permissions)


def status(key: Row) -> str:
    """Expiry wins over being switched off."""
    if key.expires_at <= clock.now():
        return EXPIRED
    return ACTIVE if key.enabled else INACTIVE


# --- keeping them ----------------------------------------------------------------------------------------------------


def search(tx: Tx, *, name: str = "", status: str = "") -> Select[Any]:
    """The actor's keys, everybody's for an administrator, with the login of their owner."""
    where = [mine(tx)]
    if name:
        where.append(contains(api_keys.c.name, name))
    if status:
        where.append(is_now(status))
    return select(api_keys, users.c.login).join(users).where(*where)


def mine(tx: Tx) -> ColumnElement[bool]:
    """The keys an actor may see."""
    return api_keys.c.id.is_not(None) if tx.actor.is_admin else api_keys.c.user_id == tx.actor.user_id


def is_now(status: str) -> ColumnElement[bool]:
    """The condition for a status."""
    over = api_keys.c.expires_at <= clock.now()
    return over if status == EXPIRED else ~over & (api_keys.c.enabled == (status == ACTIVE))


def describe(tx: Tx, rows: list[Row]) -> None:
    """Complete rows with what is computed: the status, and the last use also where it is not written yet."""
    for row in rows:
        row.update(usage.last_seen(tx, row), status=status(row))


def get(tx: Tx, ident: int) -> Row:
    """A key of the actor's own, anybody's for an administrator, or Missing."""
    row = tx.one(search(tx).where(api_keys.c.id == ident))
    if row is None:
        raise Missing()
    return row


def create(tx: Tx, *, permissions: list[str], days: int, **facts: Any) -> tuple[Row, str]:
    """A new key of the actor's: its row, and the key itself, which is kept nowhere."""
    check_permissions(tx, permissions)
    if tx["api_keys"].count(user_id=tx.actor.user_id) >= LIMIT:
        raise Conflict(TOO_MANY)
    key = PREFIX + secrets.token_hex(20)
    hidden = {"prefix": key[:SHOWN], "key_hash": digest(key)}
    end = clock.now() + timedelta(days=days)
    owner = {"user_id": tx.actor.user_id, "permissions": permissions, "expires_at": end}
    return tx.get("api_keys", tx.insert("api_keys", **owner, **hidden, **facts)), key


def check_permissions(tx: Tx, wanted: list[str]) -> None:
    """They exist, and whoever makes the key holds them."""
    known = set(tx.values(select(permissions.c.code).where(permissions.c.code.in_(wanted))))
    with together() as faults:
        for name in wanted:
            if name not in known:
                faults.add("permissions", NO_PERMISSION.format(name))
    beyond = [name for name in wanted if not access.holds_somewhere(tx, name)]
    if beyond:
        raise Denied(needs=beyond)


def switch(tx: Tx, ident: int, *, enabled: bool) -> datetime:
    """Switch a key on or off; when that was done, which may have been before."""
    key = get(tx, ident)
    if enabled and status(key) == EXPIRED:
        raise Invalid(OVER)
    if key.enabled != enabled:
        tx.change("api_keys", ident, enabled=enabled, switched_at=clock.now())
    now = tx.get("api_keys", ident)
    return now.switched_at or now.created_at


def remove(tx: Tx, ident: int) -> None:
    """A key is gone at once; what it did stays counted."""
    tx.remove("api_keys", get(tx, ident).id)
