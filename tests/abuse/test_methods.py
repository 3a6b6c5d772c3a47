"""Methods and paths that are served nowhere, whatever the dialect."""

import pytest

from appliance.app import App
from appliance.web.route import PLACE
from tests.client import Client

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "NONSENSE"]


def served(app: App) -> dict[str, set[str]]:
    """The methods of each path."""
    found: dict[str, set[str]] = {}
    for route in app.serve.routes:
        found.setdefault(PLACE.sub("1", route.path), set()).add(route.method)
    return found


@pytest.mark.parametrize("method", METHODS)
def test_a_method_that_is_not_served_is_told_with_those_that_are(appliance: App, stranger: Client, method: str) -> None:
    for path, methods in served(appliance).items():
        if method in methods:
            continue
        answer = stranger.call(method, path + "/", body=b"{")
        assert answer.status == 405, (method, path)
        assert methods <= set((answer.header("Allow") or "").replace(" ", "").split(",")), (method, path)


def test_a_head_answers_like_a_get(appliance: App, alice: Client) -> None:
    for path, methods in served(appliance).items():
        if "GET" in methods and "captcha" not in path:
            assert alice.call("HEAD", path).status == alice.get(path).status, path
        elif "GET" not in methods:
            assert alice.call("HEAD", path).status == 405, path


@pytest.mark.parametrize("more", ["x", "x/", "/x", "%2e%2e/", "..;/", "\\", "%00", ".json"])
def test_a_path_with_something_after_it_is_another_one(stranger: Client, more: str) -> None:
    for path in ("/api/rbac/user/get/", "/api/resource/resource/add/", "/api/v1/auth/permissions/"):
        for method in ("GET", "POST"):
            assert stranger.call(method, path + more).status in (404, 405), (method, path + more)
