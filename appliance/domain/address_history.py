"""What happened to addresses: every change with actor and reason, kept after release (ipam 4)."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from appliance import clock
from appliance.store import Row, Tx
from appliance.store.address_tables import address_history


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
    tx["address_history"].insert({**what, **who, **told, "event": event, "source": source, "created_at": clock.now()})


def plain(facts: dict[str, Any] | None) -> dict[str, Any] | None:
    """Values as JSON has them."""
    if facts is None:
        return None
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in facts.items()}


def search(tx: Tx) -> Select[Any]:
    """All events."""
    return select(address_history)
