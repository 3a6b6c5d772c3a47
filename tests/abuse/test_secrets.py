"""Whatever was secret in a day's work is in no file of the appliance afterwards: not in its log, not in its data."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyotp
import pytest

from tests.conftest import PASSWORD
from tests.live import Live

AUTH = "/api/v1/auth"
GUESS, NEW, VOUCHER = "Hunter2-guess-71", "Hunter2-fresh-72", "Hunter2-voucher-73"


def data(answer: Any) -> Any:
    assert answer["code"] == 200, answer
    return answer["data"]


def a_days_work(live: Live) -> Iterator[str]:
    """Sign-ins right and wrong, people, keys, vouchers, a second factor; everything that nobody else may know."""
    yield from (PASSWORD, GUESS, NEW, VOUCHER)
    live.call("/api/rbac/login/", {"account": "alice", "password": GUESS})
    live.call(f"{AUTH}/login", {"username": "nobody", "password": GUESS})
    pair = live.call("/api/rbac/login/", {"account": "alice", "password": PASSWORD})["token"]
    alice = pair["access"]
    yield from pair.values()
    yield from live.call("/api/rbac/refresh/", {"refresh": pair["refresh"]})["token"].values()
    alice = live.sign_in("alice", PASSWORD)
    yield alice
    live.call("/api/rbac/user/add/", {"account": "erin", "password": NEW, "name": "Erin"}, alice)
    live.call("/api/rbac/user/edit/", {"id": 99, "password": NEW}, alice)
    yield data(live.call(f"{AUTH}/users/erin/reset-password", {}, alice))["temporary_password"]
    key = data(live.call(f"{AUTH}/api-keys", {"name": "k", "permissions": ["read"]}, alice))["key"]
    yield key
    live.call("/api/rbac/user/get/", token=f"ApiKey {key}")
    live.call("/api/rbac/user/del/", {"id_list": [2]}, f"ApiKey {key}")
    live.call(f"/api/rbac/user/get/?token={alice}&key={key}&password={NEW}")
    voucher = {"name": "v", "username": "root", "group": 1, "password": VOUCHER}
    live.call("/api/resource/voucher/add/", voucher, alice)
    live.call("/api/resource/voucher/edit/", {"id": 1, "password": VOUCHER + "4"}, alice)
    live.call("/api/resource/voucher/add/", voucher | {"group": 99, "private_key": VOUCHER}, alice)
    yield from a_second_factor(live)


def a_second_factor(live: Live) -> Iterator[str]:
    """Bound by bob."""
    bob = live.sign_in("bob", PASSWORD)
    begun = data(live.call(f"{AUTH}/mfa", {}, bob))
    yield begun["secret"]
    yield base64.b32decode(begun["secret"]).hex()
    confirmed = data(live.call(f"{AUTH}/mfa/confirm", {"code": pyotp.TOTP(begun["secret"]).now()}, bob))
    yield from confirmed["recovery_codes"]
    live.call("/api/rbac/login/", {"account": "bob", "password": PASSWORD, "otp_code": confirmed["recovery_codes"][0]})


@pytest.fixture(scope="module")
def secrets(live: Live) -> list[str]:
    return list(a_days_work(live))


def files(live: Live) -> dict[Path, bytes]:
    """The log, and all there is of the data."""
    found = [live.log, *(file for file in live.data.rglob("*") if file.is_file())]
    return {file: file.read_bytes() for file in found}


def test_no_secret_is_in_any_file(live: Live, secrets: list[str]) -> None:
    assert len(set(secrets)) > 20
    kept = files(live)
    assert {live.log.name, "appliance.db"} <= {file.name for file in kept}
    assert b"/api/rbac/user/get" in kept[live.log]
    found = [(file.name, text) for text in secrets for file, content in kept.items() if text.encode() in content]
    assert found == []


def test_no_secret_is_in_the_audit(live: Live, secrets: list[str]) -> None:
    token = live.sign_in("alice", PASSWORD)
    lists = [live.call(f"/api/audit/{name}/get/?all=true", token=token) for name in ("login", "opera", "session")]
    assert [one["code"] for one in lists] == [200] * 3
    assert [text for text in secrets if text in str(lists)] == []
