"""Captcha, sign-in, sign-out, one's own profile, registration and its configuration (ipam 2)."""

from typing import Any

from appliance.dialects.ipam.envelope import DONE, Body, ipam, said
from appliance.domain import (
    audit,
    captcha,
    guard,
    new_password,
    password_history,
    passwords,
    profiles,
    ranks,
    registration,
    sessions,
    signing_in,
    tokens,
    users,
)
from appliance.errors import Denied, Invalid, Problem, Taken, Unknown
from appliance.store import Row, Tx
from appliance.web.fields import Plain, Secret, Text, Wire
from appliance.web.route import OPEN, SIGNED_IN, Reply
from appliance.web.serve import Desk

ADMIN = "admin"
WRONG, CODE_NEEDED, CODE_WRONG = "用户名或密码错误", "需要MFA验证码", "MFA验证码错误"
STANDING = {
    signing_in.DISABLED: "账号已停用",
    signing_in.PENDING: "账号待审核",
    signing_in.EXPIRED: "账号已过期",
    signing_in.ADDRESS: "IP地址不在允许范围内",
    signing_in.STALE: "临时密码已过期",
}
WELCOME, GOODBYE = "登录成功", "注销成功"
REGISTERED, WAITING = "注册成功", "注册成功,请等待管理员审核"
LOGIN_TAKEN = "用户名已存在"
OURS = {"账户以被注册": LOGIN_TAKEN, "账户含有不允许的字符": "用户名含有不允许的字符", "密码错误": "原密码错误"}
"""What the domain says in the words of another document."""
NEEDS_OLD = "请输入原密码"


class Called(Wire):
    """A shape that tells the domain's faults in this document's words."""

    def renamed(self, faults: Any) -> dict[str, Any]:
        """Names and sentences."""
        told = super().renamed(faults)
        return {name: [OURS.get(one, one) for one in fault] for name, fault in told.items()}


class SignIn(Called):
    """Who, and the proofs."""

    username = Text(required="不能为空", attribute="login")
    password = Secret(required="不能为空")
    captcha_id = Text(none=True, load_default=None)
    captcha_code = Text(none=True, load_default=None)
    otp_code = Text(none=True, load_default=None, attribute="code")


class Registration(Called):
    """Somebody new, as he presents himself; whatever else he says of himself is not heard."""

    username = Text(required="不能为空", attribute="login")
    password = Secret(required="不能为空")
    nickname = Text(longest=64, none=True, load_default=None, attribute="name")
    email = Text(none=True, load_default=None)
    phone = Text(none=True, load_default=None)
    captcha_id = Text(none=True, load_default=None)
    captcha_code = Text(none=True, load_default=None)

    def further(self, right: dict[str, Any]) -> dict[str, Any]:
        """What can be said of the rest."""
        known = {name: right[name] for name in ("login", "email", "phone") if right.get(name)}
        return users.broken_rules(**known)


class OwnChanges(Called):
    """What people change of themselves."""

    nickname = Text(longest=64, attribute="name")
    email = Text(none=True)
    phone = Text(none=True)
    old_password = Secret(attribute="old")
    new_password = Secret(attribute="password")


class RegisterConfig(Wire):
    """What everybody may know of the configuration."""

    allow_register = Plain()
    default_role = Plain()
    require_approval = Plain()
    require_captcha = Plain()


# --- signing in and out ----------------------------------------------------------------------------------------------


@ipam.post("/api/login", needs=OPEN, takes=SignIn, outside=True, by_key=False)
def sign_in(desk: Desk, who: dict[str, Any]) -> Reply:
    """登录"""
    shown = {name: who.pop(name) for name in ("captcha_id", "captcha_code")}
    with desk.reading() as tx:
        shut_out = guard.blocked_for(tx, desk.actor.address)  # told, and put on record, by the one procedure
        wanted = captcha.is_wanted(tx, registration.config(tx)["captcha_mode"], who["login"])
    if wanted and not shut_out:
        captcha.require(desk.store, desk.actor, shown["captcha_id"], shown["captcha_code"])
    try:
        user, pair = signing_in.sign_in(desk.store, desk.actor, **who | {"code": who["code"] or ""})
    except signing_in.Refused as refusal:
        raise refused(refusal.why) from refusal
    with desk.reading() as tx:
        return said(WELCOME, welcomed(ranks.of(tx, user), pair))


def refused(why: str) -> Problem:
    """Why there is no token: the same words for whatever was wrong with name and password."""
    if why in STANDING:
        return Denied(STANDING[why])
    if why == signing_in.PASSWORD:
        return Unknown(WRONG)
    sentence = CODE_NEEDED if why == signing_in.CODE_NEEDED else CODE_WRONG
    problem = Unknown(sentence)
    problem.faults, problem.data = {"otp_code": [sentence]}, {"mfa_required": True}
    return problem


def welcomed(user: Row, pair: tokens.Pair) -> dict[str, Any]:
    """A token, and whose it is."""
    due = bool(user.must_change_password)
    whose = {"id": user.id, "username": user.login, "nickname": user.name, "role": user.role, "roles": user.roles}
    end = {"expires_at": pair.access_expires_at, "expire": pair.access_expires_at}
    first = user.last_login_at is None or due
    return {"token": pair.access, "user": whose, "first_login": first, **end, "must_change_password": due}


@ipam.post("/api/logout", needs=SIGNED_IN, audit="注销登录", always=True, by_key=False)
def sign_out(tx: Tx) -> Reply:
    """注销登录"""
    user = tx.actor.user
    audit.note_sign_in(tx, login=user.login, user=user, succeeded=True, reason="", kind=audit.LOGOUT)
    sessions.sign_out(tx)
    return said(GOODBYE)


@ipam.get("/api/captcha", needs=OPEN, outside=True)
def show_captcha(desk: Desk) -> Reply:
    """获取验证码"""
    return Reply(captcha.new(desk.store, desk.actor.address))


# --- oneself ---------------------------------------------------------------------------------------------------------


@ipam.get("/api/profile", needs=SIGNED_IN, always=True)
def show_profile(tx: Tx) -> dict[str, Any]:
    """获取用户资料"""
    return profiles.of(tx, tx.actor.user)


def change_profile(desk: Desk, changes: dict[str, Any]) -> Reply:
    """更新用户资料"""
    me = desk.actor.user
    assert me is not None
    old, password = changes.pop("old", None), changes.pop("password", None)
    if password is not None and old is None:
        raise Invalid(old=NEEDS_OLD)
    hashed = password and new_password.of_oneself(desk.store, desk.actor, old=old, password=password)
    with desk.writing() as tx:
        if changes:
            users.change_oneself(tx, None, **changes)
        if hashed:
            password_history.replace(tx, me.id, hashed, instead_of=me.password_hash)
        return said(DONE, profiles.of(tx, tx.get("users", me.id)))


for declare in (ipam.put, ipam.patch):
    declare(
        "/api/profile",
        needs=SIGNED_IN,
        takes=OwnChanges,
        audit="更新用户资料",
        outside=True,
        always=True,
        by_key=False,
    )(change_profile)


# --- registration ----------------------------------------------------------------------------------------------------


@ipam.post("/api/users/register", needs=OPEN, takes=Registration, audit="用户注册", outside=True, by_key=False)
def register(desk: Desk, who: dict[str, Any]) -> Reply:
    """用户注册"""
    shown, password = [who.pop("captcha_id"), who.pop("captcha_code")], who.pop("password")
    who["name"] = who["name"] or who["login"]
    with desk.reading() as tx:
        found = registration.enter(tx)
    if found["captcha"]:
        captcha.require(desk.store, desk.actor, *shown)
    try:
        with desk.reading() as tx:
            registration.check(tx, found, password=password, **who)
    except Taken:
        note_failure(desk, who["login"])
        raise
    hashed = passwords.hash_password(password)
    with desk.writing() as tx:
        registration.enter(tx)  # again: many may have asked at once
        user = ranks.of(tx, registration.create(tx, found, password_hash=hashed, **who))
    names = {"id": user.id, "username": user.login, "nickname": user.name, "role": user.role}
    return said(WAITING if user.pending else REGISTERED, names | {"status": profiles.status(user)}, 201)


def note_failure(desk: Desk, login: str) -> None:
    """A name that was taken counts against guessing."""
    with desk.store.writing(desk.actor) as tx:
        registration.note_failure(tx, login)


@ipam.get("/api/auth/register-config", needs=OPEN, gives=RegisterConfig)
def show_register_config(tx: Tx) -> dict[str, Any]:
    """获取注册配置"""
    return registration.shown(tx)


@ipam.get("/api/config/registration", needs=SIGNED_IN)
def show_registration(tx: Tx) -> dict[str, Any]:
    """获取注册配置"""
    return registration.shown(tx)


@ipam.put("/api/config/registration", needs=ADMIN, takes=Body, audit="更新注册配置")
def change_registration(tx: Tx, changes: dict[str, Any]) -> dict[str, Any]:
    """更新注册配置"""
    registration.change(tx, changes)
    return registration.shown(tx)
