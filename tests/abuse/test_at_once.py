"""Many calls at the same moment, against a running appliance."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.conftest import PASSWORD
from tests.live import Live

MANY = 8
"""More than the guesses that lock an account, fewer than those that block an address."""


def at_once(call: Callable[[int], Any]) -> list[int]:
    """The codes that so many callers hear."""
    with ThreadPoolExecutor(MANY) as pool:
        return sorted(answer["code"] for answer in pool.map(call, range(MANY)))


@pytest.fixture(scope="module")
def token(live: Live) -> str:
    return live.sign_in("alice", PASSWORD)


def test_of_many_who_add_one_account_one_succeeds(live: Live, token: str) -> None:
    new = {"account": "erin", "password": "admin123", "name": "Erin", "email": "erin@example.com"}
    codes = at_once(lambda turn: live.call("/api/rbac/user/add/", new, token))
    assert codes == [200] + [400] * (MANY - 1)
    assert live.call("/api/rbac/user/get/?account=erin", token=token)["total"] == 1


def test_of_many_who_add_one_role_one_succeeds(live: Live, token: str) -> None:
    codes = at_once(lambda turn: live.call("/api/rbac/role/add/", {"name": "clerk", "code": "clerk"}, token))
    assert codes == [200] + [400] * (MANY - 1)


def test_guesses_under_way_at_once_all_count(live: Live) -> None:
    codes = at_once(lambda turn: live.call("/api/rbac/login/", {"account": "bob", "password": f"guess {turn}"}))
    assert codes == [401] * MANY
    assert live.call("/api/rbac/login/", {"account": "bob", "password": PASSWORD})["detail"] == "密码错误"
