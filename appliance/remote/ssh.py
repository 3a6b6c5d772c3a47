"""Connects to a host by SSH, step by step, each failure with its own sentence."""

import base64
import errno
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from time import monotonic

import gevent
from paramiko.common import cMSG_CHANNEL_WINDOW_ADJUST, cMSG_GLOBAL_REQUEST
from paramiko.message import Message
from paramiko.ssh_exception import BadAuthenticationType, SSHException

from appliance.domain.targets import Address
from appliance.remote import keys
from appliance.remote.addresses import resolve
from appliance.remote.transport import Auth, Inflow, Transport

TERM = "xterm-256color"
AUTH_TIMEOUT, SHELL_TIMEOUT, ONE_OF_MANY = 30, 15, 3
KEEP_ALIVE, LOST = 30.0, 95.0


class Failure(Exception):
    """Why there is no connection, in a sentence for the user."""

    sentence = "目标主机断开连接"

    def __init__(self, detail: object = "") -> None:
        super().__init__(f"{self.sentence} {detail}".strip())


class Refused(Failure):
    """Nobody listens there."""

    sentence = "连接被拒绝"


class TimedOut(Failure):
    """No answer in time."""

    sentence = "连接超时"


class NoRoute(Failure):
    """The network does not reach it."""

    sentence = "网络不可达"


class NoSuchName(Failure):
    """The name has no address."""

    sentence = "域名解析失败"


class NotAllowed(Failure):
    """An address we do not connect to."""

    sentence = "目标地址不被允许"


class NotSsh(Failure):
    """Something answers that does not speak SSH as we do."""

    sentence = "SSH协商失败"


class HostKeyChanged(Failure):
    """Another key than the one pinned: perhaps another machine."""

    def __init__(self, pinned: str, offered: str) -> None:
        self.sentence = f"主机密钥已变更,连接已终止\n已登记: {pinned}\n收到: {offered}"
        super().__init__()


class WrongPassword(Failure):
    """The host does not take the user name with the password."""

    sentence = "认证失败:用户名或密码错误"


class KeyRefused(Failure):
    """The host does not take the key."""

    sentence = "认证失败:密钥被拒绝"


class UnreadableKey(Failure):
    """The voucher's key or passphrase is of no use."""

    sentence = "私钥无法解析"


class NoSecret(Failure):
    """The voucher holds nothing to show."""

    sentence = "凭证不可用"


@dataclass(frozen=True)
class Target:
    """Where to connect: an address or a name, and what the host key was the last time."""

    name: str
    port: int
    known_kind: str = ""


@dataclass(frozen=True, repr=False)
class Login:
    """What to show to the host: a password, or a key and perhaps its passphrase."""

    username: str
    password: str = ""
    key: str = ""
    passphrase: str = ""


@dataclass(frozen=True)
class HostKey:
    """The public key of a host."""

    kind: str
    fingerprint: str
    public: str


class Shell:
    """An interactive shell on a host: bytes out, bytes in."""

    def __init__(self, connection: "Connection", columns: int, rows: int) -> None:
        self._connection, self._transport = connection, connection.transport
        self._inflow = Inflow()
        self._channel = self._transport.open_session()
        self._transport.pour(self._channel, self._inflow)
        self._channel.get_pty(TERM, columns, rows)
        self._channel.invoke_shell()

    def read(self, limit: int, timeout: float | None = None) -> bytes | None:
        """Output as soon as there is any; None when time is up, b"" at the end."""
        data = self._inflow.read(limit, timeout)
        if data:
            self._connection.allow_more(self._channel, len(data))
        return data

    def waiting(self) -> int:
        """How much output has arrived that nobody has read."""
        return self._inflow.size

    def write(self, data: bytes) -> None:
        """Input; waits while the shell does not read."""
        self._channel.sendall(data)

    def resize(self, columns: int, rows: int) -> None:
        """Tell the shell the size of its window."""
        self._channel.resize_pty(columns, rows)

    @property
    def ended_by_itself(self) -> bool:
        """Whether the host closed the shell, rather than the connection breaking."""
        return bool(self._channel.eof_received) or self._transport.politely_closed


class Connection:
    """An authenticated connection; closing it wakes everybody who waits on it."""

    def __init__(self, sock: socket.socket, known_kind: str = "") -> None:
        self._socket = sock
        self.transport = Transport(sock, known_kind)
        self.transport.auth_timeout = None  # ours counts
        self.keep_alive_at = monotonic() + KEEP_ALIVE

    def negotiate(self) -> HostKey:
        """Agree on keys; the host's own."""
        done = threading.Event()
        self.transport.start_client(event=done)
        done.wait()
        if not self.transport.is_active():
            raise NotSsh(type(self.transport.get_exception()).__name__)
        key = self.transport.get_remote_server_key()
        public = key.asbytes()
        return HostKey(key.get_name(), keys.fingerprint(public), base64.b64encode(public).decode())

    def by_password(self, login: Login) -> None:
        """By password; by keyboard-interactive where the host takes no plain password, or wants both.

        A refused password is not tried a second way: that would count twice against the account.
        """
        try:
            further = self._auth(lambda auth, done: auth.auth_password(login.username, login.password, done))
        except BadAuthenticationType as error:
            further = error.allowed_types
        if "keyboard-interactive" in further:
            further = self._auth(lambda auth, done: auth.auth_interactive(login.username, answers(login), done))
        if further:
            raise SSHException("the host wants more")

    def by_key(self, login: Login) -> None:
        """By private key."""
        key = keys.load(login.key, login.passphrase)
        if key is None:
            raise UnreadableKey
        if self._auth(lambda auth, done: auth.auth_publickey(login.username, key, done)):
            raise SSHException("the host wants more")

    def _auth(self, ask: Callable[[Auth, threading.Event], None]) -> list[str]:
        """One method; what the host wants besides, or paramiko's exception."""
        auth = self.transport.auth_handler = Auth(self.transport)
        done = threading.Event()
        ask(auth, done)
        return list(auth.wait_for_response(done))

    def shell(self, columns: int, rows: int) -> Shell:
        """A login shell on a terminal of that size."""
        with limit(SHELL_TIMEOUT), told_as(Failure):
            return Shell(self, columns, rows)

    def allow_more(self, channel: object, size: int) -> None:
        """Open the window again by what was consumed, in large steps."""
        step = channel._check_add_window(size)  # type: ignore[attr-defined]
        if step:
            message = Message()
            message.add_byte(cMSG_CHANNEL_WINDOW_ADJUST).add_int(channel.remote_chanid).add_int(step)  # type: ignore[attr-defined]
            self.transport._send_user_message(message)

    def keep_alive(self) -> None:
        """Ask something that any server answers; due again after a while."""
        self.keep_alive_at = monotonic() + KEEP_ALIVE
        message = Message()
        message.add_byte(cMSG_GLOBAL_REQUEST).add_string("keepalive@openssh.com").add_boolean(True)
        self.transport._send_user_message(message)

    @property
    def lost(self) -> bool:
        """Whether nothing was heard for so long that the host must be gone."""
        return monotonic() - self.transport.packetizer.heard > LOST

    def close(self) -> None:
        """End it at once."""
        self.transport.close()
        self._socket.close()


def connect(
    target: Target,
    login: Login,
    *,
    allowed: Callable[[Address, int], bool],
    check: Callable[[HostKey], None],
    timeout: float,
) -> Connection:
    """Resolve, connect, negotiate, let `check` judge the host key (it raises to stop), authenticate."""
    with limit(timeout):
        connection = Connection(dial(target, allowed), target.known_kind)
        with closing_on_failure(connection), told_as(NotSsh):
            key = connection.negotiate()
    with closing_on_failure(connection):
        check(key)
        authenticate(connection, login)
    return connection


def dial(target: Target, allowed: Callable[[Address, int], bool]) -> socket.socket:
    """A TCP connection to the first address that takes it; each was judged, and is not looked up again."""
    try:
        found = resolve(target.name)
    except (OSError, UnicodeError, ValueError) as error:
        raise NoSuchName(error) from error
    open_to_us = [address for address in found if allowed(address, target.port)]
    if not open_to_us:
        raise NotAllowed(target.name)
    for address in open_to_us[:-1]:
        with suppress(Failure), limit(ONE_OF_MANY):
            return reach(address, target.port)
    return reach(open_to_us[-1], target.port)


def reach(address: Address, port: int) -> socket.socket:
    """A TCP connection without Nagle's delays."""
    sock = socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.connect((str(address), port))
    except OSError as error:
        sock.close()
        raise kind_of(error)(error) from error
    except BaseException:
        sock.close()
        raise
    return sock


def kind_of(error: OSError) -> type[Failure]:
    """Which of our failures a socket's error is."""
    if error.errno in (errno.ECONNREFUSED, errno.ECONNRESET):
        return Refused
    return TimedOut if isinstance(error, TimeoutError) else NoRoute


def authenticate(connection: Connection, login: Login) -> None:
    """By what the login holds."""
    if not login.password and not login.key:
        raise NoSecret
    with limit(AUTH_TIMEOUT), told_as(KeyRefused if login.key else WrongPassword):
        connection.by_key(login) if login.key else connection.by_password(login)


def answers(login: Login) -> Callable[[str, str, list[tuple[str, bool]]], list[str]]:
    """Answer the question for the password; there is nothing else we could answer."""

    def handler(title: str, instructions: str, prompts: list[tuple[str, bool]]) -> list[str]:
        return ["" if shown else login.password for _, shown in prompts]

    return handler


@contextmanager
def limit(seconds: float) -> Iterator[None]:
    """No server keeps us waiting longer."""
    timer = gevent.Timeout(seconds)
    try:
        with timer:
            yield
    except gevent.Timeout as fired:
        if fired is not timer:
            raise
        raise TimedOut from None


@contextmanager
def told_as(kind: type[Failure]) -> Iterator[None]:
    """Whatever goes wrong inside, as a failure of ours."""
    try:
        yield
    except Failure:
        raise
    except Exception as error:  # a hostile server can provoke anything in paramiko
        raise kind(type(error).__name__) from error  # its text may be the server's


@contextmanager
def closing_on_failure(connection: Connection) -> Iterator[None]:
    """Nothing stays open behind an exception."""
    try:
        yield
    except BaseException:
        connection.close()
        raise
