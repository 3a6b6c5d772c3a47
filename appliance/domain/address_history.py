"""What happened to addresses: every change with actor and reason, kept after release (ipam 4)."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select

from appliance import clock
from appliance.store import Row, Tx
from appliance.store.address_tables import address_history

KEPT = timedelta(days=730)
AT_ONCE = 1000


def note(
    tx: Tx,
    address: Row,
    event: str,
    *,
    old: dict[str, Any] | None = None,
    new: dict[str, Any] | None = None,
    source: str = "manual",
    comment: str = "",
) -> None:
    """One event of one address, in the transaction of the change."""
    actor = tx.actor
    what = {"address_id": address.id, "area_id": address.area_id, "ip": address.ip, "ip_key": address.ip_key}
    who = {"actor_id": actor.user_id or None, "actor_name": actor.user.name if actor.user else ""} if actor else {}
    told = {"old": plain(old), "new": plain(new), "note": comment[:255] or None}
    tx.insert("address_history", **what, **who, **told, event=event, source=source)


def plain(facts: dict[str, Any] | None) -> dict[str, Any] | None:
    """Values as JSON has them."""
    if facts is None:
        return None
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in facts.items()}


def prune(tx: Tx) -> int:
    """Forget events that are older than two years, so many at once; how many."""
    old = select(address_history.c.id).where(address_history.c.created_at <= clock.now() - KEPT).limit(AT_ONCE)
    return tx.run(delete(address_history).where(address_history.c.id.in_(old)))
