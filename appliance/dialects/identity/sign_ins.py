"""Ours, beside the document: sign-ins that are good now, one's own and those of others."""

from typing import Any

from appliance.dialects.identity.envelope import Search, identity, listed, said
from appliance.dialects.identity.users import named
from appliance.domain import sign_ins
from appliance.errors import Missing
from appliance.store import Tx
from appliance.web.fields import Bool, Plain, TextId, Time, Wire
from appliance.web.route import SIGNED_IN, Listing, Reply

NOT_FOUND = "登录会话不存在"
LONGEST = 18
ENDED = "登录会话已结束"


class Which(Wire):
    """`all`: the sign-in one asks with, too."""

    all = Bool(load_default=False)


class SignInView(Wire):
    """Where somebody is signed in."""

    id = TextId()
    address = Plain()
    user_agent = Plain()
    created_at = Time()
    expires_at = Time()
    current = Plain()


class Ended(Wire):
    """How many."""

    ended = Plain()


def end(tx: Tx, user_id: int, session: str) -> Reply:
    """End one sign-in of a user."""
    known = session.isdecimal() and session.isascii() and len(session) <= LONGEST
    try:
        sign_ins.end(tx, user_id, int(session) if known else 0)
    except Missing:
        raise Missing(NOT_FOUND) from None
    return said(ENDED)


# --- one's own -------------------------------------------------------------------------------------------------------


@identity.get("/sessions", needs=SIGNED_IN, takes=Search, gives=SignInView, by_key=False)
def list_own(tx: Tx, _: dict[str, Any]) -> Listing:
    """获取自己的登录会话"""
    return listed("sessions", sign_ins.search(tx, tx.actor.user_id), sign_ins.describe)


@identity.delete("/sessions", needs=SIGNED_IN, takes=Which, gives=Ended, audit="结束自己的登录会话", by_key=False)
def end_own(tx: Tx, which: dict[str, Any]) -> Reply:
    """结束自己的登录会话"""
    return said(ENDED, {"ended": sign_ins.end_own(tx, **which)})


@identity.delete("/sessions/<session>", needs=SIGNED_IN, audit="结束自己的登录会话{session}", by_key=False)
def end_one_of_own(tx: Tx, session: str) -> Reply:
    """结束自己的一个登录会话"""
    return end(tx, tx.actor.user_id, session)


# --- those of others -------------------------------------------------------------------------------------------------


@identity.get("/users/<user>/sessions", needs="system.user.update", takes=Search, gives=SignInView)
def list_of_user(tx: Tx, _: dict[str, Any], user: str) -> Listing:
    """获取用户的登录会话"""
    return listed("sessions", sign_ins.search(tx, named(tx, user).id), sign_ins.describe)


@identity.delete("/users/<user>/sessions", needs="system.user.update", gives=Ended, audit="结束用户{user}的登录会话")
def end_all_of_user(tx: Tx, user: str) -> Reply:
    """结束用户的登录会话"""
    return said(ENDED, {"ended": sign_ins.end_all(tx, named(tx, user).id)})


@identity.delete(
    "/users/<user>/sessions/<session>", needs="system.user.update", audit="结束用户{user}的登录会话{session}"
)
def end_one_of_user(tx: Tx, user: str, session: str) -> Reply:
    """结束用户的一个登录会话"""
    return end(tx, named(tx, user).id, session)
