"""What API keys did, counted in memory by the hour and written in batches, never a row for each call (identity 5)."""

import re
from collections import Counter
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import delete, func, select, update

from appliance import clock
from appliance.errors import Invalid
from appliance.store import Row, Store, Tx
from appliance.store.tables import api_key_usage, api_keys

KEPT = timedelta(days=90)
TOP = 10
LONGEST = {"h": 72, "d": 90, "w": 12}
WRONG = "时间范围须为1h至72h、1d至90d或1w至12w"


class Call(NamedTuple):
    """What calls are counted by."""

    key_id: int
    hour: datetime
    endpoint: str
    succeeded: bool


class Tally:
    """What is not written yet: how often, and when and whence each key was last used."""

    def __init__(self) -> None:
        self.calls: Counter[Call] = Counter()
        self.seen: dict[int, tuple[datetime, str]] = {}

    def forget(self, calls: Counter[Call]) -> None:
        """Drop what has been written; without calls nobody was seen."""
        self.calls -= calls
        self.seen = {key_id: seen for key_id, seen in self.seen.items() if any(c.key_id == key_id for c in self.calls)}


_tallies: WeakKeyDictionary[Store, Tally] = WeakKeyDictionary()


def tally(store: Store) -> Tally:
    """The counters of an appliance."""
    return _tallies.setdefault(store, Tally())


# --- counting --------------------------------------------------------------------------------------------------------


def count(store: Store, key_id: int, endpoint: str, *, succeeded: bool, address: str) -> None:
    """One call by a key."""
    moment, counters = clock.now(), tally(store)
    counters.calls[Call(key_id, full_hour(moment), endpoint, succeeded)] += 1
    counters.seen[key_id] = (moment, address)


def full_hour(moment: datetime) -> datetime:
    """The beginning of its hour."""
    return moment.replace(minute=0, second=0, microsecond=0)


def flush(store: Store) -> None:
    """Write what was counted since the last time."""
    counters = tally(store)
    if not counters.calls or store.read_only:
        return
    with store.writing() as tx:
        calls = counters.calls.copy()
        for call, times in calls.items():
            add(tx, call, times)
        for key_id, (moment, address) in counters.seen.items():
            last = {"last_used_at": moment, "last_address": address}
            tx.run(update(api_keys).where(api_keys.c.id == key_id).values(last))
        tx.after_commit(lambda: counters.forget(calls))


def add(tx: Tx, call: Call, times: int) -> None:
    """More calls of one kind in one hour."""
    where = [api_key_usage.c[name] == value for name, value in call._asdict().items()]
    if not tx.run(update(api_key_usage).where(*where).values(calls=api_key_usage.c.calls + times)):
        tx.insert("api_key_usage", **call._asdict(), calls=times)


def prune(tx: Tx) -> None:
    """Forget what is older than anybody may ask for."""
    tx.run(delete(api_key_usage).where(api_key_usage.c.hour < clock.now() - KEPT))


# --- telling ---------------------------------------------------------------------------------------------------------


def beginning(span: str) -> datetime:
    """Where a window of hours, days or weeks begins that ends now: at a full hour or at midnight UTC."""
    found = re.fullmatch(r"([1-9][0-9]?)([hdw])", span)
    number = int(found[1]) if found else 0
    if not found or number > LONGEST[found[2]]:
        raise Invalid(span=WRONG)
    moment = full_hour(clock.now())
    if found[2] == "h":
        return moment - timedelta(hours=number - 1)
    return moment.replace(hour=0) - timedelta(days=(7 * number if found[2] == "w" else number) - 1)


def statistics(tx: Tx, key: Row, start: datetime) -> dict[str, Any]:
    """The totals, the days and the busiest endpoints of a window that ends now."""
    hours = recent(tx, key.id, start, "hour", "succeeded")
    busiest = recent(tx, key.id, start, "endpoint").most_common(TOP)
    succeeded = sum(times for (_, good), times in hours.items() if good)
    return {
        "total_requests": hours.total(),
        "success_requests": succeeded,
        "error_requests": hours.total() - succeeded,
        "daily_stats": days(hours, start),
        "top_endpoints": [{"endpoint": name, "count": times} for (name,), times in busiest],
        **last_seen(tx, key),
    }


def recent(tx: Tx, key_id: int, start: datetime, *names: str) -> Counter[tuple[Any, ...]]:
    """How many calls since then, by the given columns; those not written yet are counted too."""
    columns = [api_key_usage.c[name] for name in names]
    where = (api_key_usage.c.key_id == key_id, api_key_usage.c.hour >= start)
    summed = select(*columns, func.sum(api_key_usage.c.calls).label("times")).where(*where).group_by(*columns)
    found = Counter({tuple(row[name] for name in names): row.times for row in tx.all(summed)})
    for call, times in tally(tx.store).calls.items():
        if call.key_id == key_id and call.hour >= start:
            found[tuple(getattr(call, name) for name in names)] += times
    return found


def days(hours: Counter[tuple[Any, ...]], start: datetime) -> list[dict[str, Any]]:
    """How many calls on each UTC day of the window, days without any included."""
    by_day: Counter[str] = Counter()
    for (hour, _), times in hours.items():
        by_day[hour.date().isoformat()] += times
    number = (clock.now().date() - start.date()).days + 1
    dates = [(start.date() + timedelta(days=day)).isoformat() for day in range(number)]
    return [{"date": day, "requests": by_day[day]} for day in dates]


def last_seen(tx: Tx, key: Row) -> dict[str, Any]:
    """When and whence a key was last used, nulls when never."""
    moment, address = tally(tx.store).seen.get(key.id, (key.last_used_at, key.last_address))
    return {"last_used_at": moment, "last_address": address}
