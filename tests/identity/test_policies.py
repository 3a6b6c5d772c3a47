"""Sign-in policy of roles: where and when their members may sign in, and who may say so."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from appliance import admin, clock
from appliance.app import App
from appliance.domain import policies
from tests.client import Answer, Client
from tests.conftest import PASSWORD, signed_in
from tests.identity.calls import ROOT, USER, data, errors, refused, sign_in
from tests.ptpb.people import alter, employ, last_operation, later, row, rows

NOTHING = {"allowed_addresses": [], "denied_addresses": [], "hours": [], "mfa_required": False}
OFFICE = {"days": [1, 2, 3, 4, 5], "from": "09:00", "to": "18:00"}
ELSEWHERE = (401, "IP地址不在允许范围内")
SHUT_OUT = (409, "该策略会使所有管理员都无法从当前地址、在当前时间登录")
FAR = ["203.0.113.0/24"]
MONDAY_NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)  # 12:00 in Shanghai


def policy(client: Client, role: str = "shop") -> dict[str, Any]:
    return data(client.get(f"{ROOT}/roles/{role}/policy"))


def put(client: Client, role: str = "shop", **changes: Any) -> Answer:
    return client.call("PUT", f"{ROOT}/roles/{role}/policy", body=changes)


def from_address(app: App, address: str, login: str = "bob") -> Answer:
    return sign_in(Client(app, address=address), login)


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: moment)


# --- saying it -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["4", "shop", "SHOP", "shopkeeper"])
def test_a_role_without_a_policy_asks_for_nothing(alice: Client, role: str) -> None:
    assert policy(alice, role) == NOTHING


def test_what_is_absent_stays(alice: Client) -> None:
    assert data(put(alice, allowed_addresses=["10.0.0.0/8"])) == NOTHING | {"allowed_addresses": ["10.0.0.0/8"]}
    data(put(alice, hours=[OFFICE]))
    data(put(alice, mfa_required=True))
    data(put(alice))
    wanted = NOTHING | {"allowed_addresses": ["10.0.0.0/8"], "hours": [OFFICE], "mfa_required": True}
    assert policy(alice) == wanted
    assert policy(alice, "user") == NOTHING


def test_it_is_kept_in_the_usual_spelling(alice: Client) -> None:
    put(alice, denied_addresses=["10.1.2.3/8", " 10.0.0.1/32 ", "2001:DB8::/32", "10.0.0.0/8"])
    assert policy(alice)["denied_addresses"] == ["10.0.0.0/8", "10.0.0.1", "2001:db8::/32"]
    put(alice, hours=[{"days": [5, 1, 5], "from": "22:00", "to": "24:00"}])
    assert policy(alice)["hours"] == [{"days": [1, 5], "from": "22:00", "to": "24:00"}]


def test_it_is_on_record(appliance: App, alice: Client) -> None:
    put(alice, denied_addresses=["10.0.0.0/8"])
    put(alice, denied_addresses=[])
    assert last_operation(appliance) == ("修改角色shop的登录策略", True)
    change = rows(appliance, "operations")[-1].details[0]
    assert (change["old"], change["new"]) == ({"denied_addresses": ["10.0.0.0/8"]}, {"denied_addresses": []})


BAD = [
    ({"allowed_addresses": ["nowhere", "10.0.0.0/33"]}, {"allowed_addresses.0", "allowed_addresses.1"}),
    ({"allowed_addresses": "10.0.0.0/8", "denied_addresses": [7]}, {"allowed_addresses", "denied_addresses.0"}),
    ({"allowed_addresses": [f"10.0.0.{n}" for n in range(101)]}, {"allowed_addresses"}),
    ({"hours": [OFFICE] * 21}, {"hours"}),
    ({"hours": {}}, {"hours"}),
    ({"hours": [{}]}, {"hours.0.days", "hours.0.from", "hours.0.to"}),
    ({"hours": [OFFICE, OFFICE | {"days": []}]}, {"hours.1.days"}),
    ({"hours": [OFFICE | {"days": [0]}]}, {"hours.0.days"}),
    ({"hours": [OFFICE | {"days": [8]}]}, {"hours.0.days"}),
    ({"hours": [OFFICE | {"days": [None]}]}, {"hours.0.days"}),
    ({"hours": [OFFICE | {"days": [True]}]}, {"hours.0.days"}),
    ({"hours": [OFFICE | {"days": ["1"]}]}, {"hours.0.days"}),
    ({"hours": [OFFICE | {"from": "24:00"}]}, {"hours.0.from"}),
    ({"hours": [OFFICE | {"from": "9:00", "to": "18:60"}]}, {"hours.0.from", "hours.0.to"}),
    ({"hours": [OFFICE | {"to": "09:00"}]}, {"hours.0.to"}),
    ({"mfa_required": "yes", "denied_addresses": None}, {"mfa_required", "denied_addresses"}),
]


@pytest.mark.parametrize(("sent", "fields"), BAD)
def test_every_fault_is_told_and_nothing_is_changed(alice: Client, sent: dict[str, Any], fields: set[str]) -> None:
    assert set(errors(put(alice, **sent))) == fields
    assert policy(alice) == NOTHING


def test_who_may_read_and_change_it(appliance: App, bob: Client, carol: Client) -> None:
    reader = employ(appliance, "reader", "system.role.read", "user.profile.read")
    assert policy(reader) == NOTHING
    assert refused(put(reader, mfa_required=True)) == (403, "权限不足")
    for client in (bob, carol):
        assert client.get(f"{ROOT}/roles/shop/policy").status == put(client, mfa_required=True).status == 403


def test_nobody_shuts_out_those_who_may_more_than_he(appliance: App, alice: Client) -> None:
    helper = employ(appliance, "helper", "system.role.update", "user.profile.read")
    beyond = (403, "无权操作超出自身权限的对象")
    assert refused(put(helper, "admin", mfa_required=True)) == beyond
    assert refused(put(helper, "shop", mfa_required=True)) == beyond
    own = row(appliance, "roles", name="role of helper").id
    assert data(put(helper, str(own), allowed_addresses=FAR))["allowed_addresses"] == FAR
    assert policy(alice, "admin") == policy(alice, "shop") == NOTHING


def test_there_is_no_policy_of_a_role_that_is_not_there(alice: Client) -> None:
    assert refused(alice.get(f"{ROOT}/roles/99/policy")) == refused(put(alice, "nobody")) == (404, "角色不存在")


# --- from where ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("10.1.2.3", True),
        ("10.9.0.1", False),
        ("10.9.0.2", True),
        ("11.0.0.1", False),
        ("2001:db8::7", True),
        ("2001:db9::7", False),
        ("::ffff:10.1.2.3", True),
        ("::ffff:10.9.0.1", False),
    ],
)
def test_denied_addresses_win_over_allowed_ones(appliance: App, alice: Client, address: str, good: bool) -> None:
    put(alice, allowed_addresses=["10.0.0.0/8", "2001:db8::/32"], denied_addresses=["10.9.0.1"])
    answer = from_address(appliance, address)
    assert answer.status == 200 if good else refused(answer) == ELSEWHERE


def test_denied_addresses_alone_leave_all_others(appliance: App, alice: Client) -> None:
    put(alice, denied_addresses=["10.0.0.0/8"])
    assert (from_address(appliance, "10.0.0.1").status, from_address(appliance, "127.0.0.1").status) == (401, 200)


def test_a_forwarded_address_opens_nothing(appliance: App, alice: Client) -> None:
    put(alice, allowed_addresses=["10.0.0.0/8"])
    headers = {"X-Forwarded-For": "10.0.0.1", "X-Real-Ip": "10.0.0.1", "Forwarded": "for=10.0.0.1"}
    body = {"username": "bob", "password": PASSWORD}
    assert refused(Client(appliance).post(f"{ROOT}/login", body, **headers)) == ELSEWHERE


def test_it_holds_at_every_door(appliance: App, alice: Client, stranger: Client) -> None:
    put(alice, allowed_addresses=FAR)
    answer = stranger.post("/api/rbac/login/", {"account": "bob", "password": PASSWORD})
    assert (answer.status, answer.detail) == (403, "用户被禁用，请及时联系管理员")
    assert rows(appliance, "login_records")[-1].reason == "address"


def test_only_the_right_password_hears_of_it(alice: Client, stranger: Client) -> None:
    put(alice, allowed_addresses=FAR)
    wrong, unknown = sign_in(stranger, "bob", "not the password"), sign_in(stranger, "nobody")
    assert (wrong.status, wrong.body) == (unknown.status, unknown.body)


def test_every_role_of_a_user_binds_him(appliance: App, alice: Client) -> None:
    put(alice, "shop", allowed_addresses=["10.0.0.0/8"])
    put(alice, "user", denied_addresses=["10.1.0.0/16"])
    assert [from_address(appliance, address).status for address in ("10.0.0.1", "10.1.0.1")] == [200, 401]


def test_it_binds_nobody_else(appliance: App, alice: Client) -> None:
    put(alice, allowed_addresses=FAR)
    assert from_address(appliance, "127.0.0.1", "carol").status == 200


def test_a_role_that_is_switched_off_binds_nobody(appliance: App, alice: Client) -> None:
    put(alice, allowed_addresses=FAR)
    alter(appliance, "roles", 4, enabled=False)
    assert from_address(appliance, "127.0.0.1").status == 200


def test_a_role_takes_its_policy_with_it(appliance: App, alice: Client) -> None:
    put(alice, allowed_addresses=FAR)
    data(alice.call("DELETE", f"{ROOT}/roles/shop?force=true"))
    assert rows(appliance, "role_policies") == []
    assert from_address(appliance, "127.0.0.1").status == 200


# --- when ------------------------------------------------------------------------------------------------------------


NIGHT = {"days": [5], "from": "22:00", "to": "06:00"}
WHOLE_DAY = {"days": [7], "from": "00:00", "to": "24:00"}
EVENING = {"days": [1], "from": "20:00", "to": "24:00"}


@pytest.mark.parametrize(
    ("spans", "day", "hour", "minute", "good"),
    [
        ([], 1, 3, 0, True),
        ([OFFICE], 1, 9, 0, True),
        ([OFFICE], 1, 8, 59, False),
        ([OFFICE], 5, 17, 59, True),
        ([OFFICE], 5, 18, 0, False),
        ([OFFICE], 6, 12, 0, False),
        ([NIGHT], 5, 22, 0, True),
        ([NIGHT], 6, 5, 59, True),
        ([NIGHT], 6, 6, 0, False),
        ([NIGHT], 5, 5, 0, False),
        ([NIGHT], 6, 23, 0, False),
        ([NIGHT | {"days": [7]}], 1, 1, 0, True),
        ([WHOLE_DAY], 7, 0, 0, True),
        ([WHOLE_DAY], 7, 23, 59, True),
        ([WHOLE_DAY], 1, 0, 0, False),
        ([EVENING], 1, 23, 59, True),
        ([EVENING], 2, 0, 0, False),
        ([OFFICE, WHOLE_DAY], 7, 3, 0, True),
    ],
)
def test_spans_are_counted_by_the_day_they_begin_on(spans: list[Any], day: int, hour: int, minute: int, good: bool):
    local = datetime(2026, 3, day + 1, hour, minute, tzinfo=UTC)  # the first of March was a Sunday
    assert local.isoweekday() == day
    assert policies.allows_moment(spans, local) is good


@pytest.mark.parametrize(("utc_hour", "good"), [(0, False), (1, True), (9, True), (10, False)])
def test_hours_are_those_of_the_configured_zone(
    appliance: App, alice: Client, monkeypatch: pytest.MonkeyPatch, utc_hour: int, good: bool
) -> None:
    data(put(alice, hours=[OFFICE]))
    at(monkeypatch, MONDAY_NOON.replace(hour=utc_hour))
    answer = from_address(appliance, "127.0.0.1")
    assert answer.status == 200 if good else refused(answer) == ELSEWHERE


@pytest.mark.parametrize("settings", [{"time_zone": "Europe/Berlin"}])
@pytest.mark.parametrize(("month", "utc_hour"), [(3, 8), (4, 7)])
def test_hours_follow_summer_time(
    appliance: App, alice: Client, monkeypatch: pytest.MonkeyPatch, month: int, utc_hour: int
) -> None:
    data(put(alice, hours=[OFFICE | {"days": [1, 2, 3, 4, 5, 6, 7]}]))
    for hour, status in ((utc_hour - 1, 401), (utc_hour, 200)):
        at(monkeypatch, datetime(2026, month, 10, hour, 30, tzinfo=UTC))
        assert datetime(2026, month, 10, utc_hour, tzinfo=UTC).astimezone(ZoneInfo("Europe/Berlin")).hour == 9
        assert from_address(appliance, "127.0.0.1").status == status


# --- at refresh ------------------------------------------------------------------------------------------------------


def pair(client: Client) -> dict[str, str]:
    return client.post("/api/rbac/login/", {"account": "bob", "password": PASSWORD}).json["token"]


def test_it_holds_at_refresh_in_every_dialect_while_the_token_goes_on(appliance: App, alice: Client) -> None:
    stranger = Client(appliance, address="10.0.0.1")
    tokens = pair(stranger)
    put(alice, denied_addresses=["10.0.0.0/8"])
    assert stranger.post("/api/rbac/refresh/", {"refresh": tokens["refresh"]}).status == 400
    for token in tokens.values():
        assert refused(stranger.post(f"{ROOT}/refresh", {"token": token})) == (401, "Token已失效,请重新登录")
    assert Client(appliance, tokens["access"], "10.0.0.1").get("/api/rbac/user/detail/").status == 200


def test_hours_hold_at_refresh(appliance: App, alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, MONDAY_NOON)
    tokens = pair(Client(appliance))
    data(put(signed_in(appliance, "alice"), hours=[OFFICE]))
    at(monkeypatch, MONDAY_NOON.replace(hour=11))
    assert Client(appliance).post("/api/rbac/refresh/", {"refresh": tokens["refresh"]}).status == 400
    at(monkeypatch, MONDAY_NOON.replace(day=3))
    assert Client(appliance).post("/api/rbac/refresh/", {"refresh": tokens["refresh"]}).status == 200


def test_a_stolen_token_that_is_replayed_from_elsewhere_ends_the_sign_in_all_the_same(
    appliance: App, alice: Client, stranger: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = pair(stranger)["refresh"]
    fresh = stranger.post("/api/rbac/refresh/", {"refresh": old}).json["token"]["access"]
    put(alice, denied_addresses=["10.0.0.0/8"])
    later(monkeypatch, seconds=11)
    assert Client(appliance, address="10.0.0.1").post("/api/rbac/refresh/", {"refresh": old}).status == 400
    assert Client(appliance, fresh).get("/api/rbac/user/detail/").status == 401


# --- shutting oneself out --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"allowed_addresses": FAR},
        {"denied_addresses": ["127.0.0.0/8"]},
        {"denied_addresses": ["0.0.0.0/0", "::/0"]},
        {"hours": [OFFICE | {"days": [7]}]},
        {"hours": [OFFICE | {"from": "13:00"}]},
    ],
)
def test_no_policy_keeps_every_administrator_out(
    appliance: App, alice: Client, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    at(monkeypatch, MONDAY_NOON)
    alice = signed_in(appliance, "alice")
    assert refused(put(alice, "admin", **change)) == SHUT_OUT
    assert policy(alice, "admin") == NOTHING
    assert last_operation(appliance) == ("修改角色admin的登录策略", False)


def test_where_one_is_now_may_be_the_only_place(appliance: App, alice: Client) -> None:
    data(put(alice, "admin", allowed_addresses=["127.0.0.0/8"]))
    assert from_address(appliance, "10.0.0.1", "alice").status == 401
    assert from_address(appliance, "127.0.0.1", "alice").status == 200


def test_one_administrator_who_stays_is_enough(appliance: App, alice: Client) -> None:
    data(alice.post(f"{ROOT}/roles", {"name": "keeper", "permissions": ["admin"]}))
    data(alice.post(f"{ROOT}/users", {**USER, "roles": ["keeper"]}))
    assert put(alice, "admin", allowed_addresses=FAR).status == 200
    assert refused(put(alice, "keeper", allowed_addresses=FAR)) == SHUT_OUT


def test_the_console_lets_an_administrator_in_from_everywhere(appliance: App, alice: Client) -> None:
    data(put(alice, "admin", allowed_addresses=["127.0.0.0/8"], mfa_required=True))
    admin.unlock(appliance.store, "alice")
    assert from_address(appliance, "10.0.0.1", "alice").status == 200
    assert row(appliance, "role_policies", role_id=1).second_factor is True


def test_the_console_forgets_from_where_an_administrators_account_may_be_used(appliance: App) -> None:
    for ident in (1, 2):
        alter(appliance, "users", ident, allowed_addresses=FAR)
    admin.unlock(appliance.store, "alice")
    admin.unlock(appliance.store, "bob")
    assert from_address(appliance, "127.0.0.1", "alice").status == 200
    assert refused(from_address(appliance, "127.0.0.1", "bob")) == ELSEWHERE


def test_the_console_leaves_the_policies_of_others(appliance: App, alice: Client) -> None:
    data(put(alice, "shop", allowed_addresses=FAR))
    admin.unlock(appliance.store, "bob")
    assert policy(signed_in(appliance, "alice"))["allowed_addresses"] == FAR
