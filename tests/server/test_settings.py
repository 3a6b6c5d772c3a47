"""Settings: one table, three places, every fault told at once; and a command line that helps without thinking."""

import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from appliance.kinds import Address
from appliance.settings import Faults, Settings, load


def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], env={**os.environ, **environ}, capture_output=True, text=True, timeout=30
    )


def test_a_flag_is_stronger_than_a_variable_and_a_variable_than_the_file(tmp_path: Path) -> None:
    (tmp_path / "appliance.toml").write_text("idle_limit = 1\nsession_limit = 1\ngroup_depth = 1\n")
    environ = {"APPLIANCE_IDLE_LIMIT": "2", "APPLIANCE_SESSION_LIMIT": "2", "APPLIANCE_DATA": str(tmp_path)}
    settings = load({"idle_limit": "3"}, environ)
    assert (settings.idle_limit, settings.session_limit, settings.group_depth) == (3, 2, 1)
    assert settings.connect_timeout == 10
    assert settings.data == tmp_path


def test_a_named_file_may_say_where_the_data_are(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text(f'data = "{tmp_path}/data"\ntrusted_proxies = ["10.0.0.0/8", "::1"]\n')
    settings = load({"config": str(tmp_path / "other.toml")}, {})
    assert settings.data == tmp_path / "data"
    assert [str(network) for network in settings.trusted_proxies] == ["10.0.0.0/8", "::1/128"]


def test_all_faults_are_told_at_once_each_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "appliance.toml").write_text('colour = "red"\nrecording = "perhaps"\nadmin_password = "x"\n')
    with pytest.raises(Faults) as told:
        load({"data": str(tmp_path), "listen": "jump:80", "tls_key": "x.pem"}, {"APPLIANCE_IDLE_LIMIT": "-1"})
    sentences = "\n".join(told.value.sentences)
    for place in ("colour (", "recording (", "admin_password (", "--listen: ", "APPLIANCE_IDLE_LIMIT: ", "go together"):
        assert place in sentences
    assert len(told.value.sentences) == 6


def test_settings_that_cannot_be_used_end_with_2_and_no_traceback(tmp_path: Path) -> None:
    ended = run("-m", "appliance", "serve", "--data", str(tmp_path), "--idle-limit", "soon", APPLIANCE_LISTEN="nowhere")
    assert ended.returncode == 2
    assert "--idle-limit: must be a whole number" in ended.stderr
    assert "APPLIANCE_LISTEN: must be address:port" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_broken_toml_and_a_missing_named_file_are_faults(tmp_path: Path) -> None:
    (tmp_path / "appliance.toml").write_text("idle_limit =")
    with pytest.raises(Faults, match=r"appliance\.toml"):
        load({"data": str(tmp_path)}, {})
    with pytest.raises(Faults, match="no such file"):
        load({"config": str(tmp_path / "none.toml")}, {})


def test_an_empty_variable_says_nothing_and_an_unknown_one_is_not_ours() -> None:
    assert load({}, {"APPLIANCE_LISTEN": "", "APPLIANCE_PORT_8080_TCP": "tcp://10.0.0.1:8080"}).listen.port == 8080


def test_secrets_come_from_the_environment_alone_and_leave_it() -> None:
    environ = {"APPLIANCE_MASTER_KEY": "k", "APPLIANCE_ADMIN": "alice", "APPLIANCE_ADMIN_PASSWORD": "p" * 20}
    settings = load({"admin_password": "from a flag"}, environ)
    assert (settings.master_key, settings.admin, settings.admin_password) == ("k", "alice", "p" * 20)
    assert not environ
    assert "p" * 20 not in repr(settings)


def test_a_secret_is_wiped_where_the_system_would_show_it() -> None:
    look = "from appliance.settings import load; load({}); print(open('/proc/self/environ').read())"
    shown = run("-c", look, APPLIANCE_ADMIN="alice", APPLIANCE_ADMIN_PASSWORD="hunter2hunter2").stdout
    assert "APPLIANCE_ADMIN_PASSWORD=" in shown
    assert "hunter2" not in shown


@pytest.mark.parametrize(
    ("given", "on"),
    [
        ({}, False),
        ({"listen": "[::1]:8443"}, False),
        ({"listen": "0.0.0.0:8443"}, True),
        ({"listen": "[::]:8443"}, True),
        ({"listen": "192.0.2.1:8443"}, True),
        ({"listen": "0.0.0.0:8443", "plain_http": "yes"}, False),
        ({"tls_certificate": "a.pem", "tls_key": "b.pem"}, True),
    ],
)
def test_tls_is_on_wherever_others_can_reach_us(given: dict[str, str], on: bool) -> None:
    assert load(given, {}).tls is on


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("listen", "127.0.0.1"),
        ("listen", "127.0.0.1:65536"),
        ("listen", "example.com:80"),
        ("data", ""),
        ("trusted_proxies", "10.0.0.0/33"),
        ("host_names", "https://jump.example.com"),
        ("host_names", "jump.example.com:8080"),
        ("allowed_origins", "jump.example.com"),
        ("allowed_origins", "https://jump.example.com/path"),
        ("allowed_origins", "null"),
        ("access_life", "12h"),
        ("access_life", "٣٦٠٠٠ s"),
        ("session_limit", "0"),
        ("group_depth", True),
        ("password_rules", "none"),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../../etc/passwd"),
        ("recording", "maybe"),
        ("log_file", 5),
    ],
)
def test_what_a_setting_cannot_be_is_refused(name: str, value: object) -> None:
    with pytest.raises(Faults):
        load({name: value}, {})


def test_names_are_read_as_browsers_send_them() -> None:
    settings = load({"host_names": "Jump.Example.com., [2001:db8::1]", "allowed_origins": "HTTPS://Portal:8443/"}, {})
    assert settings.host_names == ("jump.example.com", "2001:db8::1")
    assert settings.allowed_origins == ("https://portal:8443",)
    assert load({"listen": "localhost:0"}, {}).listen == Address("127.0.0.1", 0)


def test_the_default_zone_is_known_even_where_no_zone_files_are() -> None:
    shown = run(
        "-c", "from appliance.settings import Settings; print(Settings().zone.utcoffset(None))", PYTHONTZPATH=""
    )
    assert shown.stdout.strip() == "8:00:00"


def test_help_shows_every_setting_with_its_default() -> None:
    shown = " ".join(run("-m", "appliance", "serve", "--help").stdout.split())
    for setting in fields(Settings):
        name = setting.name if not setting.metadata["secret"] else f"APPLIANCE_{setting.name.upper()}"
        assert name.replace("_", "-") in shown or name in shown
        assert setting.metadata["meaning"] in shown
    assert "[127.0.0.1:8080]" in shown
    assert "[43200]" in shown


@pytest.mark.parametrize(
    "arguments", [["--help"], ["serve", "--help"], ["admin", "--help"], ["version"], ["--version"]]
)
def test_help_comes_at_once_and_loads_nothing_heavy(arguments: list[str]) -> None:
    loaded = run("-X", "importtime", "-m", "appliance", *arguments)
    assert loaded.returncode == 0
    heavy = ("gevent", "sqlalchemy", "paramiko", "cryptography", "bottle", "orjson", "dataset", "alembic")
    assert not [name for name in heavy if f" {name}\n" in loaded.stderr]
    before = os.times().children_user
    run("-m", "appliance", *arguments)
    assert os.times().children_user - before < 0.3
