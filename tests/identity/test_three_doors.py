"""One account behind three doors: what is shown, counted or due at one holds at the others."""

from collections.abc import Callable

import pytest

from appliance.app import App
from appliance.domain import guard
from tests.client import Answer, Client
from tests.conftest import PASSWORD, signed_in
from tests.identity.phone import Phone, enrolled
from tests.ptpb.people import alter, rows

Door = Callable[..., Answer]


def ptpb(client: Client, login: str = "bob", password: str = PASSWORD, code: str = "") -> Answer:
    return client.post("/api/rbac/login/", {"account": login, "password": password, "otp_code": code})


def identity(client: Client, login: str = "bob", password: str = PASSWORD, code: str = "") -> Answer:
    return client.post("/api/v1/auth/login", {"username": login, "password": password, "otp_code": code})


def ipam(client: Client, login: str = "bob", password: str = PASSWORD, code: str = "") -> Answer:
    return client.post("/api/login", {"username": login, "password": password, "otp_code": code})


DOORS: list[Door] = [ptpb, identity, ipam]
each_door = pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)


@pytest.fixture(autouse=True)
def without_captcha(alice: Client) -> None:
    """Or the door of the address book would ask for one after three failures, and no longer count."""
    assert alice.put("/api/config/registration", {"captcha_mode": "off"}).status == 200


@pytest.fixture
def phone(bob: Client) -> Phone:
    return enrolled(bob)


@each_door
def test_without_its_code_a_second_factor_lets_nobody_in(stranger: Client, phone: Phone, door: Door) -> None:
    for code in ("", "000000"):
        answer = door(stranger, code=code)
        assert answer.status == 401
        assert b"eyJ" not in answer.body


@each_door
def test_a_code_spent_at_one_door_opens_no_other(stranger: Client, phone: Phone, door: Door) -> None:
    code = phone.code()
    assert door(stranger, code=code).status == 200
    assert [other(stranger, code=code).status for other in DOORS] == [401] * 3
    assert door(stranger, code=phone.recovery_codes[0]).status == 200
    assert [other(stranger, code=phone.recovery_codes[0]).status for other in DOORS] == [401] * 3


@each_door
def test_what_failed_at_other_doors_locks_every_door(appliance: App, door: Door) -> None:
    for number in range(guard.LOCK_AFTER):
        failing = [one for one in DOORS if one is not door][number % 2]
        failing(Client(appliance, address=f"203.0.113.{number}"), password="wrong")
    assert [one(Client(appliance, address="198.51.100.1")).status for one in DOORS] == [401] * 3


@each_door
def test_a_blocked_address_is_blocked_at_every_door(appliance: App, stranger: Client, door: Door) -> None:
    with appliance.store.writing() as tx:
        for _ in range(guard.BLOCK_AFTER):
            guard.strike(tx, "address", "127.0.0.1", guard.BLOCK_AFTER, guard.BLOCK_WITHIN)
    answer = door(stranger)
    assert answer.status == 429
    assert int(answer.header("Retry-After") or 0) > 0


@each_door
def test_every_door_is_in_the_one_log(appliance: App, stranger: Client, door: Door) -> None:
    door(stranger, password="wrong")
    door(stranger)
    lines = [(one.login, one.succeeded, one.dialect) for one in rows(appliance, "login_records")]
    assert lines == [("bob", False, door.__name__), ("bob", True, door.__name__)]


OWN = ["GET /api/rbac/user/detail/", "GET /api/v1/auth/users/2", "GET /api/profile"]
OTHERS = ["GET /api/rbac/routes/", "GET /api/v1/auth/permissions", "GET /api/units", "GET /api/users"]


def test_until_a_forced_change_of_password_only_the_own_profile_is_open(appliance: App) -> None:
    bob = signed_in(appliance, "bob")
    alter(appliance, "users", 2, must_change_password=True)
    assert [bob.call(*call.split()).status for call in OWN] == [200] * len(OWN)
    assert [bob.call(*call.split()).status for call in OTHERS] == [403] * len(OTHERS)


def change_ptpb(client: Client) -> Answer:
    words = {"old_password": PASSWORD, "new_password": "Fresh-words-1"}
    return client.post("/api/rbac/user/reset_password/", words)


def change_identity(client: Client) -> Answer:
    return client.put("/api/v1/auth/users/2/password", {"current_password": PASSWORD, "new_password": "Fresh-words-1"})


def change_ipam(client: Client) -> Answer:
    return client.put("/api/profile", {"old_password": PASSWORD, "new_password": "Fresh-words-1"})


@pytest.mark.parametrize("change", [change_ptpb, change_identity, change_ipam])
def test_a_forced_change_of_password_is_done_in_any_dialect(
    appliance: App, stranger: Client, change: Callable[[Client], Answer]
) -> None:
    bob = signed_in(appliance, "bob")
    alter(appliance, "users", 2, must_change_password=True)
    answer = change(bob)
    assert answer.status == 200, answer.body
    assert bob.get("/api/rbac/user/detail/").status == 401
    again = Client(appliance, ptpb(stranger, password="Fresh-words-1").json["token"]["access"])
    assert again.get("/api/rbac/routes/").status == 200
