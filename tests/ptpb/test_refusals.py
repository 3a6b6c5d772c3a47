"""Part A: every refusal with its code, its `msg` and its `detail`, letter for letter, and nothing else."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from appliance import errors
from appliance.app import App
from appliance.domain import guard, menu
from appliance.settings import Settings
from tests.client import Answer, Client
from tests.conftest import PASSWORD
from tests.ptpb.estate import add_host
from tests.ptpb.people import alter, employ

LOGIN, EDIT, MENU = "/api/rbac/login/", "/api/resource/resource/edit/", "/api/rbac/routes/"
BOB = {"account": "bob", "password": PASSWORD}


def told(answer: Answer, code: int, msg: str, detail: Any) -> bool:
    """Whether a refusal is that one."""
    assert (answer.status, answer.header("Content-Type")) == (code, "application/json")
    assert answer.json == {"code": code, "msg": msg, "detail": detail}
    assert list(answer.json) == ["code", "msg", "detail"]
    return True


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"{", "JSON格式错误"),
        (b"\xff", "JSON格式错误"),
        (b"[]", "无效数据。期待为字典类型。"),
        (b"null", "无效数据。期待为字典类型。"),
        (b"", {"account": ["账户为必填项"], "password": ["密码为必填项"]}),
    ],
)
def test_400(stranger: Client, body: bytes, detail: Any) -> None:
    assert told(stranger.call("POST", LOGIN, body=body), 400, "参数错误", detail)


@pytest.mark.parametrize("token", ["", "x", "Bearer", "Basic YTpi", "ak_" + "0" * 40])
def test_401(appliance: App, token: str) -> None:
    assert told(Client(appliance, token).get(MENU), 401, "未登录", "未登录或Token过期")


def test_401_of_the_disabled(appliance: App, bob: Client) -> None:
    alter(appliance, "users", bob.id or 0, enabled=False)
    assert told(bob.get(MENU), 401, "未登录", "未登录或Token过期")


def test_403_of_what_one_may_nowhere_and_of_what_one_may_not_here(appliance: App, alice: Client) -> None:
    host = add_host(alice, "web", "192.0.2.1")
    assert told(employ(appliance, "erin").post(EDIT, {"id": host}), 403, "权限错误", "您无当前权限访问")
    frank = employ(appliance, "frank", "resource.self.read", on=2)
    with appliance.store.writing() as tx:
        role, code = tx.find("roles", name="role of frank"), tx.find("permissions", code="resource.self.update")
        assert role
        assert code
        tx.insert("grants", role_id=role.id, permission_id=code.id, group_id=1)
    assert told(frank.post(EDIT, {"id": host, "name": "x"}), 403, "权限错误", "权限错误")


def test_403_of_a_change_that_is_due(appliance: App, bob: Client) -> None:
    alter(appliance, "users", bob.id or 0, must_change_password=True)
    assert told(bob.get(MENU), 403, "权限错误", "请先修改密码")


@pytest.mark.parametrize("path", ["/api/rbac/x/", "/api/perm/", "/api/resource/x", "/api/audit/x/", "/api/terminal/x/"])
def test_404_of_a_path_comes_before_sign_in(stranger: Client, path: str) -> None:
    assert told(stranger.get(path), 404, "未找到", "未找到。")


@pytest.mark.parametrize("ident", [99, "99", 2**63, 10**29, -1, 0])
def test_404_of_an_id(alice: Client, ident: Any) -> None:
    assert told(alice.post(EDIT, {"id": ident}), 404, "未找到", "未找到。")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_405(stranger: Client, method: str) -> None:
    answer = stranger.call(method, EDIT)
    assert told(answer, 405, "方法不允许", f"方法 “{method}” 不被允许。")
    assert answer.header("Allow") == "POST"


def test_413(stranger: Client) -> None:
    assert told(stranger.call("POST", LOGIN, body=b" " * (2**20 + 1)), 413, "请求体过大", "请求体超过1MB")


def test_429(appliance: App, stranger: Client) -> None:
    with appliance.store.writing() as tx:
        for _ in range(guard.BLOCK_AFTER):
            guard.strike(tx, "address", "127.0.0.1", guard.BLOCK_AFTER, guard.BLOCK_WITHIN)
    answer = stranger.post(LOGIN, BOB)
    assert told(answer, 429, "请求过于频繁", "请求过于频繁,请稍后再试")
    assert 0 < int(answer.header("Retry-After") or 0) <= 60


def test_500_is_a_number(alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(menu, "tree", lambda *_, **__: 1 / 0)
    answer = alice.get(MENU)
    assert told(answer, 500, "服务器错误", answer.header("X-Request-Id"))


def test_what_changes_meanwhile_is_no_bug(alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def meanwhile(*_: object, **__: object) -> None:
        raise errors.Conflict()

    monkeypatch.setattr(menu, "tree", meanwhile)
    assert told(alice.get(MENU), 400, "参数错误", "数据冲突")


@pytest.fixture
def sealed_elsewhere(appliance: App) -> Iterator[App]:
    """The same data with another master key."""
    (appliance.settings.data / "master.key").write_bytes(base64.b64encode(bytes(32)))
    app = App(Settings(data=appliance.settings.data))
    yield app
    app.store.close()


def test_503_where_nothing_may_be_written(sealed_elsewhere: App, alice: Client) -> None:
    stranger = Client(sealed_elsewhere)
    before = sealed_elsewhere.store.writes
    assert told(stranger.post(LOGIN, BOB), 503, "服务不可用", "主密钥不匹配,系统只读")
    assert told(Client(sealed_elsewhere, alice.token).get(MENU), 401, "未登录", "未登录或Token过期")
    identity = stranger.post("/api/v1/auth/login", {"username": "bob", "password": PASSWORD})
    assert (identity.status, identity.json["code"], identity.json["success"]) == (503, 503, False)
    assert stranger.get("/healthz").status == 503
    assert sealed_elsewhere.store.writes == before
