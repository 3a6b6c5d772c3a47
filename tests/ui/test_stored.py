"""Names are text, whatever they look like (A31)."""

import pytest

from tests.conftest import PASSWORD
from tests.ui.conftest import Watched

EVIL = "<img src=x onerror=\"document.title='owned'\">"
ROUTES = ["/overview", "/terminal", "/resource", "/resource?id=2", "/voucher", "/user", "/role", "/permission?role=5"]
LOGS = ["/audit", "/audit?list=operations", "/audit?list=sessions", "/session", "/apikey", "/profile"]


@pytest.fixture
def haunted(equipped, token):
    """Everything that takes a name has a hostile one."""
    for path, body in {
        "/api/resource/group/add/": {"name": EVIL, "description": EVIL, "parent": 2},
        "/api/resource/voucher/add/": {
            "name": EVIL,
            "username": EVIL,
            "password": "x",
            "group": 2,
            "description": EVIL,
        },
        "/api/resource/resource/add/": {"name": EVIL, "ipv4_address": "192.0.2.66", "group": 2, "protocol": 1},
        "/api/rbac/role/add/": {"name": EVIL, "code": "evil", "description": EVIL},
        "/api/rbac/user/add/": {"account": "evil", "password": PASSWORD, "name": EVIL, "remark": EVIL},
    }.items():
        told = equipped.call(path, body, token)
        assert told["code"] == 200, (path, told)
    equipped.call("/api/rbac/login/", {"account": EVIL, "password": "x"})
    return equipped


def test_a_hostile_name_is_shown_as_text_everywhere(alice: Watched, haunted):
    for route in ROUTES + LOGS:
        alice.go(route)
        alice.page.get_by_role("heading").first.wait_for()
        alice.settle()
        assert alice.page.locator("img[onerror]").count() == 0, route
        assert "owned" not in alice.page.title()
    for route in ("/resource", "/voucher", "/user", "/role", "/audit"):
        alice.go(route)
        alice.page.get_by_text(EVIL).first.wait_for()
