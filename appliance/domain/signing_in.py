"""The one procedure behind every door: password, then account, in constant time and on record (identity 2, 8)."""

from appliance import clock
from appliance.domain import audit, guard, passwords, tokens
from appliance.domain.access import Actor
from appliance.domain.names import folded
from appliance.errors import Problem, Throttled
from appliance.store import Row, Store, Tx

PASSWORD, DISABLED, PENDING = "password", "disabled", "pending"
EXPIRED, ADDRESS, STALE = "expired", "address", "stale"



class Refused(Problem):
    """No token; `why` is one of the words above, for the dialect to put into its sentence."""

    def __init__(self, why: str) -> None:
        super().__init__()
        self.why = why


def sign_in(
    store: Store, actor: Actor, *, login: str, password: str, remember: bool = False
) -> tuple[Row, tokens.Pair]:
    """Check, count and record one attempt; the user and his first pair, or Refused or Throttled."""
    key = folded(login)
    with store.reading(actor) as tx:
        user, shut = tx.find("users", login_key=key), guard.locked(tx, key)
        refuse_blocked(tx)
    right = passwords.matches(password, user.password_hash if user and not shut else passwords.DUMMY)
    why = PASSWORD if not (right and user and not shut and not user.locked) else standing(user, actor.address)
    with store.writing(actor) as tx:
        if why == PASSWORD:
            guard.fail(tx, key, actor.address, user.id if user else None)
        audit.note_sign_in(tx, login=login, user=user, succeeded=not why, reason=true_reason(why, user, shut))
        if user and not why:
            return user, welcome(tx, user, key, remember)
    raise Refused(why)


def refuse_blocked(tx: Tx) -> None:
    """429 for an address that failed too often, whatever it brings now."""
    seconds = guard.blocked_for(tx, tx.actor.address)
    if seconds:
        raise Throttled(seconds)


def standing(user: Row, address: str) -> str:
    """Why an account with the right password may not sign in; empty when it may."""
    if user.pending:
        return PENDING
    if not user.enabled:
        return DISABLED
    if user.expires_at and user.expires_at <= clock.now():
        return EXPIRED
    if not tokens.allowed_from(user.allowed_addresses, address):
        return ADDRESS
    if user.password_expires_at and user.password_expires_at <= clock.now():
        return STALE
    return ""


def true_reason(why: str, user: Row | None, shut: bool) -> str:
    """What operators read in the log, where the client hears the same for all."""
    if why != PASSWORD:
        return why
    return "unknown" if user is None else "locked" if shut or user.locked else why


def welcome(tx: Tx, user: Row, key: str, remember: bool) -> tokens.Pair:
    """Forget the failures, remember the visit, issue the pair."""
    guard.unlock(tx, key)
    seen = {"last_login_at": clock.now(), "login_count": user.login_count + 1}
    tx.change("users", user.id, updated_at=user.updated_at, **seen)
    return tokens.begin(tx, user.id, remembered=remember)
