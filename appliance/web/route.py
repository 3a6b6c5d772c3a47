"""Declared rows: what a path answers to, who may, what it takes and gives, what the log says."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select

from appliance.store import Prepared, Row, Tx
from appliance.web.fields import Wire

if TYPE_CHECKING:
    from appliance.web.dialect import Dialect

PLACE = re.compile(r"<(\w+)(?::[^>]*)?>")
OPEN = "open"
"""Anybody may call it."""
SIGNED_IN = "signed in"
"""Any signed-in user may."""


@dataclass(frozen=True)
class Route:
    """One row. `needs` is OPEN, SIGNED_IN or permission codes of which one must be held somewhere."""

    dialect: "Dialect"
    method: str
    path: str
    handler: Callable[..., Any]
    needs: tuple[str, ...]
    takes: Wire | None = None
    gives: Wire | None = None
    body: Callable[[], dict[str, Any]] | None = None
    """The JSON schema of the body, where `takes` leaves it to the rules."""
    audit: str = ""
    outside: bool = False
    """The handler opens its own transactions, because it hashes or waits in between."""
    always: bool = False
    """Answers even while a forced change of the password, or a second factor, is due."""
    by_key: bool = True
    """API keys may call it."""
    rules: Callable[..., object] | None = None
    """What the domain says of as much of a body as has the right form, so that all faults are told at once."""
    upload: int = 0
    """The most bytes of a form with a file, where one is taken; the caller is known before it is read."""
    door: Callable[..., None] | None = None
    """A further question about the caller, asked with what the path names before the body is looked at."""

    @property
    def title(self) -> str:
        """What documentation calls it."""
        return re.sub(r"\{\w+\}", "", self.audit) or (self.handler.__doc__ or "").strip().rstrip(".")

    @cached_property
    def endpoint(self) -> str:
        """The path with `{id}` for every placeholder."""
        return PLACE.sub("{id}", self.path)

    @property
    def writes(self) -> bool:
        """Whether it needs a writing transaction."""
        return self.method != "GET"


@dataclass
class Listing:
    """A Select with what completes the rows of its page, and what goes beside them."""

    select: Select[Any] | Prepared
    complete: Callable[[Tx, list[Row]], object] | None = None
    beside: Callable[[Tx, list[Row]], Any] | None = None


@dataclass
class Reply:
    """An answer that is more than data: keys beside it, cookies, headers, another status, or a body of its own."""

    data: Any = None
    keys: dict[str, Any] = field(default_factory=dict)
    cookies: list[str] = field(default_factory=list)
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: Any = None
    """Bytes or an iterable of bytes, sent as they are with `kind` as content type."""
    kind: str = "application/json"
    status: int = 200
    failed: bool = False
    """Nothing was done: the audit line says so although the transaction stands."""
