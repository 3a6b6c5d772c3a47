"""Laws over all routes: documented, permission known, audited, strangers refused, in OpenAPI."""

import pytest

from appliance.app import App
from appliance.domain import catalogue
from appliance.web.openapi import PLACE, described
from appliance.web.route import OPEN, SIGNED_IN, Route
from tests.client import Client


def url(route: Route) -> str:
    """A path of the route, with 1 for every placeholder."""
    return PLACE.sub("1", route.path) + "/"


@pytest.fixture
def routes(appliance: App) -> list[Route]:
    return appliance.serve.routes


def test_every_route_is_documented(routes: list[Route]) -> None:
    assert [route.path for route in routes if not route.title] == []


def test_every_permission_is_in_the_catalogue(routes: list[Route]) -> None:
    codes = {code for route in routes for code in route.needs} - {OPEN, SIGNED_IN}
    assert codes <= set(catalogue.BY_CODE)


UNAUDITED = {"/api/rbac/login", "/api/rbac/logout", "/api/rbac/refresh", "/api/rbac/setup", "/api/terminal/ticket"}
UNAUDITED |= {"/api/v1/auth/login", "/api/v1/auth/refresh", "/api/login"}
"""Sign-ins have a log of their own, refreshing notes itself; a ticket changes nothing until its terminal opens."""

NEW_EACH_TIME = {"/api/captcha"}


def test_every_changing_route_is_audited(routes: list[Route]) -> None:
    assert {route.path for route in routes if route.writes and not route.audit} <= UNAUDITED


def test_strangers_are_refused_everywhere_but_at_open_doors(routes: list[Route], stranger: Client) -> None:
    guarded = [route for route in routes if route.needs != (OPEN,)]
    assert guarded
    for route in guarded:
        assert stranger.call(route.method, url(route)).status == 401, route.path


def test_the_open_doors_are_these_and_no_others(routes: list[Route]) -> None:
    doors = {f"{route.method} {route.path}" for route in routes if route.needs == (OPEN,)}
    assert doors == {
        "POST /api/rbac/login",
        "POST /api/rbac/logout",
        "POST /api/rbac/refresh",
        "GET /api/rbac/setup",
        "POST /api/rbac/setup",
        "POST /api/v1/auth/login",
        "POST /api/v1/auth/refresh",
        "GET /api/captcha",
        "POST /api/login",
        "POST /api/users/register",
        "GET /api/auth/register-config",
    }


def test_who_has_no_right_is_refused_wherever_one_is_needed(routes: list[Route], mallory: Client) -> None:
    guarded = [route for route in routes if not {OPEN, SIGNED_IN} & set(route.needs)]
    for route in guarded:
        assert mallory.call(route.method, url(route)).status == 403, route.path


def test_every_route_answers_with_and_without_its_slash(routes: list[Route], stranger: Client) -> None:
    for route in routes:
        with_slash = stranger.call(route.method, url(route))
        without = stranger.call(route.method, url(route).rstrip("/"))
        assert with_slash.status == without.status, route.path
        assert with_slash.body == without.body or route.path in NEW_EACH_TIME, route.path


def test_an_unknown_path_and_method_are_told_before_sign_in(stranger: Client) -> None:
    assert stranger.get("/api/rbac/nowhere/").json == {"code": 404, "msg": "未找到", "detail": "未找到。"}
    refusal = stranger.get("/api/rbac/user/add/")
    assert (refusal.status, refusal.detail, refusal.header("Allow")) == (405, "方法 “GET” 不被允许。", "POST")


def test_every_route_is_in_the_openapi_description(routes: list[Route]) -> None:
    paths = described(routes)["paths"]
    for route in routes:
        assert route.method.lower() in paths[PLACE.sub(r"{\1}", route.path) + "/"]


@pytest.mark.parametrize("body", [b"{", b"[1]", b'"x"', b"\xff", b'{"account": "\\ud800"}', b"[" * 100_000])
def test_a_malformed_body_is_the_callers_fault(stranger: Client, body: bytes) -> None:
    assert stranger.call("POST", "/api/rbac/login/", body=body).status == 400


def test_a_body_over_a_megabyte_is_refused(stranger: Client) -> None:
    assert stranger.call("POST", "/api/rbac/login/", body=b" " * (2**20 + 1)).status == 413


def test_a_bug_shows_the_client_a_number_and_nothing_else(
    appliance: App, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr("appliance.domain.menu.tree", broken)
    answer = alice.get("/api/rbac/routes/")
    assert (answer.status, answer.json["msg"], answer.detail) == (500, "服务器错误", answer.header("X-Request-Id"))
