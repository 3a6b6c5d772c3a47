"""Which free addresses of a subnet come next, be it of any size (ipam 4, 18)."""

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import bindparam, func, literal_column, or_, select

from appliance.domain import cidr, subnet_rows, subnet_tree
from appliance.domain.addresses import AVAILABLE
from appliance.store import Prepared, Row, Tx
from appliance.store.address_tables import addresses

WALKED = 256
STRATEGIES = ("first", "random", "oldest_released")
columns = addresses.c
IN_RANGE = (
    columns.subnet_id == bindparam("subnet_id"),
    columns.status == literal_column("'available'"),  # spelled out, so that SQLite sees the partial index fit
    columns.ip_key.between(bindparam("low"), bindparam("high")),
)
QUIET = (columns.is_locked.is_(False), or_(columns.is_online.is_(None), columns.is_online.is_(False)))
FREE = select(columns.ip_key).where(*IN_RANGE, *QUIET)
ORDERED = {
    "first": Prepared(FREE.order_by(columns.ip_key).limit(bindparam("most"))),
    "random": Prepared(FREE.order_by(func.random()).limit(bindparam("most"))),
    "oldest_released": Prepared(FREE.order_by(columns.released_at, columns.ip_key).limit(bindparam("most"))),
}
USED = Prepared(
    select(columns.ip_key, columns.status, columns.subnet_id, columns.is_locked, columns.is_online)
    .where(columns.area_id == bindparam("area_id"), columns.ip_key.between(bindparam("low"), bindparam("high")))
    .order_by(columns.ip_key)
    .limit(WALKED)
)
EVERYTHING = -1


@dataclass
class Choice:
    """Which addresses may be chosen automatically."""

    count: int = 1
    contiguous: bool = False
    first: str = ""
    last: str = ""
    strategy: str = "first"
    exclude: frozenset[str] = frozenset()


def chosen_keys(texts: Iterable[str]) -> frozenset[str]:
    """Addresses as keys, for exclusion."""
    return frozenset(cidr.key(cidr.parse_address(text, "exclude")) for text in texts)


def bounds(subnet: Row, choice: Choice) -> tuple[str, str]:
    """The keys between which to look: what is usable, and within the range asked for."""
    first, last = subnet_rows.usable(subnet)
    return max(first, choice.first), min(last, choice.last or last)


def choose(tx: Tx, subnet: Row, choice: Choice, low: str, high: str) -> list[str]:
    """Free addresses by the strategy; fewer than asked for when there are no more."""
    if choice.contiguous and choice.count > 1:
        return block(every_free(tx, subnet, choice, low, high), choice.count)
    if not subnet.sparse:
        return from_rows(tx, subnet, choice, low, high)
    if choice.strategy == "random":
        return anywhere(tx, subnet, choice, low, high)
    found = from_rows(tx, subnet, choice, low, high)
    if len(found) == choice.count and choice.strategy == "oldest_released":
        return found
    return sorted({*found, *untouched(tx, subnet, choice, low, high)})[: choice.count]


def from_rows(tx: Tx, subnet: Row, choice: Choice, low: str, high: str) -> list[str]:
    """Free addresses that have rows."""
    most = choice.count + len(choice.exclude)
    asked = {"subnet_id": subnet.id, "low": low, "high": high, "most": most}
    found = tx.values(ORDERED[choice.strategy], asked)
    return [key for key in found if key not in choice.exclude][: choice.count]


def every_free(tx: Tx, subnet: Row, choice: Choice, low: str, high: str) -> Iterator[str]:
    """All free addresses in order, found as they are asked for."""
    if subnet.sparse:
        found: Iterator[str] = open_keys(tx, subnet, low, high)
    else:
        asked = {"subnet_id": subnet.id, "low": low, "high": high, "most": EVERYTHING}
        found = iter(tx.values(ORDERED["first"], asked))
    return (key for key in found if key not in choice.exclude)


def block(free: Iterator[str], count: int) -> list[str]:
    """The first so many neighbours; when there are none, an empty list."""
    run: list[str] = []
    for key in free:
        if run and key != following(run[-1]):
            run = []
        run.append(key)
        if len(run) == count:
            return run
    return []


def untouched(tx: Tx, subnet: Row, choice: Choice, low: str, high: str) -> list[str]:
    """The first free addresses of a sparse subnet at which no row shows the way; begins where the last search ended."""
    start = max(low, subnet.next_key or low)
    free = (key for key in open_keys(tx, subnet, start, high) if key not in choice.exclude)
    found = list(islice(free, choice.count))
    if found and not choice.first and not choice.exclude and found[0] != subnet.next_key:
        tx.swap("subnets", subnet, ("id",), next_key=found[0])
    return found


def anywhere(tx: Tx, subnet: Row, choice: Choice, low: str, high: str) -> list[str]:
    """Free addresses from a random place on, and then from the beginning."""
    first, last = int(low[1:], 16), int(high[1:], 16)
    if first > last:
        return []
    middle = f"{low[0]}{first + secrets.randbelow(last - first + 1):032x}"
    ahead = (key for key in open_keys(tx, subnet, middle, high) if key not in choice.exclude)
    found = list(islice(ahead, choice.count))
    behind = (key for key in open_keys(tx, subnet, low, middle) if key not in choice.exclude and key not in found)
    return found + list(islice(behind, choice.count - len(found)))


def open_keys(tx: Tx, subnet: Row, low: str, high: str) -> Iterator[str]:
    """The free addresses of a sparse subnet in order: those without a row, and free rows; never a list of all."""
    for first, last in stretches(tx, subnet, int(low[1:], 16), int(high[1:], 16)):
        yield from walk(tx, subnet, first, last)


def walk(tx: Tx, subnet: Row, at: int, last: int) -> Iterator[str]:
    """The same of one stretch, along the rows there are."""
    version = str(subnet.ip_version)
    place = {"area_id": subnet.area_id, "high": f"{version}{last:032x}"}
    while at <= last:
        used = tx.all(USED, {**place, "low": f"{version}{at:032x}"})
        for row in used:
            there = int(row.ip_key[1:], 16)
            yield from (f"{version}{number:032x}" for number in range(at, there))
            if row.status == AVAILABLE and row.subnet_id == subnet.id and not (row.is_locked or row.is_online):
                yield row.ip_key
            at = there + 1
        if len(used) < WALKED:
            yield from (f"{version}{number:032x}" for number in numbers(at, last))
            return


def numbers(first: int, last: int) -> Iterator[int]:
    """Whole numbers of any size."""
    while first <= last:
        yield first
        first += 1


def stretches(tx: Tx, subnet: Row, low: int, high: int) -> Iterator[tuple[int, int]]:
    """What is left between two addresses without children and DHCP ranges."""
    ranges = [(cidr.key(one["start"]), cidr.key(one["end"])) for one in subnet.dhcp_ranges]
    at = low
    for first, last in sorted([*ranges, *subnet_tree.child_spans(tx, subnet.id)]):
        begin, end = int(first[1:], 16), int(last[1:], 16)
        if begin > high:
            break
        if at < begin:
            yield at, begin - 1
        at = max(at, end + 1)
    if at <= high:
        yield at, high


def following(key: str) -> str:
    """The key of the next address."""
    return f"{key[0]}{int(key[1:], 16) + 1:032x}"
