"""Sign-in, captcha, sign-out, one's own profile."""

from typing import Any

import pytest

from appliance.app import App
from appliance.domain import captcha
from tests.client import Answer, Client
from tests.conftest import PASSWORD, signed_in
from tests.ipam.calls import rows
from tests.ptpb.people import later


def sign_in(client: Client, username: str, password: str = PASSWORD, **more: Any) -> Answer:
    return client.post("/api/login", {"username": username, "password": password, **more})


def refused(answer: Answer) -> tuple[int, str, str]:
    return answer.status, answer.json["error"]["code"], answer.json["message"]


def fail(client: Client, times: int, username: str = "bob") -> None:
    for _ in range(times):
        assert sign_in(client, username, "wrong").status == 401


def solved(app: App, client: Client) -> dict[str, str]:
    """A captcha with what it shows."""
    ident = client.get("/api/captcha").json["data"]["captcha_id"]
    return {"captcha_id": ident, "captcha_code": captcha.memory(app.store).shown[ident].text.lower()}


def test_a_sign_in_gives_a_token_and_whose_it_is(appliance: App, stranger: Client) -> None:
    answer = sign_in(stranger, "alice")
    assert (answer.status, answer.json["message"]) == (200, "登录成功")
    data = answer.json["data"]
    whose = {"id": 1, "username": "alice", "nickname": "管理员", "role": "admin", "roles": ["admin"]}
    assert (data["user"], data["first_login"], data["must_change_password"]) == (whose, True, False)
    assert Client(appliance, data["token"]).get("/api/profile").json["data"]["username"] == "alice"


def test_the_second_visit_is_not_the_first(stranger: Client) -> None:
    sign_in(stranger, "alice")
    assert sign_in(stranger, "alice").json["data"]["first_login"] is False


def test_a_captcha_sent_while_none_is_wanted_is_not_judged(stranger: Client) -> None:
    assert sign_in(stranger, "alice", captcha_id="captcha_abc123", captcha_code="abcd").status == 200


def test_unknown_and_wrong_hear_the_same(stranger: Client) -> None:
    wrong, unknown = sign_in(stranger, "bob", "wrong"), sign_in(stranger, "nobody", "wrong")
    assert refused(wrong) == refused(unknown) == (401, "UNAUTHORIZED", "用户名或密码错误")


def test_what_is_missing_is_named(stranger: Client) -> None:
    answer = stranger.post("/api/login", {})
    assert refused(answer)[:2] == (400, "INVALID_PARAMETER")
    assert answer.json["error"]["details"] == {"username": "不能为空", "password": "不能为空"}


def test_after_three_failures_a_captcha_is_wanted_even_with_the_right_password(stranger: Client) -> None:
    fail(stranger, 3)
    answer = sign_in(stranger, "bob")
    assert refused(answer)[:2] == (400, "INVALID_PARAMETER")
    assert answer.json["error"]["details"] == {"captcha_code": "请输入验证码"}
    assert answer.json["data"] == {"captcha_required": True}


def test_failures_of_a_name_count_from_everywhere(appliance: App) -> None:
    fail(Client(appliance, address="10.1.1.1"), 3)
    elsewhere = Client(appliance, address="10.1.1.2")
    assert sign_in(elsewhere, "BOB").status == 400
    assert sign_in(elsewhere, "alice").status == 200


def test_a_quarter_of_an_hour_later_none_is_wanted(stranger: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    fail(stranger, 3)
    later(monkeypatch, minutes=16)
    assert sign_in(stranger, "bob").status == 200


def test_a_captcha_that_was_read_opens_the_door_whatever_its_case(appliance: App, stranger: Client) -> None:
    fail(stranger, 3)
    assert sign_in(stranger, "bob", **solved(appliance, stranger)).status == 200


def test_a_captcha_is_spent_by_a_wrong_try(appliance: App, stranger: Client) -> None:
    fail(stranger, 3)
    right = solved(appliance, stranger)
    wrong = sign_in(stranger, "bob", **right | {"captcha_code": "????"})
    assert refused(wrong) == (400, "CAPTCHA_INVALID", "验证码错误或已过期")
    assert refused(sign_in(stranger, "bob", **right))[1] == "CAPTCHA_INVALID"


def test_a_captcha_does_not_help_a_wrong_password(appliance: App, stranger: Client) -> None:
    fail(stranger, 3)
    assert sign_in(stranger, "bob", "wrong", **solved(appliance, stranger)).status == 401


def test_a_captcha_lives_five_minutes(appliance: App, stranger: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    fail(stranger, 3)
    right, past = solved(appliance, stranger), captcha.monotonic() + 301
    monkeypatch.setattr(captcha, "monotonic", lambda: past)
    assert refused(sign_in(stranger, "bob", **right))[1] == "CAPTCHA_INVALID"


def test_always_and_off_are_obeyed(alice: Client, stranger: Client) -> None:
    alice.put("/api/config/registration", {"captcha_mode": "always"})
    assert sign_in(stranger, "bob").status == 400
    alice.put("/api/config/registration", {"captcha_mode": "off"})
    fail(stranger, 4)
    assert sign_in(stranger, "bob").status == 200


def test_a_captcha_is_a_picture_and_does_not_tell(appliance: App, stranger: Client) -> None:
    data = stranger.get("/api/captcha").json["data"]
    assert list(data) == ["captcha_id", "image"]
    assert data["image"].startswith("data:image/png;base64,iVBORw0KGgo")


def test_thirty_captchas_a_minute_are_enough(stranger: Client) -> None:
    answers = [stranger.get("/api/captcha") for _ in range(31)]
    assert [answer.status for answer in answers] == [200] * 30 + [429]
    assert int(answers[-1].header("Retry-After") or 0) > 0


def test_a_blocked_address_is_told_so_whatever_it_brings(appliance: App, alice: Client, stranger: Client) -> None:
    alice.put("/api/config/registration", {"captcha_mode": "off"})
    for number in range(20):
        sign_in(stranger, f"nobody{number}", "wrong")
    answer = sign_in(stranger, "bob")
    assert refused(answer) == (429, "RATE_LIMITED", "请求过于频繁")
    assert answer.header("Retry-After")


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"enabled": False}, "账号已停用"),
        ({"pending": True}, "账号待审核"),
        ({"allowed_addresses": ["10.9.9.9"]}, "IP地址不在允许范围内"),
    ],
)
def test_the_standing_is_told_after_a_right_password(
    appliance: App, bob: Client, stranger: Client, columns: dict[str, Any], sentence: str
) -> None:
    with appliance.store.writing() as tx:
        tx.change("users", bob.id, **columns)
    assert refused(sign_in(stranger, "bob")) == (403, "FORBIDDEN", sentence)
    assert refused(sign_in(stranger, "bob", "wrong"))[0] == 401


def test_signing_out_ends_the_token_in_every_dialect(bob: Client) -> None:
    answer = bob.post("/api/logout")
    assert (answer.status, answer.json) == (200, {"code": 200, "message": "注销成功", "data": {}})
    assert bob.get("/api/profile").status == 401
    assert bob.get("/api/rbac/user/detail/").status == 401


def test_the_profile_names_groups_rights_and_role(alice: Client, bob: Client) -> None:
    group = alice.post("/api/user-groups", {"name": "north", "user_ids": [bob.id]}).json["data"]
    data = bob.get("/api/profile").json["data"]
    assert (data["role"], data["roles"], data["status"]) == ("operator", ["operator", "shop"], "active")
    assert data["groups"] == [{"id": group["id"], "name": "north"}]
    assert {"read", "write", "ipam.core.write"} <= set(data["permissions"])


def test_one_changes_his_own_name_and_nothing_more(bob: Client) -> None:
    body = {"nickname": "Bob", "email": "bob@example.com", "role": "admin", "status": "disabled", "id": 1}
    data = bob.put("/api/profile", body).json["data"]
    assert (data["id"], data["nickname"], data["email"], data["role"]) == (bob.id, "Bob", "bob@example.com", "operator")


def test_a_new_password_needs_the_old_one_and_ends_all_tokens(appliance: App, bob: Client, stranger: Client) -> None:
    assert bob.put("/api/profile", {"new_password": "brand new 1"}).status == 400
    wrong = bob.put("/api/profile", {"old_password": "no", "new_password": "brand new 1"})
    assert wrong.json["error"]["details"] == {"old_password": "原密码错误"}
    assert bob.put("/api/profile", {"old_password": PASSWORD, "new_password": "brand new 1"}).status == 200
    assert bob.get("/api/profile").status == 401
    assert sign_in(stranger, "bob", "brand new 1").status == 200


def test_the_log_shows_sign_ins_and_sign_outs_with_their_captcha(
    appliance: App, stranger: Client, alice: Client
) -> None:
    fail(stranger, 3)
    token = sign_in(stranger, "bob", **solved(appliance, stranger)).json["data"]["token"]
    Client(appliance, token).post("/api/logout")
    found = rows(alice, "login-logs")
    assert [(row["login_type"], row["status"], row["captcha_used"]) for row in found[:3]] == [
        ("logout", "success", False),
        ("login", "success", True),
        ("login", "failed", False),
    ]
    assert found[2]["message"] == "密码错误"


def test_everybody_reads_his_own_lines_of_the_log(appliance: App, stranger: Client) -> None:
    for name in ("bob", "carol", "mallory"):
        sign_in(stranger, name)
    assert {row["username"] for row in rows(signed_in(appliance, "bob"), "login-logs")} == {"bob"}
    assert {row["username"] for row in rows(signed_in(appliance, "carol"), "login-logs")} == {"bob", "carol", "mallory"}
    assert signed_in(appliance, "bob").get("/api/login-logs/count").json["data"] == {"count": 1, "total": 1}


def test_deleting_the_log_is_for_administrators_and_leaves_a_line(appliance: App, alice: Client, carol: Client) -> None:
    sign_in(Client(appliance), "bob")
    assert carol.call("DELETE", "/api/login-logs", body={"ids": [1]}).status == 403
    assert alice.call("DELETE", "/api/login-logs", body={"before": "2100-01-01"}).json["data"] == {"deleted": 1}
    with appliance.store.reading() as tx:
        line = list(tx["operations"].find(operation="删除登录日志"))[-1]
    assert line["details"][-1]["deleted"] == 1
