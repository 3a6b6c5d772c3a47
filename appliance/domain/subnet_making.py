"""Makes large subnets, and many, in portions, so that everybody else is served in between (ipam 18)."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing
from typing import Any, TypeVar

import gevent
from gevent.threadpool import ThreadPool
from sqlalchemy import delete, select, update

from appliance.domain import address_links, subnet_rows, subnets
from appliance.domain.access import Actor
from appliance.domain.subnet_tree import CONTAINER, is_large, network_of
from appliance.domain.threads import within
from appliance.domain.writing import Batch
from appliance.query import batches
from appliance.store import Store, Tx
from appliance.store.address_tables import addresses
from appliance.store.address_tables import subnets as table

PAUSE, FEW = 0.002, 4
T = TypeVar("T")
Facts = dict[str, Any]
Plan = Callable[[Tx, Any], Facts]
Writing = Callable[[], AbstractContextManager[Tx]]
_pool = ThreadPool(1)
_making: set[int] = set()
"""Subnets that a greenlet of this process is making just now."""


def make(
    store: Store, actor: Actor, wishes: list[Any], plan: Plan, audited: Writing, check: Callable[[Tx, list[int]], None]
) -> list[int]:
    """Subnets as wished for: a small one at once, else in portions and shown only when all are complete.

    `plan` reads a wish, `check` judges the new ids in the last transaction. A failure leaves nothing.
    """
    wanted = planned(store, actor, wishes, plan)
    if len(wanted) > 1 or subnet_rows.extent(wanted[0]) > subnet_rows.AT_ONCE:
        return in_portions(store, actor, wanted, audited, check)
    with audited() as tx:
        ident = subnets.create(tx, **wanted[0])
        check(tx, [ident])
        return [ident]


def planned(store: Store, actor: Actor, wishes: list[Any], plan: Plan) -> list[Facts]:
    """The columns of every subnet to be, or the faults of all."""
    if len(wishes) == 1:
        with store.reading(actor) as tx:
            return [plan(tx, wishes[0])]
    found: list[Facts] = []
    with Batch() as batch:
        for index, wish in in_turns(enumerate(wishes)):
            with store.reading(actor) as tx:
                found += batch.attempt(index, plan, tx, wish)
    return found


def in_turns(things: Iterable[T]) -> Iterator[T]:
    """The same things; everybody else is served before every few of them."""
    for index, thing in enumerate(things):
        if index % FEW == 0:
            gevent.sleep(PAUSE)
        yield thing


def in_portions(
    store: Store, actor: Actor, wanted: list[Facts], audited: Writing, check: Callable[[Tx, list[int]], None]
) -> list[int]:
    """A transaction for each step of each subnet; the last one shows all, and tells the audit of all."""
    idents: list[int] = []
    told: list[Facts] = []
    try:
        for facts in in_turns(wanted):
            with store.writing(actor) as tx:
                idents.append(subnets.begin(tx, **facts))
                _making.add(idents[-1])
                told += tx.changes
        for ident in idents:
            fill(store, ident, actor)
        with audited() as tx:
            tx.changes += told
            finish(tx, idents)
            check(tx, idents)
    except BaseException:
        for ident in idents:
            clear(store, ident)
        raise
    finally:
        _making.difference_update(idents)
    return idents


def finish(tx: Tx, idents: list[int]) -> None:
    """Show subnets whose rows are made; one by one only those that others have a part in."""
    columns = select(table.c.id, table.c.first_key, table.c.last_key, table.c.gateway_id, table.c.dhcp_ranges)
    rows = [row for some in batches(idents) for row in tx.all(columns.where(table.c.id.in_(some)))]
    entangled = address_links.reached(tx, rows) | {row.id for row in rows if row.gateway_id or row.dhcp_ranges}
    entangled |= taking(tx, idents)
    for some in batches(ident for ident in idents if ident not in entangled):
        tx.run(update(table).where(table.c.id.in_(some)).values(complete=True))
    for ident in idents:
        if ident in entangled:
            subnets.finish(tx, ident)


def taking(tx: Tx, idents: list[int]) -> set[int]:
    """Those that take over rows of the subnet around them."""
    parents = table.alias("parents")
    nested = select(table.c.id).join(parents, table.c.parent_id == parents.c.id).where(parents.c.status != CONTAINER)
    return {ident for some in batches(idents) for ident in tx.values(nested.where(table.c.id.in_(some)))}


def fill(store: Store, ident: int, actor: Any = None) -> None:
    """The missing rows of a subnet, a short transaction for each portion, in a thread: inside SQLite others go on."""
    with store.reading(actor) as tx:
        subnet = tx.get("subnets", ident)
        stretches = subnet_rows.spans(tx, subnet)
    with store.held():
        other = within(_pool, store.another)
    with closing(other):
        for portion in subnet_rows.portions(stretches):
            gevent.sleep(PAUSE)
            with store.held():
                if not within(_pool, fill_portion, other, ident, actor, portion):
                    return


def fill_portion(store: Store, ident: int, actor: Any, portion: subnet_rows.Span) -> bool:
    """One of them, as things are by then; whether the subnet still wants rows."""
    with store.writing(actor) as tx:
        now = tx.find("subnets", id=ident)
        if now is None or not subnet_rows.keeps(now):
            return False
        for stretch in subnet_rows.spans(tx, now, portion):
            subnet_rows.make(tx, now, stretch)
    return True


def clear(store: Store, ident: int) -> None:
    """Remove an incomplete subnet and its rows, in portions."""
    ids = select(addresses.c.id).where(addresses.c.subnet_id == ident).limit(subnet_rows.PORTION)
    while True:
        with store.writing() as tx:
            if not tx.run(delete(addresses).where(addresses.c.id.in_(ids))):
                forget(tx, ident)
                return
        gevent.sleep(PAUSE)


def forget(tx: Tx, ident: int) -> None:
    """The row of an incomplete subnet goes; what was made inside it meanwhile hangs higher."""
    subnet = tx.find("subnets", id=ident)
    if subnet and not subnet.complete:
        tx.run(update(table).where(table.c.parent_id == ident).values(parent_id=subnet.parent_id))
        tx.run(delete(table).where(table.c.id == ident))


def clear_interrupted(store: Store) -> None:
    """What an earlier process began and did not end leaves nothing."""
    with store.reading() as tx:
        begun = tx.values(select(table.c.id).where(table.c.complete.is_(False)))
    for ident in begun:
        if ident not in _making:
            clear(store, ident)


def complete_sparse(store: Store) -> None:
    """Subnets that were resized to many addresses get their rows, and are sparse no longer."""
    with store.reading() as tx:
        candidates = tx.all(select(table).where(table.c.sparse, table.c.complete, table.c.status != CONTAINER))
    for subnet in candidates:
        if is_large(network_of(subnet)):
            continue
        fill(store, subnet.id)
        with store.writing() as tx:
            if tx.get("subnets", subnet.id).version == subnet.version:
                tx.run(update(table).where(table.c.id == subnet.id).values(sparse=False))
                subnets.settle(tx, tx.get("subnets", subnet.id))
