"""Chapter 九: what belongs to terminals besides their WebSocket."""

from typing import Any

from appliance.dialects.ptpb.envelope import ptpb
from appliance.domain import admissions, hosts, sessions
from appliance.store import Tx
from appliance.web.fields import Id, Wire
from appliance.web.serve import Desk


class TicketWanted(Wire):
    """Where a terminal is to go."""

    resource_id = Id(required=True, attribute="host_id")
    voucher_id = Id(required=True)


@ptpb.post(
    "/terminal/ticket/",
    needs=hosts.READ,
    takes=TicketWanted,
    audit="连接资源{resource_id}",
    outside=True,
    by_key=False,
)
def issue_ticket(desk: Desk, wanted: dict[str, Any]) -> dict[str, Any]:
    """签发终端票据"""
    with desk.store.writing(desk.actor) as tx:  # only a refusal leaves an audit line: a ticket changes nothing yet
        ticket = admissions.issue(tx, **wanted)
    return {"ticket": ticket, "expires_in": admissions.LIFE, "recorded": desk.settings.recording}


@ptpb.post("/audit/session/<session_id:int>/stop/", needs=sessions.STOP, audit="终止会话{session_id}")
def stop_session(tx: Tx, session_id: int) -> None:
    sessions.stop(tx, session_id)
