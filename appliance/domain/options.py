"""Options: what administrators change at run time."""

from typing import Any

from appliance.store import Tx


def value(tx: Tx, name: str, default: Any = None) -> Any:
    """What an option is set to."""
    row = tx.find("options", name=name)
    return default if row is None else row.value


def put(tx: Tx, name: str, fresh: Any) -> None:
    """Set an option; the audit hears of it."""
    row = tx.find("options", name=name)
    if row is None:
        tx.insert("options", name=name, value=fresh)
    else:
        tx.change("options", row.id, value=fresh)
    tx.tell("options", name=name, old=row.value if row else None, new=fresh)
