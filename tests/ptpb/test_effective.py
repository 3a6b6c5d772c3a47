"""The effective-access tester says what the terminal's door would say, and why."""

from typing import Any

import pytest

from appliance.app import App
from tests.client import Client
from tests.ptpb.estate import DEFAULT, SHOP, add_group, add_host, add_voucher, edit


def ask(client: Client, who: Client, host: int) -> Any:
    return client.get("/api/perm/effective/", user_id=who.id, resource_id=host).detail


@pytest.fixture
def host(alice: Client) -> int:
    below = add_group(alice, "frontend", SHOP)
    return add_host(alice, "web", "192.0.2.1", below, voucher_ids=[add_voucher(alice, "root", SHOP)])


def test_a_right_from_above_is_named_with_its_role_and_group(alice: Client, bob: Client, host: int) -> None:
    told = ask(alice, bob, host)
    assert (told["allowed"], told["because"]) == (True, ["可以连接"])
    read = next(grant for grant in told["grants"] if grant["permission"] == "resource.self.read")
    assert read == {
        "permission": "resource.self.read",
        "role": {"id": 4, "name": "shopkeeper"},
        "group": {"id": SHOP, "name": "shop"},
        "inherited": True,
    }
    assert [(voucher["name"], voucher["bound"]) for voucher in told["vouchers"]] == [("root", True)]


def test_who_has_no_right_is_told_what_is_missing(alice: Client, mallory: Client, host: int) -> None:
    told = ask(alice, mallory, host)
    assert (told["allowed"], told["grants"]) == (False, [])
    assert told["because"] == ["没有该资源的查看权限", "没有该系统组内任何凭证的查看权限"]


def test_a_disabled_host_and_a_disabled_user_are_told_together(alice: Client, bob: Client, host: int) -> None:
    assert edit(alice, "hosts", id=host, status=False).status == 200
    alice.post("/api/rbac/user/edit/", {"id": bob.id, "status": False})
    assert ask(alice, bob, host)["because"] == ["用户未启用、已锁定或已过期", "资源已停用"]


def test_an_administrator_reaches_everything(alice: Client, host: int) -> None:
    told = ask(alice, alice, host)
    assert (told["allowed"], told["administrator"]) == (True, True)


def test_who_may_not_see_grants_may_not_ask(bob: Client, alice: Client, host: int) -> None:
    assert bob.get("/api/perm/effective/", user_id=alice.id, resource_id=host).status == 403


@pytest.mark.parametrize(
    "asked", [{}, {"user_id": 1}, {"user_id": 999, "resource_id": 1}, {"user_id": 1, "resource_id": 9}]
)
def test_what_is_not_there_is_not_found(appliance: App, alice: Client, asked: dict[str, int]) -> None:
    add_host(alice, "one", "192.0.2.9", DEFAULT)
    assert alice.get("/api/perm/effective/", **asked).status == 404
