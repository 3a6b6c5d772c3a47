"""The log of sign-ins as the address book shows it; deleting from it leaves its own line (ipam 8)."""

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, case, delete

from appliance.domain import access, audit, incoming, signing_in, values, writing
from appliance.domain.collections import Collection, Field, register
from appliance.errors import Invalid
from appliance.query import batches
from appliance.store import Row, Tx
from appliance.store.tables import login_records

SUCCESS, FAILED = "success", "failed"
STATUSES = {SUCCESS: "成功", FAILED: "失败"}
KINDS = {
    audit.LOGIN: "登录",
    audit.LOGOUT: "注销",
    audit.REGISTER: "注册",
    audit.TOKEN: "令牌",
    audit.SSH: "SSH",
}
MESSAGES = {
    signing_in.PASSWORD: "密码错误",
    "unknown": "用户不存在",
    "locked": "账号已锁定",
    "taken": "用户名或邮箱已存在",
    signing_in.DISABLED: "账号已停用",
    signing_in.PENDING: "账号待审核",
    signing_in.EXPIRED: "账号已过期",
    signing_in.ADDRESS: "IP地址不在允许范围内",
    signing_in.STALE: "临时密码已过期",
    signing_in.CODE_NEEDED: "需要MFA验证码",
    signing_in.CODE_WRONG: "MFA验证码错误",
}
DONE = {audit.LOGIN: "登录成功", audit.LOGOUT: "注销成功", audit.REGISTER: "注册成功"}
BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
STATUS: ColumnElement[str] = case((login_records.c.succeeded, SUCCESS), else_=FAILED)
WHICH = "请指定ids或before"


def visible(tx: Tx) -> ColumnElement[bool] | None:
    """Everything, or one's own."""
    return None if access.holds(tx, "audit.login.read") else login_records.c.user_id == tx.actor.user_id


def complete(tx: Tx, rows: list[Row]) -> None:
    """What programs say of themselves, and what came of it."""
    for row in rows:
        row["browser"], row["os"] = browser(row.user_agent), found(SYSTEMS, row.user_agent)
        row["message"] = DONE.get(row.kind, "成功") if row.succeeded else MESSAGES.get(row.reason, "失败")


def browser(agent: str) -> str:
    """The program's name, from what it says of itself."""
    return found(BROWSERS, agent) or (re.match(r"[\w.-]{0,32}", agent) or [""])[0]


def found(marks: tuple[tuple[str, str], ...], agent: str) -> str:
    """The first name whose mark occurs."""
    return next((name for mark, name in marks if mark in agent), "")


def remove(tx: Tx, body: Mapping[str, Any]) -> dict[str, int]:
    """Delete rows by their ids, or those before a moment; the audit keeps how many."""
    columns = login_records.c
    if body.get("before"):
        try:
            limit = values.moment(body["before"])
        except ValueError as error:
            raise Invalid(before=str(error)) from None
        deleted = tx.run(delete(login_records).where(columns.created_at < limit))
    else:
        idents = incoming.ids_of(body)
        if not idents:
            raise Invalid(ids=WHICH)
        writing.require_known(tx, LOGIN_LOG, idents)
        deleted = sum(tx.run(delete(login_records).where(columns.id.in_(batch))) for batch in batches(idents))
    tx.tell("login_records", deleted=deleted, before=str(body.get("before") or ""), ids=body.get("ids"))
    return {"deleted": deleted}


LOGIN_LOG = register(
    Collection(
        name="login-logs",
        title="登录日志",
        table=login_records,
        own_fields=(
            Field("user_id", values.INTEGER, writable=False),
            Field("username", column="login", writable=False, searchable=True),
            Field("nickname", column="user_name", writable=False, searchable=True),
            Field("ip_address", column="address", writable=False, searchable=True),
            Field("user_agent", writable=False, searchable=True),
            Field("login_type", column="kind", writable=False, choices=KINDS),
            Field("status", writable=False, choices=STATUSES, value=STATUS),
            Field("captcha_used", values.BOOLEAN, writable=False),
        ),
        label="username",
        computed=("browser", "os", "message"),
        complete=complete,
        scope=visible,
        custom=False,
    )
)
