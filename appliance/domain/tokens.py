"""Tokens: signed for every dialect alike, and good only while their row and their sign-in stand (identity 9)."""

import secrets
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any, NamedTuple

import jwt
from sqlalchemy import bindparam, select, update

from appliance import clock
from appliance.domain import access, policies, presence
from appliance.errors import OLD_TOKEN, Unknown
from appliance.store import Prepared, Row, Tx
from appliance.store.tables import sign_ins, tokens

ALGORITHM = "HS256"
CLAIMS = ["token_type", "exp", "iat", "jti", "user_id"]
TWO_TABS = timedelta(seconds=10)
FOR_EVER = datetime.max.replace(tzinfo=UTC)
CACHED = 4096
STANDING = Prepared(
    select(tokens, sign_ins.c.user_id)
    .join(sign_ins)
    .where(tokens.c.jti == bindparam("jti"), tokens.c.spent_at.is_(None), sign_ins.c.ended_at.is_(None))
)
_claims: dict[tuple[bytes, str], dict[str, Any]] = {}


class Pair(NamedTuple):
    """An access and a refresh token, with the ends of their lives."""

    access: str
    refresh: str
    access_expires_at: datetime
    refresh_expires_at: datetime


class Renewal(NamedTuple):
    """What became of a refresh token: a new pair, or the reason why not."""

    pair: Pair | None
    reused: bool = False


def begin(tx: Tx, user_id: int, *, remembered: bool = False) -> Pair:
    """Start a sign-in from where the actor is, with its first pair."""
    end = clock.now() + timedelta(seconds=tx.settings.refresh_life)
    place = {"address": tx.actor.address, "user_agent": tx.actor.user_agent[:256]}
    ident = tx.insert("sign_ins", user_id=user_id, remembered=remembered, expires_at=end, **place)
    presence.note(tx.store, ident)
    return issue(tx, ident)[0]


def issue(tx: Tx, sign_in_id: int) -> tuple[Pair, Row, Row]:
    """A new pair on the chain of a sign-in, and its two rows."""
    sign_in = tx.get("sign_ins", sign_in_id)
    life = tx.settings.refresh_life if sign_in.remembered else tx.settings.access_life
    short = add(tx, sign_in, "access", life)
    long = add(tx, sign_in, "refresh", tx.settings.refresh_life)
    tx.run(update(sign_ins).where(sign_ins.c.id == sign_in_id).values(expires_at=long.expires_at))
    return pair(tx, short, long), short, long


def add(tx: Tx, sign_in: Row, kind: str, life: int) -> Row:
    """The row of one more token; it does not outlive its sign-in."""
    issued = clock.now().replace(microsecond=0)
    row = Row(jti=secrets.token_hex(16), sign_in_id=sign_in.id, kind=kind, issued_at=issued)
    row["expires_at"] = min(issued + timedelta(seconds=life), last_moment(tx, sign_in))
    tx.insert("tokens", **row)
    return row


def last_moment(tx: Tx, sign_in: Row) -> datetime:
    """When a sign-in is over, however often it is renewed; that with a temporary password, when the password is."""
    hours = tx.settings.absolute_sign_in
    longest = sign_in.created_at.replace(microsecond=0) + timedelta(hours=hours) if hours else FOR_EVER
    return min(longest, tx.get("users", sign_in.user_id).password_expires_at or FOR_EVER)


def is_over(tx: Tx, sign_in: Row) -> bool:
    """Whether a sign-in was ended, was idle for too long, or has lasted as long as it may."""
    too_long = last_moment(tx, sign_in) <= clock.now()
    return bool(sign_in.ended_at) or too_long or presence.is_idle(tx.store, sign_in.id)


def pair(tx: Tx, short: Row, long: Row) -> Pair:
    """Two rows as the tokens they stand for; the same rows give the same tokens."""
    user_id = tx.get("sign_ins", short.sign_in_id).user_id
    return Pair(encode(tx, short, user_id), encode(tx, long, user_id), short.expires_at, long.expires_at)


def encode(tx: Tx, row: Row, user_id: int) -> str:
    """A token row as a signed JWT."""
    claims = {
        "token_type": row.kind,
        "exp": clock.stamp(row.expires_at),
        "iat": clock.stamp(row.issued_at),
        "jti": row.jti,
        "user_id": str(user_id),
    }
    return jwt.encode(claims, tx.vault.signing_key, algorithm=ALGORITHM)


def decode(key: bytes, token: str, kind: str, *, grace: int = 0) -> dict[str, Any]:
    """The claims of a token of ours of that kind, expired for no longer than the grace, or Unknown."""
    claims = read(key, token)
    if claims["token_type"] != kind:
        raise Unknown()
    if claims["exp"] + grace <= clock.now().timestamp():
        raise Unknown(why=OLD_TOKEN)
    return claims


def read(key: bytes, token: str) -> dict[str, Any]:
    """The claims of a token of ours, whatever its age, or Unknown; what was verified once is remembered."""
    return _claims.get((key, token)) or verify(key, token)


def verify(key: bytes, token: str) -> dict[str, Any]:
    """Check form and signature (the end of life is the caller's)."""
    options: Any = {"require": CLAIMS, "verify_exp": False, "verify_iat": False}
    try:
        claims = jwt.decode(token, key, algorithms=[ALGORITHM], options=options)
    except (jwt.PyJWTError, ValueError, UnicodeError) as error:
        raise Unknown() from error
    if not isinstance(claims["exp"], int) or not isinstance(claims["jti"], str):
        raise Unknown()
    if len(_claims) >= CACHED:
        _claims.clear()
    _claims[key, token] = claims
    return claims


def identify(tx: Tx, token: str) -> None:
    """Make the transaction's actor the user of an access token, or Unknown."""
    claims = decode(tx.vault.signing_key, token, "access")
    row = standing(tx, claims["jti"])
    if row is None or str(row.user_id) != claims["user_id"]:
        raise Unknown()
    if presence.is_idle(tx.store, row.sign_in_id):
        raise Unknown(why=OLD_TOKEN)
    presence.note(tx.store, row.sign_in_id)
    become(tx, row.user_id, row.sign_in_id, claims["jti"])


def standing(tx: Tx, jti: str) -> Row | None:
    """An unspent token's row on a sign-in that has not ended."""
    return tx.one(STANDING, {"jti": jti})


def become(tx: Tx, user_id: int, sign_in_id: int | None, jti: str = "") -> None:
    """Fill the actor with a user who may act, read afresh; Unknown when he may not."""
    user, roles, codes = tx.kept(("rights", user_id), lambda: rights(tx, user_id))
    if user is None or not may_act(user, tx.actor.address):
        raise Unknown()
    actor = tx.actor
    actor.user, actor.sign_in_id, actor.jti = Row(user), sign_in_id, jti
    actor.roles, actor.codes = list(roles), codes


def rights(tx: Tx, user_id: int) -> tuple[Row | None, list[int], frozenset[str]]:
    """A user, his roles, and what they give him."""
    roles = access.role_ids(tx, user_id)
    return tx.find("users", id=user_id), roles, access.base_codes(tx, roles)


def may_act(user: Row, address: str) -> bool:
    """Whether the account is in force, and usable from that address."""
    if not user.enabled or user.pending or user.locked:
        return False
    if user.expires_at and user.expires_at <= clock.now():
        return False
    return allowed_from(user.allowed_addresses, address)


def allowed_from(networks: list[str], address: str) -> bool:
    """Whether an address lies in one of the networks; no network means everywhere."""
    if not networks:
        return True
    try:
        place = ip_address(address)
    except ValueError:
        return False
    return any(place in ip_network(network, strict=False) for network in networks)


def renew(tx: Tx, token: str, *, by_access: bool = False) -> Renewal:
    """Spend a refresh token, or an access token where that will do, on a new pair.

    Within a moment two tabs share it; later somebody stole the token: that ends the sign-in. The caller commits before
    he refuses.
    """
    try:
        claims = renewable(tx, token, by_access=by_access)
    except Unknown:
        return Renewal(None)
    row = tx.find("tokens", jti=claims["jti"])
    sign_in = row and tx.find("sign_ins", id=row.sign_in_id)
    if not row or not sign_in or is_over(tx, sign_in) or str(sign_in.user_id) != claims["user_id"]:
        return Renewal(None)
    allowed = may_renew(tx, sign_in)
    if row.spent_at and clock.now() - row.spent_at > TWO_TABS:
        end(tx, sign_in.id, "reuse")
        return Renewal(None, reused=True)
    if not allowed:
        return Renewal(None)
    presence.note(tx.store, sign_in.id)
    return Renewal(again(tx, row) if row.spent_at else spend(tx, row))


def may_renew(tx: Tx, sign_in: Row) -> bool:
    """Whether the user might sign in from here and now; the transaction's actor is him from now on."""
    try:
        become(tx, sign_in.user_id, sign_in.id)
    except Unknown:
        return False
    return policies.lets_in(tx, sign_in.user_id)


def renewable(tx: Tx, token: str, *, by_access: bool) -> dict[str, Any]:
    """The claims of a token that may be renewed; an access token also for the grace after its end."""
    key = tx.vault.signing_key
    kind = read(key, token)["token_type"]
    if by_access and kind == "access":
        return decode(key, token, "access", grace=tx.settings.refresh_grace)
    return decode(key, token, "refresh")


def spend(tx: Tx, row: Row) -> Pair:
    """Renew both tokens; every older one of the chain is spent on the new pair."""
    fresh, short, long = issue(tx, row.sign_in_id)
    old = (tokens.c.sign_in_id == row.sign_in_id, tokens.c.jti.not_in([short.jti, long.jti]))
    spent = {"spent_at": clock.now(), "next_access": short.jti, "next_refresh": long.jti}
    tx.run(update(tokens).where(*old, tokens.c.spent_at.is_(None)).values(spent))
    return fresh


def again(tx: Tx, row: Row) -> Pair | None:
    """The pair that a token was spent on: for the second of two tabs."""
    short = tx.find("tokens", jti=row.next_access)
    long = tx.find("tokens", jti=row.next_refresh)
    return pair(tx, short, long) if short and long else None


def end(tx: Tx, sign_in_id: int, why: str) -> None:
    """End one sign-in with all its tokens."""
    where = (sign_ins.c.id == sign_in_id, sign_ins.c.ended_at.is_(None))
    tx.run(update(sign_ins).where(*where).values(ended_at=clock.now(), ended_why=why))


def end_all(tx: Tx, user_id: int, why: str, *, besides: int | None = None) -> None:
    """End every sign-in of a user, or all but one."""
    where = (sign_ins.c.user_id == user_id, sign_ins.c.ended_at.is_(None), sign_ins.c.id.is_distinct_from(besides))
    tx.run(update(sign_ins).where(*where).values(ended_at=clock.now(), ended_why=why))


def owner(tx: Tx, token: str) -> str:
    """Whose token it is, whatever its age; Unknown when it is none of ours."""
    return str(read(tx.vault.signing_key, token)["user_id"])


def prune(tx: Tx) -> None:
    """Forget sign-ins that have been over for longer than the grace."""
    limit = clock.now() - timedelta(seconds=tx.settings.refresh_grace)
    tx.run(sign_ins.delete().where(sign_ins.c.expires_at < limit))


def end_by_refresh(tx: Tx, token: str) -> None:
    """End the sign-in of a refresh token, if it is one of ours."""
    try:
        claims = decode(tx.vault.signing_key, token, "refresh")
    except Unknown:
        return
    row = tx.find("tokens", jti=claims["jti"])
    if row:
        end(tx, row.sign_in_id, "logout")
