"""Addresses of applications: held while somebody decides, and whose they are afterwards (ipam 7)."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Select, select, update

from appliance import clock
from appliance.domain import addresses, allocation, cidr
from appliance.domain.addresses import ALLOCATED, AVAILABLE, PENDING
from appliance.domain.allocation import Grant
from appliance.errors import Invalid
from appliance.store import Row, Tx
from appliance.store.address_tables import addresses as table
from appliance.store.address_tables import applications

HELD_FOR = timedelta(days=7)
AT_ONCE = 200
TAKING = ("new", "register")
"""The kinds that want an address; the others are about one that somebody has."""


# --- while it is not decided -----------------------------------------------------------------------------------------


def hold(tx: Tx, row: Row) -> None:
    """Keep the wanted address for this application alone."""
    if row.ip and row.apply_type in TAKING:
        subnet = tx.get("subnets", row.subnet_id)
        facts = {"request_id": row.id}
        asker = row.apply_type == "register"
        grant = Grant(status=PENDING, how="request", facts=facts, reason=row.request_no, online=asker)
        held = allocation.allocate_exactly(tx, subnet, cidr.parse_address(row.ip), grant)
        tx.run(update(table).where(table.c.id == held.id).values(release_after=clock.now() + HELD_FOR))


def held_by(tx: Tx, row: Row) -> list[Row]:
    """The addresses that are held for an application."""
    return tx.all(select(table).where(table.c.request_id == row.id, table.c.status == PENDING))


def let_go(tx: Tx, row: Row, why: str) -> None:
    """What was held is free again."""
    for address in held_by(tx, row):
        free(tx, address, why)


def free(tx: Tx, address: Row, why: str) -> None:
    """One held address is free again."""
    facts = {"status": AVAILABLE, "request_id": None, "release_after": None, "allocate_type": None}
    addresses.write(tx, address, "released", source="request", comment=why, **facts)


def lapsed() -> Select[Any]:
    """Addresses that are held for too long."""
    over = (table.c.status == PENDING, table.c.release_after <= clock.now())
    return select(table).where(*over).limit(AT_ONCE)


def lapse(tx: Tx) -> int:
    """Free what was held for too long; how many."""
    rows = tx.all(lapsed())
    for address in rows:
        free(tx, address, "保留期已过")
    return len(rows)


# --- afterwards ------------------------------------------------------------------------------------------------------


def is_holder(tx: Tx, address: Row | None, user_id: int) -> bool:
    """Whether somebody has an address: he applied for it, or allocated it himself and nobody applied for it."""
    if address is None or address.status != ALLOCATED:
        return False
    asked = tx.find("applications", id=address.request_id) if address.request_id else None
    return bool((asked.applicant_id if asked else address.allocated_by) == user_id)


def require_held(tx: Tx, facts: dict[str, Any]) -> None:
    """Only one's own is renewed or given back."""
    address = tx.find("addresses", area_id=facts["area_id"], ip_key=cidr.key(facts["ip"]))
    if not is_holder(tx, address, tx.actor.user_id):
        raise Invalid(ip="只能申请续期或释放本人持有的地址")


def held(tx: Tx) -> list[Row]:
    """Addresses that the actor applied for and still has, the first to expire first."""
    mine = select(applications.c.id).where(applications.c.applicant_id == tx.actor.user_id)
    has = (table.c.status == ALLOCATED, table.c.request_id.in_(mine))
    order = (table.c.expires_at.is_(None), table.c.expires_at, table.c.ip_key)
    return tx.all(select(table).where(*has).order_by(*order).limit(AT_ONCE))
