"""IP addresses: lists, allocation, flexible update, release, history (ipam 4)."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from appliance.dialects.ipam.collections import changed, guard, serve_options, serve_reading, shown
from appliance.dialects.ipam.described import changed_rows
from appliance.dialects.ipam.envelope import LISTED, Bodies, Body, Query, ipam, said
from appliance.dialects.ipam.words import switched, text, whole
from appliance.domain import (
    address_book,
    address_hosts,
    addresses,
    allocation,
    cidr,
    effort,
    free_addresses,
    hosts,
    idempotency,
    incoming,
    listing,
    subnet_tree,
    timeline,
    values,
    writing,
)
from appliance.domain.address_book import HISTORY, IPS
from appliance.domain.addresses import ALLOCATED, RESERVED
from appliance.domain.allocation import Grant
from appliance.domain.collections import READ, WRITE
from appliance.domain.free_addresses import Choice
from appliance.domain.subnet_book import SUBNETS
from appliance.errors import Denied, Invalid, Missing
from appliance.store import Row, Tx
from appliance.web.route import Reply
from appliance.web.serve import Desk

LATEST = 20
DEFAULT_AREA = 1


class Tried(Exception):
    """A dry run that went well: nothing of it stays."""


# --- reading ----------------------------------------------------------------------------------------------------------


def show_address(tx: Tx, ident: int) -> dict[str, Any]:
    """获取IP地址详情"""
    row = listing.show(tx, IPS, [listing.one(tx, IPS, ident)])[0]
    used_by = [{"id": host.id, "name": host.name} for host in address_hosts.visible(tx, [ident]).get(ident, [])]
    return row | {"hosts": used_by, "history": listing.page(tx, HISTORY, {"page_size": LATEST, "ip_id": ident})["list"]}


serve_reading(IPS, one=show_address)
serve_options(IPS)


@ipam.get("/api/ips/history", needs=READ, takes=Query, outside=True)
def list_history(desk: Desk, query: dict[str, Any]) -> Reply:
    """获取IP地址历史"""
    return said(LISTED, effort.answer(desk.store, desk.actor, HISTORY, query, listing.page))


@ipam.get("/api/ips/<ident:int>/timeline", needs=READ, outside=True)
def show_timeline(desk: Desk, ident: int) -> Reply:
    """获取IP地址时间线"""
    return Reply(timeline.answer(desk.store, desk.actor, ident))


# --- allocating -------------------------------------------------------------------------------------------------------


@ipam.post("/api/ips/allocate", needs=WRITE, takes=Body, audit="分配IP地址", outside=True)
def allocate(desk: Desk, body: dict[str, Any]) -> Any:
    key = desk.environ.get("HTTP_IDEMPOTENCY_KEY", "").strip()
    if switched(body, "dry_run"):
        return tried(desk, body)
    with desk.writing() as tx:
        return Reply(idempotency.once(tx, key, body, lambda: allocated(tx, body)))


def tried(desk: Desk, body: dict[str, Any]) -> Any:
    """What an allocation would give; it is undone."""
    answer: Any = None
    try:
        with desk.writing() as tx:
            answer = allocated(tx, body)
            raise Tried
    except Tried:
        return Reply(answer | {"dry_run": True})


def allocated(tx: Tx, body: dict[str, Any]) -> dict[str, Any]:
    """The addresses that were asked for: one as itself, several as a list."""
    rows, several = take(tx, body, granted(tx, body))
    if isinstance(body.get("create_host"), dict):
        for row in rows:
            create_host(tx, row, body["create_host"], len(rows) > 1)
    found = shown(tx, IPS, [row.id for row in rows])
    return {"list": found, "total": len(found)} if several else found[0]


def granted(tx: Tx, body: dict[str, Any]) -> Grant:
    """What becomes of the addresses."""
    status = body.get("status") or ALLOCATED
    if status not in (ALLOCATED, RESERVED):
        raise Invalid(status=incoming.NO_CHOICE)
    force = switched(body, "force")
    if force and not tx.actor.is_admin:
        raise Denied(needs=["admin"])
    return Grant(status=status, force=force, facts=address_book.assignment(tx, body), reason=text(body, "reason"))


def take(tx: Tx, body: dict[str, Any], grant: Grant) -> tuple[list[Row], bool]:
    """By ids, by addresses, or the next free ones of a subnet."""
    if body.get("ids") or body.get("id"):
        idents = incoming.ids_of(body)
        incoming.require_some(idents, "ids")
        known = writing.require_known(tx, IPS, idents)
        if not body.get("ids"):
            return [allocation.allocate_row(tx, known[ident], grant) for ident in idents], False
        return each([known[ident] for ident in idents], lambda row: allocation.allocate_row(tx, row, grant)), True
    if body.get("ips"):
        return every(tx, body, grant), True
    ip = next((body[name] for name in ("ip", "ip_address", "address") if body.get(name)), None)
    if ip is not None:
        return [exactly(tx, body, cidr.parse_address(str(ip)), grant)], False
    if not body.get("subnet_id"):
        raise Invalid(subnet_id="须指定 subnet_id、ip 或 id")
    subnet = listing.one(tx, SUBNETS, whole(body, "subnet_id"))
    grant.how = "auto"
    rows = allocation.allocate_next(tx, subnet.id, choice(body), grant)
    return rows, body.get("count") is not None


def each(wanted: Iterable[Any], act: Callable[[Any], Row]) -> list[Row]:
    """All of them, or the refusals of each."""
    rows: list[Row] = []
    with writing.Batch() as batch:
        for index, one in enumerate(wanted):
            rows += batch.attempt(index, act, one, ident=one.id if isinstance(one, Row) else None)
    return rows


def every(tx: Tx, body: dict[str, Any], grant: Grant) -> list[Row]:
    """All of these addresses."""
    if not isinstance(body["ips"], list):
        raise Invalid(ips=values.NO_LIST)
    allocation.require_count(len(body["ips"]), "ips")
    wanted = list(dict.fromkeys(cidr.parse_address(str(one), "ips") for one in body["ips"]))
    return each(wanted, lambda address: exactly(tx, body, address, grant))


def exactly(tx: Tx, body: dict[str, Any], address: cidr.Address, grant: Grant) -> Row:
    """One address: of the subnet that is named, or of the most specific one of the area."""
    if body.get("subnet_id"):
        subnet = listing.one(tx, SUBNETS, whole(body, "subnet_id"))
    else:
        area_id = whole(body, "network_area_id", DEFAULT_AREA)
        home = subnet_tree.most_specific(tx, area_id, address)
        if home is None:
            raise addresses.Outside(ip="地址不在任何子网内")
        subnet = listing.one(tx, SUBNETS, home.id)
    return allocation.allocate_exactly(tx, subnet, address, grant)


def choice(body: dict[str, Any]) -> Choice:
    """Which addresses may be chosen."""
    count = whole(body, "count", 1)
    allocation.require_count(count)
    strategy = body.get("strategy") or "first"
    if strategy not in free_addresses.STRATEGIES:
        raise Invalid(strategy=incoming.NO_CHOICE)
    span = body.get("range") if isinstance(body.get("range"), dict) else {}
    first, last = (end(span, name) for name in ("start", "end"))
    exclude = body.get("exclude") or []
    if not isinstance(exclude, list) or len(exclude) > incoming.MOST:
        raise Invalid(exclude=values.NO_LIST)
    keys = free_addresses.chosen_keys(str(one) for one in exclude)
    return Choice(count, switched(body, "contiguous"), first, last, strategy, keys)


def end(span: Any, name: str) -> str:
    """One end of a range as a key; empty where it is not named."""
    return cidr.key(cidr.parse_address(str(span[name]), "range")) if span.get(name) else ""


def create_host(tx: Tx, row: Row, facts: dict[str, Any], several: bool) -> None:
    """A host on the address that was just allocated."""
    name = text(facts, "name") or row.hostname or row.ip
    kind = "ipv4" if ":" not in row.ip else "ipv6"
    protocol, port = whole(facts, "protocol", 1), whole(facts, "port", 22)
    if not 1 <= port <= 65535:
        raise Invalid(port="端口超出范围")
    called = f"{name}-{row.ip}" if several else name
    place = {"group_id": whole(facts, "group_id", 1), kind: row.ip}
    hosts.create(tx, name=called, protocol_id=protocol, port=port, **place)


# --- changing and giving back -----------------------------------------------------------------------------------------


def change_addresses(desk: Desk, body: Any) -> Reply:
    """Flexible update."""
    wanted = incoming.changes(body, guard(desk))
    with desk.writing() as tx:
        rows = writing.require_known(tx, IPS, [one.ident for one in wanted], "id" if len(wanted) == 1 else "ids")
        with writing.Batch() as batch:
            for index, one in enumerate(wanted):
                writing.require_version(rows[one.ident], one.guard)
                if len(wanted) == 1:
                    address_book.change(tx, rows[one.ident], one.facts)
                else:
                    now = tx.get("addresses", one.ident)
                    list(batch.attempt(index, address_book.change, tx, now, one.facts, ident=one.ident))
        return Reply(changed(tx, IPS, body, list(rows)))


CHANGED = partial(changed_rows, IPS)
for declare in (ipam.patch, ipam.put):
    declare("/api/ips", needs=WRITE, takes=Bodies, body=CHANGED, audit="更新IP地址", outside=True)(change_addresses)


@ipam.post("/api/ips/release", needs=WRITE, takes=Body, audit="释放IP地址")
def release(tx: Tx, body: dict[str, Any]) -> dict[str, Any]:
    hours = whole(body, "cooldown_hours") if body.get("cooldown_hours") is not None else None
    if hours is not None and not 0 <= hours <= 8760:
        raise Invalid(cooldown_hours="须为0到8760")
    reason, force = text(body, "reason"), switched(body, "force")
    released, skipped = addresses.release_all(tx, named(tx, body), reason=reason, cooldown_hours=hours, force=force)
    rows = shown(tx, IPS, [row.id for row in released])
    return {"released": len(rows), "list": rows, "skipped": skipped}


def named(tx: Tx, body: dict[str, Any]) -> list[Row]:
    """The rows a release names: by id, or by address and area."""
    texts = body.get("ips") or [body[name] for name in ("ip", "ip_address", "address") if body.get(name)]
    if not texts:
        idents = incoming.ids_of(body)
        incoming.require_some(idents, "ids")
        return list(writing.require_known(tx, IPS, idents).values())
    if not isinstance(texts, list):
        raise Invalid(ips=values.NO_LIST)
    incoming.require_some(texts, "ips")
    area_id = whole(body, "network_area_id", DEFAULT_AREA)
    keys = dict.fromkeys(cidr.key(cidr.parse_address(str(one))) for one in texts)
    found = [tx.find("addresses", area_id=area_id, ip_key=key) for key in keys]
    if any(row is None for row in found):
        raise Missing(ip="地址不存在")
    return list(writing.require_known(tx, IPS, [row.id for row in found if row]).values())
