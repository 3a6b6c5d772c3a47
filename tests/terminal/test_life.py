"""How sessions end: by rights that went, by the clock, by the host, by the appliance itself."""

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import websocket

from tests.conftest import PASSWORD
from tests.terminal import sshd
from tests.terminal.sshd import Sshd
from tests.terminal.world import SHOP, Terminal, World, add_host, eventually

SIGNED_OUT = "登录已失效,连接已断开"
RIGHTS_CHANGED = "权限已变更,连接已断开"
STOPPED = "会话已被管理员终止"
SHOPKEEPER = 4


@pytest.fixture
def own(begin: Callable[..., World]) -> World:
    """An appliance that a test may change."""
    return begin()


@pytest.fixture(autouse=True, scope="module")
def idle(begin: Callable[..., World]) -> tuple[World, Terminal]:
    """Somebody who has been idle since the first test of this file, so that the last one need not wait long."""
    world = begin("--idle-limit", "1")
    terminal = world.shell()
    terminal.type("while sleep 1; do echo tick; done\r")
    Terminal.opened.remove(terminal)
    threading.Thread(target=read_on, args=(terminal,), daemon=True).start()
    return world, terminal


def read_on(terminal: Terminal) -> None:
    """Read and answer pings until the session is over, or the tests are."""
    with contextlib.suppress(OSError, websocket.WebSocketException):
        terminal.end()


@pytest.fixture(autouse=True, scope="module")
def absent(world: World) -> Terminal:
    """Somebody who has not read, nor answered a ping, since the first test of this file."""
    terminal = world.open()
    Terminal.opened.remove(terminal)
    return terminal


def told_within(terminal: Terminal, seconds: float = 5) -> str:
    """The sentence a session ends with, soon."""
    began = time.monotonic()
    sentence = terminal.end()
    assert time.monotonic() - began < seconds
    assert (terminal.code, terminal.reason) == (1000, sentence)
    return sentence


def closed(world: World) -> dict[str, Any]:
    """The newest session, which must be closed by now."""
    row = world.sessions()[0]
    assert (row["status"], bool(row["ended_at"])) == ("close", True)
    return row


def disable(world: World) -> Any:
    return world.call("/api/rbac/user/edit/", {"id": user(world), "status": False}, world.token("alice"))


def remove_user(world: World) -> Any:
    return world.call("/api/rbac/user/del/", {"id_list": [user(world)]}, world.token("alice"))


def sign_out(world: World) -> Any:
    return world.call("/api/rbac/logout/", {}, world.token())


def sign_out_elsewhere(world: World) -> Any:
    return world.call("/api/rbac/logout/", {}, world.sign_in("bob", PASSWORD))


def change_password(world: World) -> Any:
    body = {"old_password": PASSWORD, "new_password": PASSWORD + "2"}
    return world.call("/api/rbac/user/reset_password/", body, world.token())


def reset_password(world: World) -> Any:
    body = {"id": user(world), "password": PASSWORD + "3"}
    return world.call("/api/rbac/user/edit/", body, world.token("alice"))


def take_role(world: World) -> Any:
    return world.call("/api/rbac/user/role/", {"id": user(world), "roles": [2]}, world.token("alice"))


def disable_role(world: World) -> Any:
    return world.call("/api/rbac/role/edit/", {"id": SHOPKEEPER, "status": False}, world.token("alice"))


def revoke_grant(world: World) -> Any:
    body = {"role_id": SHOPKEEPER, "groups": [{"id": SHOP, "permission": [16, 17, 18, 19]}]}
    return world.call("/api/perm/group-auth/edit/", body, world.token("alice"))


def remove_host(world: World) -> Any:
    return world.call("/api/resource/resource/del/", {"id_list": [1]}, world.token("alice"))


def disable_host(world: World) -> Any:
    return world.call("/api/resource/resource/edit/", {"id": 1, "status": False}, world.token("alice"))


def remove_voucher(world: World) -> Any:
    return world.call("/api/resource/voucher/del/", {"id_list": [1]}, world.token("alice"))


FOR_ALL = (remove_host, disable_host, remove_voucher)


def user(world: World, login: str = "bob") -> int:
    return int(world.rows("select id from users where login = ?", login)[0]["id"])


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (sign_out, SIGNED_OUT),
        (sign_out_elsewhere, SIGNED_OUT),
        (disable, SIGNED_OUT),
        (remove_user, SIGNED_OUT),
        (change_password, SIGNED_OUT),
        (reset_password, SIGNED_OUT),
        (take_role, RIGHTS_CHANGED),
        (disable_role, RIGHTS_CHANGED),
        (revoke_grant, RIGHTS_CHANGED),
        (remove_host, RIGHTS_CHANGED),
        (disable_host, RIGHTS_CHANGED),
        (remove_voucher, RIGHTS_CHANGED),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_session_ends_within_five_seconds_of(own: World, act: Callable[[World], Any], sentence: str) -> None:
    terminal, other = own.shell(), None if act in FOR_ALL else own.shell(login="alice")
    answer = act(own)
    assert answer["code"] == 200, answer
    assert told_within(terminal) == sentence
    row = next(row for row in own.sessions() if row["login"] == "bob")
    assert (row["status"], row["reason"]) == ("close", sentence)
    if other:
        assert other.run("echo still here") == "still here\r\n"


def test_a_right_that_comes_by_another_way_keeps_the_session(own: World) -> None:
    body = {"role_id": 2, "groups": [{"id": SHOP, "permission": [19, 20, 21, 22, 23]}]}
    assert own.call("/api/perm/group-auth/edit/", body, own.token("alice"))["code"] == 200
    terminal = own.shell()
    assert revoke_grant(own)["code"] == 200
    time.sleep(2.5)
    assert terminal.run("echo still here") == "still here\r\n"


def test_an_administrator_ends_a_session(world: World) -> None:
    terminal = world.shell()
    session = world.sessions("active")[0]["id"]
    path = f"/api/audit/session/{session}/stop/"
    assert world.call(path, {}, world.token())["code"] == 403
    assert world.call(path, {}, world.token("alice"))["code"] == 200
    assert told_within(terminal) == STOPPED
    assert closed(world)["reason"] == STOPPED
    assert world.call(path, {}, world.token("alice"))["code"] == 400


def test_a_sign_in_that_is_renewed_keeps_its_sessions(world: World) -> None:
    pair = world.call("/api/rbac/login/", {"account": "bob", "password": PASSWORD})["token"]
    terminal = Terminal(world.socket({"token": pair["access"], "resource_id": 1, "voucher_id": 1}))
    terminal.settle()
    assert world.call("/api/rbac/refresh/", {"refresh": pair["refresh"]})["code"] == 200
    time.sleep(2.5)
    assert terminal.run("echo on") == "on\r\n"


# --- the host ---


def test_a_host_that_goes_away_is_told_from_a_shell_that_ends(
    begin: Callable[..., World], ssh_server: Sshd, tmp_path: Any
) -> None:
    with sshd.start(tmp_path / "sshd", keys=ssh_server.folder) as server:
        world = begin(more=lambda tx: add_host(tx, port=server.port))
        terminal = world.shell(2)
    assert told_within(terminal) == "目标主机断开连接"
    assert closed(world)["reason"] == "目标主机断开连接"


def test_a_shell_that_is_killed_ends_its_session_like_any_other(world: World) -> None:
    terminal = world.shell()
    terminal.type("kill -9 $$\r")
    terminal.end()
    assert (terminal.code, terminal.reason, closed(world)["reason"]) == (1000, "", "")


def test_whoever_hangs_up_leaves_nothing_running(world: World) -> None:
    terminal = world.shell()
    pid = terminal.run("echo $$").strip()
    terminal.close()
    eventually(lambda: closed_or_none(world))
    eventually(lambda: not sshd.run("ps", "-o", "pid=", "-p", pid, check=False).strip())


def closed_or_none(world: World) -> bool:
    return bool(world.sessions()[0]["status"] == "close")


def test_the_row_is_closed_before_the_goodbye(world: World) -> None:
    for goodbye in ("exit\r", ""):
        terminal = world.shell()
        terminal.type(goodbye) if goodbye else terminal.send("")
        terminal.end()
        assert closed(world)["reason"] == ""


# --- the clock ---


def test_who_types_nothing_is_disconnected_though_the_host_talks_on(idle: tuple[World, Terminal]) -> None:
    world, terminal = idle
    eventually(lambda: terminal.code, seconds=70)
    assert (terminal.frames[-1], terminal.reason) == ("空闲超时,连接已断开", "空闲超时,连接已断开")
    assert terminal.seen.count("tick") > 50
    lasted = world.rows("select (julianday(ended_at) - julianday(started_at)) * 86400 as seconds from sessions")
    assert 60 <= lasted[0]["seconds"] < 70


def test_who_answers_no_ping_for_a_minute_is_given_up(world: World, absent: Terminal) -> None:
    first = "select *, (julianday(ended_at) - julianday(started_at)) * 86400 as seconds from sessions where id = 1"
    row = eventually(lambda: next((row for row in world.rows(first) if row["status"] == "close"), None), seconds=70)
    assert 60 <= row["seconds"] < 68
    opcodes = []
    while not opcodes or opcodes[-1] != websocket.ABNF.OPCODE_CLOSE:
        opcodes.append(absent.socket.recv_frame().opcode)
    assert opcodes.count(websocket.ABNF.OPCODE_PING) == 3
