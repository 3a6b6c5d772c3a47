"""The menu is cut to what its reader may do (chapter 十)."""

from typing import Any

import pytest

from appliance.app import App
from tests.client import Client
from tests.ptpb.people import employ

MENU = "/api/rbac/routes/"
ADDRESSES = ["/subnet", "/address", "/application", "/network", "/directory", "/exchange"]
OURS = ["address_manage", *ADDRESSES, "/voucher", "/session", "/apikey", "/profile"]


def paths(client: Client, **query: Any) -> list[str]:
    """The paths of a menu, children after their parent."""
    found = []
    for item in client.get(MENU, **query).detail:
        found += [item["path"], *[child["path"] for child in item["children"]]]
    return found


def test_an_operator_sees_terminals_and_resources(bob: Client) -> None:
    assert paths(bob) == ["/terminal", "/resource"]


def test_an_auditor_sees_the_logs(carol: Client) -> None:
    assert paths(carol) == ["/audit"]


def test_who_may_nothing_has_an_empty_menu(mallory: Client) -> None:
    assert mallory.get(MENU).json == {"code": 200, "msg": "OK", "detail": []}


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("system.user.read", ["/overview", "permission_manage", "/user"]),
        ("system.role.read", ["permission_manage", "/role"]),
        ("system.permission.read", ["permission_manage", "/permission"]),
        ("system.user.create", []),
        ("audit.login.read", []),
    ],
)
def test_a_row_with_children_is_there_when_one_of_them_is(appliance: App, code: str, shown: list[str]) -> None:
    assert paths(employ(appliance, "dave", code)) == shown


def test_a_right_on_any_group_counts(appliance: App) -> None:
    dave = employ(appliance, "dave", "resource.self.read", on=2)
    assert paths(dave) == ["/terminal", "/resource"]


def test_the_right_to_change_is_not_the_right_to_read(appliance: App) -> None:
    assert paths(employ(appliance, "dave", "resource.self.update", on=2)) == []


def test_a_right_that_is_taken_goes_from_the_menu_at_once(appliance: App, bob: Client) -> None:
    assert paths(bob) == ["/terminal", "/resource"]
    with appliance.store.writing() as tx:
        tx.change("roles", 4, enabled=False)
    assert paths(bob) == []


def test_our_own_pages_are_shown_to_our_own_ui_only(alice: Client, bob: Client, mallory: Client) -> None:
    assert [path for path in paths(alice) if path in OURS] == []
    assert [path for path in paths(alice, ui=1) if path in OURS] == OURS
    assert [path for path in paths(bob, ui="true") if path in OURS] == [path for path in OURS if path != "/session"]
    assert paths(mallory, ui=1) == ["address_manage", "/application", "/apikey", "/profile"]


def test_our_own_rows_carry_their_name_and_no_other_does(alice: Client) -> None:
    items = alice.get(MENU, ui=1).detail
    items += [child for item in items for child in item["children"]]
    named = {item["path"]: item["name"] for item in items if "name" in item}
    assert named == {path: path.removeprefix("/") for path in OURS}


def test_a_switch_that_is_none_is_told(alice: Client) -> None:
    assert alice.get(MENU, ui="x").detail == {"ui": ["必须是有效的布尔值。"]}
