"""IP applications: asking, deciding, withdrawing (ipam 7)."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from appliance.dialects.ipam.collections import changed, guard, serve_reading, shown
from appliance.dialects.ipam.described import changed_rows, gone_rows, new_rows
from appliance.dialects.ipam.envelope import DONE, LISTED, Bodies, Body, ipam, said
from appliance.dialects.ipam.words import text, whole
from appliance.domain import (
    application_book,
    application_decisions,
    application_holds,
    applications,
    incoming,
    listing,
    values,
    writing,
)
from appliance.domain.addresses import WrongState
from appliance.domain.application_book import APPLICATIONS
from appliance.domain.incoming import Change
from appliance.errors import Invalid
from appliance.store import Row, Tx
from appliance.web.route import SIGNED_IN, Reply
from appliance.web.serve import Desk

HELD = {"id": "id", "ip": "ip", "network_area_id": "area_id", "hostname": "hostname", "expires_at": "expires_at"}
ACTIONS = {"approve": "approved", "reject": "rejected", "cancel": "cancelled"}


def show_application(tx: Tx, ident: int) -> dict[str, Any]:
    """获取IP注册申请详情"""
    row = listing.one(tx, APPLICATIONS, ident)
    return listing.show(tx, APPLICATIONS, [row])[0] | {"events": row.events}


serve_reading(APPLICATIONS, needs=SIGNED_IN, one=show_application)


@ipam.get("/api/registerIps/held", needs=SIGNED_IN)
def list_held(tx: Tx) -> Reply:
    """获取本人可续期或释放的地址"""
    rows = [{name: row[own] for name, own in HELD.items()} for row in application_holds.held(tx)]
    return said(LISTED, {"list": rows, "total": len(rows)})


@ipam.post(
    "/api/registerIps", needs=SIGNED_IN, takes=Bodies, body=partial(new_rows, APPLICATIONS), audit="创建IP注册申请"
)
def submit(tx: Tx, body: Any) -> Reply:
    if not isinstance(body, list):
        ident = submitted(tx, body)
        return said(DONE, shown(tx, APPLICATIONS, [ident])[0], 201)
    incoming.require_some(body)
    idents: list[int] = []
    with writing.Batch() as batch:
        for index, one in enumerate(body):
            idents += batch.attempt(index, submitted, tx, one)
    return said(DONE, {"list": shown(tx, APPLICATIONS, idents), "total": len(idents)}, 201)


def submitted(tx: Tx, body: Any) -> int:
    """One application, decided at once where its subnet says so."""
    if not isinstance(body, Mapping):
        raise Invalid(body=values.NO_OBJECT)
    row = applications.submit(tx, **application_book.new(tx, body))
    application_decisions.decide_by_itself(tx, row)
    return int(row.id)


def change_applications(desk: Desk, body: Any) -> Reply:
    """Flexible update: edit, decide, withdraw."""
    wanted = incoming.changes(body, guard(desk))
    with desk.writing() as tx:
        rows = writing.require_known(
            tx, APPLICATIONS, [one.ident for one in wanted], "ids" if len(wanted) > 1 else "id"
        )
        for one in wanted:
            act(tx, applications.get(tx, one.ident), one)
        return Reply(changed(tx, APPLICATIONS, body, list(rows)))


CHANGED = {"takes": Bodies, "body": partial(changed_rows, APPLICATIONS), "audit": "更新IP注册申请"}
for declare in (ipam.put, ipam.patch):
    declare("/api/registerIps", needs=SIGNED_IN, outside=True, **CHANGED)(change_applications)


def act(tx: Tx, row: Row, wanted: Change) -> None:
    """What a body wants of one application; that it is decided already says more than that it is another version."""
    facts = wanted.facts
    wish = verdict(row, facts)
    if not wish or row.status == "pending":
        writing.require_version(row, wanted.guard)
    comment = text(facts, "comment") or text(facts, "approve_comment")
    if wish == "approved":
        ip = str(facts["ip"]).strip() if facts.get("ip") else None
        application_decisions.approve(tx, row, comment, ip, whole(facts, "subnet_id") or None)
    elif wish == "rejected":
        application_decisions.reject(tx, row, text(facts, "reject_reason") or comment or text(facts, "reason"))
    elif wish == "cancelled":
        applications.cancel(tx, row, comment)
    else:
        applications.edit(tx, row, **application_book.changed(tx, row, facts))


def verdict(row: Row, facts: Mapping[str, Any]) -> str:
    """The state somebody wants it in; empty for an edit."""
    action, status = text(facts, "action"), text(facts, "status")
    if action:
        if action not in ACTIONS:
            raise Invalid(action=incoming.NO_CHOICE)
        return ACTIONS[action]
    if not status or status == row.status == "pending":
        return ""
    if status not in applications.STATUSES:
        raise Invalid(status=incoming.NO_CHOICE)
    if status not in ACTIONS.values():
        raise WrongState(status=applications.NOT_PENDING)
    return status


@ipam.delete("/api/registerIps", needs=SIGNED_IN, takes=Body, body=gone_rows, audit="删除IP注册申请")
def remove(tx: Tx, body: dict[str, Any]) -> dict[str, Any]:
    idents = incoming.ids_of(body)
    incoming.require_some(idents, "ids")
    rows = writing.require_known(tx, APPLICATIONS, idents)
    applications.remove(tx, rows.values())
    return {"deleted": len(idents), "ids": idents}
