"""Values that nobody expects, in every field of every route: the caller's fault, told in Chinese, and never a 500."""

import re
from typing import Any

import pytest

from appliance.app import App
from appliance.web.route import PLACE, Route
from tests.client import Answer, Client
from tests.conftest import signed_in

ENGLISH = re.compile(r"[A-Za-z]{3,} [a-z]{2,} [a-z]{2,}")
"""Three words in a row: what a library says when nobody has found words of ours."""
ODD: list[Any] = [None, "", [], {}, True, 1.5, "x", [None], [{}], [[]], {"a": None}, -1, 2**64, 10**29, "\0", "\u202e"]


def sent(client: Client, route: Route, odd: Any) -> Answer:
    """A call with that value in all its fields."""
    assert route.takes is not None
    fields = {field.data_key or name: odd for name, field in route.takes.fields.items()}
    path = PLACE.sub("1", route.path)
    return client.get(path, **fields) if route.method == "GET" else client.call(route.method, path, body=fields)


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_it_is_never_a_bug_and_never_told_in_english(appliance: App, odd: Any) -> None:
    routes = [route for route in appliance.serve.routes if route.takes and "sign-ins" not in route.path]
    assert len(routes) > 60
    for route in routes:
        answer = sent(signed_in(appliance, "alice"), route, odd)
        assert answer.status < 500, (route.method, route.path, answer.body)
        assert answer.status == 200 or not ENGLISH.search(answer.body.decode()), (route.path, answer.body.decode())
