"""Which vouchers are bound to which hosts, and who may bind them (ptpb 六)."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, delete, insert, select

from appliance.domain import access
from appliance.errors import Collector
from appliance.query import batches
from appliance.store import Prepared, Row, Tx, any_of
from appliance.store.tables import groups, host_vouchers, vouchers

READ, UPDATE = "resource.voucher.read", "resource.voucher.update"
OTHER_ROOT = "不同系统组,禁止使用"
UNBIND_FIRST = "变更地址前请先解绑凭证"
NO_SUCH = "无效主键 “{}” － 对象不存在。"
PUBLIC = [
    vouchers.c[name] for name in ("id", "name", "username", "description", "group_id", "created_at", "updated_at")
]
"""What may be shown of a voucher."""


class Change(NamedTuple):
    """Vouchers to bind to a host, and to unbind from it."""

    fresh: list[int]
    gone: list[int]


def plan(tx: Tx, host_id: int, voucher_ids: list[int] | None, root_id: int | None, faults: Collector) -> Change:
    """What it takes to replace the vouchers of a host, as far as the actor sees them; None leaves them as they are."""
    if voucher_ids is None:
        return Change([], [])
    wanted = {row.id: row for batch in batches(voucher_ids) for row in tx.all(readable(tx, vouchers.c.id.in_(batch)))}
    now = {row.id: row for row in tx.all(readable(tx, vouchers.c.id.in_(bound(host_id))))}
    for ident in voucher_ids:
        if ident not in wanted:
            faults.add("voucher_ids", NO_SUCH.format(ident))
    fresh = [row for ident, row in wanted.items() if ident not in now]
    gone = [row for ident, row in now.items() if ident not in wanted]
    if fresh or gone:
        access.require_each(tx, UPDATE, [row.group_id for row in fresh + gone])
    if root_id is not None and any(row.root_id != root_id for row in fresh):
        faults.add("voucher", OTHER_ROOT)
    return Change([row.id for row in fresh], [row.id for row in gone])


def readable(tx: Tx, where: ColumnElement[bool]) -> Select[Any]:
    """Vouchers the actor may read, with the root of their groups."""
    joined = vouchers.join(groups, groups.c.id == vouchers.c.group_id)
    columns = (vouchers.c.id, vouchers.c.group_id, groups.c.root_id)
    return select(*columns).select_from(joined).where(where, access.covered(tx, [READ], vouchers.c.group_id))


def bound(host_id: int) -> Select[tuple[int]]:
    """The ids of the vouchers of a host."""
    return select(host_vouchers.c.voucher_id).where(host_vouchers.c.host_id == host_id)


def apply(tx: Tx, host_id: int, change: Change) -> None:
    """Unbind and bind."""
    of_host = host_vouchers.c.host_id == host_id
    for batch in batches(change.gone):
        tx.run(delete(host_vouchers).where(of_host, host_vouchers.c.voucher_id.in_(batch)))
    for batch in batches(change.fresh):
        tx.run(insert(host_vouchers).values([{"host_id": host_id, "voucher_id": ident} for ident in batch]))
    if change.fresh or change.gone:
        tx.tell("host_vouchers", host_id=host_id, old=change.gone, new=change.fresh)


def refuse_redirection(tx: Tx, host_id: int, gone: Iterable[int], faults: Collector) -> None:
    """Who sends a host's vouchers to another address must be one who may bind them."""
    kept = select(vouchers.c.id).where(vouchers.c.id.in_(bound(host_id)), vouchers.c.id.not_in(gone))
    if tx.value(kept.where(~access.covered(tx, [UPDATE], vouchers.c.group_id)).limit(1)):
        faults.add("voucher", UNBIND_FIRST)


def any_left(tx: Tx, host_id: int, gone: Iterable[int]) -> bool:
    """Whether a host keeps vouchers when these are gone."""
    return tx.value(bound(host_id).where(host_vouchers.c.voucher_id.not_in(gone)).limit(1)) is not None


def is_bound(tx: Tx, voucher_id: int) -> bool:
    """Whether a voucher is bound to any host."""
    return tx.find("host_vouchers", voucher_id=voucher_id) is not None


def attach(tx: Tx, rows: list[Row]) -> None:
    """Give each host of a page the vouchers that the actor may read."""
    by_host: dict[int, list[Row]] = {row["id"]: [] for row in rows}
    for voucher in tx.all(of_hosts(tx), {"hosts": list(by_host)}):
        by_host[voucher.host_id].append(voucher)
    for row in rows:
        row["vouchers"] = by_host[row["id"]]


@access.remembered
def of_hosts(tx: Tx) -> Prepared:
    """The readable vouchers of the `hosts` that are named."""
    joined = host_vouchers.join(vouchers, vouchers.c.id == host_vouchers.c.voucher_id)
    may = access.covered(tx, [READ], vouchers.c.group_id)
    found = select(host_vouchers.c.host_id, *PUBLIC).select_from(joined)
    of_page = host_vouchers.c.host_id.in_(any_of("hosts"))
    in_order_of_index = (host_vouchers.c.host_id, host_vouchers.c.voucher_id)
    return Prepared(found.where(of_page, may).order_by(*in_order_of_index))
