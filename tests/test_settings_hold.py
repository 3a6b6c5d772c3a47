"""Settings that change what the APIs answer do so: lives of tokens, rules of passwords, the zone of times."""

from typing import Any

import jwt
import pytest

from appliance.app import App
from tests.client import Client
from tests.conftest import PASSWORD
from tests.ptpb.people import later

LOGIN, IDENTITY = "/api/rbac/login/", "/api/v1/auth"


def lives(answer: Any) -> dict[str, int]:
    """How long the tokens of a sign-in live."""
    claims = [jwt.decode(token, options={"verify_signature": False}) for token in answer.json["token"].values()]
    return {one["token_type"]: one["exp"] - one["iat"] for one in claims}


def sign_in(client: Client) -> Any:
    return client.post(LOGIN, {"account": "bob", "password": PASSWORD})


def test_tokens_live_twelve_hours_and_seven_days(stranger: Client) -> None:
    assert lives(sign_in(stranger)) == {"access": 12 * 3600, "refresh": 7 * 86400}


class TestShortLives:
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"access_life": 120, "refresh_life": 300, "refresh_grace": 60}

    def test_tokens_live_as_long_as_set(self, stranger: Client) -> None:
        answer = sign_in(stranger)
        assert lives(answer) == {"access": 120, "refresh": 300}
        assert "Max-Age=300;" in (answer.header("Set-Cookie") or "")

    def test_the_remembered_live_as_long_as_a_refresh_token(self, stranger: Client) -> None:
        who = {"username": "bob", "password": PASSWORD, "remember_me": True}
        token = stranger.post(f"{IDENTITY}/login", who).json["data"]["token"]
        claims = jwt.decode(token, options={"verify_signature": False})
        assert claims["exp"] - claims["iat"] == 300

    @pytest.mark.parametrize(("seconds", "status"), [(119, 200), (179, 200), (181, 401)])
    def test_an_expired_token_is_renewed_within_the_grace_as_set(
        self, stranger: Client, monkeypatch: pytest.MonkeyPatch, seconds: int, status: int
    ) -> None:
        token = sign_in(stranger).json["token"]["access"]
        later(monkeypatch, seconds=seconds)
        assert stranger.post(f"{IDENTITY}/refresh", {"token": token}).status == status


NEW = {"account": "erin", "password": "admin123", "name": "Erin"}


def test_the_password_of_the_document_passes(alice: Client) -> None:
    assert alice.post("/api/rbac/user/add/", NEW).status == 200


class TestStrictPasswords:
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"password_rules": "strict"}

    def test_the_full_rules_hold_at_every_door(self, alice: Client) -> None:
        broken = ["密码须包含大写字母、小写字母、数字、特殊字符中的至少三类", "密码过于常见"]
        assert alice.post("/api/rbac/user/add/", NEW).detail == {"password": broken}
        assert alice.post("/api/rbac/user/edit/", {"id": 2, "password": "admin123"}).detail == {"password": broken}
        words = {"old_password": PASSWORD, "new_password": "admin123"}
        assert alice.post("/api/rbac/user/reset_password/", words).detail == {"new_password": broken}

    def test_they_are_not_asked_of_whoever_signs_in(self, stranger: Client) -> None:
        assert sign_in(stranger).status == 200


class TestAnotherZone:
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"time_zone": "UTC"}

    def test_times_are_printed_in_it_where_the_dialect_has_a_zone(self, alice: Client) -> None:
        assert alice.get("/api/rbac/role/get/").detail[0]["create_date"] == "2025-01-01T00:00:00+00:00"
        assert alice.get(f"{IDENTITY}/roles/1").json["data"]["created_at"] == "2025-01-01T00:00:00Z"


def test_times_are_printed_in_the_zone_of_the_document(appliance: App, alice: Client) -> None:
    assert alice.get("/api/rbac/role/get/").detail[0]["create_date"] == "2025-01-01T08:00:00+08:00"
