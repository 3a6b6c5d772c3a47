"""The catalogue of permissions, and labels that are added to it."""

import pytest

from tests.client import Client
from tests.identity.calls import ROOT, data, errors, refused
from tests.ptpb.people import employ

PERMISSIONS = f"{ROOT}/permissions"


def test_codes_are_in_the_category_of_their_scope(alice: Client) -> None:
    rows = data(alice.get(PERMISSIONS, category="audit"))["permissions"]
    assert [(row["id"], row["name"]) for row in rows] == [
        ("24", "audit.session.read"),
        ("25", "audit.operation.read"),
        ("26", "audit.login.read"),
    ]


def test_labels_follow_the_codes_of_ptpb(alice: Client) -> None:
    rows = data(alice.get(PERMISSIONS, page_size=100))["permissions"]
    assert [row["name"] for row in rows[31:38]] == ["read", "write", "admin", "report", "analytics", "metrics", "logs"]


def test_names_are_searched_and_both_filters_hold(alice: Client) -> None:
    found = data(alice.get(PERMISSIONS, name="USER.", category="system"))["permissions"]
    assert {row["name"].rpartition(".")[0] for row in found} == {"system.user"}
    assert data(alice.get(PERMISSIONS, name="_"))["total"] == 0


def test_a_new_label_has_defaults(alice: Client) -> None:
    made = data(alice.post(PERMISSIONS, {"name": "billing"}))
    assert (made["category"], made["description"]) == ("general", "")


def test_what_exists_is_a_conflict(alice: Client) -> None:
    assert refused(alice.post(PERMISSIONS, {"name": "read"})) == (409, "权限已存在")


@pytest.mark.parametrize(
    "name", ["system.user.read", "system.root", "System.root", "ipam.all", "node.x", "a b", "x" * 65, "", "数据"]
)
def test_a_bad_or_reserved_name_is_refused(alice: Client, name: str) -> None:
    assert list(errors(alice.post(PERMISSIONS, {"name": name}))) == ["name"]


def test_a_made_up_label_is_adopted_with_its_id(alice: Client) -> None:
    alice.post(f"{ROOT}/roles", {"name": "analyst", "permissions": ["export"]})
    before = data(alice.get(PERMISSIONS, name="export"))["permissions"][0]
    assert before["category"] == "custom"
    made = data(alice.post(PERMISSIONS, {"name": "export", "category": "data", "description": "导出数据权限"}))
    assert (made["id"], made["category"], made["description"]) == (before["id"], "data", "导出数据权限")
    assert refused(alice.post(PERMISSIONS, {"name": "export"})) == (409, "权限已存在")


def test_adding_takes_the_right(alice: Client, bob: Client) -> None:
    assert refused(bob.post(PERMISSIONS, {"name": "billing"})) == (403, "权限不足")
    clerk = employ(alice.app, "clerk", "system.permission.update")
    assert clerk.post(PERMISSIONS, {"name": "billing"}).status == 200


def test_there_is_no_changing_and_no_removing(alice: Client) -> None:
    for method in ("PUT", "DELETE", "PATCH"):
        assert refused(alice.call(method, PERMISSIONS)) == (405, "请求方法不支持")
