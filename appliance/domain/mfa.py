"""The second factor: codes of an authenticator app (TOTP), and one-time recovery codes for those who lost it."""

import hmac
import secrets
from typing import NamedTuple

import pyotp
from sqlalchemy import delete, select, update

from appliance import clock
from appliance.crypto import digest
from appliance.errors import Conflict, Invalid
from appliance.store import Row, Tx
from appliance.store.tables import recovery_codes, second_factors

STEP = 30
LATE_STEPS = 1
RECOVERY_CODES = 10
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
ISSUER = "appliance"
WRONG = "MFA验证码错误"
ALREADY_ON = "MFA已启用"
NOT_BEGUN = "请先开始绑定MFA"


class Enrolment(NamedTuple):
    """What an authenticator app needs."""

    secret: str
    uri: str


def is_on(tx: Tx, user_id: int) -> bool:
    """Whether sign-in asks this user for a code."""
    factor = tx.find("second_factors", user_id=user_id)
    return bool(factor and factor.confirmed_at)


def enrol(tx: Tx, user: Row) -> Enrolment:
    """Make a new secret; it counts once a code of it was shown. One that counts is not replaced."""
    if is_on(tx, user.id):
        raise Conflict(ALREADY_ON)
    tx.run(delete(second_factors).where(second_factors.c.user_id == user.id))
    secret = pyotp.random_base32()
    ident = tx.insert("second_factors", user_id=user.id, secret=b"", confirmed_at=None)
    row = tx.get("second_factors", ident)
    tx.change("second_factors", ident, secret=tx.vault.seal(secret, place(row)))
    return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=user.login, issuer_name=ISSUER))


def place(factor: Row) -> str:
    """What the sealed secret is bound to."""
    return f"second_factors.secret:{factor.uuid}"


def confirm(tx: Tx, user_id: int, code: str) -> list[str]:
    """Turn the second factor on by its first code; the recovery codes, shown this once."""
    factor = tx.find("second_factors", user_id=user_id)
    if factor is None:
        raise Conflict(NOT_BEGUN)
    if factor.confirmed_at:
        raise Conflict(ALREADY_ON)
    step = matching_step(tx, factor, code)
    if step is None:
        raise Invalid(code=WRONG)
    tx.change("second_factors", factor.id, confirmed_at=clock.now(), last_step=step)
    return new_recovery_codes(tx, user_id)


def accept(tx: Tx, user_id: int, code: str) -> bool:
    """Take a code of the app, or a recovery code, once; the same one a second time is wrong."""
    factor = tx.find("second_factors", user_id=user_id)
    if factor is None or not factor.confirmed_at:
        return False
    step = matching_step(tx, factor, code)
    if step is None:
        return accept_recovery_code(tx, user_id, code)
    tx.change("second_factors", factor.id, last_step=step)
    return True


def matching_step(tx: Tx, factor: Row, code: str) -> int | None:
    """The 30-second step the code is of, if it is of one that is near and was not used yet."""
    totp = pyotp.TOTP(tx.vault.open(factor.secret, place(factor)))
    now = clock.stamp(clock.now()) // STEP
    given = code.replace(" ", "")
    for step in range(now - LATE_STEPS, now + LATE_STEPS + 1):
        fresh = step > factor.last_step
        if hmac.compare_digest(totp.at(step * STEP).encode(), given.encode()) and fresh:
            return step
    return None


def new_recovery_codes(tx: Tx, user_id: int) -> list[str]:
    """Ten fresh codes; the ones before are void."""
    tx.run(delete(recovery_codes).where(recovery_codes.c.user_id == user_id))
    codes = [fresh_code() for _ in range(RECOVERY_CODES)]
    for code in codes:
        tx.insert("recovery_codes", user_id=user_id, code_hash=digest(code))
    return codes


def fresh_code() -> str:
    """Ten signs (49 bits), in two groups that can be read aloud."""
    signs = "".join(secrets.choice(ALPHABET) for _ in range(10))
    return f"{signs[:5]}-{signs[5:]}"


def accept_recovery_code(tx: Tx, user_id: int, code: str) -> bool:
    """Use up one recovery code."""
    table = recovery_codes.c
    unused = (table.user_id == user_id, table.code_hash == digest(code.strip().lower()), table.used_at.is_(None))
    return tx.run(update(recovery_codes).where(*unused).values(used_at=clock.now())) == 1


def recovery_codes_left(tx: Tx, user_id: int) -> int:
    """How many are still good."""
    table = recovery_codes.c
    return len(tx.values(select(table.id).where(table.user_id == user_id, table.used_at.is_(None))))


def turn_off(tx: Tx, user_id: int) -> None:
    """Forget the second factor and its recovery codes."""
    tx.run(delete(second_factors).where(second_factors.c.user_id == user_id))
    tx.run(delete(recovery_codes).where(recovery_codes.c.user_id == user_id))
