"""What the address book does by itself: cool-downs end, terms expire, holds and unanswered applications lapse."""

from collections.abc import Callable

import gevent

from appliance.domain import address_history, address_terms, applications, idempotency, subnet_making
from appliance.store import Store, Tx

PAUSE = 0.01
Step = Callable[[Tx], int]


def tend(store: Store) -> None:
    """Whatever is due, in short transactions; none at all when nothing is."""
    for due, step in ((address_terms.overdue, address_terms.lapse), (applications.overdue, applications.expire)):
        while is_due(store, due):
            with store.writing() as tx:
                step(tx)
            gevent.sleep(PAUSE)
    subnet_making.complete_sparse(store)


def is_due(store: Store, due: Callable[[Tx], bool]) -> bool:
    """Whether there is anything to do."""
    if store.read_only:
        return False
    with store.reading() as tx:
        return due(tx)


def forget(store: Store) -> None:
    """Old history and old answers, portion by portion."""
    gone = address_history.AT_ONCE
    while gone == address_history.AT_ONCE and not store.read_only:
        with store.writing() as tx:
            idempotency.prune(tx)
            gone = address_history.prune(tx)
        gevent.sleep(PAUSE)
