"""The one procedure behind every door: password, then account, in constant time and on record (identity 2, 8)."""

from collections import Counter
from datetime import timedelta

from sqlalchemy import select

from appliance import clock
from appliance.domain import audit, guard, mfa, passwords, policies, tokens
from appliance.domain.access import Actor
from appliance.domain.names import folded
from appliance.errors import Conflict, Invalid, Problem, Throttled
from appliance.store import Row, Store, Tx
from appliance.store.tables import login_records

PASSWORD, DISABLED, PENDING = "password", "disabled", "pending"
CODE_NEEDED, CODE_WRONG = "code needed", "code wrong"
EXPIRED, ADDRESS, STALE = "expired", "address", "stale"
BLOCKED, A_SECOND = "blocked", timedelta(seconds=1)
LONGEST = 256
"""Signs of a login that are looked at: nobody's is longer, and folding a megabyte takes its time."""


AT_ONCE, SOON = 40, 2
_waiting: Counter[str] = Counter()


class Refused(Problem):
    """No token; `why` is one of the words above, for the dialect to put into its sentence."""

    def __init__(self, why: str) -> None:
        super().__init__()
        self.why = why


def sign_in(
    store: Store, actor: Actor, *, login: str, password: str, code: str = "", remember: bool = False
) -> tuple[Row, tokens.Pair]:
    """Check, count and record one attempt; the user and his first pair, or Refused or Throttled."""
    try:
        return attempt(store, actor, login, password, code, remember=remember)
    except Throttled:
        if not store.read_only:
            with store.writing(actor) as tx:
                note_blocked(tx, login)
        raise


def note_blocked(tx: Tx, login: str) -> None:
    """Who is turned away may try again as fast as he can: one line a second shows it and fills no disk."""
    here = (login_records.c.address == tx.actor.address, login_records.c.reason == BLOCKED)
    lately = login_records.c.created_at > clock.now() - A_SECOND
    if tx.value(select(login_records.c.id).where(*here, lately).limit(1)) is None:
        user = tx.find("users", login_key=folded(login[:LONGEST]))
        audit.note_sign_in(tx, login=login, user=user, succeeded=False, reason=BLOCKED)


def attempt(
    store: Store, actor: Actor, login: str, password: str, code: str, *, remember: bool
) -> tuple[Row, tokens.Pair]:
    """One attempt of an address that is not blocked."""
    key = folded(login[:LONGEST])
    with store.reading(actor) as tx:
        refuse_blocked(tx)
        user = tx.find("users", login_key=key)
        compared = user.password_hash if user and not guard.locked(tx, key) else passwords.DUMMY
    right = compare(actor.address, password, compared)
    with store.writing(actor) as tx:
        refuse_blocked(tx)  # again: many tries may have been under way at once
        user, shut = tx.find("users", login_key=key), guard.locked(tx, key)
        right = right and not shut and user is not None and user.password_hash == compared
        why = judge(tx, user if right else None, code)
        if why == PASSWORD:
            guard.fail(tx, key, actor.address, user.id if user else None)
        audit.note_sign_in(tx, login=login, user=user, succeeded=not why, reason=true_reason(why, user, shut))
        if user and not why:
            return user, welcome(tx, user, remember)
    raise Refused(why)


def compare(address: str, password: str, hashed: str) -> bool:
    """Whether it is that password. No address has so many compared at once that others wait long for theirs."""
    if _waiting[address] >= AT_ONCE:
        raise Throttled(SOON)
    _waiting[address] += 1
    try:
        return passwords.matches(password, hashed)
    finally:
        _waiting[address] -= 1
        if not _waiting[address]:
            del _waiting[address]


def judge(tx: Tx, user: Row | None, code: str) -> str:
    """Why somebody (None when the password was wrong) gets no token; empty when he does."""
    if user is None or user.locked:
        return PASSWORD
    return standing(tx, user) or second_factor(tx, user, code)


def second_factor(tx: Tx, user: Row, code: str) -> str:
    """Why the second factor keeps somebody out; empty when he has shown it, or has none."""
    if not mfa.is_on(tx, user.id):
        return ""
    if not code:
        return CODE_NEEDED
    return "" if mfa.accept(tx, user, code) else CODE_WRONG


def prove(store: Store, actor: Actor, code: str) -> None:
    """See that the actor has his second factor at hand now; a wrong code counts like one at sign-in."""
    with store.writing(actor) as tx:
        refuse_blocked(tx)
        if not mfa.is_on(tx, actor.user_id):
            raise Conflict(mfa.NOT_ON)
        right = mfa.accept(tx, tx.get("users", actor.user_id), code)
    if not right:
        raise Invalid(code=mfa.WRONG)


def refuse_blocked(tx: Tx) -> None:
    """429 for an address that failed too often, whatever it brings now."""
    seconds = guard.blocked_for(tx, tx.actor.address)
    if seconds:
        raise Throttled(seconds)


def standing(tx: Tx, user: Row) -> str:
    """Why an account may not sign in from here and now; empty when it may."""
    if user.pending:
        return PENDING
    if not user.enabled:
        return DISABLED
    if user.expires_at and user.expires_at <= clock.now():
        return EXPIRED
    if not tokens.allowed_from(user.allowed_addresses, tx.actor.address) or not policies.lets_in(tx, user.id):
        return ADDRESS
    if user.password_expires_at and user.password_expires_at <= clock.now():
        return STALE
    return ""


def true_reason(why: str, user: Row | None, shut: bool) -> str:
    """What operators read in the log, where the client hears the same for all."""
    if why != PASSWORD:
        return why
    return "unknown" if user is None else "locked" if shut or user.locked else why


def let_in(tx: Tx, user: Row) -> tokens.Pair:
    """Sign in somebody who has just proved himself in another way."""
    audit.note_sign_in(tx, login=user.login, user=user, succeeded=True, reason="")
    return welcome(tx, user, remember=False)


def welcome(tx: Tx, user: Row, remember: bool) -> tokens.Pair:
    """Forget the failures, remember the visit, issue the pair."""
    guard.unlock(tx, user.login_key)
    seen = {"last_login_at": clock.now(), "login_count": user.login_count + 1}
    tx.change("users", user.id, updated_at=user.updated_at, **seen)
    return tokens.begin(tx, user.id, remembered=remember)
