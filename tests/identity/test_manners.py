"""How the family answers: envelope, order of checks, challenges, paging, filters."""

import pytest

from appliance.app import App
from tests.client import Client
from tests.identity.calls import ROOT, data, errors, refused, sign_in
from tests.ptpb.people import employ, last_operation, later

NO_RIGHT = (403, "权限不足")


def test_without_a_credential_one_is_asked_for(stranger: Client) -> None:
    answer = stranger.get(f"{ROOT}/users")
    assert refused(answer) == (401, "未提供认证信息")
    assert answer.header("WWW-Authenticate") == "Bearer"


@pytest.mark.parametrize("token", ["nonsense", "a.b.c", "Bearer x", "Token x"])
def test_a_bad_token_is_named_so(appliance: App, token: str) -> None:
    answer = Client(appliance, token).get(f"{ROOT}/users")
    assert refused(answer) == (401, "Token无效")
    assert answer.header("WWW-Authenticate") == 'Bearer error="invalid_token"'


def test_an_expired_token_is_named_so(alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    later(monkeypatch, hours=12)
    assert refused(alice.get(f"{ROOT}/users")) == (401, "Token已过期")


def test_an_ended_token_is_no_good(alice: Client) -> None:
    alice.call("POST", f"{ROOT}/logout")
    assert refused(alice.get(f"{ROOT}/users")) == (401, "Token无效")


def test_url_and_method_come_before_the_credential(stranger: Client) -> None:
    assert refused(stranger.get(f"{ROOT}/register")) == (404, "接口不存在")
    answer = stranger.call("PATCH", f"{ROOT}/users")
    assert refused(answer) == (405, "请求方法不支持")
    assert answer.header("Allow") == "GET,POST"


def test_another_prefix_is_not_of_this_family(stranger: Client) -> None:
    assert b"success" not in stranger.get("/api/v1/authentication/users").body


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff"])
def test_the_credential_and_the_right_come_before_the_body(stranger: Client, bob: Client, body: bytes) -> None:
    for method, path in (("POST", "users"), ("PUT", "users/1"), ("PUT", "users/1/password"), ("POST", "roles")):
        assert refused(stranger.call(method, f"{ROOT}/{path}", body=body))[0] == 401
        assert refused(bob.call(method, f"{ROOT}/{path}", body=body)) == NO_RIGHT


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff", b"null"])
def test_a_body_that_is_no_object_is_told_so(alice: Client, body: bytes) -> None:
    assert refused(alice.call("POST", f"{ROOT}/users", body=body)) == (400, "请求体不是有效的JSON")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_json_is_read_whatever_its_type_is_called(stranger: Client, kind: str) -> None:
    body = b'{"username": "bob", "password": "wrong"}'
    answer = stranger.call("POST", f"{ROOT}/login", body=body, headers={"Content-Type": kind})
    assert refused(answer) == (401, "用户名或密码错误")


def test_a_call_that_takes_nothing_ignores_its_body(alice: Client) -> None:
    assert alice.call("POST", f"{ROOT}/logout", body=b"{").status == 200


def test_a_body_over_a_megabyte_is_refused(stranger: Client) -> None:
    assert refused(stranger.call("POST", f"{ROOT}/login", body=b" " * (2**20 + 1))) == (413, "请求体过大")


def test_the_missing_right_is_named(carol: Client) -> None:
    answer = carol.get(f"{ROOT}/users")
    assert (*refused(answer), answer.json["errors"]) == (*NO_RIGHT, {"permission": ["system.user.read"]})


@pytest.mark.parametrize("path", ["users/1", "users/999", "users/nobody", "roles/1", "roles/999", "roles/1/users"])
def test_without_the_right_nobody_learns_what_there_is(bob: Client, path: str) -> None:
    assert refused(bob.get(f"{ROOT}/{path}")) == NO_RIGHT


def test_validation_comes_before_existence(alice: Client) -> None:
    assert errors(alice.put(f"{ROOT}/users/999", {"status": "odd"}))
    assert errors(alice.put(f"{ROOT}/roles/999", {"permissions": ["system.nothing"]}))
    assert errors(alice.get(f"{ROOT}/roles/999/users", page=0))
    assert refused(alice.put(f"{ROOT}/users/999", {})) == (404, "用户不存在")
    assert refused(alice.put(f"{ROOT}/roles/999", {})) == (404, "角色不存在")


def test_a_bug_is_told_by_its_number(alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.domain.users.search", lambda *_: 1 / 0)
    answer = alice.get(f"{ROOT}/users")
    assert refused(answer) == (500, "服务器内部错误")
    assert answer.json["request_id"] == answer.header("X-Request-Id")


def test_a_blocked_address_hears_when_to_come_back(appliance: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.domain.guard.BLOCK_AFTER", 2)
    attacker = Client(appliance, address="203.0.113.9")
    for _ in range(2):
        sign_in(attacker, "bob", "wrong")
    answer = sign_in(attacker, "bob")
    assert refused(answer) == (429, "请求过于频繁,请稍后再试")
    assert 0 < int(answer.header("Retry-After") or 0) <= 60


def test_pages_are_cut_and_echoed(alice: Client) -> None:
    page = data(alice.get(f"{ROOT}/users", page=2, page_size=3))
    assert [page["total"], page["page"], page["page_size"], len(page["users"])] == [4, 2, 3, 1]
    assert data(alice.get(f"{ROOT}/users", page_size=1000))["page_size"] == 100


@pytest.mark.parametrize("page", [2, 10**15, 2**63, 10**29])
def test_a_page_past_the_end_is_empty_however_far_it_is(alice: Client, page: int) -> None:
    for name in ("users", "roles", "permissions", "api-keys", "roles/1/users"):
        past = data(alice.get(f"{ROOT}/{name}", page=page, page_size=100))
        assert past[name.rpartition("/")[2].replace("-", "_")] == [], name
        assert past["page"] == min(page, 2**63 - 1)


def test_a_bad_page_is_told_together_with_bad_filters(alice: Client) -> None:
    answer = alice.get(f"{ROOT}/users", page=0, page_size="many", status="odd")
    assert list(errors(answer)) == ["page", "page_size", "status"]


def test_an_empty_or_unknown_parameter_counts_as_absent(alice: Client) -> None:
    assert data(alice.get(f"{ROOT}/users?page=&status=&username=&colour=red"))["total"] == 4


def test_searches_find_parts_in_any_case_and_take_wildcards_literally(appliance: App, alice: Client) -> None:
    employ(appliance, "under_score", email="Under@example.com")
    assert [row["username"] for row in data(alice.get(f"{ROOT}/users", username="R_S"))["users"]] == ["under_score"]
    assert data(alice.get(f"{ROOT}/users", username="%"))["total"] == 0
    assert data(alice.get(f"{ROOT}/users", email="UNDER@", username="under"))["total"] == 1
    assert data(alice.get(f"{ROOT}/users", email="UNDER@", username="bob"))["total"] == 0


def test_times_are_utc_without_fractions(alice: Client) -> None:
    made = data(alice.get(f"{ROOT}/roles/1"))["created_at"]
    assert made == "2025-01-01T00:00:00Z"


def test_every_changing_call_leaves_a_line_and_so_does_its_refusal(appliance: App, alice: Client, bob: Client) -> None:
    alice.put(f"{ROOT}/roles/4", {"description": "sells"})
    assert last_operation(appliance) == ("更新角色4", True)
    bob.put(f"{ROOT}/roles/4", {"description": "sells"})
    assert last_operation(appliance) == ("更新角色4", False)
    alice.post(f"{ROOT}/users", {})
    assert last_operation(appliance) == ("创建用户", False)
