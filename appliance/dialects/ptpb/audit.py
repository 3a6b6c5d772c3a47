"""Chapter 八: the three audit lists."""

from typing import Any

from marshmallow.validate import OneOf

from appliance.dialects.ptpb.envelope import ptpb
from appliance.domain import audit
from appliance.store import Row, Tx
from appliance.web.fields import Bool, Moment, Plain, Text, Time, Wire
from appliance.web.route import Listing

OWN_OR = "user.profile.read"


class HistoryFilter(Wire):
    """What all three lists take."""

    self = Bool(attribute="own", load_default=False)
    user = Text(none=True)
    ip = Text(none=True)
    start_time = Moment()
    end_time = Moment(end=True)


class SignInFilter(HistoryFilter):
    """Of sign-ins."""

    status = Text(validate=OneOf(["succeed", "failed"], error="“{input}” 不是合法选项。"))


class OperationFilter(HistoryFilter):
    """Of operations."""

    operation = Text(none=True)
    status = Bool()


class SignInView(Wire):
    """One attempt to sign in."""

    id = Plain()
    user = Plain()
    ip = Plain(attribute="address")
    status = Plain()
    date = Time(attribute="created_at")


class OperationView(Wire):
    """One changing call."""

    id = Plain()
    user = Plain()
    ip = Plain(attribute="address")
    operation = Plain()
    status = Plain(attribute="succeeded")
    date = Time(attribute="created_at")


@ptpb.get("/audit/login/get/", needs=("audit.login.read", OWN_OR), takes=SignInFilter, gives=SignInView)
def list_sign_ins(tx: Tx, filters: dict[str, Any]) -> Listing:
    """查看登录日志"""
    return Listing(audit.search_sign_ins(tx, **filters), name_sign_ins)


@ptpb.get("/audit/opera/get/", needs=("audit.operation.read", OWN_OR), takes=OperationFilter, gives=OperationView)
def list_operations(tx: Tx, filters: dict[str, Any]) -> Listing:
    """查看操作日志"""
    return Listing(audit.search_operations(tx, **filters), name_users)


def name_users(tx: Tx, rows: list[Row]) -> None:
    """The user as he was then."""
    for row in rows:
        row["user"] = {"id": row.user_id, "name": row.user_name}


def name_sign_ins(tx: Tx, rows: list[Row]) -> None:
    """Sign-ins say in words how they ended."""
    name_users(tx, rows)
    for row in rows:
        row["status"] = "succeed" if row.succeeded else "failed"
