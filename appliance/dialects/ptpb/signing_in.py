"""Chapter 一: sign-in, sign-out, refresh, and the set-up of the first administrator."""

from http.cookies import CookieError, SimpleCookie
from typing import Any

from appliance.dialects.ptpb.envelope import ptpb
from appliance.domain import audit, passwords, sessions, setup, signing_in, tokens, users
from appliance.errors import Denied, Invalid, Missing, Unknown
from appliance.store import Tx
from appliance.web.fields import Plain, Secret, Text, Wire
from appliance.web.request import own_origin
from appliance.web.route import OPEN, Reply
from appliance.web.serve import Desk

WRONG = "密码错误"
DISABLED = "用户被禁用，请及时联系管理员"
STALE_REFRESH = "refresh无效或已过期"
UNKNOWN = {
    signing_in.PASSWORD: WRONG,
    signing_in.CODE_NEEDED: "需要动态验证码",
    signing_in.CODE_WRONG: "动态验证码错误",
}
"""What is told as 401; everything else about an account is 403."""
COOKIE = "refresh={value}; Path=/api/rbac/; Max-Age={life}; HttpOnly; SameSite=Strict{secure}"


class SignIn(Wire):
    """Who, and the proof."""

    account = Text(required="账户为必填项", attribute="login")
    password = Secret(required="密码为必填项")
    otp_code = Text(none=True, load_default=None)
    code = Text(none=True, load_default=None)


class RefreshToken(Wire):
    """A refresh token in the body, for clients without cookies."""

    refresh = Plain(load_default="", allow_none=True)


class FirstAdministrator(Wire):
    """What the set-up page sends."""

    token = Text(required=True)
    account = Text(required="账户为必填项", attribute="login")
    password = Secret(required="密码为必填项")
    name = Text(longest=64, none=True, load_default=None)


@ptpb.post("/rbac/login/", needs=OPEN, takes=SignIn, outside=True, by_key=False)
def sign_in(desk: Desk, who: dict[str, Any]) -> Reply:
    """登录接口"""
    code = who.pop("otp_code") or who["code"] or ""
    try:
        _, pair = signing_in.sign_in(desk.store, desk.actor, **who | {"code": code})
    except signing_in.Refused as refusal:
        said = UNKNOWN.get(refusal.why)
        raise Unknown(said) if said else Denied(DISABLED) from refusal
    return with_tokens(desk, pair)


def with_tokens(desk: Desk, pair: tokens.Pair) -> Reply:
    """The pair in the answer, and the refresh token as a cookie: not for a foreign page, which could sign people in
    as somebody else."""
    keys = {"token": {"access": pair.access, "refresh": pair.refresh}}
    own = own_origin(desk.environ)
    return Reply(keys=keys, cookies=[cookie(desk, pair.refresh, desk.settings.refresh_life)] if own else [])


def cookie(desk: Desk, value: str, life: int) -> str:
    """The refresh cookie; Secure wherever browsers reach us by TLS."""
    return COOKIE.format(value=value, life=life, secure="; Secure" if desk.secure else "")


@ptpb.post("/rbac/logout/", needs=OPEN, outside=True, always=True, by_key=False)
def sign_out(desk: Desk) -> Reply:
    """用户登出"""
    with desk.store.writing(desk.actor) as tx:
        by_cookie = sent_cookie(desk) if own_origin(desk.environ) else ""
        ended = end_by_access(tx, desk.token) | end_by_refresh(tx, by_cookie)
    reply = Reply(cookies=[cookie(desk, "", 0)])
    if not ended:
        raise Unknown("未登录")
    return reply


def end_by_access(tx: Tx, token: str) -> bool:
    """End the sign-in of a valid access token; whether there was one."""
    try:
        tokens.identify(tx, token)
    except Unknown:
        return False
    sessions.sign_out(tx)
    return True


def end_by_refresh(tx: Tx, token: str) -> bool:
    """A refresh cookie sent along is ended all the same; it is no sign-in of its own."""
    tokens.end_by_refresh(tx, token)
    return False


def sent_cookie(desk: Desk) -> str:
    """The refresh cookie of a request, or empty."""
    try:
        morsel = SimpleCookie(desk.environ.get("HTTP_COOKIE", "")).get("refresh")
    except CookieError:
        return ""
    return morsel.value if morsel else ""


@ptpb.post("/rbac/refresh/", needs=OPEN, takes=RefreshToken, outside=True, always=True, by_key=False)
def refresh(desk: Desk, body: dict[str, Any]) -> Reply:
    """刷新Token"""
    by_cookie = sent_cookie(desk)
    if by_cookie and not own_origin(desk.environ):
        raise Denied("来源不被允许")
    with desk.store.writing(desk.actor) as tx:
        renewal = tokens.renew(tx, str(by_cookie or body["refresh"]))
        if renewal.reused:
            audit.note(tx, "刷新令牌被重复使用", succeeded=False)
    if renewal.pair is None:
        raise Invalid(STALE_REFRESH)
    return with_tokens(desk, renewal.pair)


@ptpb.get("/rbac/setup/", needs=OPEN)
def see_setup(tx: Tx) -> dict[str, bool]:
    """初始设置状态"""
    return {"needed": setup.needed(tx)}


@ptpb.post("/rbac/setup/", needs=OPEN, takes=FirstAdministrator, outside=True)
def set_up(desk: Desk, first: dict[str, Any]) -> Reply:
    """初始设置"""
    with desk.store.reading(desk.actor) as tx:
        check_setup(tx, first)
    password = first.pop("password")
    hashed = passwords.hash_password(password)
    with desk.store.writing(desk.actor) as tx:
        check_setup(tx, first | {"password": password})
        ident = setup.make_administrator(tx, login=first["login"], password_hash=hashed, name=first["name"])
        pair = signing_in.let_in(tx, tx.get("users", ident))
    return with_tokens(desk, pair)


def check_setup(tx: Tx, first: dict[str, Any]) -> None:
    """Only while nobody is there, only with the printed token, only with a good password."""
    if not setup.needed(tx):
        raise Missing()
    setup.check_token(tx, first["token"])
    users.check(tx, login=first["login"], password=first["password"], full=True)
