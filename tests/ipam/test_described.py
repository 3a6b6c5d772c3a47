"""The OpenAPI description tells what the bodies of collections hold."""

from typing import Any

import pytest

from appliance.app import App
from appliance.web.openapi import described

NAMES = ("units", "departments", "user_contacts", "subnets", "registerIps", "users", "field_definitions", "saved-views")


@pytest.fixture
def bodies(appliance: App) -> dict[tuple[str, str], dict[str, Any]]:
    """By method and path."""
    paths = described(appliance.serve.routes)["paths"].items()
    calls = [(method, path, call) for path, told in paths for method, call in told.items() if "requestBody" in call]
    return {(one, path): call["requestBody"]["content"]["application/json"]["schema"] for one, path, call in calls}


@pytest.mark.parametrize("name", NAMES)
def test_new_rows_changes_and_removals_are_described(bodies: dict[tuple[str, str], Any], name: str) -> None:
    new, several = bodies["post", f"/api/{name}/"]["oneOf"]
    assert several["items"] == new
    assert set(new.get("required", [])) <= new["properties"].keys()
    assert bodies["patch", f"/api/{name}/"]["oneOf"][0]["properties"].keys() == {"id", *new["properties"]}
    assert bodies["delete", f"/api/{name}/"]["properties"].keys() == {"ids", "id"}


def test_a_field_says_what_it_takes(bodies: dict[tuple[str, str], Any]) -> None:
    subnet = bodies["post", "/api/subnets/"]["oneOf"][0]
    assert subnet["required"] == ["name", "cidr"]
    assert subnet["properties"]["vlan_id"] == {"type": "integer", "minimum": 1, "maximum": 4094}
    assert subnet["properties"]["status"]["enum"] == ["active", "reserved", "deprecated", "container"]
    assert subnet["properties"]["name"] == {"type": "string", "maxLength": 64}
    assert bodies["patch", "/api/ips/"]["oneOf"][0]["properties"]["expires_at"]["format"] == "date-time"
