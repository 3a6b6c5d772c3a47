"""Chapter 5 of seed 003: each documented request with its documented answer."""

import pytest

from tests.client import Client
from tests.contract.identity import samples
from tests.contract.identity.shapes import as_shown, refused


@pytest.fixture
def analyst(alice: Client) -> str:
    """The path of the role of the samples."""
    return f"/api/v1/auth/roles/{alice.post('/api/v1/auth/roles', samples.ROLE_NEW).json['data']['id']}"


def test_5_1_list(alice: Client) -> None:
    answer = alice.get("/api/v1/auth/roles", page=1, page_size=20)
    assert as_shown(answer, samples.ROLES)
    seeded = [(row["id"], row["name"], row["permissions"]) for row in answer.json["data"]["roles"][:3]]
    assert seeded == [
        ("1", "admin", ["read", "write", "admin"]),
        ("2", "user", ["read", "write"]),
        ("3", "auditor", ["read", "report", "logs"]),
    ]


def test_5_2_detail(alice: Client) -> None:
    answer = alice.get("/api/v1/auth/roles/1")
    assert as_shown(answer, samples.ROLE)
    assert answer.json["data"]["user_count"] == 1


def test_5_3_create(alice: Client) -> None:
    answer = alice.post("/api/v1/auth/roles", samples.ROLE_NEW)
    assert as_shown(answer, samples.ROLE_MADE)
    assert answer.json["data"]["permissions"] == samples.ROLE_NEW["permissions"]


def test_5_4_update_registers_a_label_that_nobody_made(alice: Client, analyst: str) -> None:
    answer = alice.put(analyst, samples.ROLE_EDIT)
    assert as_shown(answer, samples.ROLE_CHANGED)
    shown = {name: answer.json["data"][name] for name in samples.ROLE_EDIT}
    assert shown == samples.ROLE_EDIT


def test_5_5_delete(alice: Client, analyst: str) -> None:
    assert as_shown(alice.delete(analyst), samples.ROLE_REMOVED)
    assert refused(alice.delete(analyst)) == (404, "角色不存在")


def test_5_6_users(alice: Client) -> None:
    answer = alice.get("/api/v1/auth/roles/1/users", page=1, page_size=20)
    assert as_shown(answer, samples.MEMBERS)
    assert [row["username"] for row in answer.json["data"]["users"]] == ["alice"]
