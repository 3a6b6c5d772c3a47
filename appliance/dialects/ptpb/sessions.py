"""Chapter 八, continued: the list of sessions and their recordings."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from marshmallow.validate import OneOf

from appliance.dialects.ptpb.audit import OWN_OR, HistoryFilter, name_users
from appliance.dialects.ptpb.envelope import ptpb
from appliance.domain import sessions
from appliance.errors import Missing
from appliance.store import Row, Tx
from appliance.web.fields import Plain, Text, Time, Wire
from appliance.web.route import SIGNED_IN, Listing, Reply

CHUNK = 64 * 1024
ASCIICAST = "application/x-asciicast"


class SessionFilter(HistoryFilter):
    """Of sessions."""

    resource = Text(none=True)
    status = Text(validate=OneOf(["active", "close", "failed"], error="“{input}” 不是合法选项。"))


class SessionView(Wire):
    """One terminal, as it was then."""

    id = Plain()
    user = Plain()
    resource = Plain()
    voucher = Plain()
    start_time = Time(attribute="started_at")
    end_time = Time(attribute="ended_at")
    status = Plain()
    ip = Plain(attribute="address")


@ptpb.get("/audit/session/get/", needs=("audit.session.read", OWN_OR), takes=SessionFilter, gives=SessionView)
def list_sessions(tx: Tx, filters: dict[str, Any]) -> Listing:
    """查看会话日志"""
    return Listing(sessions.search(tx, **filters), name_sessions)


def name_sessions(tx: Tx, rows: list[Row]) -> None:
    """User, host and voucher as they were then."""
    name_users(tx, rows)
    for row in rows:
        row["resource"] = {"id": row.host_id, "name": row.host_name, "ip": row.host_address}
        row["voucher"] = {"id": row.voucher_id, "username": row.username}


@ptpb.get("/audit/session/<session_id:int>/recording/", needs=SIGNED_IN)
def get_recording(tx: Tx, session_id: int) -> Reply:
    """下载会话录像"""
    session = sessions.get_recording(tx, session_id)
    file = tx.settings.data / session.recording
    if not file.is_file():
        raise Missing()
    name = f'attachment; filename="session-{session.id}.cast"'
    return Reply(body=content(file), kind=ASCIICAST, headers=[("Content-Disposition", name)])


def content(file: Path) -> Iterator[bytes]:
    """What the file holds so far, portion by portion; of a live session it is the beginning."""
    with file.open("rb") as recording:
        while portion := recording.read(CHUNK):
            yield portion
