"""How the family answers: envelope, order of checks, ownership of URLs, malformed bodies."""

import pytest

from appliance.app import App
from tests.client import Client
from tests.ipam.calls import made, refused


def test_a_list_and_a_made_row_have_the_documented_envelope(alice: Client) -> None:
    answer = alice.get("/api/units")
    assert answer.json == {
        "code": 200,
        "message": "success",
        "data": {"list": [], "total": 0, "page": 1, "page_size": 20},
    }
    made_one = alice.post("/api/units", {"name": "a", "level": 1})
    assert (made_one.status, made_one.json["code"], made_one.json["message"]) == (201, 201, "操作成功")


@pytest.mark.parametrize(
    "path", ["/api/nowhere", "/api/units/x/y", "/probe/x", "/exports/x/y", "/swagger/x", "/api/x/1"]
)
def test_what_nobody_serves_is_refused_here(stranger: Client, path: str) -> None:
    answer = stranger.get(path)
    assert answer.json == {"code": 404, "message": "资源不存在", "error": {"code": "NOT_FOUND", "details": {}}}


def test_other_families_refuse_their_own(stranger: Client) -> None:
    assert "detail" in stranger.get("/api/rbac/nowhere").json
    assert "success" in stranger.get("/api/v1/auth/nowhere").json


def test_a_method_that_is_not_served_names_those_that_are(stranger: Client) -> None:
    answer = stranger.call("POST", "/api/units/count")
    assert refused(answer) == (405, "METHOD_NOT_ALLOWED", {})
    assert answer.header("Allow") == "GET"


def test_the_order_of_checks(appliance: App, stranger: Client, carol: Client, alice: Client) -> None:
    bad = b"{"
    assert refused(stranger.call("POST", "/api/units", body=bad))[:2] == (401, "UNAUTHORIZED")
    assert refused(carol.call("POST", "/api/units", body=bad))[:2] == (403, "FORBIDDEN")
    assert refused(alice.call("POST", "/api/units", body=bad)) == (
        400,
        "INVALID_PARAMETER",
        {"body": "请求体不是有效的JSON"},
    )


@pytest.mark.parametrize("body", [b"{", b"[", b'"x"', b"3", b"null", b"\xff", b"[" * 100_000])
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "units"), ("PATCH", "units"), ("DELETE", "units"), ("PATCH", "users")]
)
def test_a_body_that_is_no_object_is_told_so(alice: Client, method: str, path: str, body: bytes) -> None:
    assert refused(alice.call(method, f"/api/{path}", body=body)) == (
        400,
        "INVALID_PARAMETER",
        {"body": "请求体不是有效的JSON"},
    )


def test_a_body_over_a_megabyte_is_refused(alice: Client) -> None:
    assert refused(alice.call("POST", "/api/units", body=b" " * (2**20 + 1)))[:2] == (413, "PAYLOAD_TOO_LARGE")


def test_one_row_is_shown_and_an_unknown_one_is_not_found(alice: Client) -> None:
    unit = made(alice, "units", name="a", level=1)
    assert alice.get(f"/api/units/{unit['id']}").json["data"]["name"] == "a"
    for ident in ("99", str(2**70), "0", "-1"):
        assert refused(alice.get(f"/api/units/{ident}"))[:2] == (404, "NOT_FOUND")


def test_a_bug_shows_a_number_and_nothing_else(alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr("appliance.domain.listing.page", broken)
    answer = alice.get("/api/units")
    assert refused(answer) == (500, "INTERNAL_ERROR", {"request_id": answer.header("X-Request-Id")})


def test_an_expired_token_is_challenged(appliance: App) -> None:
    answer = Client(appliance, "nonsense").get("/api/units")
    assert answer.header("WWW-Authenticate") == 'Bearer error="invalid_token"'


def test_a_token_is_taken_in_each_of_its_clothes(appliance: App, alice: Client) -> None:
    for scheme in ("", "Bearer ", "bearer ", "Token "):
        assert Client(appliance, scheme + alice.token).get("/api/units").status == 200
