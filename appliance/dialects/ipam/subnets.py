"""Subnets: the six calls, and the gaps between them (ipam 5)."""

from functools import partial
from typing import Any

from appliance.dialects.ipam.collections import changed, guard, serve_options, serve_reading, shown
from appliance.dialects.ipam.described import changed_rows, gone_rows, new_rows
from appliance.dialects.ipam.envelope import DONE, LISTED, Bodies, Body, Query, ipam, said
from appliance.dialects.ipam.words import switched, whole
from appliance.domain import (
    cidr,
    effort,
    incoming,
    listing,
    subnet_blocks,
    subnet_book,
    subnet_making,
    subnet_tree,
    subnets,
    values,
    writing,
)
from appliance.domain.collections import READ, WRITE, Collection
from appliance.domain.subnet_book import SUBNETS
from appliance.errors import Invalid
from appliance.store import Tx
from appliance.web.route import Reply
from appliance.web.serve import Desk

SHOWN = 20
"""So many new rows are read at a time."""
serve_reading(SUBNETS)
serve_options(SUBNETS)


@ipam.post("/api/subnets", needs=WRITE, takes=Bodies, body=partial(new_rows, SUBNETS), audit="创建子网", outside=True)
def create_subnets(desk: Desk, body: Any) -> Reply:
    bodies = body if isinstance(body, list) else [body]
    incoming.require_some(bodies)

    def check(tx: Tx, idents: list[int]) -> None:
        writing.require_seen(tx, SUBNETS, idents)

    plan = new_one if isinstance(body, list) else subnet_book.new
    idents = subnet_making.make(desk.store, desk.actor, bodies, plan, desk.writing, check)
    rows = made(desk, idents)
    return said(DONE, {"list": rows, "total": len(rows)} if isinstance(body, list) else rows[0], 201)


def made(desk: Desk, idents: list[int]) -> list[dict[str, Any]]:
    """The rows of new subnets, some at a time."""
    rows: list[dict[str, Any]] = []
    for at in subnet_making.in_turns(range(0, len(idents), SHOWN)):
        with desk.reading() as tx:
            rows += shown(tx, SUBNETS, idents[at : at + SHOWN])
    return rows


def new_one(tx: Tx, body: Any) -> dict[str, Any]:
    """One of several."""
    if not isinstance(body, dict):
        raise Invalid(body=values.NO_OBJECT)
    return subnet_book.new(tx, body)


def change_subnets(desk: Desk, body: Any) -> Reply:
    """Flexible update."""
    wanted = incoming.changes(body, guard(desk))
    with desk.writing() as tx:
        rows = writing.require_known(tx, SUBNETS, [one.ident for one in wanted], "id" if len(wanted) == 1 else "ids")
        for one in wanted:
            writing.require_version(rows[one.ident], one.guard)
        with writing.Batch() as batch:
            for index, one in enumerate(wanted):
                if len(wanted) == 1:
                    change_one(tx, one)
                else:
                    list(batch.attempt(index, change_one, tx, one, ident=one.ident))
        writing.require_seen(tx, SUBNETS, list(rows))
        return Reply(changed(tx, SUBNETS, body, list(rows)))


def change_one(tx: Tx, wanted: incoming.Change) -> None:
    """One row of a flexible update."""
    subnets.change(tx, wanted.ident, **subnet_book.changed(tx, tx.get("subnets", wanted.ident), wanted.facts))


CHANGED = partial(changed_rows, SUBNETS)
for declare in (ipam.patch, ipam.put):
    declare("/api/subnets", needs=WRITE, takes=Bodies, body=CHANGED, audit="更新子网", outside=True)(change_subnets)


@ipam.delete("/api/subnets", needs=WRITE, takes=Body, body=gone_rows, audit="删除子网")
def remove_subnets(tx: Tx, body: dict[str, Any]) -> dict[str, Any]:
    idents = incoming.ids_of(body)
    incoming.require_some(idents, "ids")
    writing.require_known(tx, SUBNETS, idents)
    subnets.remove(tx, idents, force=switched(body, "force"))
    return {"deleted": len(idents), "ids": idents}


@ipam.get("/api/subnets/roots", needs=READ, takes=Query, outside=True)
def list_roots(desk: Desk, query: dict[str, Any]) -> Reply:
    """获取顶层子网列表"""

    def roots(tx: Tx, collection: Collection, query: dict[str, Any]) -> dict[str, Any]:
        return listing.page(tx, collection, query, subnet_book.is_root(tx))

    return said(LISTED, effort.answer(desk.store, desk.actor, SUBNETS, query, roots))


@ipam.get("/api/subnets/blocks", needs=READ, takes=Query, outside=True)
def list_blocks(desk: Desk, query: dict[str, Any]) -> dict[str, Any]:
    """获取子网各段用量"""
    found = subnet_blocks.of(desk.store, desk.actor, whole(query, "id"))
    return {"list": found, "total": len(found)}


@ipam.get("/api/subnets/gaps", needs=READ, takes=Query)
def list_gaps(tx: Tx, query: dict[str, Any]) -> dict[str, Any]:
    """获取空闲网段"""
    area_id, within = asked(tx, query)
    found = subnet_tree.gaps(tx, area_id, within)
    return {"list": found, "total": len(found), "within": str(within), "network_area_id": area_id}


def asked(tx: Tx, query: dict[str, Any]) -> tuple[int, cidr.Network]:
    """A subnet by its id, or any network of an area."""
    if query.get("id"):
        row = listing.one(tx, SUBNETS, whole(query, "id"))
        return row.area_id, subnet_tree.network_of(row)
    if not query.get("within"):
        raise Invalid(within=incoming.BLANK)
    return whole(query, "network_area_id", 1), cidr.parse_network(str(query["within"]), "within")
