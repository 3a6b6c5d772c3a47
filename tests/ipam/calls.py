"""Short ways to call the address book in tests."""

from typing import Any

from tests.client import Answer, Client


def made(client: Client, name: str, /, **body: Any) -> dict[str, Any]:
    """The row a POST makes."""
    answer = client.post(f"/api/{name}", body)
    assert answer.status == 201, answer.json
    return answer.json["data"]


def rows(client: Client, name: str, /, **query: Any) -> list[dict[str, Any]]:
    """The rows a list shows."""
    answer = client.get(f"/api/{name}", **query)
    assert answer.status == 200, answer.json
    return answer.json["data"]["list"]


def names(client: Client, name: str, /, **query: Any) -> list[str]:
    """Their names."""
    return [row["name"] for row in rows(client, name, **query)]


def patch(client: Client, name: str, body: Any, **headers: str) -> Answer:
    """A flexible update."""
    return client.call("PATCH", f"/api/{name}", body=body, headers=headers)


def remove(client: Client, name: str, *ids: int) -> Answer:
    """DELETE of some ids."""
    return client.call("DELETE", f"/api/{name}", body={"ids": list(ids)})


def refused(answer: Answer) -> tuple[int, str, dict[str, Any]]:
    """Status, code and details of a refusal; the status is the body's code as well."""
    assert answer.json["code"] == answer.status
    return answer.status, answer.json["error"]["code"], answer.json["error"]["details"]
