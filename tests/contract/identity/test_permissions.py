"""Chapter 7 of seed 003: each documented request with its documented answer."""

from tests.client import Client
from tests.contract.identity import samples
from tests.contract.identity.shapes import as_shown, refused


def test_7_1_list(mallory: Client) -> None:
    answer = mallory.get("/api/v1/auth/permissions", page=1, page_size=20, category="general")
    assert as_shown(answer, samples.PERMISSIONS)
    assert [row["name"] for row in answer.json["data"]["permissions"]] == ["read", "write", "admin"]


def test_7_1_the_first_are_the_codes_of_ptpb(alice: Client) -> None:
    ours = alice.get("/api/v1/auth/permissions", page_size=31).json["data"]["permissions"]
    theirs = alice.get("/api/rbac/perm/").detail[:31]
    assert [(row["id"], row["name"]) for row in ours] == [(str(row["id"]), row["code"]) for row in theirs]


def test_7_2_create(alice: Client) -> None:
    answer = alice.post("/api/v1/auth/permissions", samples.PERMISSION_NEW)
    assert as_shown(answer, samples.PERMISSION_MADE)
    again = alice.post("/api/v1/auth/permissions", samples.PERMISSION_NEW)
    assert refused(again) == (409, "权限已存在")
