"""Where far places of the list of all addresses are: whole subnets are skipped by what they count."""

from collections.abc import Iterable
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, func, select

from appliance.domain.subnet_figures import ROWS
from appliance.store import Row, Store, Tx
from appliance.store.address_tables import KEY_LENGTH, addresses, subnets

HEX = 16
_known: "WeakKeyDictionary[Store, dict[str, tuple[Any, list[Stretch]]]]" = WeakKeyDictionary()


class Stretch(NamedTuple):
    """From where to where rows lie, as numbers, and how many; dense without a gap and without two of the same."""

    low: int
    high: int
    rows: int
    dense: bool


def skip(
    tx: Tx, by: ColumnElement[Any], falling: bool, offset: int, total: int
) -> tuple[int, ColumnElement[bool]] | None:
    """How many rows come before a place that is not beyond the offset, and the condition that holds from there on."""
    if by is not addresses.c.id and by is not addresses.c.ip_key:
        return None
    found = known(tx, by, total)
    passed = 0
    for one in reversed(found) if falling else found:
        if offset - passed < one.rows:
            step = offset - passed if one.dense else 0
            there = written(by, one.high - step if falling else one.low + step)
            return passed + step, by <= there if falling else by >= there
        passed += one.rows
    return None


def known(tx: Tx, by: ColumnElement[Any], total: int) -> list[Stretch]:
    """The stretches, found anew when rows came or went: with as many rows and the same newest, they are the same."""
    kept = _known.setdefault(tx.store, {})
    state = total, tx.value(select(func.max(addresses.c.id)))
    if kept.get(str(by), (None, []))[0] != state:
        kept[str(by)] = state, stretches(tx, by)
    return kept[str(by)][1]


def stretches(tx: Tx, by: ColumnElement[Any]) -> list[Stretch]:
    """The stretches of all subnets, in order and apart from one another."""
    mine = addresses.c.subnet_id == subnets.c.id
    ends = [end.scalar_subquery() for end in (select(func.min(by)).where(mine), select(func.max(by)).where(mine))]
    wanted = select(ends[0].label("low"), ends[1].label("high"), ROWS.label("rows"))
    return apart(tx.all(wanted.where(subnets.c.complete, ROWS > 0).order_by("low")))


def apart(rows: Iterable[Row]) -> list[Stretch]:
    """What overlaps is one stretch, and what joins without a gap."""
    found: list[Stretch] = []
    for row in rows:
        low, high = number(row.low), number(row.high)
        fresh = Stretch(low, high, row["rows"], high - low + 1 == row["rows"])
        last = found[-1] if found else None
        if last and low <= last.high:
            found[-1] = Stretch(last.low, max(last.high, high), last.rows + fresh.rows, dense=False)
        elif last and last.dense and fresh.dense and low == last.high + 1:
            found[-1] = Stretch(last.low, high, last.rows + fresh.rows, dense=True)
        else:
            found.append(fresh)
    return found


def number(value: int | str) -> int:
    """An id, or a key, as a number."""
    return value if isinstance(value, int) else int(value, HEX)


def written(by: ColumnElement[Any], value: int) -> int | str:
    """The number as the column has it."""
    return value if by is addresses.c.id else f"{value:0{KEY_LENGTH}x}"
