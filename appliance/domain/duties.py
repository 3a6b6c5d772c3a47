"""What somebody who is signed in has to do first: until then nothing answers but what he needs for that."""

from appliance.domain import mfa
from appliance.errors import Denied
from appliance.store import Tx

CHANGE_FIRST = "请先修改密码"
ENROL_FIRST = "请先绑定MFA"


def due(tx: Tx) -> str:
    """The sentence that names it; empty for whoever is free to go on, which API keys always are."""
    if tx.actor.key:
        return ""
    if tx.actor.user.must_change_password:
        return CHANGE_FIRST
    return ENROL_FIRST if mfa.must_enrol(tx) else ""


def require_done(tx: Tx) -> None:
    """Go on only when nothing is due."""
    if sentence := due(tx):
        raise Denied(sentence)


def require_password_changed(tx: Tx, **_: str) -> None:
    """Go on even without a second factor, but not with a temporary password."""
    if due(tx) == CHANGE_FIRST:
        raise Denied(CHANGE_FIRST)
