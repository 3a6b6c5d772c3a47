"""What time does to addresses: cool-downs end, terms expire (ipam 4, 18)."""

from typing import Any

from sqlalchemy import Select, exists, select

from appliance import clock
from appliance.domain.addresses import ALLOCATED, AVAILABLE, QUARANTINE, write
from appliance.store import Tx
from appliance.store.address_tables import address_history as history_table
from appliance.store.address_tables import addresses

AT_ONCE = 200


def cooled() -> Select[Any]:
    """Addresses whose cool-down is over."""
    over = (addresses.c.status == QUARANTINE, addresses.c.release_after <= clock.now())
    return select(addresses).where(*over).limit(AT_ONCE)


def expired() -> Select[Any]:
    """Addresses whose term is over, and whose history does not say so yet."""
    told = exists().where(
        history_table.c.address_id == addresses.c.id,
        history_table.c.event == "expired",
        history_table.c.created_at >= addresses.c.expires_at,
    )
    over = (addresses.c.status == ALLOCATED, addresses.c.expires_at <= clock.now(), ~told)
    return select(addresses).where(*over).limit(AT_ONCE)


def overdue(tx: Tx) -> bool:
    """Whether time has done something to an address."""
    return tx.one(cooled().limit(1)) is not None or tx.one(expired().limit(1)) is not None


def lapse(tx: Tx) -> int:
    """Let time do what it does; to how many."""
    return cool(tx) + expire(tx)


def cool(tx: Tx) -> int:
    """Addresses whose cool-down is over are free again; how many."""
    rows = tx.all(cooled())
    for row in rows:
        write(tx, row, "released", source="timer", comment="冷却期结束", status=AVAILABLE, release_after=None)
    return len(rows)


def expire(tx: Tx) -> int:
    """Addresses whose time is over are marked, once; they are not released. How many."""
    rows = tx.all(expired())
    for row in rows:
        mark = {} if row.conflict_type else {"conflict_type": "expired", "conflict_at": clock.now()}
        write(tx, row, "expired", source="timer", comment="使用期限已过", **mark)
    return len(rows)
