"""The same calls of every collection: list, count, options, one, create, flexible update, delete (ipam 3, 6)."""

from functools import partial
from typing import Any

from appliance.dialects.ipam.described import changed_rows, gone_rows, new_rows
from appliance.dialects.ipam.envelope import DONE, LISTED, Bodies, Body, Query, ipam, said
from appliance.domain import (
    areas,
    contacts,
    departments,
    effort,
    field_definitions,
    gateways,
    incoming,
    listing,
    pages,
    projects,
    removing,
    saved_views,
    units,
    user_groups,
    writing,
)
from appliance.domain.collections import READ, WRITE, Collection
from appliance.errors import Invalid
from appliance.store import Tx
from appliance.web.dialect import Handler
from appliance.web.route import Reply
from appliance.web.serve import Desk

ADMIN = "admin"
BAD_GUARD = "版本号格式不正确"
Codes = str | tuple[str, ...]
CORE = [
    areas.AREAS,
    units.UNITS,
    departments.DEPARTMENTS,
    projects.PROJECTS,
    contacts.CONTACTS,
    gateways.GATEWAYS,
]
ADMINISTERED = [user_groups.USER_GROUPS, field_definitions.DEFINITIONS]


def serve_reading(collection: Collection, needs: Codes = READ, one: Handler | None = None) -> None:
    """Declare what reads a collection; `one` shows a row with more than its columns."""
    path = f"/api/{collection.name}"

    def list_rows(desk: Desk, query: dict[str, Any]) -> Reply:
        return said(LISTED, effort.answer(desk.store, desk.actor, collection, query, listing.page))

    def count_rows(desk: Desk, query: dict[str, Any]) -> Reply:
        return Reply(effort.answer(desk.store, desk.actor, collection, query, listing.count))

    def show_row(tx: Tx, ident: int) -> dict[str, Any]:
        return listing.show(tx, collection, [listing.one(tx, collection, ident)])[0]

    for handler, place, title in ((list_rows, path, "获取{}列表"), (count_rows, f"{path}/count", "获取{}数量")):
        handler.__doc__ = title.format(collection.title)
        ipam.get(place, needs=needs, takes=Query, outside=True)(handler)
    shows: Handler = one or show_row
    shows.__doc__ = f"获取{collection.title}详情"
    ipam.get(f"{path}/<ident:int>", needs=needs)(shows)


def serve_options(collection: Collection, needs: Codes = READ) -> None:
    """Declare what pickers ask."""

    def list_options(desk: Desk, query: dict[str, Any]) -> Reply:
        return said(LISTED, effort.answer(desk.store, desk.actor, collection, query, listing.options))

    list_options.__doc__ = f"获取{collection.title}选项"
    ipam.get(f"/api/{collection.name}/options", needs=needs, takes=Query, outside=True)(list_options)


def serve_creating(collection: Collection, needs: Codes = WRITE) -> None:
    """Declare POST."""

    def create_rows(tx: Tx, body: Any) -> Reply:
        if isinstance(body, list):
            idents = writing.create_all(tx, collection, body)
            return said(DONE, {"list": shown(tx, collection, idents), "total": len(idents)}, 201)
        ident = writing.create(tx, collection, body)
        return said(DONE, shown(tx, collection, [ident])[0], 201)

    title = f"创建{collection.title}"
    shape = partial(new_rows, collection)
    ipam.post(f"/api/{collection.name}", needs=needs, takes=Bodies, body=shape, audit=title)(create_rows)


def serve_changing(collection: Collection, needs: Codes = WRITE) -> None:
    """Declare PATCH and PUT, which are alike."""

    def change_rows(desk: Desk, body: Any) -> Reply:
        wanted = incoming.changes(body, guard(desk))
        with desk.writing() as tx:
            idents = writing.change_all(tx, collection, wanted)
            return Reply(changed(tx, collection, body, idents))

    row: dict[str, Any] = {
        "takes": Bodies,
        "body": partial(changed_rows, collection),
        "audit": f"更新{collection.title}",
    }
    for declare in (ipam.patch, ipam.put):
        declare(f"/api/{collection.name}", needs=needs, outside=True, **row)(change_rows)


def serve_removing(collection: Collection, needs: Codes = WRITE) -> None:
    """Declare DELETE."""

    def remove_rows(tx: Tx, body: dict[str, Any]) -> dict[str, Any]:
        return removing.remove(tx, collection, body)

    title = f"删除{collection.title}"
    ipam.delete(f"/api/{collection.name}", needs=needs, takes=Body, body=gone_rows, audit=title)(remove_rows)


def guard(desk: Desk) -> int | None:
    """The version in `If-Match`, or None."""
    word = desk.environ.get("HTTP_IF_MATCH", "").strip().removeprefix("W/").strip('"')
    if word in ("", "*"):
        return None
    if not word.isdecimal() or len(word) > 15:
        raise Invalid(version=BAD_GUARD)
    return int(word)


def changed(tx: Tx, collection: Collection, body: Any, idents: list[int]) -> dict[str, Any]:
    """The row, where one was asked for by its id; else how many, and which."""
    rows = shown(tx, collection, idents)
    alone = isinstance(body, dict) and not {"ids", "items"} & body.keys()
    return rows[0] if alone else {"updated": len(rows), "list": rows}


def shown(tx: Tx, collection: Collection, idents: list[int]) -> list[dict[str, Any]]:
    """Rows as they are now."""
    return listing.show(tx, collection, pages.by_ids(tx, collection, idents))


def remove_definitions(tx: Tx, body: dict[str, Any]) -> dict[str, Any]:
    """Definitions go; their values only when asked."""
    return field_definitions.remove(tx, body)


for served in CORE + ADMINISTERED:
    serve_reading(served)
    serve_options(served)
    serve_creating(served, ADMIN if served in ADMINISTERED else WRITE)
    serve_changing(served, ADMIN if served in ADMINISTERED else WRITE)
for served in [*CORE, user_groups.USER_GROUPS]:
    serve_removing(served, ADMIN if served in ADMINISTERED else WRITE)
for serve in (serve_reading, serve_creating, serve_changing, serve_removing):
    serve(saved_views.VIEWS, READ)
ipam.delete("/api/field_definitions", needs=ADMIN, takes=Body, body=gone_rows, audit="删除字段定义")(remove_definitions)
