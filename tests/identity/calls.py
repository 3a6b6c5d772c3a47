"""Calls of this dialect that many tests make."""

from typing import Any

from tests.client import Answer, Client
from tests.conftest import PASSWORD

ROOT = "/api/v1/auth"
USER = {"username": "dave", "email": "dave@example.com", "password": "Password123!", "roles": ["user"]}


def sign_in(client: Client, login: str, password: str = PASSWORD, **more: Any) -> Answer:
    """An attempt to sign in."""
    return client.post(f"{ROOT}/login", {"username": login, "password": password, **more})


def key_of(client: Client, *names: str, address: str = "127.0.0.1", **more: Any) -> Client:
    """A client with a new API key of somebody; `id` is the key's."""
    answer = client.post(f"{ROOT}/api-keys", {"name": "key", "permissions": list(names), **more})
    assert answer.status == 200, answer.body
    made = answer.json["data"]
    return Client(client.app, f"ApiKey {made['key']}", address, id=made["id"], password=made["key"])


def refused(answer: Answer) -> tuple[int, str]:
    """Status and message of a refusal."""
    assert answer.json["success"] is False
    assert answer.json["code"] == answer.status
    return answer.status, answer.json["message"]


def errors(answer: Answer) -> dict[str, list[str]]:
    """What is wrong with each field, at 400."""
    assert answer.status == 400, answer.body
    return answer.json["errors"]


def data(answer: Answer) -> Any:
    """What a call that went well says."""
    assert answer.status == 200, answer.body
    return answer.json["data"]
