"""Part F, call by call: what the log says of it, and that a refusal is one line too."""

import pytest

from appliance.app import App
from tests.client import Client
from tests.ptpb.people import rows

TEXTS = {
    "/api/rbac/user/add": "添加用户",
    "/api/rbac/user/edit": "编辑用户{id}",
    "/api/rbac/user/del": "删除用户",
    "/api/rbac/user/role": "绑定用户{id}角色",
    "/api/rbac/user/reset_password": "重置{account}密码",
    "/api/rbac/role/add": "添加角色",
    "/api/rbac/role/edit": "编辑角色{id}",
    "/api/rbac/role/del": "删除角色",
    "/api/rbac/role/edit/permission": "编辑角色{id}权限",
    "/api/perm/group-auth/edit": "授权角色{role_id}资源组权限",
    "/api/resource/group/add": "添加资源组",
    "/api/resource/group/edit": "编辑资源组{id}",
    "/api/resource/group/del": "删除资源组",
    "/api/resource/resource/add": "添加资源",
    "/api/resource/resource/edit": "编辑资源{id}",
    "/api/resource/resource/del": "删除资源",
    "/api/resource/resource/hostkey": "变更资源{id}主机密钥",
    "/api/resource/voucher/add": "添加凭证",
    "/api/resource/voucher/edit": "编辑凭证{id}",
    "/api/resource/voucher/del": "删除凭证",
    "/api/terminal/ticket": "连接资源{resource_id}",
    "/api/audit/session/<session_id:int>/stop": "终止会话{session_id}",
}
NAMED = {"id": 2, "role_id": 2, "resource_id": 2}
each_call = pytest.mark.parametrize("path", TEXTS)


def said(path: str, account: str) -> str:
    """The line of a call that names number 2."""
    return TEXTS[path].format(account=account, session_id=2, **NAMED)


def url(path: str) -> str:
    return path.replace("<session_id:int>", "2") + "/"


def lines(app: App) -> list[tuple[str, bool, str]]:
    """What was done, whether it did something, and who did it."""
    return [(row.operation, row.succeeded, row.login) for row in rows(app, "operations")]


def test_every_changing_call_has_its_text(appliance: App) -> None:
    ours = [route for route in appliance.serve.routes if route.dialect.name == "ptpb" and route.audit]
    assert {route.path: route.audit for route in ours} == TEXTS


@each_call
def test_a_refusal_by_right_is_one_line(appliance: App, mallory: Client, path: str) -> None:
    assert mallory.post(url(path), NAMED).status == 403
    assert lines(appliance) == [(said(path, "mallory"), False, "mallory")]


@each_call
def test_a_call_of_a_stranger_is_none(appliance: App, stranger: Client, path: str) -> None:
    assert stranger.post(url(path), NAMED).status == 401
    assert lines(appliance) == []


@each_call
def test_a_call_that_names_nothing_is_one_line(appliance: App, alice: Client, path: str) -> None:
    assert alice.post(url(path), {"id_list": [], "id": 2**70, "role_id": 99, "resource_id": 99}).status in (400, 404)
    assert [line[1:] for line in lines(appliance)] == [(False, "alice")]


@each_call
def test_a_body_that_is_none_is_one_line(appliance: App, alice: Client, path: str) -> None:
    answer = alice.call("POST", url(path), body=b'{"id": ')
    assert answer.status in (400, 404)
    empty = TEXTS[path].format(account="alice", session_id=2, id="", role_id="", resource_id="")
    assert lines(appliance) == [(empty, False, "alice")]
