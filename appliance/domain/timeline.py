"""Everything that happened around one address, in one list (ipam 4, the join)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Select, String, cast, func, or_, select

from appliance.domain import access, address_hosts, listing
from appliance.domain.access import Actor
from appliance.domain.address_book import IPS
from appliance.domain.collections import READ
from appliance.store import Row, Store, Tx
from appliance.store.address_tables import address_history, applications
from appliance.store.aside import beside
from appliance.store.tables import hosts, login_records, operations, sessions

MOST = 200
"""Of each kind."""
LOOKED_THROUGH = 20_000
"""So many of the newest lines of the audit are searched for hosts and vouchers."""
Event = dict[str, Any]


def answer(store: Store, actor: Actor, ident: int) -> dict[str, Any]:
    """Of the address with that id; asked beside everybody else, as the audit has no index of hosts."""
    with beside(store, actor) as tx:
        return of(tx, listing.one(tx, IPS, ident))


def of(tx: Tx, address: Row) -> dict[str, Any]:
    """The newest first, each kind as far as the actor may see it."""
    used_by = hosts_of(tx, address)
    parts = (
        from_history(tx, address),
        from_applications(tx, address),
        from_audit(tx, used_by),
        from_sessions(tx, used_by),
        from_sign_ins(tx, address.ip),
    )
    found = sorted((event for part in parts for event in part), key=lambda event: event["at"], reverse=True)
    return {"id": address.id, "ip": address.ip, "list": found, "total": len(found)}


def happened(kind: str, event: str, at: Any, actor: str | None, title: str, **details: Any) -> Event:
    """One line."""
    return {"kind": kind, "event": event, "at": at, "actor": actor or "", "title": title, "details": details}


def hosts_of(tx: Tx, address: Row) -> list[int]:
    """The hosts that use the address or once did, as far as the actor may see them or what the audit tells."""
    linked = address_history.c.event == "host_linked"
    past = tx.values(select(address_history.c.new["host_id"].as_integer()).where(same(address), linked).distinct())
    seen = {host.id for host in access.seen_among(tx, hosts, past, address_hosts.READ)}
    everything = access.holds(tx, "audit.operation.read")
    return [ident for ident in past if ident in seen or everything]


def same(address: Row) -> Any:
    """Events of this address, whatever row it had."""
    columns = address_history.c
    return (columns.area_id == address.area_id) & (columns.ip_key == address.ip_key)


def newest(tx: Tx, statement: Select[Any], by: Any) -> list[Row]:
    """The last rows of a kind."""
    return tx.all(statement.order_by(by.desc()).limit(MOST))


def from_history(tx: Tx, address: Row) -> Iterable[Event]:
    """Allocation, release, changes, links."""
    for row in newest(tx, select(address_history).where(same(address)), address_history.c.id):
        more = {"old": row.old, "new": row.new, "source": row.source, "note": row.note}
        yield happened("address", row.event, row.created_at, row.actor_name, row.note or row.event, **more)


def from_applications(tx: Tx, address: Row) -> Iterable[Event]:
    """What became of requests for it: those that named it, and those its history names."""
    if not access.holds(tx, READ):
        return
    columns = applications.c
    numbers = select(address_history.c.note).where(same(address), address_history.c.source == "request")
    about = or_(columns.ip == address.ip, columns.request_no.in_(numbers))
    for row in newest(tx, select(applications).where(about, area_is(address.area_id)), columns.id):
        for event in reversed(row.events):
            title = f"{row.request_no} {event['event']}"
            more = {"application_id": row.id, "comment": event.get("comment")}
            at = datetime.fromisoformat(event["at"])
            yield happened("application", event["event"], at, event.get("actor_name"), title, **more)


def area_is(area_id: int) -> Any:
    """Requests of an area, or of none in particular."""
    return or_(applications.c.area_id == area_id, applications.c.area_id.is_(None))


def from_audit(tx: Tx, host_ids: list[int]) -> Iterable[Event]:
    """Changes of hosts on it, and of vouchers bound to them."""
    last = tx.value(select(func.max(operations.c.id))) or 0
    text = cast(operations.c.details, String)
    about = [text.contains(f'"what": "hosts", "id": {ident},') for ident in host_ids]
    about += [text.contains(f'"what": "host_vouchers", "host_id": {ident},') for ident in host_ids]
    if not about:
        return
    lines = select(operations).where(operations.c.id > last - LOOKED_THROUGH, operations.c.succeeded, or_(*about))
    for row in newest(tx, lines, operations.c.id):
        bound = any(change["what"] == "host_vouchers" for change in row.details)
        more = {"operation_id": row.id, "host_id": host_in(row.details, host_ids)}
        yield happened("voucher" if bound else "host", "changed", row.created_at, row.user_name, row.operation, **more)


def host_in(details: list[dict[str, Any]], host_ids: list[int]) -> int | None:
    """The host that a line of the audit is about."""
    named = (change.get("id" if change["what"] == "hosts" else "host_id") for change in details)
    return next((ident for ident in named if ident in host_ids), None)


def from_sessions(tx: Tx, host_ids: list[int]) -> Iterable[Event]:
    """Terminals on hosts of the address: one's own, or all with the right."""
    mine = [] if access.holds(tx, "audit.session.read") else [sessions.c.user_id == tx.actor.user_id]
    for row in newest(tx, select(sessions).where(sessions.c.host_id.in_(host_ids), *mine), sessions.c.id):
        more = {"session_id": row.id, "host_name": row.host_name, "ended_at": row.ended_at, "status": row.status}
        yield happened("session", "opened", row.started_at, row.user_name, f"{row.username}@{row.host_name}", **more)


def from_sign_ins(tx: Tx, ip: str) -> Iterable[Event]:
    """Sign-ins that came from the address: one's own, or all with the right."""
    mine = [] if access.holds(tx, "audit.login.read") else [login_records.c.user_id == tx.actor.user_id]
    tried = select(login_records).where(login_records.c.address == ip, *mine)
    for row in newest(tx, tried, login_records.c.created_at):
        word = "succeeded" if row.succeeded else "failed"
        more = {"login": row.login, "dialect": row.dialect}
        yield happened("sign_in", word, row.created_at, row.user_name, f"{row.login} 登录", **more)
