"""The built executable alone: copied elsewhere, with only a Python beside it, it serves, opens terminals and ends."""

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests
from websocket import WebSocket, create_connection

from tests.terminal import sshd

ROOT = Path(__file__).parent.parent
BUILT = ROOT / "dist" / "appliance"
PYTHON = str(Path(sys.executable).resolve())  # that of the machine, which has none of our packages
PASSWORD = "correct horse 1"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another machine, as far as that goes: a folder with the one file in it, and an empty home."""
    assert BUILT.exists(), "build it first: ./build.sh executable"
    folder = tmp_path_factory.mktemp("elsewhere")
    shutil.copy(BUILT, folder / "appliance")
    (folder / "home").mkdir()
    return folder


def command(place: Path, *arguments: str) -> list[str]:
    """The executable in an environment of nothing but HOME."""
    return ["env", "-i", f"HOME={place / 'home'}", PYTHON, str(place / "appliance"), *arguments]


def ask(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(place, *arguments), cwd=place, capture_output=True, text=True, timeout=60)


class Running:
    """A served appliance with an administrator made from the environment."""

    def __init__(self, place: Path, *flags: str) -> None:
        admin = ["APPLIANCE_ADMIN=alice", f"APPLIANCE_ADMIN_PASSWORD={PASSWORD}"]
        serve = command(place, "serve", "--data", str(place / "data"), "--listen", "127.0.0.1:0", *flags)
        self.log = (place / "log").open("w+")
        self.process = subprocess.Popen(
            [*serve[:2], *admin, *serve[2:]], cwd=place, stdout=subprocess.PIPE, stderr=self.log, text=True
        )
        assert self.process.stdout
        told = self.process.stdout.readline()
        assert "http://" in told, told + Path(self.log.name).read_text()
        self.url = re.findall(r"http://\S+", told)[0]

    def post(self, path: str, token: str = "", **body: Any) -> Any:
        answer = requests.post(self.url + path, json=body, headers={"Authorization": token}, timeout=20)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def get(self, path: str, token: str = "") -> Any:
        answer = requests.get(self.url + path, headers={"Authorization": token}, timeout=20)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def sign_in(self) -> str:
        return str(self.post("/api/rbac/login/", account="alice", password=PASSWORD)["token"]["access"])

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(15)


@pytest.fixture(scope="module")
def running(place: Path) -> Iterator[Running]:
    appliance = Running(place, "--loopback-targets")
    yield appliance
    appliance.process.kill()
    appliance.process.wait()


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sshd.Sshd]:
    server = sshd.start(tmp_path_factory.mktemp("sshd"))
    yield server
    server.stop()


def test_it_is_one_file_of_at_most_25_megabytes(place: Path) -> None:
    assert [path.name for path in place.iterdir() if path.is_file()] == ["appliance"]
    assert (place / "appliance").stat().st_size <= 25_000_000


def test_it_tells_nothing_of_the_machine_it_was_built_on(place: Path) -> None:
    with zipfile.ZipFile(place / "appliance") as archive:
        telling = [name for name in archive.namelist() if str(ROOT).encode() in archive.read(name)]
        dates = {info.date_time for info in archive.infolist()}
    assert not telling
    assert dates == {(1980, 1, 1, 0, 0, 0)}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources in another folder, with the libraries the executable is packed from, compiled anew."""
    unlike = shutil.ignore_patterns(".git", ".venv", "node_modules", "home", "app", "wheel", "__pycache__", "*_cache")
    copy = shutil.copytree(ROOT, tmp_path_factory.mktemp("another") / "checkout", ignore=unlike)
    (copy / "dist" / "appliance").unlink()
    (copy / ".venv").symlink_to(ROOT / ".venv")
    prepare = [sys.executable, "-s", ".ci/pack.py", "prepare", ".build/site"]
    subprocess.run(prepare, cwd=copy, env={**os.environ, "PYTHONHASHSEED": "0"}, check=True)
    return copy


def build(checkout: Path) -> bytes:
    """What `build.sh executable` makes there."""
    environment = {**os.environ, "LC_ALL": "C", "TZ": "Asia/Tokyo"}
    subprocess.run(["./build.sh", "executable"], cwd=checkout, env=environment, check=True, stdin=subprocess.DEVNULL)
    return (checkout / "dist" / "appliance").read_bytes()


def test_the_same_sources_give_the_same_bytes_elsewhere(checkout: Path) -> None:
    assert build(checkout) == BUILT.read_bytes()


def test_nothing_is_built_again_until_a_source_changes(checkout: Path) -> None:
    first = build(checkout)
    made = (checkout / "dist" / "appliance").stat().st_mtime_ns
    build(checkout)
    assert (checkout / "dist" / "appliance").stat().st_mtime_ns == made
    with (checkout / "appliance" / "__init__.py").open("a") as source:
        source.write("# changed\n")
    assert build(checkout) != first


def test_it_says_its_version(place: Path) -> None:
    assert "0.1.0" in ask(place, "version").stdout


def test_help_comes_without_loading_the_libraries(place: Path) -> None:
    imported = [PYTHON, "-X", "importtime", str(place / "appliance"), "--help"]
    helped = subprocess.run(["env", "-i", f"HOME={place / 'home'}", *imported], capture_output=True, text=True)
    assert "serve" in helped.stdout
    assert not [name for name in ("sqlalchemy", "paramiko", "cryptography") if f"| {name}" in helped.stderr]


def test_where_it_cannot_unpack_itself_it_says_what_to_do(place: Path) -> None:
    refused = subprocess.run(
        ["env", "-i", "SHIV_ROOT=/proc/nowhere", PYTHON, str(place / "appliance"), "version"],
        capture_output=True,
        text=True,
    )
    assert refused.returncode == 1
    assert refused.stderr.startswith("appliance cannot unpack itself into /proc/nowhere: set SHIV_ROOT")


def unpacked(place: Path, build: str) -> Path:
    """An older build, as it lies unpacked in the home."""
    folder = place / "home" / ".cache" / "appliance" / f"appliance_{build * 64}"
    (folder / "site-packages").mkdir(parents=True)
    return folder


def test_older_builds_lying_unpacked_are_removed_at_start(place: Path) -> None:
    older, other = unpacked(place, "0"), unpacked(place, "1").with_name("notes")
    other.mkdir()
    assert ask(place, "version").returncode == 0
    assert not older.exists()
    assert other.exists()


def test_an_older_build_that_still_runs_is_left_alone(place: Path) -> None:
    older = unpacked(place, "2")
    with older.with_name(f".{older.name}_used").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_SH)
        ask(place, "version")
        assert older.exists()
    ask(place, "version")
    assert not older.exists()


def test_served_it_is_healthy(running: Running) -> None:
    assert requests.get(running.url + "/healthz", timeout=20).status_code == 200


def test_the_administrator_from_the_environment_signs_in(running: Running) -> None:
    assert running.get("/api/rbac/user/detail/", running.sign_in())["detail"]["account"] == "alice"


def test_it_carries_the_web_ui_with_everything_the_page_asks_for(running: Running) -> None:
    page = requests.get(running.url + "/", timeout=20)
    assert page.status_code == 200
    asked = re.findall(r'(?:src|href)="(\./[^"]+)"', page.text)
    assert asked
    for path in asked:
        assert requests.get(f"{running.url}/{path}", timeout=20).status_code == 200, path


def test_a_second_process_on_the_same_data_is_refused_and_told_who_holds_it(running: Running, place: Path) -> None:
    second = ask(place, "serve", "--data", str(place / "data"), "--listen", "127.0.0.1:0")
    assert second.returncode != 0
    assert str(running.process.pid) in second.stderr


def add_host(running: Running, token: str, target: sshd.Sshd) -> dict[str, int]:
    """A host and its voucher; the two ids."""
    key = target.private_key()
    running.post("/api/resource/voucher/add/", token, name="key", username=target.login, private_key=key, group=1)
    voucher = running.get("/api/resource/voucher/get/", token)["detail"][0]["id"]
    host = {"name": "target", "ipv4_address": "127.0.0.1", "port": target.port, "group": 1, "protocol": 1}
    running.post("/api/resource/resource/add/", token, **host, voucher_ids=[voucher])
    return {"resource_id": running.get("/api/resource/resource/get/", token)["detail"][0]["id"], "voucher_id": voucher}


def read_until(terminal: WebSocket, wanted: str) -> str:
    shown, deadline = "", time.monotonic() + 20
    while wanted not in shown and time.monotonic() < deadline:
        shown += str(terminal.recv())
    return shown


def test_a_terminal_opens_on_a_real_sshd_and_is_recorded(running: Running, target: sshd.Sshd) -> None:
    token = running.sign_in()
    asked = "&".join(f"{key}={value}" for key, value in add_host(running, token, target).items())
    url = f"{running.url.replace('http', 'ws', 1)}/api/terminal/ssh/?token={token}&{asked}"
    with closing(create_connection(url, timeout=20)) as terminal:
        terminal.send(json.dumps({"type": 2, "data": "echo made-$((6*7))\n"}))
        assert "made-42" in read_until(terminal, "made-42")
    session = running.get("/api/audit/session/get/?desc=true", token)["detail"][0]
    cast = requests.get(
        f"{running.url}/api/audit/session/{session['id']}/recording/", headers={"Authorization": token}, timeout=20
    )
    assert "made-42" in "".join(json.loads(line)[2] for line in cast.text.splitlines()[1:])


def test_told_to_end_it_ends_in_order(place: Path, tmp_path: Path) -> None:
    shutil.copytree(place, tmp_path / "place", ignore=shutil.ignore_patterns("data"))
    appliance = Running(tmp_path / "place")
    assert appliance.stop() == 0
    assert Running(tmp_path / "place").stop() == 0
