"""Terminal sessions: who may open one, its row from beginning to end, and who may look at it (ptpb 9)."""

import uuid
from typing import Any, NamedTuple

from sqlalchemy import Select, Table, func, select, update

from appliance import clock
from appliance.domain import access, audit, duties, hosts, targets, tokens
from appliance.errors import Conflict, Denied, Invalid, Missing, Problem, Unknown
from appliance.query import contains
from appliance.store import Row, Tx
from appliance.store.tables import groups, host_vouchers, sessions, vouchers
from appliance.store.tables import hosts as host_table

SSH = 1
LARGEST_ID = 2**63 - 1
ACTIVE, CLOSED, FAILED = "active", "close", "failed"

NO_HOST = "资源不存在"
NO_VOUCHER = "凭证不存在"
OTHER_SYSTEM = "不同系统组,禁止使用"
NOT_SSH = "该资源不支持SSH协议"
DISABLED = "资源已停用"
BAD_ADDRESS = "目标地址不被允许"
TOO_MANY = "会话数已达上限"
SIGNED_OUT = "登录已失效,连接已断开"
RIGHTS_CHANGED = "权限已变更,连接已断开"
ABANDONED = "服务异常终止"
STOPPED = "会话已被管理员终止"
OVER = "会话已结束"
STOP = "system.permission.update"


class Admission(NamedTuple):
    """A host and the voucher the actor may use on it."""

    host: Row
    voucher: Row

    @property
    def address(self) -> str:
        """Where to connect: an address, or the name that stands for one."""
        return hosts.address(self.host)


def admit(tx: Tx, *, host_id: int, voucher_id: int) -> Admission:
    """What the actor's rights say, before anything is asked of the host itself (checks 3 to 6)."""
    duties.require_done(tx)
    host = seen(tx, host_table, host_id, "resource.self.read", NO_HOST)
    voucher = seen(tx, vouchers, voucher_id, "resource.voucher.read", NO_VOUCHER)
    roots = set(tx.values(select(groups.c.root_id).where(groups.c.id.in_([host.group_id, voucher.group_id]))))
    if len(roots) != 1:
        raise Invalid(OTHER_SYSTEM)
    bound = select(host_vouchers.c.id).where(
        host_vouchers.c.host_id == host_id, host_vouchers.c.voucher_id == voucher_id
    )
    if tx.value(bound) is None and not access.holds(tx, "resource.voucher.update", voucher.group_id):
        raise Denied(access.NOT_YOURS)
    return Admission(host, voucher)


def seen(tx: Tx, table: Table, ident: int, code: str, sentence: str) -> Row:
    """The row, if the actor may know of it."""
    try:
        if not 0 < ident <= LARGEST_ID:
            raise Missing()
        return access.seen(tx, table, ident, code)
    except Missing:
        raise Missing(sentence) from None


def obstacle(tx: Tx, admission: Admission) -> str:
    """Why it cannot begin although the actor may; empty when it can (checks 7 and 8)."""
    host = admission.host
    if host.protocol_id != SSH:
        return NOT_SSH
    if not host.enabled:
        return DISABLED
    if not targets.open_to(tx, admission.address, host.port):
        return BAD_ADDRESS
    mine = select(func.count()).where(sessions.c.user_id == tx.actor.user_id, sessions.c.status == ACTIVE)
    return TOO_MANY if tx.value(mine) >= tx.settings.session_limit else ""


def begin(tx: Tx, admission: Admission, sentence: str = "") -> Row:
    """The row of a session that starts, or of one that could not for the reason in the sentence."""
    user, host, moment = tx.actor.user, admission.host, clock.now()
    who = {"user_id": user.id, "user_name": user.name, "login": user.login, "address": tx.actor.address}
    where = {"host_id": host.id, "host_name": host.name, "host_address": admission.address}
    how = {"voucher_id": admission.voucher.id, "username": admission.voucher.username}
    when = {"started_at": moment, "ended_at": moment if sentence else None}
    row = Row(uuid=str(uuid.uuid4()), recording=None, reason=sentence, **who, **where, **how, **when)
    row["status"] = FAILED if sentence else ACTIVE
    if tx.settings.recording and not sentence:
        row["recording"] = f"recordings/{moment.astimezone(tx.settings.zone):%Y/%m/%d}/{row.uuid}.cast"
    row["id"] = tx.insert("sessions", **row)
    return row


def finish(tx: Tx, session_id: int, *, failed: bool = False, reason: str = "", recording_hash: str = "") -> None:
    """Close the row of a session, once; the hash shows later whether its recording was touched."""
    end(tx, [sessions.c.id == session_id], FAILED if failed else CLOSED, reason)
    tx.run(update(sessions).where(sessions.c.id == session_id).values(recording_hash=recording_hash or None))


def close_abandoned(tx: Tx) -> int:
    """Close what a crash left active; how many there were."""
    return end(tx, [], CLOSED, ABANDONED)


def end(tx: Tx, which: list[Any], status: str, reason: str) -> int:
    """From active to something else, and never back."""
    values = {"status": status, "ended_at": clock.now(), "reason": reason[:255]}
    return tx.run(update(sessions).where(sessions.c.status == ACTIVE, *which).values(**values))


def stop(tx: Tx, session_id: int) -> None:
    """An administrator ends a live session; whoever carries it sees its row closed and hangs up."""
    access.require(tx, STOP)
    if get(tx, session_id).status != ACTIVE:
        raise Conflict(OVER)
    end(tx, [sessions.c.id == session_id], CLOSED, STOPPED)


def sign_out(tx: Tx) -> None:
    """End the actor's sign-in, and every terminal he has open, wherever he opened it (README 3)."""
    tokens.end(tx, tx.actor.sign_in_id, "logout")
    end(tx, [sessions.c.user_id == tx.actor.user_id], CLOSED, SIGNED_OUT)


def standing(tx: Tx, session_id: int, *, user_id: int, sign_in_id: int, host_id: int, voucher_id: int) -> str:
    """Why a live session must end now; empty while its user may have it."""
    row = tx.get("sessions", session_id)
    if row.status != ACTIVE:
        return str(row.reason)
    sign_in = tx.find("sign_ins", id=sign_in_id)
    try:
        if sign_in is None or sign_in.ended_at:
            raise Unknown()
        tokens.become(tx, user_id, sign_in_id)
    except Unknown:
        return SIGNED_OUT
    try:
        host = admit(tx, host_id=host_id, voucher_id=voucher_id).host
    except Problem:
        return RIGHTS_CHANGED
    return "" if host.enabled and host.protocol_id == SSH else RIGHTS_CHANGED


def search(tx: Tx, *, resource: str = "", status: str = "", **common: Any) -> Select[Any]:
    """Sessions the actor may see; `resource` is part of the host's name, `common` as every history has it."""
    wanted = [contains(sessions.c.host_name, resource)] if resource else []
    if status:
        wanted.append(sessions.c.status == status)
    return audit.search(tx, sessions, "audit.session.read", sessions.c.started_at, wanted, **common)


def get(tx: Tx, session_id: int) -> Row:
    """A session the actor may look at: an auditor any, everybody his own."""
    row = tx.find("sessions", id=session_id) if 0 < session_id <= LARGEST_ID else None
    if row is None or not (row.user_id == tx.actor.user_id or access.holds(tx, "audit.session.read")):
        raise Missing()
    return row


def get_recording(tx: Tx, session_id: int) -> Row:
    """The session whose recording is asked for; `recording` is its path below the data folder."""
    row = get(tx, session_id)
    if not row.recording:
        raise Missing()
    return row
