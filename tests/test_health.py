"""Health and figures: well or not, and nothing for strangers."""

import pytest

from appliance.app import App
from appliance.kinds import networks
from tests.client import Client
from tests.ptpb.people import alter


def test_health_says_whether_and_nothing_else(stranger: Client) -> None:
    assert stranger.get("/healthz").json == {"ok": True, "reasons": []}


def test_a_full_disk_is_told_as_a_reason(stranger: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.health.LEAST_FREE", 2**70)
    answer = stranger.get("/healthz")
    assert (answer.status, answer.json["reasons"]) == (503, ["disk almost full"])


def test_figures_need_a_token_with_the_right(stranger: Client, mallory: Client, alice: Client) -> None:
    assert [stranger.get("/metrics").status, mallory.get("/metrics").status] == [401, 401]
    assert b"process_resident_memory_bytes" in alice.get("/metrics").body


@pytest.mark.parametrize("settings", [{"trusted_proxies": networks("127.0.0.1")}])
def test_figures_are_for_the_address_behind_the_proxy(appliance: App, alice: Client) -> None:
    alter(appliance, "users", 1, allowed_addresses=["127.0.0.1"])
    assert alice.get("/metrics").status == 200
    assert alice.call("GET", "/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status == 401


@pytest.mark.parametrize("settings", [{"open_metrics": True}])
def test_a_setting_opens_the_figures(appliance: App, stranger: Client) -> None:
    assert b"appliance_loop_lag_seconds" in stranger.get("/metrics").body


def test_no_answer_before_sign_in_tells_a_version_or_a_path(appliance: App, stranger: Client) -> None:
    for path in ("/healthz", "/metrics", "/", "/nowhere", "/api/rbac/nowhere", "/api/rbac/setup/"):
        answer = stranger.get(path)
        told = answer.body + repr(answer.headers).encode()
        assert b"0.1.0" not in told
        assert str(appliance.settings.data).encode() not in told
