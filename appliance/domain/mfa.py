"""The second factor: codes of an authenticator app (TOTP), and one-time recovery codes for those who lost it."""

import base64
import hmac
import secrets
import unicodedata
from typing import NamedTuple

import pyotp
from sqlalchemy import delete, select, update

from appliance import clock
from appliance.crypto import digest
from appliance.domain import guard, policies, tokens, users
from appliance.errors import Conflict, Denied, Invalid
from appliance.store import Row, Tx
from appliance.store.tables import recovery_codes, second_factors

STEP = 30
NEAR = 1
SECRET_BYTES = 20
RECOVERY_CODES = 10
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
LONGEST = 64
ISSUER = "appliance"
WRONG = "MFA验证码错误"
ALREADY_ON = "MFA已启用"
NOT_ON = "MFA未启用"
NOT_BEGUN = "请先开始绑定MFA"
NOT_ONESELF = "请使用验证码关闭自己的MFA"
ENDED = "mfa"


class Enrolment(NamedTuple):
    """What an authenticator app needs."""

    secret: str
    uri: str


class Status(NamedTuple):
    """How a user stands with it."""

    enabled: bool
    required: bool
    recovery_codes_left: int


# --- whether ---------------------------------------------------------------------------------------------------------


def is_on(tx: Tx, user_id: int) -> bool:
    """Whether sign-in asks this user for a code."""
    factor = tx.find("second_factors", user_id=user_id)
    return bool(factor and factor.confirmed_at)


def status(tx: Tx) -> Status:
    """How the actor stands with it."""
    user_id = tx.actor.user_id
    return Status(is_on(tx, user_id), policies.requires_second_factor(tx), recovery_codes_left(tx, user_id))


def must_enrol(tx: Tx) -> bool:
    """Whether the actor has to have a second factor, and has none; asked at every call."""
    if not policies.requires_second_factor(tx):
        return False
    user_id = tx.actor.user_id
    return not tx.kept(("second factor", user_id), lambda: is_on(tx, user_id))


# --- beginning and ending it -----------------------------------------------------------------------------------------


def enrol(tx: Tx, user: Row) -> Enrolment:
    """Make a new secret; it counts once a code of it was shown. One that counts is not replaced."""
    if is_on(tx, user.id):
        raise Conflict(ALREADY_ON)
    tx.run(delete(second_factors).where(second_factors.c.user_id == user.id))
    secret = base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()
    ident = tx.insert("second_factors", user_id=user.id, secret=b"", confirmed_at=None)
    row = tx.get("second_factors", ident)
    tx.change("second_factors", ident, secret=tx.vault.seal(secret, place(row)))
    return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=user.login, issuer_name=ISSUER))


def place(factor: Row) -> str:
    """What the sealed secret is bound to."""
    return f"second_factors.secret:{factor.uuid}"


def confirm(tx: Tx, user_id: int, code: str, *, sign_in_id: int | None = None) -> list[str]:
    """Turn the second factor on by its first code; the recovery codes, shown this once.

    Sign-ins from before it end, except the one named: nobody goes on without it.
    """
    factor = tx.find("second_factors", user_id=user_id)
    if factor is None:
        raise Conflict(NOT_BEGUN)
    if factor.confirmed_at:
        raise Conflict(ALREADY_ON)
    step = matching_step(tx, factor, plain(code))
    if step is None:
        raise Invalid(code=WRONG)
    tx.change("second_factors", factor.id, confirmed_at=clock.now(), last_step=step)
    tokens.end_all(tx, user_id, ENDED, besides=sign_in_id)
    tx.tell("second_factors", id=user_id, new={"enabled": True})
    return new_recovery_codes(tx, user_id)


def turn_off(tx: Tx, user_id: int, *, sign_in_id: int | None = None) -> None:
    """Forget the second factor and its recovery codes. Sign-ins end, except the one named."""
    was_on = is_on(tx, user_id)
    tx.run(delete(second_factors).where(second_factors.c.user_id == user_id))
    tx.run(delete(recovery_codes).where(recovery_codes.c.user_id == user_id))
    tokens.end_all(tx, user_id, ENDED, besides=sign_in_id)
    if was_on:
        tx.tell("second_factors", id=user_id, old={"enabled": True}, new={"enabled": False})


def reset(tx: Tx, user: Row) -> None:
    """Take the second factor from somebody who has lost it; from oneself only by showing it."""
    if user.id == tx.actor.user_id:
        raise Denied(NOT_ONESELF)
    users.require_over(tx, user)
    guard.unlock(tx, user.login_key)
    turn_off(tx, user.id)


# --- showing it ------------------------------------------------------------------------------------------------------


def accept(tx: Tx, user: Row, code: str) -> bool:
    """Take a code of the app, or a recovery code, once; the same one a second time is wrong.

    A wrong one is counted. After too many only recovery codes are looked at, which nobody guesses.
    """
    right = accept_code(tx, user, plain(code)) or accept_recovery_code(tx, user.id, plain(code))
    if not right:
        guard.fail_code(tx, user, tx.actor.address)
    return right


def plain(code: str) -> str:
    """A code as it is compared: whatever the width, case and grouping it was typed in."""
    folded = unicodedata.normalize("NFKC", code[:LONGEST]).lower()
    return "".join(sign for sign in folded if sign.isalnum())


def accept_code(tx: Tx, user: Row, code: str) -> bool:
    """Use up a code of the app."""
    factor = tx.find("second_factors", user_id=user.id)
    if factor is None or not factor.confirmed_at or guard.codes_refused(tx, user):
        return False
    step = matching_step(tx, factor, code)
    if step is not None:
        tx.change("second_factors", factor.id, last_step=step)
    return step is not None


def matching_step(tx: Tx, factor: Row, code: str) -> int | None:
    """The 30-second step the code is of, if it is of one that is near and was not used yet."""
    totp = pyotp.TOTP(tx.vault.open(factor.secret, place(factor)))
    now = clock.stamp(clock.now()) // STEP
    for step in range(now - NEAR, now + NEAR + 1):
        fresh = step > factor.last_step
        if hmac.compare_digest(totp.at(step * STEP).encode(), code.encode()) and fresh:
            return step
    return None


# --- recovery codes --------------------------------------------------------------------------------------------------


def new_recovery_codes(tx: Tx, user_id: int) -> list[str]:
    """Ten fresh codes; the ones before are void."""
    tx.run(delete(recovery_codes).where(recovery_codes.c.user_id == user_id))
    codes = [fresh_code() for _ in range(RECOVERY_CODES)]
    for code in codes:
        tx.insert("recovery_codes", user_id=user_id, code_hash=digest(plain(code)))
    return codes


def fresh_code() -> str:
    """Twelve signs (59 bits), in three groups that can be read aloud."""
    signs = "".join(secrets.choice(ALPHABET) for _ in range(12))
    return f"{signs[:4]}-{signs[4:8]}-{signs[8:]}"


def accept_recovery_code(tx: Tx, user_id: int, code: str) -> bool:
    """Use up one recovery code."""
    table = recovery_codes.c
    unused = (table.user_id == user_id, table.code_hash == digest(code), table.used_at.is_(None))
    return tx.run(update(recovery_codes).where(*unused).values(used_at=clock.now())) == 1


def recovery_codes_left(tx: Tx, user_id: int) -> int:
    """How many are still good."""
    table = recovery_codes.c
    return len(tx.values(select(table.id).where(table.user_id == user_id, table.used_at.is_(None))))
