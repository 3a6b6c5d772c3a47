"""Makes large subnets in portions, so that everybody else is served in between (ipam 18)."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import gevent
from sqlalchemy import delete, select, update

from appliance.domain import subnet_rows, subnets
from appliance.domain.subnet_tree import CONTAINER, is_large, network_of
from appliance.store import Store, Tx
from appliance.store.address_tables import addresses
from appliance.store.address_tables import subnets as table

PAUSE = 0.002
Writing = Callable[[], AbstractContextManager[Tx]]
_making: set[int] = set()
"""Subnets that a greenlet of this process is making just now."""


def make(
    store: Store, actor: Any, plan: Callable[[Tx], list[dict[str, Any]]], writing: Writing, then: Callable[..., Any]
) -> Any:
    """Subnets as planned: at once where they are small, else in portions and shown only when all are complete.

    `then` gets the last transaction and the ids; what it gives is the answer. A failure leaves nothing.
    """
    with writing() as tx:
        wanted = plan(tx)
        if sum(subnet_rows.extent(facts) for facts in wanted) <= subnet_rows.AT_ONCE:
            return then(tx, [subnets.create(tx, **facts) for facts in wanted])
        tx.tell("subnets", planned=[facts["cidr"] for facts in wanted])
        idents = [subnets.begin(tx, **facts) for facts in wanted]
    _making.update(idents)
    try:
        for ident in idents:
            fill(store, ident, actor)
        with store.writing(actor) as tx:
            for ident in idents:
                subnets.finish(tx, ident)
            return then(tx, idents)
    except BaseException:
        for ident in idents:
            clear(store, ident)
        raise
    finally:
        _making.difference_update(idents)


def fill(store: Store, ident: int, actor: Any = None) -> None:
    """The missing rows of a subnet, a short transaction for each portion; each looks at how things are by then."""
    with store.reading(actor) as tx:
        subnet = tx.get("subnets", ident)
        stretches = subnet_rows.spans(tx, subnet)
    for portion in subnet_rows.portions(stretches):
        gevent.sleep(PAUSE)
        with store.writing(actor) as tx:
            now = tx.find("subnets", id=ident)
            if now is None or not subnet_rows.keeps(now):
                return
            for stretch in subnet_rows.spans(tx, now, portion):
                subnet_rows.make(tx, now, stretch)


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
