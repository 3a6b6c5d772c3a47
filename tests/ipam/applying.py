"""Short ways to apply for addresses in tests."""

from typing import Any

from appliance.app import App
from tests.client import Answer, Client
from tests.ipam.book import acting, at
from tests.ipam.calls import made

PATH = "/api/registerIps"
WISH = {"subnet_id": 1, "ip": "10.0.0.9", "purpose": "网站"}


def put(client: Client, **body: Any) -> Answer:
    """Change, decide or withdraw."""
    return client.put(PATH, body)


def ask(client: Client, **facts: Any) -> dict[str, Any]:
    """A new application."""
    return made(client, "registerIps", **(WISH | facts))


def status(app: App, ip: str = "10.0.0.9") -> str:
    """Of an address."""
    with acting(app) as tx:
        return at(tx, ip).status
