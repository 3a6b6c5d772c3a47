"""Chapter 6 of seed 003: each documented request with its documented answer."""

import re

import pytest

from tests.client import Client
from tests.contract.identity import samples
from tests.contract.identity.shapes import as_shown, refused

KEYS = "/api/v1/auth/api-keys"


@pytest.fixture
def key(alice: Client) -> Client:
    """The key of the samples at work; `id` is its id."""
    made = alice.post(KEYS, samples.KEY_NEW).json["data"]
    return Client(alice.app, f"ApiKey {made['key']}", "192.168.1.100", id=made["id"])


def test_6_1_list(alice: Client, key: Client) -> None:
    key.get("/api/v1/auth/users")
    answer = alice.get(KEYS, page=1, page_size=20, status="active", name="integration")
    assert as_shown(answer, samples.KEYS)
    assert answer.json["data"]["api_keys"][0]["last_used_at"]


def test_6_2_create(alice: Client) -> None:
    answer = alice.post(KEYS, samples.KEY_NEW)
    assert as_shown(answer, samples.KEY_MADE)
    assert re.fullmatch(r"ak_[0-9a-f]{40}", answer.json["data"]["key"])
    assert answer.json["data"]["permissions"] == samples.KEY_NEW["permissions"]
    assert answer.header("Cache-Control") == "no-store"


def test_6_3_disable_and_6_4_enable(alice: Client, key: Client) -> None:
    assert as_shown(alice.call("POST", f"{KEYS}/{key.id}/disable"), samples.KEY_DISABLED)
    assert refused(key.get("/api/v1/auth/users")) == (401, "API密钥已禁用")
    assert as_shown(alice.call("POST", f"{KEYS}/{key.id}/enable"), samples.KEY_ENABLED)
    assert key.get("/api/v1/auth/users").status == 200


def test_6_5_delete(alice: Client, key: Client) -> None:
    assert as_shown(alice.delete(f"{KEYS}/{key.id}"), samples.KEY_REMOVED)
    assert refused(key.get("/api/v1/auth/users")) == (401, "API密钥无效")
    assert refused(alice.delete(f"{KEYS}/{key.id}")) == (404, "API密钥不存在")


def test_6_6_statistics(alice: Client, key: Client) -> None:
    key.get("/api/v1/auth/users")
    answer = alice.get(f"{KEYS}/{key.id}/stats", time_range="7d")
    assert as_shown(answer, samples.USAGE)
    told = answer.json["data"]
    assert (told["total_requests"], told["last_ip"], len(told["daily_stats"])) == (1, "192.168.1.100", 7)
