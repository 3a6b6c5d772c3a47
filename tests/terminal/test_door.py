"""The checks before a session, in their order, each with its sentence (ptpb 9, 1 to 8); tickets; who may knock."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import websocket

from tests.conftest import PASSWORD
from tests.terminal.sshd import Sshd, free_port
from tests.terminal.world import SHOP, Terminal, World, add_host, add_voucher, eventually

NOBODY = "未登录或Token过期"
NEEDS_HOST = "resource_id: 该字段是必填项。"
NEEDS_VOUCHER = "voucher_id: 该字段是必填项。"
NOT_LOCAL = "目标地址不被允许"


@pytest.fixture(scope="module")
def rooms(begin: Callable[..., World], ssh_server: Sshd) -> World:
    """Host 1 and voucher 1 go together; every other one has something wrong with it."""
    return begin("--session-limit", "3", "--connect-timeout", "1", more=furnish_rooms)


HOSTS = {
    "of another system": 2,
    "without SSH": 3,
    "disabled": 4,
    "link-local": 5,
    "refusing": 6,
    "silent": 7,
    "nameless": 8,
}
VOUCHERS = {"of another system": 2, "unbound": 3}


def furnish_rooms(tx: Any) -> None:
    tx.insert("groups", id=3, parent_id=None, root_id=3, level=0, path="/3/", name="other")
    for row in list(tx["grants"].find(group_id=SHOP)):
        given = {"permission_id": row["permission_id"], "group_id": 3, "protected": False}
        tx.insert("grants", role_id=row["role_id"], **given)
    port = tx.get("hosts", 1).port
    hosts = [
        add_host(tx, port=port, group_id=3),
        add_host(tx, port=port, protocol_id=None),
        add_host(tx, port=port, enabled=False),
        add_host(tx, port=port, ipv4="169.254.169.254"),
        add_host(tx, port=free_port()),
        add_host(tx, port=port),
        add_host(tx, port=port, ipv4=None, domain="no-such-host.invalid"),
    ]
    assert hosts == list(HOSTS.values())
    vouchers = [add_voucher(tx, "root", password="x", group_id=3), add_voucher(tx, "root", password="x")]
    assert vouchers == list(VOUCHERS.values())
    watcher = tx.insert("roles", name="watcher", name_key="watcher", code="watcher", code_key="watcher")
    for code in ("resource.self.read", "resource.voucher.read"):
        permission = tx.find("permissions", code=code).id
        tx.insert("grants", role_id=watcher, permission_id=permission, group_id=SHOP, protected=False)
    tx.insert("user_roles", user_id=tx.find("users", login="carol").id, role_id=watcher)


def told(terminal: Terminal) -> str:
    """The one frame of a terminal that was refused; the goodbye says the same."""
    said = terminal.end()
    assert len(terminal.frames) == 1
    assert (terminal.code, terminal.reason) == (1000, said.partition("\n")[0])
    return said


def knock(world: World, **query: Any) -> str:
    """What somebody is told who comes with just this query."""
    return told(Terminal(world.socket(query)))


# --- checks 1 and 2 ---


@pytest.mark.parametrize("token", ["", "x", "eyJhbGciOiJub25lIn0.e30.", "ak_123456789"])
def test_without_a_good_token_nobody_is_anybody(rooms: World, token: str) -> None:
    assert knock(rooms, token=token, resource_id=1, voucher_id=1) == NOBODY
    assert knock(rooms, resource_id=1, voucher_id=1) == NOBODY


def test_a_refresh_token_and_an_ended_one_are_no_good(rooms: World) -> None:
    pair = rooms.call("/api/rbac/login/", {"account": "carol", "password": PASSWORD})["token"]
    assert knock(rooms, token=pair["refresh"], resource_id=1, voucher_id=1) == NOBODY
    rooms.call("/api/rbac/logout/", {}, pair["access"])
    assert knock(rooms, token=pair["access"], resource_id=1, voucher_id=1) == NOBODY


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({}, f"{NEEDS_HOST}\n{NEEDS_VOUCHER}"),
        ({"resource_id": 1}, NEEDS_VOUCHER),
        ({"resource_id": "", "voucher_id": 1}, NEEDS_HOST),
        ({"resource_id": "one", "voucher_id": "-1"}, f"{NEEDS_HOST}\n{NEEDS_VOUCHER}"),
        ({"resource_id": "one", "resource": "1", "voucher_id": "1"}, NEEDS_HOST),
        ({"resource": "99", "voucher": "1"}, "资源不存在"),
    ],
)
def test_both_ids_are_needed_and_their_other_names_are_known(
    rooms: World, query: dict[str, Any], sentence: str
) -> None:
    assert knock(rooms, token=rooms.token(), **query) == sentence


# --- checks 3 to 8 ---


@pytest.mark.parametrize(
    ("login", "host", "voucher", "sentence"),
    [
        ("bob", 99, 1, "资源不存在"),
        ("bob", 0, 1, "资源不存在"),
        ("bob", 2**63, 1, "资源不存在"),
        ("bob", 10**30, 10**30, "资源不存在"),
        ("mallory", 1, 1, "资源不存在"),
        ("bob", 1, 99, "凭证不存在"),
        ("bob", 1, 2**64, "凭证不存在"),
        ("bob", 1, VOUCHERS["of another system"], "不同系统组,禁止使用"),
        ("bob", HOSTS["of another system"], 1, "不同系统组,禁止使用"),
        ("carol", 1, VOUCHERS["unbound"], "权限错误"),
        ("bob", HOSTS["without SSH"], 1, "该资源不支持SSH协议"),
        ("bob", HOSTS["disabled"], 1, "资源已停用"),
        ("bob", HOSTS["link-local"], 1, NOT_LOCAL),
        ("bob", HOSTS["refusing"], 1, "连接被拒绝"),
        ("bob", HOSTS["nameless"], 1, "域名解析失败"),
    ],
)
def test_each_check_has_its_sentence(rooms: World, login: str, host: int, voucher: int, sentence: str) -> None:
    assert told(rooms.open(host, voucher, login=login)) == sentence


@pytest.fixture
def deaf() -> Iterator[int]:
    """A port whose queue is full: it neither takes nor refuses connections."""
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


@pytest.fixture
def mute() -> Iterator[int]:
    """A port that takes connections and says nothing on them."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(5)
        yield listener.getsockname()[1]


@pytest.mark.parametrize("kind", ["deaf", "mute"])
def test_a_host_that_does_not_answer_is_given_up_in_time(
    rooms: World, kind: str, request: pytest.FixtureRequest
) -> None:
    rooms.write("update hosts set port = ? where id = ?", request.getfixturevalue(kind), HOSTS["silent"])
    began = time.monotonic()
    assert told(rooms.open(HOSTS["silent"])) == "连接超时"
    assert time.monotonic() - began < 4


def test_who_may_only_read_may_use_what_is_bound(rooms: World) -> None:
    assert rooms.shell(login="carol").run("echo in") == "in\r\n"


def test_who_may_bind_a_voucher_may_use_it_unbound(rooms: World) -> None:
    assert told(rooms.open(1, VOUCHERS["unbound"])) == "认证失败:用户名或密码错误"


def test_from_the_seventh_check_on_there_is_a_failed_session(rooms: World) -> None:
    for host, sentence in ((99, ""), (HOSTS["disabled"], "资源已停用"), (HOSTS["refusing"], "连接被拒绝")):
        before = len(rooms.sessions())
        told(rooms.open(host))
        rows = rooms.sessions()
        assert len(rows) - before == bool(sentence)
        assert not sentence or (rows[0]["status"], rows[0]["reason"]) == ("failed", sentence)


def test_a_refused_terminal_is_in_the_log_of_operations(rooms: World) -> None:
    for login, host in (("mallory", 1), ("bob", HOSTS["disabled"]), ("bob", HOSTS["refusing"])):
        told(rooms.open(host, login=login))
        row = rooms.rows("select * from operations order by id desc limit 1")[0]
        assert (row["login"], row["operation"], row["succeeded"]) == (login, f"连接资源{host}", 0)


def test_a_user_has_so_many_sessions_and_no_more(rooms: World) -> None:
    eventually(lambda: not rooms.sessions("active"), why=lambda: rooms.sessions("active"))
    three = [rooms.shell() for _ in range(3)]
    assert told(rooms.open()) == "会话数已达上限"
    assert rooms.shell(login="alice").run("echo mine") == "mine\r\n"
    three.pop().close()
    eventually(lambda: len([row for row in rooms.sessions("active") if row["login"] == "bob"]) == 2)
    assert rooms.shell().run("echo again") == "again\r\n"


def test_who_must_change_his_password_first_must_do_it_here_too(begin: Callable[..., World]) -> None:
    world = begin()
    token = world.token()
    world.write("update users set must_change_password = 1 where login = 'bob'")
    assert knock(world, token=token, resource_id=1, voucher_id=1) == "请先修改密码"


# --- where it may go ---


LOCAL = [
    "127.0.0.1",
    "127.9.9.9",
    "::1",
    "::ffff:127.0.0.1",
    "0.0.0.0",  # noqa: S104 -- connected to, not bound
    "localhost",
    "127.1",
    "2130706433",
    "0x7f000001",
]


@pytest.fixture(scope="module")
def strict(begin: Callable[..., World]) -> World:
    """An appliance that does not connect to its own machine."""

    def more(tx: Any) -> None:
        for address in LOCAL:
            kind = "ipv6" if ":" in address else "ipv4" if address.count(".") == 3 else "domain"
            add_host(tx, port=22, **{"ipv4": None, kind: address})

    return begin("--no-loopback-targets", more=more)


@pytest.mark.parametrize("number", range(len(LOCAL)), ids=LOCAL)
def test_this_machine_is_no_target_however_it_is_spelt(strict: World, number: int) -> None:
    assert told(strict.open(2 + number)) == NOT_LOCAL


# --- tickets ---


def test_a_ticket_opens_its_terminal_once(rooms: World) -> None:
    answer = rooms.ticket()
    assert answer["detail"]["expires_in"] == 30
    query = {"ticket": answer["detail"]["ticket"]}
    terminal = Terminal(rooms.socket(query, origin=rooms.url, suppress_origin=False))
    terminal.settle()
    assert told(Terminal(rooms.socket(query, origin=rooms.url, suppress_origin=False))) == NOBODY


def test_of_fifty_who_show_one_ticket_one_gets_in(world: World) -> None:
    query = {"ticket": world.ticket()["detail"]["ticket"]}
    outcomes: list[str] = []
    start = threading.Barrier(50)

    def race() -> None:
        start.wait()
        terminal = Terminal(world.socket(query, origin=world.url, suppress_origin=False))
        terminal.receive()
        outcomes.append(terminal.seen)
        terminal.close()

    racers = [threading.Thread(target=race) for _ in range(50)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert outcomes.count(NOBODY) == 49
    assert len(outcomes) == 50


def test_a_ticket_is_for_its_host_and_voucher_whatever_else_is_asked_for(rooms: World) -> None:
    query = {"ticket": rooms.ticket()["detail"]["ticket"], "resource_id": HOSTS["disabled"], "voucher_id": 99}
    Terminal(rooms.socket(query, origin=rooms.url, suppress_origin=False)).settle()


def test_a_ticket_ends_with_its_sign_in_and_after_thirty_seconds(world: World) -> None:
    token = world.sign_in("bob", PASSWORD)
    body = {"resource_id": 1, "voucher_id": 1}
    first, second = [world.call("/api/terminal/ticket/", body, token)["detail"]["ticket"] for _ in range(2)]
    world.write(
        "update admissions set expires_at = datetime('now', '-1 second') where id = (select min(id) from admissions)"
    )
    assert ticket_says(world, first) == NOBODY
    world.call("/api/rbac/logout/", {}, token)
    assert ticket_says(world, second) == NOBODY


def ticket_says(world: World, ticket: str) -> str:
    return told(Terminal(world.socket({"ticket": ticket}, origin=world.url, suppress_origin=False)))


@pytest.mark.parametrize(
    ("login", "host", "voucher", "code", "sentence"),
    [
        ("bob", 99, 1, 404, "资源不存在"),
        ("bob", 1, 99, 404, "凭证不存在"),
        ("carol", 1, VOUCHERS["unbound"], 403, "权限错误"),
        ("bob", HOSTS["disabled"], 1, 400, "资源已停用"),
    ],
)
def test_no_ticket_for_what_would_be_refused(
    rooms: World, login: str, host: int, voucher: int, code: int, sentence: str
) -> None:
    answer = rooms.ticket(host, voucher, login)
    assert (answer["code"], answer["detail"]) == (code, sentence)


def test_the_ticket_is_not_kept_as_it_is(rooms: World) -> None:
    ticket = rooms.ticket()["detail"]["ticket"]
    assert rooms.rows("select 1 from admissions where token_hash = ?", ticket) == []
    assert ticket.encode() not in (rooms.data / "appliance.db").read_bytes()


# --- before the upgrade ---


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost.evil.example", "file://"])
def test_a_foreign_page_is_refused_before_the_upgrade(rooms: World, origin: str) -> None:
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        rooms.socket({"token": rooms.token(), "resource_id": 1, "voucher_id": 1}, origin=origin, suppress_origin=False)
    assert refused.value.status_code == 403


def test_with_a_ticket_an_origin_is_needed(rooms: World) -> None:
    ticket = rooms.ticket()["detail"]["ticket"]
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        rooms.socket({"ticket": ticket})
    assert refused.value.status_code == 403


def test_a_foreign_host_name_is_refused_before_the_upgrade(rooms: World) -> None:
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        rooms.socket({"token": rooms.token(), "resource_id": 1, "voucher_id": 1}, host="rebound.example")
    assert refused.value.status_code == 403


def test_a_cookie_is_no_credential(rooms: World) -> None:
    cookie = f"token={rooms.token()}; access={rooms.token()}; refresh={rooms.token()}"
    terminal = Terminal(rooms.socket({"resource_id": 1, "voucher_id": 1}, cookie=cookie))
    assert told(terminal) == NOBODY


def test_no_token_or_ticket_is_in_the_log(rooms: World) -> None:
    log = rooms.log.read_text()
    assert rooms.token() not in log
    assert "ticket=" not in log or "ticket=***" in log
    assert "Traceback" not in log
