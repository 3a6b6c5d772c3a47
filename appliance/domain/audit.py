"""The audit: sign-ins and operations, written with what they tell of and kept for good (ptpb F)."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, or_, select

from appliance.domain import access
from appliance.domain.access import Actor
from appliance.errors import Denied
from appliance.query import contains
from appliance.store import Row, Tx
from appliance.store.tables import login_records, operations

TYPED = 64


LOGIN, LOGOUT, REGISTER, TOKEN, SSH = "login", "logout", "register", "token", "ssh"


def note_sign_in(tx: Tx, *, login: str, user: Row | None, succeeded: bool, reason: str, kind: str = LOGIN) -> None:
    """One attempt to sign in, with its true reason; or that somebody registered, or signed out."""
    typed = login[:TYPED]
    who = {"user_id": user.id if user else None, "user_name": user.name if user else typed, "login": typed}
    tx.insert("login_records", succeeded=succeeded, reason=reason, kind=kind, **who, **whence(tx.actor))


def whence(actor: Actor) -> dict[str, Any]:
    """Where a sign-in came from, and whether behind a captcha."""
    place = {"address": actor.address, "user_agent": actor.user_agent[:256], "dialect": actor.dialect}
    return {**place, "captcha_used": actor.captcha}


def note(tx: Tx, operation: str, *, succeeded: bool = True) -> None:
    """One changing call of a signed-in user, with what it changed; nothing for strangers."""
    actor = tx.actor
    if actor is None or actor.user is None:
        return
    who = {"user_id": actor.user.id, "user_name": actor.user.name, "login": actor.user.login}
    where = {"address": actor.address, "dialect": actor.dialect, "request_id": actor.request_id}
    what = {"operation": operation[:255], "succeeded": succeeded, "details": by_key(actor) + tx.changes}
    tx.insert("operations", **who, **where, **what)


def by_key(actor: Actor) -> list[dict[str, Any]]:
    """Which API key stood for the user, where one did."""
    return [{"what": "by_key", "id": actor.key.id, "name": actor.key.name}] if actor.key else []


def search_sign_ins(tx: Tx, *, status: str | None = None, **common: Any) -> Select[Any]:
    """Sign-in records; `status` is succeed or failed."""
    wanted: list[ColumnElement[bool]] = [login_records.c.kind.in_((LOGIN, TOKEN, SSH))]
    if status:
        wanted.append(login_records.c.succeeded == (status == "succeed"))
    return search(tx, login_records, "audit.login.read", login_records.c.created_at, wanted, **common)


def search_operations(
    tx: Tx, *, operation: str | None = None, status: bool | None = None, **common: Any
) -> Select[Any]:
    """Operations; `operation` contains, `status` whether it did something."""
    wanted = [contains(operations.c.operation, operation)] if operation else []
    if status is not None:
        wanted.append(operations.c.succeeded == status)
    return search(tx, operations, "audit.operation.read", operations.c.created_at, wanted, **common)


def search(
    tx: Tx,
    table: Table,
    code: str,
    moment: ColumnElement[datetime],
    wanted: list[ColumnElement[bool]],
    *,
    own: bool = False,
    user: str | None = None,
    ip: str | None = None,
    start_time: datetime | None = None,
    end_time: datetime | None = None,
) -> Select[Any]:
    """What the caller may see of a history, then his filters; `own` shows his rows alone and asks for less."""
    require_reading(tx, "user.profile.read" if own else code)
    where = list(wanted)
    if own:
        where.append(table.c.user_id == tx.actor.user_id)
    if user:
        where.append(or_(contains(table.c.user_name, user), contains(table.c.login, user)))
    if ip:
        where.append(contains(table.c.address, ip))
    if start_time:
        where.append(moment >= start_time)
    if end_time:
        where.append(moment < end_time)
    return select(table).where(*where)


def require_reading(tx: Tx, code: str) -> None:
    """A list held nowhere is refused at the door's sentence."""
    if not access.holds(tx, code):
        raise Denied()
