"""Writes what somebody sees of the address book into a workbook (ipam 9)."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from io import BytesIO
from typing import Any

from sqlalchemy import select

from appliance import clock
from appliance.domain import filters, listing, pages, values
from appliance.domain.collections import COLLECTIONS
from appliance.domain.exchange import files
from appliance.domain.exchange.sheets import BY_RESOURCE, CUSTOM, SHEETS, Column, Sheet, all_columns, choices
from appliance.domain.exchange.texts import LISTS, cells
from appliance.domain.exchange.writer import Writer
from appliance.errors import Denied, Invalid
from appliance.query import batches
from appliance.store import Store, Tx

MOST = 200_000
PORTION = 50
TOO_MANY = f"导出不能超过{MOST}行,请用filters缩小范围"
UNKNOWN, NEEDED = "不支持的资源类型", "至少需要一种资源类型"
Chosen = dict[str, list[int]]


def asked(tx: Tx, body: Mapping[str, Any]) -> list[str]:
    """The resources a body names; those of administrators only for them."""
    named = body.get("resource_types")
    if isinstance(named, str):
        named = [part.strip() for part in named.split(",") if part.strip()]
    if not isinstance(named, list) or not named:
        raise Invalid(resource_types=NEEDED)
    unknown = [str(one) for one in named if one not in BY_RESOURCE]
    if unknown:
        raise Invalid(resource_types=f"{UNKNOWN}: {unknown[0][:64]}")
    if any(BY_RESOURCE[one].admin for one in named) and not tx.actor.is_admin:
        raise Denied(needs=["admin"])
    return list(dict.fromkeys(named))


def everything(tx: Tx) -> list[str]:
    """All resources the actor may export."""
    return [sheet.resource for sheet in SHEETS if tx.actor.is_admin or not sheet.admin]


def chosen(tx: Tx, resources: list[str], body: Mapping[str, Any]) -> Chosen:
    """The ids of the rows that go out, by resource."""
    found: Chosen = {}
    for resource in resources:
        collection = BY_RESOURCE[resource].collection
        where = listing.seen(tx, collection) + conditions(tx, resource, resources, body.get("filters"))
        if body.get("keyword"):
            where.append(listing.holding(tx, collection, str(body["keyword"])))
        ident = collection.table.c.id
        found[resource] = tx.values(select(ident).where(*where).order_by(ident).limit(MOST + 1))
    if wants_more(body):
        for sheet in reversed(SHEETS):
            if found.get(sheet.resource):
                add_needed(tx, sheet, found)
    if sum(map(len, found.values())) > MOST:
        raise Invalid(filters=TOO_MANY)
    return found


def wants_more(body: Mapping[str, Any]) -> bool:
    """Whether rows that others refer to come along; they do unless it is said that they do not."""
    try:
        return values.switch(body.get("include_dependencies", True))
    except ValueError as error:
        raise Invalid(include_dependencies=str(error)) from None


def conditions(tx: Tx, resource: str, resources: list[str], raw: Any) -> list[Any]:
    """The filters of one resource: under its name, or bare when it is the only one."""
    if not raw:
        return []
    if not isinstance(raw, Mapping):
        raise Invalid(filters=values.NO_OBJECT)
    if set(raw) <= BY_RESOURCE.keys():
        own = raw.get(resource)
        return filters.conditions(tx, COLLECTIONS[resource], own, f"filters.{resource}") if own else []
    if len(resources) > 1:
        raise Invalid(filters="多种资源时须按资源分别给出过滤条件")
    return filters.conditions(tx, COLLECTIONS[resource], raw)


def add_needed(tx: Tx, sheet: Sheet, found: Chosen) -> None:
    """Rows that those of a sheet refer to, ancestors included."""
    for column in sheet.columns:
        field = sheet.collection.fields[column.field]
        if field.refers == sheet.resource:
            add_ancestors(tx, sheet, field.own, found)
    for column in sheet.columns:
        field = sheet.collection.fields[column.field]
        if field.refers and field.refers != sheet.resource:
            add(tx, field.refers, referred(tx, sheet, field.own, found[sheet.resource]), found)
        elif column.field in LISTS and column.field != "user_ids" and sheet.resource == "user-groups":
            lists = [tx.get("user_groups", ident)[field.own] for ident in found[sheet.resource]]
            resource = LISTS_OF[column.field]
            add(tx, resource, {ident for idents in lists for ident in idents}, found)


LISTS_OF = {"unit_ids": "units", "network_area_ids": "network_areas", "subnet_ids": "subnets"}


def add_ancestors(tx: Tx, sheet: Sheet, column: str, found: Chosen) -> None:
    """What rows lie below, and so on up."""
    fresh = found[sheet.resource]
    while fresh:
        before = set(found[sheet.resource])
        add(tx, sheet.resource, referred(tx, sheet, column, fresh), found)
        fresh = [ident for ident in found[sheet.resource] if ident not in before]


def referred(tx: Tx, sheet: Sheet, column: str, idents: list[int]) -> set[int]:
    """The ids in a column of rows."""
    columns, found = sheet.collection.table.c, set()
    for batch in batches(idents):
        found |= set(tx.values(select(columns[column]).where(columns.id.in_(batch)).distinct()))
    return found - {None}


def add(tx: Tx, resource: str, idents: Iterable[int], found: Chosen) -> None:
    """Further rows of a resource, as far as the actor sees them."""
    collection = COLLECTIONS[resource]
    mine = set(found.get(resource, ()))
    for batch in batches(set(idents) - mine):
        where = listing.seen(tx, collection)
        mine |= set(tx.values(select(collection.table.c.id).where(collection.table.c.id.in_(batch), *where)))
    if mine:
        found[resource] = sorted(mine)


# --- writing ---------------------------------------------------------------------------------------------------------


def make(store: Store, actor: Any, rows: Chosen) -> dict[str, Any]:
    """The workbook as a file, in short transactions with the writing in a thread."""
    writer = Writer()
    for sheet in SHEETS:
        if sheet.resource in rows:
            fill(store, actor, writer, sheet, rows[sheet.resource])
    name, path = files.new(store.settings.data, actor.user_id)
    try:
        writer.save(path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return {
        "file_path": f"/exports/{name}",
        "file_name": called(clock.now()),
        "file_size": path.stat().st_size,
        "rows": {resource: len(idents) for resource, idents in rows.items()},
        "expires_at": files.made_at(path) + files.LIFE,
    }


def called(moment: Any) -> str:
    """What people find in their downloads."""
    return f"export_{moment.astimezone(values.Zone.zone):%Y%m%d}.xlsx"


def fill(store: Store, actor: Any, writer: Writer, sheet: Sheet, idents: list[int]) -> None:
    """One sheet."""
    with store.reading(actor) as tx:
        columns = all_columns(tx, sheet)
        writer.begin(sheet.resource, sheet.title, [(one, choices(tx, sheet, one), "") for one in columns])
    for start in range(0, len(idents), PORTION):
        with store.reading(actor) as tx:
            rows = pages.by_ids(tx, sheet.collection, idents[start : start + PORTION])
            texts = cells(tx, sheet, columns, rows)
        writer.append([[row[one.field] for one in columns] for row in texts])


# --- templates -------------------------------------------------------------------------------------------------------


def template(store: Store, actor: Any, resource: str) -> bytes:
    """An empty workbook with a sample row, and the rules as comments."""
    with store.reading(actor) as tx:
        wanted = everything(tx) if resource == "all" else asked(tx, {"resource_types": [resource]})
        plan = [(sheet, planned(tx, sheet)) for sheet in SHEETS if sheet.resource in wanted]
    writer = Writer()
    for sheet, columns in plan:
        writer.begin(sheet.resource, sheet.title, columns)
        writer.append([["示例", *sheet.sample, *[""] * (len(columns) - 1 - len(sheet.sample))]])
    target = BytesIO()
    writer.save(target)
    return target.getvalue()


def planned(tx: Tx, sheet: Sheet) -> list[tuple[Column, list[str], str]]:
    """Every column with its choices and its rule."""
    return [(one, choices(tx, sheet, one), rule(tx, sheet, one)) for one in all_columns(tx, sheet)]


def rule(tx: Tx, sheet: Sheet, column: Column) -> str:
    """What may stand in a column, in words."""
    said = ["必填"] if column.required else []
    with suppress(KeyError):
        field = sheet.collection.fields[column.field]
        if field.refers:
            said.append(f"填写已有或本文件中的{COLLECTIONS[field.refers].title}")
        elif field.kind.name == "text" and not field.choices and column.field != "id":
            said.append(f"不超过{field.longest}个字符")
    if column.field == "id":
        said.append("新增时留空")
    if offered := choices(tx, sheet, column):
        said.append("可选: " + "、".join(offered))
    if column.field.startswith(CUSTOM):
        said.append("自定义字段 " + column.field.removeprefix(CUSTOM))
    return ";".join(said)
