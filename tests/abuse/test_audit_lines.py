"""Every changing call of every dialect is one line of the log: whoever calls, whatever comes of it."""

import pytest

from appliance.app import App
from appliance.web.route import OPEN, PLACE, Route
from tests.client import Client
from tests.conftest import signed_in
from tests.ptpb.people import rows

NOBODY = "999999999"


def changing(app: App) -> list[Route]:
    found = [route for route in app.serve.routes if route.audit and route.needs != (OPEN,)]
    assert len(found) > 60
    return found


def called(app: App, route: Route, login: str, body: object) -> tuple[int, list[tuple[str, bool]]]:
    """What somebody's call is answered with, and the lines it leaves."""
    client, before = signed_in(app, login), len(rows(app, "operations"))
    answer = client.call(route.method, PLACE.sub(NOBODY, route.path), body=body)
    return answer.status, [(one.login, one.succeeded) for one in rows(app, "operations")[before:]]


@pytest.mark.parametrize("body", [{}, {"id": 999999999, "ids": [999999999]}, b"{", b"[]"], ids=str)
@pytest.mark.parametrize("login", ["mallory", "alice"])
def test_a_call_that_does_nothing_is_one_line_that_says_so(appliance: App, login: str, body: object) -> None:
    for route in changing(appliance):
        status, lines = called(appliance, route, login, body)
        assert status < 500, (route.method, route.path)
        assert lines == [(login, status < 300)], (route.method, route.path, status)


def test_a_call_of_a_stranger_is_none(appliance: App) -> None:
    for route in changing(appliance):
        assert Client(appliance).call(route.method, PLACE.sub(NOBODY, route.path), body={}).status == 401, route.path
    assert rows(appliance, "operations") == []
