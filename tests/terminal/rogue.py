"""SSH servers that do what no honest one would."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import paramiko
from paramiko.common import (
    MSG_CHANNEL_DATA,
    MSG_EXT_INFO,
    MSG_IGNORE,
    MSG_USERAUTH_INFO_REQUEST,
)

ENDLESS = 0xFFFFFFFF
KEY = paramiko.ECDSAKey.generate()


@contextlib.contextmanager
def listening(behave: Callable[[socket.socket], Any]) -> Iterator[int]:
    """A port behind which every connection is treated by `behave` in a thread of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_accept, args=(listener, behave), daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, behave: Callable[[socket.socket], Any]) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_treat, args=(connection, behave), daemon=True).start()


def _treat(connection: socket.socket, behave: Callable[[socket.socket], Any]) -> None:
    with connection, contextlib.suppress(OSError, EOFError, paramiko.SSHException):
        behave(connection)


def saying(*pieces: bytes, forever: bytes = b"") -> Callable[[socket.socket], None]:
    """Says these, then perhaps the same thing for ever, and listens to nothing."""

    def behave(connection: socket.socket) -> None:
        for piece in pieces:
            connection.sendall(piece)
        while forever:
            connection.sendall(forever)
        while connection.recv(65536):
            pass

    return behave


class Desk(paramiko.ServerInterface):
    """Lets everybody in by password."""

    def __init__(self) -> None:
        self.channel = threading.Event()
        self.asked: list[str] = []

    def get_allowed_auths(self, username: str) -> str:
        return "password,keyboard-interactive"

    def check_auth_password(self, username: str, password: str) -> int:
        return paramiko.AUTH_SUCCESSFUL

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED

    def check_channel_pty_request(self, *_: Any) -> bool:
        return True

    def check_channel_shell_request(self, channel: paramiko.Channel) -> bool:
        self.channel.set()
        return True

    def check_channel_forward_agent_request(self, channel: paramiko.Channel) -> bool:
        self.asked.append("agent")
        return True

    def check_port_forward_request(self, address: str, port: int) -> int:
        self.asked.append("port")
        return port


class Questions(Desk):
    """Only asks, and never stops asking."""

    def __init__(self, prompts: int) -> None:
        super().__init__()
        self.prompts = prompts
        self.transport: paramiko.Transport | None = None

    def get_allowed_auths(self, username: str) -> str:
        return "keyboard-interactive"

    def check_auth_password(self, username: str, password: str) -> int:
        return paramiko.AUTH_FAILED

    def check_auth_interactive(self, username: str, submethods: str) -> Any:
        if self.prompts > 100:
            assert self.transport
            message = paramiko.Message()
            message.add_byte(bytes([MSG_USERAUTH_INFO_REQUEST])).add_string("").add_string("").add_string("")
            self.transport._send_message(message.add_int(self.prompts))
        return paramiko.InteractiveQuery("", "", "Password: ")

    def check_auth_interactive_response(self, responses: list[str]) -> Any:
        return paramiko.InteractiveQuery("", "", "Password: ")


def ssh(
    desk: Callable[[], Desk] = Desk, then: Callable[[paramiko.Transport, Desk], Any] | None = None, **preferred: Any
) -> Callable[[socket.socket], None]:
    """A server with that desk; `then` goes on once somebody has a shell, `preferred` are its algorithms."""

    def behave(connection: socket.socket) -> None:
        transport = paramiko.Transport(connection)
        for name, value in preferred.items():
            setattr(transport, f"_preferred_{name}", value)
        transport.add_server_key(KEY)
        interface = desk()
        if isinstance(interface, Questions):
            interface.transport = transport
        transport.start_server(server=interface)
        channel = transport.accept(30)
        if channel and interface.channel.wait(30) and then:
            then(transport, interface)
        while transport.is_active():
            threading.Event().wait(0.1)

    return behave


def mute_after_keys(connection: socket.socket) -> None:
    """Agrees on keys and then never answers again."""
    transport = paramiko.Transport(connection)
    transport.add_server_key(KEY)
    transport.start_server(server=Desk())
    transport.auth_handler._parse_service_request = lambda message: None
    while transport.is_active():
        threading.Event().wait(0.1)


def endless_extensions(transport: paramiko.Transport, desk: Desk) -> None:
    """Announces four thousand million extensions."""
    transport._send_user_message(paramiko.Message().add_byte(bytes([MSG_EXT_INFO])).add_int(ENDLESS))


def deaf_to_windows(transport: paramiko.Transport, desk: Desk) -> None:
    """Sends output without asking whether there is room."""
    channel = next(iter(transport._channels.values()))
    while transport.is_active():
        message = paramiko.Message().add_byte(bytes([MSG_CHANNEL_DATA])).add_int(channel.remote_chanid)
        transport._send_user_message(message.add_string(b"x" * 30_000))


def chatter(transport: paramiko.Transport, desk: Desk) -> None:
    """Sends nothing that matters, as fast as it can."""
    while transport.is_active():
        transport._send_user_message(paramiko.Message().add_byte(bytes([MSG_IGNORE])).add_string(b""))


def intruder(transport: paramiko.Transport, desk: Desk) -> None:
    """Tries to open channels towards the appliance, and tells in its terminal what it got."""
    channel = next(iter(transport._channels.values()))
    for kind in ("auth-agent@openssh.com", "x11", "forwarded-tcpip", "session", "direct-tcpip"):
        ends = {"dest_addr": ("127.0.0.1", 22), "src_addr": ("127.0.0.1", 1)}
        with contextlib.suppress(paramiko.ChannelException):
            transport.open_channel(kind, timeout=5, **ends)
            desk.asked.append(kind)
    channel.sendall(f"[{' '.join(desk.asked) or 'nothing'}]".encode())
