"""Chapter 3: sign-in, refresh, sign-out."""

from typing import Any

from appliance import errors
from appliance.dialects.identity.envelope import SignInRefused, identity, said
from appliance.dialects.identity.roles import print_roles
from appliance.dialects.identity.shapes import Hidden, Switch, Word
from appliance.domain import audit, labels, sessions, signing_in, tokens
from appliance.errors import Unknown
from appliance.store import Row, Tx
from appliance.web.fields import Part, Plain, TextId, Time, Wire
from appliance.web.route import OPEN, SIGNED_IN, Reply
from appliance.web.serve import Desk

REFUSALS = {
    signing_in.PASSWORD: "用户名或密码错误",
    signing_in.CODE_NEEDED: "需要MFA验证码",
    signing_in.CODE_WRONG: "MFA验证码错误",
    signing_in.PENDING: "用户账号待审核",
    signing_in.DISABLED: "用户账号已停用",
    signing_in.EXPIRED: "用户账号已过期",
    signing_in.ADDRESS: "IP地址不在允许范围内",
    signing_in.STALE: "临时密码已过期",
}
OVER = "Token已失效,请重新登录"
REFRESHED, REUSED = "刷新Token", "令牌被重复使用,登录已终止"


class SignIn(Wire):
    """Who, and the proof."""

    username = Word(required=True, attribute="login")
    password = Hidden(required=True)
    remember_me = Switch(attribute="remember", load_default=False)
    otp_code = Word(attribute="code", none=True, load_default=None)


class UserInfo(Wire):
    """Who has signed in."""

    id = TextId()
    username = Plain(attribute="login")
    email = Plain()
    roles = Plain()
    permissions = Plain()
    uuid = Plain()
    must_change_password = Plain()


class Renewed(Wire):
    """A token and its end."""

    token = Plain(attribute="access")
    expires_at = Time(attribute="access_expires_at")


class SignedIn(Renewed):
    """What a sign-in gives."""

    user_info = Part(UserInfo, attribute="user")


class OldToken(Wire):
    """The token to renew."""

    token = Hidden(required=True)


@identity.post("/login", needs=OPEN, takes=SignIn, gives=SignedIn, outside=True, by_key=False)
def sign_in(desk: Desk, who: dict[str, Any]) -> Reply:
    """用户登录"""
    try:
        user, pair = signing_in.sign_in(desk.store, desk.actor, **who | {"code": who["code"] or ""})
    except signing_in.Refused as refusal:
        asked = {"mfa_required": True} if refusal.why == signing_in.CODE_NEEDED else {}
        raise SignInRefused(REFUSALS[refusal.why], **asked) from refusal
    with desk.reading() as tx:
        return said("登录成功", pair._asdict() | {"user": introduced(tx, user)})


def introduced(tx: Tx, user: Row) -> Row:
    """A user with the names of his roles and their labels."""
    row = Row(user, permissions=labels.of_user(tx, user.id))
    print_roles(tx, [row])
    return row


@identity.post("/refresh", needs=OPEN, takes=OldToken, gives=Renewed, outside=True, always=True, by_key=False)
def refresh(desk: Desk, old: dict[str, Any]) -> Reply:
    """刷新Token"""
    with desk.store.writing(desk.actor) as tx:
        refuse_foreign(tx, desk.token, old["token"])
        renewal = tokens.renew(tx, old["token"], by_access=True)
        audit.note(tx, REUSED if renewal.reused else REFRESHED, succeeded=renewal.pair is not None)
    if renewal.pair is None:
        raise Unknown(OVER)
    return said("Token刷新成功", renewal.pair._asdict())


def refuse_foreign(tx: Tx, shown: str, token: str) -> None:
    """The token of the header, where there is one, is of the same user; its age does not matter."""
    try:
        same = not shown or tokens.owner(tx, shown) == tokens.owner(tx, token)
    except Unknown:
        raise Unknown(OVER) from None
    if not same:
        raise Unknown(why=errors.BAD_TOKEN)


@identity.post("/logout", needs=SIGNED_IN, audit="登出", always=True, by_key=False)
def sign_out(tx: Tx) -> Reply:
    """登出"""
    sessions.sign_out(tx)
    return said("登出成功")
