"""Seed 003 from its top to its bottom as one running story, the sample ids replaced by those answered."""

from tests.client import Answer, Client
from tests.conftest import PASSWORD
from tests.contract.identity import samples
from tests.contract.identity.shapes import as_shown, refused

ROOT = "/api/v1/auth"


def sign_in(stranger: Client, login: str, password: str) -> Answer:
    return stranger.post(f"{ROOT}/login", {"username": login, "password": password, "remember_me": False})


def test_the_document_run_from_top_to_bottom(stranger: Client) -> None:
    answer = sign_in(stranger, "alice", PASSWORD)
    assert as_shown(answer, samples.SIGNED_IN)
    token = answer.json["data"]["token"]
    answer = stranger.post(f"{ROOT}/refresh", {"token": token}, Authorization=f"Bearer {token}")
    assert as_shown(answer, samples.REFRESHED)
    admin = Client(stranger.app, f"Bearer {answer.json['data']['token']}")
    analyst = people(stranger, admin)
    keys(admin)
    labels(admin, analyst)
    assert as_shown(admin.call("POST", f"{ROOT}/logout"), samples.SIGNED_OUT)
    assert refused(admin.get(f"{ROOT}/users"))[0] == 401


def people(stranger: Client, admin: Client) -> str:
    """Chapters 4 and 5: newuser comes, gets the role analyst, and goes; the path of the role."""
    answer = admin.post(f"{ROOT}/users", samples.USER_NEW)
    assert as_shown(answer, samples.USER_MADE)
    newuser = f"{ROOT}/users/{answer.json['data']['id']}"
    assert refused(admin.put(newuser, samples.USER_EDIT)) == (400, "参数错误")
    answer = admin.post(f"{ROOT}/roles", samples.ROLE_NEW)
    assert as_shown(answer, samples.ROLE_MADE)
    analyst = f"{ROOT}/roles/{answer.json['data']['id']}"
    assert as_shown(admin.put(newuser, samples.USER_EDIT), samples.USER_CHANGED)
    assert as_shown(admin.put(analyst, samples.ROLE_EDIT), samples.ROLE_CHANGED)
    assert refused(admin.delete(analyst)) == (409, "角色正在使用,无法删除")
    token = sign_in(stranger, "newuser", samples.PASSWORDS["current_password"]).json["data"]["token"]
    himself = Client(stranger.app, token)
    assert as_shown(himself.put(f"{newuser}/password", samples.PASSWORDS), samples.PASSWORD_CHANGED)
    assert as_shown(admin.post(f"{newuser}/reset-password", {"send_email": True}), samples.PASSWORD_RESET)
    assert as_shown(admin.delete(newuser), samples.USER_REMOVED)
    return analyst


def keys(admin: Client) -> None:
    """Chapter 6."""
    answer = admin.post(f"{ROOT}/api-keys", samples.KEY_NEW)
    assert as_shown(answer, samples.KEY_MADE)
    key = f"{ROOT}/api-keys/{answer.json['data']['id']}"
    assert as_shown(admin.call("POST", f"{key}/disable"), samples.KEY_DISABLED)
    assert as_shown(admin.call("POST", f"{key}/enable"), samples.KEY_ENABLED)
    assert as_shown(admin.get(f"{key}/stats"), samples.USAGE)
    assert as_shown(admin.delete(key), samples.KEY_REMOVED)


def labels(admin: Client, analyst: str) -> None:
    """Chapter 7: the label that 5.4 made up is adopted and keeps its id."""
    implicit = admin.get(f"{ROOT}/permissions", name="export").json["data"]["permissions"]
    assert [(row["category"], row["name"]) for row in implicit] == [("custom", "export")]
    answer = admin.post(f"{ROOT}/permissions", samples.PERMISSION_NEW)
    assert as_shown(answer, samples.PERMISSION_MADE)
    assert answer.json["data"]["id"] == implicit[0]["id"]
    assert as_shown(admin.delete(analyst), samples.ROLE_REMOVED)
