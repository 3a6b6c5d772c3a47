"""`appliance bench ipam`: lists of a million addresses beside a thousand, allocation in networks of any size."""

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any

import gevent
from sqlalchemy import text

import appliance.dialects.ipam  # noqa: F401 -- its collections make themselves known
from appliance.bench.report import Figure, middle, percentile
from appliance.crypto import Vault
from appliance.domain import (
    allocation,
    free_addresses,
    listing,
    seeds,
    subnet_figures,
    subnet_making,
    subnet_rows,
    subnets,
)
from appliance.domain.access import Actor
from appliance.domain.address_book import IPS
from appliance.settings import Settings
from appliance.store import Store, Tx

THOUSAND, MILLION = ["10.0.0.0/23", "10.0.2.0/24", "10.0.3.0/24"], [f"10.{second}.0.0/16" for second in range(16)]
PAGE = 20
TIMES = 25
BURST = 300
ALLOCATED = "update addresses set status = 'allocated', allocated_at = created_at where id % 10 = 3"
QUERIES: dict[str, dict[str, str]] = {
    "all": {},
    "by address": {"order": "ip", "order_by": "asc"},
    "a state": {"filters": json.dumps({"status": {"eq": "allocated"}})},
    "a state by address": {"filters": json.dumps({"status": {"eq": "allocated"}}), "order": "ip"},
    "a subnet": {"subnet_id": "1"},
    "a subnet and a state": {"subnet_id": "1", "status": "available"},
    "a network": {"filters": json.dumps({"ip": {"in_cidr": "10.0.1.0/24"}})},
}


def flags(parser: argparse.ArgumentParser) -> None:
    """How much to measure."""
    parser.add_argument("--rounds", type=int, default=5, help="turns of each list, of which the median counts [5]")
    parser.add_argument("--networks", type=int, default=len(MILLION), help="of 65534 addresses each [16]")


def measure(asked: argparse.Namespace) -> list[Figure]:
    """All figures."""
    with book(THOUSAND) as small, book(MILLION[: asked.networks]) as large:
        return [*lists(small, large, asked.rounds), *allocations(small), *making(small)]


class Book:
    """An address book of its own, and somebody who may do everything in it."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(folder, Vault(bytes(32)), Settings(data=folder))
        self.actor = Actor(codes=frozenset({"admin"}))
        with self.writing() as tx:
            seeds.plant(tx)

    def writing(self) -> Any:
        """A transaction that commits."""
        return self.store.writing(self.actor)

    def subnet(self, cidr: str) -> int:
        """A subnet with its rows."""
        return subnet_making.make(self.store, self.actor, [cidr], wish, self.writing, anything)[0]

    def ask(self, query: dict[str, Any]) -> dict[str, Any]:
        """One page of a list, with nothing remembered of the last one."""
        self.store.writes += 1
        with self.store.reading(self.actor) as tx:
            return listing.page(tx, IPS, query)


def wish(_: Tx, cidr: str) -> dict[str, Any]:
    """What a subnet is to be."""
    return {"cidr": cidr, "name": cidr}


def anything(_: Tx, idents: list[int]) -> None:
    """Whatever was made is fine."""


@contextmanager
def book(networks: list[str]) -> Iterator[Book]:
    """A book with these subnets, a tenth of each allocated."""
    with tempfile.TemporaryDirectory() as name:
        made = Book(Path(name))
        for cidr in networks:
            fill(made, cidr)
        with made.writing() as tx:
            tx.run(text(ALLOCATED))
            for ident in tx.values(text("select id from subnets")):
                subnet_figures.recount(tx, ident)
            tx.run(text("analyze"))
        yield made
        made.store.close()


def fill(made: Book, cidr: str) -> None:
    """A subnet in one go: nobody else is waiting here."""
    with made.writing() as tx:
        ident = subnets.begin(tx, **wish(tx, cidr))
        subnet = tx.get("subnets", ident)
        for stretch in subnet_rows.spans(tx, subnet):
            subnet_rows.make(tx, subnet, stretch)
        subnets.finish(tx, ident)


def timed(act: Callable[[], Any]) -> float:
    """How many milliseconds something takes."""
    begun = perf_counter()
    act()
    return (perf_counter() - begun) * 1000


# --- lists ------------------------------------------------------------------------------------------------------------


def lists(small: Book, large: Book, rounds: int) -> Iterator[Figure]:
    """Every query on both books: its first page, its last, one in the middle, and the ones after that."""
    for name, query in QUERIES.items():
        key = name.replace(" ", "_")
        for place, share in (("first", 0.0), ("last", 1.0), ("middle", 0.45)):
            times = ratio(small, large, query, share, rounds)
            yield Figure(f"{key}_{place}", f"{name}, {place} page, 1,000,000 : 1,000", times, "×", "≤ 3")
        yield Figure(f"{key}_onward", f"{name}, page after page from there", onward(small, large, query), "×", "≤ 3")


def at(made: Book, query: dict[str, Any], share: float) -> dict[str, Any]:
    """The query of a page that lies so far into a list."""
    total = made.ask(query)["total"]
    return query | {"page": max(1, round(-(-total // PAGE) * share)), "page_size": PAGE}


def ratio(small: Book, large: Book, query: dict[str, Any], share: float, rounds: int) -> float:
    """How many times as long the large book takes, in turns."""
    one, other = at(small, query, share), at(large, query, share)
    found = []
    for _ in range(rounds):
        below = min(timed(lambda: small.ask(one)) for _ in range(3))
        found.append(min(timed(lambda: large.ask(other)) for _ in range(3)) / below)
    return middle(found)


def onward(small: Book, large: Book, query: dict[str, Any]) -> float:
    """The same for pages read one after another, deep in the list."""
    return middle(walk(large, query)) / middle(walk(small, query))


def walk(made: Book, query: dict[str, Any]) -> list[float]:
    """How long each of some pages takes after the first."""
    start = at(made, query, 0.3)
    found = []
    for step in range(6):
        asked = start | {"page": start["page"] + step}
        with made.store.reading(made.actor) as tx:
            found.append(timed(lambda tx=tx, asked=asked: listing.page(tx, IPS, asked)))  # type: ignore[misc]
    return found[1:]


# --- allocation -------------------------------------------------------------------------------------------------------


def allocations(made: Book) -> Iterator[Figure]:
    """Next free in networks of any size, and how many a second."""
    small = made.subnet("172.16.0.0/22")
    costs = {name: next_free(made, small, made.subnet(cidr)) for name, cidr in HUGE.items()}
    for name, (cost, times) in costs.items():
        yield Figure(f"next_{name}_ms", f"next free address in a {LABELS[name]}", cost, "ms", "≤ 10")
        yield Figure(f"next_{name}", f"the same, beside a small network: {LABELS[name]}", times, "×", "≤ 3")
    begun = perf_counter()
    for _ in range(BURST):
        allocate(made, small)
    yield Figure(
        "rate", "allocations a second, each its own transaction", BURST / (perf_counter() - begun), "", "≥ 300"
    )


HUGE = {"16": "172.20.0.0/16", "8": "11.0.0.0/8", "64": "2001:db8::/64"}
LABELS = {"16": "/16", "8": "sparse /8", "64": "IPv6 /64"}


def allocate(made: Book, subnet_id: int) -> None:
    """The next free address."""
    with made.writing() as tx:
        allocation.allocate_next(tx, subnet_id, free_addresses.Choice(), allocation.Grant())


def next_free(made: Book, small: int, huge: int) -> tuple[float, float]:
    """Milliseconds, and how many times those of the small network."""
    below, above = [], []
    for _ in range(TIMES):
        below.append(timed(lambda: allocate(made, small)))
        above.append(timed(lambda: allocate(made, huge)))
    return middle(above), middle(above) / middle(below)


# --- making -----------------------------------------------------------------------------------------------------------


def making(made: Book) -> Iterator[Figure]:
    """A /16 is made while somebody else looks at the clock."""
    gaps: list[float] = []
    clock = gevent.spawn(watch, gaps)
    seconds = timed(lambda: made.subnet("172.30.0.0/16")) / 1000
    clock.kill()
    yield Figure("making", "making a /16 of 65,534 addresses", seconds, "s")
    yield Figure(
        "gap", "p99 of what others wait meanwhile", percentile(list(islice(gaps, 1, None)), 0.99), "ms", "≤ 25"
    )


def watch(gaps: list[float]) -> None:
    """How late one gets his turn."""
    while True:
        begun = perf_counter()
        gevent.sleep(0.001)
        gaps.append((perf_counter() - begun) * 1000 - 1)
