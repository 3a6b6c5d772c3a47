"""How names are compared: look-alikes in width or case are one name."""

import unicodedata
from typing import Any

from appliance.store import Tx


def folded(name: str) -> str:
    """The key under which a login, e-mail or role name is unique (NFKC, case-folded)."""
    return unicodedata.normalize("NFKC", name.strip()).casefold()


def taken(tx: Tx, table: str, besides: int, **equals: Any) -> bool:
    """Whether another row than `besides` has these values already."""
    found = tx.find(table, **equals)
    return found is not None and found.id != besides
