"""How a family of URLs speaks: its envelope, its paging, its refusals, and its table of routes."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from appliance.errors import Problem
from appliance.store import Row
from appliance.web.fields import Wire
from appliance.web.request import KEY_PREFIX, Credential
from appliance.web.route import Reply, Route

Handler = Callable[..., Any]


class Paging(NamedTuple):
    """Which part of a list is asked for; `size` None means all."""

    page: int
    size: int | None
    descending: bool = False


class Failure(NamedTuple):
    """A refusal as it goes out."""

    status: int
    body: dict[str, Any]
    headers: Sequence[tuple[str, str]] = ()


class Dialect:
    """The methods a dialect defines; `owns` is the pattern of URLs whose unknown paths it refuses."""

    name: str
    owns: re.Pattern[str]
    prefix = "/api"
    forms = True
    """Whether bodies may be forms as well as JSON."""

    def __init__(self) -> None:
        self.routes: list[Route] = []

    def credential(self, headers: dict[str, str]) -> Credential:
        """An API key, or a token: raw, or after Bearer or Token in any case. With both, the key: it may less."""
        words = headers.get("authorization", "").split()
        scheme = words.pop(0).lower() if len(words) == 2 else ""
        key = headers.get("x-api-key", "").strip() or ("".join(words) if scheme == "apikey" else "")
        if key:
            return Credential(key, is_key=True)
        text = words[0] if len(words) == 1 and scheme in ("", "bearer", "token") else ""
        return Credential(text, is_key=text.startswith(KEY_PREFIX))

    def paging(self, query: dict[str, Any]) -> Paging:
        """Which page is meant, or Invalid."""
        raise NotImplementedError

    def success(self, reply: Reply) -> dict[str, Any]:
        """The envelope around one thing, or nothing."""
        raise NotImplementedError

    def page(self, rows: list[Any], total: int, paging: Paging, extra: Any) -> dict[str, Any]:
        """The envelope around one page of a list."""
        raise NotImplementedError

    def failure(self, problem: Problem) -> Failure:
        """A refusal in this dialect's words."""
        raise NotImplementedError

    def moment(self, moment: datetime) -> str:
        """How a time is written."""
        raise NotImplementedError

    def unknown(self, status: int, method: str) -> Failure:
        """404 for an unknown URL, 405 for a method that is not served."""
        raise NotImplementedError

    def broken(self, number: str) -> Failure:
        """500, with nothing but a number to look for in the log."""
        raise NotImplementedError

    def completed(self, rows: list[Row], shape: Wire | None) -> list[Any]:
        """Rows in the given shape, or as they are."""
        return shape.show_all(rows, self.moment) if shape else [dict(row) for row in rows]

    def get(self, path: str, **row: Any) -> Callable[[Handler], Handler]:
        """Declare a GET."""
        return self.declare("GET", path, **row)

    def post(self, path: str, **row: Any) -> Callable[[Handler], Handler]:
        """Declare a POST."""
        return self.declare("POST", path, **row)

    def put(self, path: str, **row: Any) -> Callable[[Handler], Handler]:
        """Declare a PUT."""
        return self.declare("PUT", path, **row)

    def patch(self, path: str, **row: Any) -> Callable[[Handler], Handler]:
        """Declare a PATCH."""
        return self.declare("PATCH", path, **row)

    def delete(self, path: str, **row: Any) -> Callable[[Handler], Handler]:
        """Declare a DELETE."""
        return self.declare("DELETE", path, **row)

    def declare(
        self,
        method: str,
        path: str,
        *,
        needs: str | tuple[str, ...],
        takes: type[Wire] | None = None,
        gives: type[Wire] | None = None,
        **more: Any,
    ) -> Callable[[Handler], Handler]:
        """Add a row to the table of routes."""

        def add(handler: Handler) -> Handler:
            codes = (needs,) if isinstance(needs, str) else needs
            taken, given = takes() if takes else None, gives() if gives else None
            place = self.prefix + path.rstrip("/")
            self.routes.append(Route(self, method, place, handler, codes, takes=taken, gives=given, **more))
            return handler

        return add
