"""Which addresses a terminal may go to (A45)."""

from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest

from appliance import interfaces
from appliance.domain import targets
from appliance.kinds import Address
from appliance.remote import ssh
from appliance.settings import Settings

NEVER = [
    *("0.0.0.0", "0.1.2.3", "255.255.255.255", "224.0.0.1", "169.254.169.254", "169.254.0.1", "100.100.100.200"),  # noqa: S104
    *("::", "ff02::1", "fe80::1", "fe80::1%eth0", "fd00:ec2::254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"),
]
OUR_OWN = ["127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"]
OTHERS = ["10.0.0.1", "192.168.1.1", "172.16.0.1", "8.8.8.8", "2001:db8::1", "fd12:3456::1", "::ffff:10.0.0.1"]
PORT = 8443


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path, listen=Address("127.0.0.1", PORT))


@pytest.mark.parametrize("text", NEVER)
@pytest.mark.parametrize("loopback", [False, True])
def test_nobody_lives_there(settings: Settings, text: str, loopback: bool) -> None:
    assert not targets.allowed(ip_address(text), 22, replace(settings, loopback_targets=loopback))


@pytest.mark.parametrize("text", OUR_OWN)
def test_this_machine_is_open_by_setting_only(settings: Settings, text: str) -> None:
    assert not targets.allowed(ip_address(text), 22, settings)
    assert targets.allowed(ip_address(text), 22, replace(settings, loopback_targets=True))


@pytest.mark.parametrize("text", OTHERS)
def test_other_machines_are_what_it_is_for(settings: Settings, text: str) -> None:
    assert targets.allowed(ip_address(text), 22, settings)


def test_our_own_port_is_no_target_on_any_of_our_addresses(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interfaces, "addresses", lambda: ("127.0.0.1", "10.0.0.5"))
    assert not targets.allowed(ip_address("10.0.0.5"), PORT, settings)
    assert not targets.allowed(ip_address("::ffff:10.0.0.5"), PORT, settings)
    assert targets.allowed(ip_address("10.0.0.5"), 22, settings)
    assert targets.allowed(ip_address("10.0.0.6"), PORT, settings)
    assert targets.allowed(ip_address("10.0.0.5"), PORT, replace(settings, loopback_targets=True))


@pytest.mark.parametrize("text", ["localhost", "127.1", "2130706433", "0x7f.1", "example.com", ""])
def test_a_name_is_judged_when_it_is_resolved(text: str) -> None:
    assert targets.literal(text) is None


def test_what_no_network_leads_to_has_its_sentence() -> None:
    with pytest.raises(ssh.NoRoute, match="网络不可达"):
        ssh.reach(ip_address("255.255.255.255"), 22)  # refused by this machine's own kernel: nothing is sent
