"""Who gets in at which route: role × route as a file that changes only on purpose, default closed.

`reader` is an API key of alice that lets nothing but `read` through.
After a route has been added on purpose: python -m tests.test_rights > tests/golden/rights.txt
"""

import sys
import tempfile
from pathlib import Path

from appliance.app import App
from appliance.settings import Settings
from appliance.web.openapi import PLACE
from appliance.web.route import Route
from tests.client import Client
from tests.conftest import people, signed_in

GOLDEN = Path(__file__).parent / "golden" / "rights.txt"
NOBODY = "999999999"
PEOPLE = ("alice", "bob", "carol", "mallory", "reader", "stranger")


def test_who_gets_in_where_is_as_written_down(appliance: App) -> None:
    assert rights(appliance) == GOLDEN.read_text().splitlines()


def test_a_route_that_is_not_written_down_is_noticed(appliance: App) -> None:
    written = {tuple(line.split()[:2]) for line in GOLDEN.read_text().splitlines()}
    assert written == {(route.method, route.path) for route in appliance.serve.routes}


def rights(app: App) -> list[str]:
    """A line for each route: method, path, and who is neither asked to sign in nor refused."""
    wanted = {"name": "reader", "permissions": ["read"]}
    key = signed_in(app, "alice").post("/api/v1/auth/api-keys", wanted).json["data"]["key"]
    rows = [(route, [who for who in PEOPLE if gets_in(app, route, who, key)]) for route in app.serve.routes]
    return sorted(" ".join([route.method, route.path, ":", *who]) for route, who in rows)


def gets_in(app: App, route: Route, who: str, key: str) -> bool:
    """Whether a call that names nothing there is, with an empty object, passes the door."""
    unsigned = {"reader": f"ApiKey {key}", "stranger": ""}
    client = Client(app, unsigned[who]) if who in unsigned else signed_in(app, who)
    body = None if route.method == "GET" else {}
    return client.call(route.method, PLACE.sub(NOBODY, route.path), body=body).status not in (401, 403)


def main() -> None:
    """Print the file anew."""
    with tempfile.TemporaryDirectory() as folder:
        app = App(Settings(data=Path(folder) / "data"))
        people(app)
        sys.stdout.write("\n".join(rights(app)) + "\n")
        app.store.close()


if __name__ == "__main__":
    main()
