"""`appliance routes` and `appliance openapi`: the declared routes, for people and for programs."""

from collections.abc import Iterator

import orjson

from appliance.app import DIALECTS
from appliance.web.openapi import described
from appliance.web.route import Route

BESIDES = [
    ("GET", "/api/terminal/ssh/", "resource.self.read and resource.voucher.read", "ptpb", "app.App.terminal"),
    ("GET", "/healthz", "open", "-", "app.App.healthz"),
    ("GET", "/metrics", "metrics", "-", "app.App.metrics"),
]
"""What is served without being declared: the WebSocket of terminals, and the state of the process."""


def table() -> Iterator[str]:
    """A line per route, in columns."""
    rows = [("METHOD", "PATH", "NEEDS", "DIALECT", "HANDLER"), *map(row, declared()), *BESIDES]
    widths = [max(len(cells[column]) for cells in rows) for column in range(4)]
    for cells in rows:
        yield "  ".join([*(cell.ljust(width) for cell, width in zip(cells, widths, strict=False)), cells[4]])


def row(route: Route) -> tuple[str, str, str, str, str]:
    """One route in words."""
    handler = f"{route.handler.__module__.removeprefix('appliance.')}.{route.handler.__name__}"
    return route.method, route.path + "/", " or ".join(route.needs), route.dialect.name, handler


def declared() -> list[Route]:
    """Every route of every dialect."""
    return [route for dialect in DIALECTS for route in dialect.routes]


def description() -> str:
    """OpenAPI, as indented JSON."""
    return orjson.dumps(described(declared()), option=orjson.OPT_INDENT_2).decode()
