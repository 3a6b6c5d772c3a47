"""Counts failed sign-ins of all doors together: locks accounts for a while, blocks addresses (identity 8)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select

from appliance import clock
from appliance.domain import catalogue
from appliance.errors import LastAdministrator
from appliance.store import Row, Tx
from appliance.store.tables import permissions, role_permissions, roles, strikes, user_roles, users

LOCK_AFTER, LOCK_WITHIN, LOCK_FOR = 5, timedelta(minutes=30), timedelta(minutes=30)
BLOCK_AFTER, BLOCK_WITHIN = 20, timedelta(minutes=5)
BLOCK_FIRST, BLOCK_DOUBLINGS = timedelta(minutes=1), 6
LONGEST_BLOCK = timedelta(minutes=60)
QUIET = timedelta(days=1)


def blocked_for(tx: Tx, address: str) -> int:
    """Seconds for which every sign-in from this address is refused; 0 when it is not."""
    row = tx.find("strikes", kind="address", subject=address)
    return remaining(row)


def locked(tx: Tx, login_key: str) -> bool:
    """Whether failures have locked the account, existing or not."""
    return remaining(tx.find("strikes", kind="account", subject=login_key[:128])) > 0


def locked_until(tx: Tx, login_key: str) -> datetime | None:
    """The end of an account's timed lock, while it lies ahead."""
    row = tx.find("strikes", kind="account", subject=login_key[:128])
    return row.until if row and remaining(row) else None


def remaining(row: Row | None) -> int:
    """Whole seconds until the row's `until`, at least 1 while it lies ahead."""
    left = (row.until - clock.now()).total_seconds() if row and row.until else 0
    return max(1, int(left)) if left > 0 else 0


def fail(tx: Tx, login_key: str, address: str, user_id: int | None) -> None:
    """Count a failure for the account and for the address."""
    if not (user_id and is_last_administrator(tx, user_id)):
        strike(tx, "account", login_key[:128], LOCK_AFTER, LOCK_WITHIN)
    strike(tx, "address", address, BLOCK_AFTER, BLOCK_WITHIN)


def fail_code(tx: Tx, user: Row, address: str) -> None:
    """Count a wrong code like a wrong password; and against further codes, the last administrator's too."""
    fail(tx, user.login_key, address, user.id)
    strike(tx, "code", user.login_key, LOCK_AFTER, LOCK_WITHIN)


def codes_refused(tx: Tx, user: Row) -> bool:
    """Whether so many wrong codes were shown that right ones are not looked at for a while."""
    return remaining(tx.find("strikes", kind="code", subject=user.login_key)) > 0


def strike(tx: Tx, kind: str, subject: str, limit: int, within: timedelta) -> None:
    """One more failure; at the limit the subject is shut out and the count begins anew."""
    moment = clock.now()
    row = tx.find("strikes", kind=kind, subject=subject)
    if row is None:
        tx.insert("strikes", kind=kind, subject=subject, failures=[moment.timestamp()], level=0)
        return
    recent = [at for at in row.failures if at > (moment - within).timestamp()] + [moment.timestamp()]
    if len(recent) < limit:
        tx.change("strikes", row.id, failures=recent)
        return
    level = row.level if moment - row.updated_at < QUIET else 0
    tx.change("strikes", row.id, failures=[], level=level + 1, until=moment + shut_for(kind, level))


def shut_for(kind: str, level: int) -> timedelta:
    """How long: half an hour for an account and its codes; a minute, doubling to an hour, for an address."""
    if kind != "address":
        return LOCK_FOR
    return min(BLOCK_FIRST * 2 ** min(level, BLOCK_DOUBLINGS), LONGEST_BLOCK)


def unlock(tx: Tx, login_key: str) -> bool:
    """Forget an account's failures and its timed lock; whether there were any."""
    where = (strikes.c.kind != "address", strikes.c.subject == login_key[:128])
    return tx.run(delete(strikes).where(*where)) > 0


def unblock_addresses(tx: Tx) -> None:
    """Forget every address block: for the console of somebody locked out."""
    tx.run(delete(strikes).where(strikes.c.kind == "address"))


def prune(tx: Tx) -> None:
    """Forget what has been quiet for a day."""
    tx.run(delete(strikes).where(strikes.c.updated_at < clock.now() - QUIET))


def administrators(tx: Tx, *, besides_role: int = 0) -> list[int]:
    """The ids of users in force who hold `admin`, by another role than the given one."""
    joined = users.join(user_roles).join(roles).join(role_permissions).join(permissions)
    held = (permissions.c.code == catalogue.ALL) & roles.c.enabled & (roles.c.id != besides_role)
    in_force = users.c.enabled & ~users.c.locked & ~users.c.pending
    unexpired = func.coalesce(users.c.expires_at > clock.now(), True)
    return tx.values(select(users.c.id).distinct().select_from(joined).where(held, in_force, unexpired))


def lasting_administrators(tx: Tx) -> list[int]:
    """Those whose account never expires."""
    ids = administrators(tx)
    return tx.values(select(users.c.id).where(users.c.id.in_(ids), users.c.expires_at.is_(None)))


def is_last_administrator(tx: Tx, user_id: int) -> bool:
    """Whether nobody else could administer if this user could not."""
    return administrators(tx) == [user_id]


def carries_last_administrator(tx: Tx, role_id: int) -> bool:
    """Whether nobody could administer without this role."""
    return bool(administrators(tx)) and not administrators(tx, besides_role=role_id)


@contextmanager
def keeping_an_administrator(tx: Tx) -> Iterator[None]:
    """Refuse, after the fact, a change that leaves nobody who may administer; the transaction must be given up."""
    before = administrators(tx)
    yield
    if before and not administrators(tx):
        raise LastAdministrator()
