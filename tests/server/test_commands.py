"""The command line as operators type it, on data of their own and beside a running appliance."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance import datafolder
from appliance.app import App
from tests.ipam.book import acting, area, host, subnet
from tests.live import Live

PASSWORD = "correct horse 1"
NEW = "battery staple 2"


def run(*arguments: str, typed: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    """`appliance …`, with so much on standard input."""
    return subprocess.run(
        [sys.executable, "-m", "appliance", *arguments],
        env={**os.environ, **environ},
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
    )


def admin(command: str, login: str, data: Path, typed: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    return run("admin", command, login, "--data", str(data), typed=typed, **environ)


def sign_in(live: Live, login: str, password: str) -> int:
    """The code of an attempt."""
    return int(live.call("/api/rbac/login/", {"account": login, "password": password})["code"])


def test_an_administrator_made_on_the_console_signs_in(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert admin("create", "root.one", data, typed=f"{PASSWORD}\n").returncode == 0
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    live = Live(data)
    try:
        assert sign_in(live, "root.one", PASSWORD) == 200
        assert not (data / "setup-url").exists()
    finally:
        live.kill()


def test_beside_a_running_appliance_accounts_are_made_and_passwords_replaced(live: Live) -> None:
    assert admin("create", "dave", live.data, APPLIANCE_ADMIN_PASSWORD=PASSWORD).returncode == 0
    token = live.sign_in("dave", PASSWORD)
    assert admin("password", "dave", live.data, typed=f"{NEW}\n").returncode == 0
    assert live.call("/api/rbac/user/detail/", token=token)["code"] == 401
    assert sign_in(live, "dave", PASSWORD) == 401
    assert sign_in(live, "dave", NEW) == 200


def test_whoever_was_locked_out_is_let_in_again(live: Live) -> None:
    for _ in range(6):
        assert sign_in(live, "bob", "wrong wrong 1") == 401
    assert sign_in(live, "bob", PASSWORD) == 401
    assert admin("unlock", "BOB", live.data).returncode == 0
    assert sign_in(live, "bob", PASSWORD) == 200


@pytest.mark.parametrize(
    ("command", "login", "typed"),
    [
        ("create", "alice", PASSWORD),
        ("create", "ALICE", PASSWORD),
        ("create", "eve", "short"),
        ("create", "eve", ""),
        ("create", "no spaces", PASSWORD),
        ("password", "nobody", PASSWORD),
        ("password", "alice", "short"),
        ("unlock", "nobody", ""),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(live: Live, command: str, login: str, typed: str) -> None:
    refused = admin(command, login, live.data, typed=typed)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"appliance: {login}: ")
    assert refused.stderr.count("\n") == 1


def test_a_password_is_never_an_argument(tmp_path: Path) -> None:
    assert run("admin", "create", "alice", PASSWORD, "--data", str(tmp_path)).returncode == 2


def test_a_second_appliance_on_the_data_says_who_runs(live: Live) -> None:
    second = run("serve", "--data", str(live.data), "--listen", "127.0.0.1:0")
    assert second.returncode == 1
    assert f"process {live.process.pid} is already running" in second.stderr


def test_a_port_that_is_taken_is_said_in_a_line(live: Live, tmp_path: Path) -> None:
    refused = run("serve", "--data", str(tmp_path), "--listen", f"127.0.0.1:{live.port}")
    assert refused.returncode == 1
    assert refused.stderr == f"appliance: cannot listen on 127.0.0.1:{live.port}: Address already in use\n"


def test_a_certificate_that_cannot_be_used_is_said_in_a_line(tmp_path: Path) -> None:
    pair = ["--tls-certificate", str(tmp_path / "none.pem"), "--tls-key", str(tmp_path / "none.pem")]
    refused = run("serve", "--data", str(tmp_path / "data"), "--listen", "127.0.0.1:0", *pair)
    assert refused.returncode == 1
    assert f"the certificate {tmp_path / 'none.pem'} cannot be used: [Errno 2]" in refused.stderr


def test_the_first_administrator_comes_from_the_environment_and_no_secret_stays_in_sight(tmp_path: Path) -> None:
    environ = {**os.environ, "APPLIANCE_ADMIN": "alice", "APPLIANCE_ADMIN_PASSWORD": PASSWORD}
    live = Live(tmp_path / "data", environ=environ)
    try:
        assert sign_in(live, "alice", PASSWORD) == 200
        seen = subprocess.run(["ps", "eww", str(live.process.pid)], capture_output=True, text=True).stdout
        assert str(live.process.pid) in seen
        assert PASSWORD not in seen + live.log.read_text()
    finally:
        assert live.stop() == 0


def test_an_unfit_first_password_stops_the_start_with_its_reason(tmp_path: Path) -> None:
    refused = run("serve", "--data", str(tmp_path), APPLIANCE_ADMIN="alice", APPLIANCE_ADMIN_PASSWORD="short")
    assert refused.returncode == 1
    assert "密码长度须为8到128个字符" in refused.stderr


def test_until_there_is_an_administrator_every_start_tells_a_fresh_setup_page(tmp_path: Path) -> None:
    told = []
    for _ in range(2):
        live = Live(tmp_path / "data")
        told.append((tmp_path / "data" / "setup-url").read_text())
        assert not [file for file in (tmp_path / "data").rglob("*") if file.stat().st_mode & 0o077]
        assert told[-1].startswith(f"{live.url}/#/setup/")
        assert live.stop() == 0
    assert told[0] != told[1]


def test_routes_are_a_table_of_aligned_columns() -> None:
    head, *rows = run("routes").stdout.splitlines()
    assert head.split() == ["METHOD", "PATH", "NEEDS", "DIALECT", "HANDLER"]
    login = next(row for row in rows if " /api/rbac/login/ " in row)
    assert login.startswith("POST")
    assert login[head.index("NEEDS") :].startswith("open ")
    assert {row[head.index("DIALECT") - 1] for row in rows} == {" "}


def test_every_route_is_listed_with_what_it_needs_and_who_serves_it() -> None:
    heading, *lines = [line.split() for line in run("routes").stdout.splitlines()]
    assert heading == ["METHOD", "PATH", "NEEDS", "DIALECT", "HANDLER"]
    added = ["POST", "/api/rbac/user/add/", "system.user.create", "ptpb", "dialects.ptpb.users.add_user"]
    either = ["GET", "/api/rbac/perm/", "system.perm.read", "or", "system.permission.read"]
    assert added in lines
    assert [*either, "ptpb", "dialects.ptpb.roles.list_permissions"] in lines
    assert {"/api/v1/auth/login/", "/api/terminal/ssh/", "/healthz", "/metrics"} <= {line[1] for line in lines}
    assert len(lines) > 100


def test_openapi_is_json() -> None:
    assert "/api/rbac/login/" in json.loads(run("openapi").stdout)["paths"]


def test_it_says_its_version_and_without_a_command_what_there_is() -> None:
    assert run("version").stdout == run("--version").stdout != ""
    assert run().returncode == 2
    assert "serve" in run().stdout


def test_the_doctor_finds_nothing_on_a_fresh_machine(tmp_path: Path) -> None:
    examined = run("doctor", "--data", str(tmp_path / "data"), "--listen", "127.0.0.1:0")
    assert examined.returncode == 0, examined.stdout
    assert not (tmp_path / "data").exists()


def test_the_doctor_knows_a_running_appliance(live: Live) -> None:
    examined = run("doctor", "--data", str(live.data), "--listen", f"127.0.0.1:{live.port}")
    assert examined.returncode == 0, examined.stdout
    assert f"process {live.process.pid} runs on this data folder" in examined.stdout


def open_to_others(data: Path) -> str:
    data.chmod(0o755)
    return "data folder"


def readable_key(data: Path) -> str:
    (data / "master.key").chmod(0o644)
    return "master.key"


def lost_key(data: Path) -> str:
    (data / "master.key").unlink()
    return "master.key"


def clock_set_back(data: Path) -> str:
    os.utime(data / "appliance.db", (4e9, 4e9))
    return "clock"


@pytest.mark.parametrize("spoil", [open_to_others, readable_key, lost_key, clock_set_back])
def test_the_doctor_names_what_is_wrong(tmp_path: Path, spoil: Callable[[Path], str]) -> None:
    data = tmp_path / "data"
    admin("create", "alice", data, typed=f"{PASSWORD}\n")
    what = spoil(data)
    examined = run("doctor", "--data", str(data), "--listen", "127.0.0.1:0")
    assert examined.returncode == 1
    assert [line for line in examined.stdout.splitlines() if line.startswith(f"BAD  {what}")], examined.stdout


def test_the_doctor_sees_that_the_port_is_taken(live: Live, tmp_path: Path) -> None:
    examined = run("doctor", "--data", str(tmp_path / "other"), "--listen", f"127.0.0.1:{live.port}")
    assert examined.returncode == 1
    assert f"BAD  port         127.0.0.1:{live.port}: Address already in use" in examined.stdout


def test_the_doctor_counts_hosts_that_several_areas_could_have(appliance: App) -> None:
    with acting(appliance) as tx:
        for place in (area(tx, "dmz"), area(tx, "lab")):
            subnet(tx, "10.0.0.0/24", area_id=place)
            subnet(tx, "2001:db8::/64", area_id=place)
        subnet(tx, "10.0.1.0/24", name="ours")
        for name, ipv4 in (("till", "10.0.0.9"), ("web", "10.0.1.9"), ("far", "192.0.2.1")):
            host(tx, name, ipv4)
        host(tx, "six", ipv6="2001:db8::9")
    examined = run("doctor", "--data", str(appliance.settings.data), "--listen", "127.0.0.1:0")
    assert "ok   hosts        2 with an address that several areas hold" in examined.stdout


def test_a_folder_shared_with_others_is_refused_and_an_open_one_is_closed(tmp_path: Path) -> None:
    shared, own = tmp_path / "shared", tmp_path / "own"
    shared.mkdir()
    shared.chmod(0o1777)
    with pytest.raises(datafolder.Unusable):
        datafolder.prepare(shared)
    own.mkdir(mode=0o755)
    (own / "master.key").touch(0o644)
    datafolder.prepare(own)
    assert stat.S_IMODE(own.stat().st_mode) == 0o700
    assert stat.S_IMODE((own / "master.key").stat().st_mode) == 0o600


def test_the_doctor_looks_at_the_operators_own_certificate(tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.touch(0o644)
    pair = ["--tls-certificate", str(tmp_path / "none.pem"), "--tls-key", str(key)]
    examined = run("doctor", "--data", str(tmp_path / "data"), "--listen", "127.0.0.1:0", *pair)
    assert examined.returncode == 1
    assert f"{tmp_path / 'none.pem'} cannot be read" in examined.stdout
    assert f"{key} can be read by everybody" in examined.stdout
