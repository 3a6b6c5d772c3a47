"""What keys did: counted in memory, written in batches, told by day and endpoint."""

from datetime import UTC, datetime, timedelta

import pytest

from appliance import clock
from appliance.app import App
from appliance.domain import usage
from tests.client import Client
from tests.conftest import signed_in
from tests.identity.calls import ROOT, data, errors, key_of
from tests.ptpb.people import rows

KEYS = f"{ROOT}/api-keys"
NOON = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is half past twelve."""
    at(monkeypatch, NOON)


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    """Set the clock."""
    monkeypatch.setattr(clock, "now", lambda: moment)


def stats(app: App, key: Client, span: str = "7d") -> dict:
    """What an administrator sees of a key."""
    return data(signed_in(app, "alice").get(f"{KEYS}/{key.id}/stats", time_range=span))


def test_a_key_never_used_has_zeros(appliance: App, alice: Client) -> None:
    told = stats(appliance, key_of(alice, "read"))
    assert [told["total_requests"], told["top_endpoints"], told["last_used_at"], told["last_ip"]] == [0, [], None, None]
    days = [f"2026-03-{day:02}" for day in range(4, 11)]
    assert told["daily_stats"] == [{"date": day, "requests": 0} for day in days]


def test_calls_are_counted_by_how_they_end(appliance: App, alice: Client) -> None:
    key = key_of(alice, "read", address="203.0.113.5")
    for path in ("users", "users/1", "users/bob", "users/nobody"):
        key.get(f"{ROOT}/{path}")
    key.get("/api/rbac/user/get/?page_size=0")
    key.post("/api/rbac/user/add/", {})
    told = stats(appliance, key)
    assert [told["total_requests"], told["success_requests"], told["error_requests"]] == [6, 3, 3]
    assert told["top_endpoints"][0] == {"endpoint": "/api/v1/auth/users/{id}", "count": 3}
    assert (told["last_used_at"], told["last_ip"]) == ("2026-03-10T12:30:00Z", "203.0.113.5")


def test_refused_keys_are_counted_as_errors(appliance: App, alice: Client) -> None:
    key = key_of(alice, "read")
    key.get(KEYS)
    alice.call("POST", f"{KEYS}/{key.id}/disable")
    key.get(f"{ROOT}/users")
    assert stats(appliance, key)["error_requests"] == 2


def test_nothing_is_written_for_a_call(appliance: App, alice: Client) -> None:
    key = key_of(alice, "read")
    before = appliance.store.writes
    for _ in range(50):
        key.get(f"{ROOT}/users")
    assert appliance.store.writes == before
    usage.flush(appliance.store)
    assert [(row.endpoint, row.calls) for row in rows(appliance, "api_key_usage")] == [("/api/v1/auth/users", 50)]


def test_what_is_written_and_what_is_not_yet_are_told_together(appliance: App, alice: Client) -> None:
    key = key_of(alice, "read")
    for number in range(1, 4):
        key.get(f"{ROOT}/users")
        assert stats(appliance, key)["total_requests"] == number * 2 - 1
        usage.flush(appliance.store)
        key.get(f"{ROOT}/roles")
        assert stats(appliance, key)["total_requests"] == number * 2
    assert [row.calls for row in rows(appliance, "api_key_usage")] == [3, 2]


def test_a_write_that_fails_loses_no_count(appliance: App, alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    key = key_of(alice, "read")
    key.get(f"{ROOT}/users")
    with monkeypatch.context() as patch:
        patch.setattr(appliance.store._db, "commit", lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            usage.flush(appliance.store)
    usage.flush(appliance.store)
    assert stats(appliance, key)["total_requests"] == 1


def test_days_are_told_apart(appliance: App, alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    key = key_of(alice, "read")
    for back in (10, 3, 3, 0):
        at(monkeypatch, NOON - timedelta(days=back))
        key.get(f"{ROOT}/users")
    assert [row["requests"] for row in stats(appliance, key)["daily_stats"]] == [0, 0, 0, 2, 0, 0, 1]
    assert stats(appliance, key, "2w")["total_requests"] == 4
    assert len(stats(appliance, key, "2w")["daily_stats"]) == 14


def test_hours_reach_back_over_midnight(appliance: App, alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    key = key_of(alice, "read")
    for back in (14, 12, 0):
        at(monkeypatch, NOON - timedelta(hours=back))
        key.get(f"{ROOT}/users")
    told = stats(appliance, key, "14h")
    assert told["daily_stats"] == [{"date": "2026-03-09", "requests": 0}, {"date": "2026-03-10", "requests": 2}]


def test_the_ten_busiest_endpoints_are_told(appliance: App, alice: Client) -> None:
    key = key_of(alice, "read")
    for number in range(12):
        for _ in range(number + 1):
            usage.count(appliance.store, int(key.id), f"/e{number}", succeeded=True, address="::1")
    told = stats(appliance, key)["top_endpoints"]
    assert (len(told), told[0], told[-1]) == (10, {"endpoint": "/e11", "count": 12}, {"endpoint": "/e2", "count": 3})


@pytest.mark.parametrize("span", ["1h", "72h", "1d", "90d", "1w", "12w"])
def test_the_documented_windows_are_taken(appliance: App, alice: Client, span: str) -> None:
    assert stats(appliance, key_of(alice, "read"), span)["daily_stats"]


@pytest.mark.parametrize("span", ["0d", "73h", "91d", "13w", "7", "d", "7m", "-7d", "07d", "7 d", "1e1d", "٧d"])
def test_any_other_window_is_refused(alice: Client, span: str) -> None:
    assert list(errors(alice.get(f"{KEYS}/{key_of(alice, 'read').id}/stats", time_range=span))) == ["time_range"]


def test_counters_outlive_their_key_and_last_ninety_days(
    appliance: App, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = key_of(alice, "read")
    key.get(f"{ROOT}/users")
    usage.flush(appliance.store)
    signed_in(appliance, "alice").delete(f"{KEYS}/{key.id}")
    appliance.chores.forget_what_is_over()
    assert len(rows(appliance, "api_key_usage")) == 1
    at(monkeypatch, NOON + timedelta(days=91))
    appliance.chores.forget_what_is_over()
    assert rows(appliance, "api_key_usage") == []


def test_the_end_of_the_process_writes_what_was_counted(appliance: App, alice: Client) -> None:
    key_of(alice, "read").get(f"{ROOT}/users")
    appliance.stop()
    again = App(appliance.settings)
    assert len(rows(again, "api_key_usage")) == 1
    again.store.close()
