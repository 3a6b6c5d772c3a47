"""paramiko's transport, tuned for many interactive sessions in one process and hardened against hostile servers."""

import logging
import threading
from collections import deque
from time import monotonic
from typing import Any

import gevent
import paramiko
from gevent.event import Event
from paramiko import packet
from paramiko.auth_handler import AuthHandler
from paramiko.channel import Channel
from paramiko.common import MSG_CHANNEL_CLOSE, MSG_CHANNEL_DATA, MSG_EXT_INFO
from paramiko.kex_curve25519 import KexCurve25519
from paramiko.kex_gex import KexGexSHA256
from paramiko.message import Message
from paramiko.ssh_exception import SSHException

RECEIVE = 64 * 1024
PACKET_LIMIT = 256 * 1024
GREETING_LIMIT = 8 * 1024
WINDOW = 256 * 1024
TURN, GATHER, QUIET = 0.002, 0.001, 30.0
FLOOD = 10_000_000
EXTENSIONS, PROMPTS, ROUNDS, DEFERRED = 32, 16, 8, 256
TAG = 16

# What paramiko logs is the server's own text; our log says what happened in our words.
logging.getLogger("paramiko").setLevel(logging.CRITICAL + 1)


class Inflow:
    """What the server sent and nobody has read yet; one greenlet feeds, one reads."""

    def __init__(self) -> None:
        self.size = 0
        self._pieces: deque[bytes] = deque()
        self._news = Event()
        self._closed = False

    def __len__(self) -> int:
        return self.size

    def feed(self, data: bytes) -> None:
        """Take what arrived; a server that sends more than it was allowed to is cut off."""
        self.size += len(data)
        if self.size > WINDOW:
            raise SSHException("the server ignores the window")
        self._pieces.append(data)
        self._news.set()

    def read(self, limit: int, timeout: float | None) -> bytes | None:
        """Up to `limit` bytes as soon as there are any; None when time is up, b"" at the end."""
        if not self._pieces and not self._closed:
            self._news.clear()
            self._news.wait(timeout)
        if self._pieces:
            return self._take(limit)
        return b"" if self._closed else None

    def _take(self, limit: int) -> bytes:
        taken, room = [], limit
        while self._pieces and room:
            piece = self._pieces.popleft()
            if len(piece) > room:
                self._pieces.appendleft(piece[room:])
                piece = piece[:room]
            taken.append(piece)
            room -= len(piece)
        data = taken[0] if len(taken) == 1 else b"".join(taken)
        self.size -= len(data)
        return data

    def close(self) -> None:
        """No more will come; what is there may still be read."""
        self._closed = True
        self._news.set()


# The same name as the class it extends, on purpose: Python then gives both the same private attributes.
class Packetizer(packet.Packetizer):
    """Receives in large pieces, opens AES-GCM packets without detours, bounds sizes, and lets others run."""

    __iv_in: bytes
    __sequence_number_in: int

    def __init__(self, socket: Any) -> None:
        super().__init__(socket)
        self.heard = monotonic()
        self.sink: Any = None
        self._buffer = bytearray()
        self._turn = monotonic()
        self._received = self._last = 0
        self._flooded = False

    def start_handshake(self, timeout: float) -> None:
        """No timer: whoever connects holds a deadline over everything."""

    def complete_handshake(self) -> None:
        """Called after every message; nothing to do."""

    def readline(self, timeout: float) -> str:
        """One line of the greeting, which ends somewhere."""
        while b"\n" not in self._buffer:
            if len(self._buffer) > GREETING_LIMIT:
                raise SSHException("no end of the greeting")
            self._fill(check_rekey=False)
        line, _, rest = bytes(self._buffer).partition(b"\n")
        self._buffer = bytearray(rest)
        return line.rstrip(b"\r").decode("utf-8", "replace")

    def read_all(self, n: int, check_rekey: bool = False) -> bytes:
        """Exactly `n` bytes."""
        if n > PACKET_LIMIT:
            raise SSHException("an oversized packet")
        self._await(n, check_rekey)
        data = bytes(self._buffer[:n])
        del self._buffer[:n]
        return data

    def read_message(self) -> tuple[int, Message]:
        """The next message that is not plain output of the shell, which goes to the sink at once."""
        self._breathe()
        if not self.__aead_in:
            return super().read_message()
        while True:
            payload = self._open()
            if payload[0] != MSG_CHANNEL_DATA or self.sink is None or not self.sink(payload):
                return payload[0], self._message(payload)
            if self.need_rekey():
                raise packet.NeedRekeyException()
            self._breathe()

    def _open(self) -> bytes:
        """The payload of one AES-GCM packet (RFC 5647)."""
        self._await(4, True)
        header = bytes(self._buffer[:4])
        size = int.from_bytes(header, "big")
        if not TAG <= size <= PACKET_LIMIT:
            raise SSHException("a packet of impossible size")
        end = 4 + size + TAG
        self._await(end, False)
        plain = self.__block_engine_in.decrypt(self.__iv_in, bytes(self._buffer[4:end]), header)
        del self._buffer[:end]
        self.__iv_in = self._inc_iv_counter(self.__iv_in)
        self._count(end)
        payload = plain[1 : size - plain[0]]
        if not payload:
            raise SSHException("an empty packet")
        return payload

    def _message(self, payload: bytes) -> Message:
        message = Message(payload[1:])
        message.seqno = self.__sequence_number_in
        return message

    def _count(self, size: int) -> None:
        """Ask for new keys when these have seen enough."""
        self.__sequence_number_in = (self.__sequence_number_in + 1) & 0xFFFFFFFF
        self.__received_bytes += size
        self.__received_packets += 1
        if self.__need_rekey:
            return
        if self.__received_bytes >= self.REKEY_BYTES or self.__received_packets >= self.REKEY_PACKETS:
            self._trigger_rekey()

    def _await(self, n: int, check_rekey: bool) -> None:
        while len(self._buffer) < n:
            self._fill(check_rekey)

    def _fill(self, check_rekey: bool) -> None:
        if self._flooded and self._last < RECEIVE // 2:
            gevent.sleep(GATHER)  # few large pieces cost half as much as many small ones
        try:
            data = self.__socket.recv(RECEIVE)
        except TimeoutError:
            self._on_quiet(check_rekey)
            return
        except OSError as error:
            raise EOFError from error
        if not data:
            raise EOFError
        self.heard = monotonic()
        self._buffer += data
        self._last = len(data)
        self._received += len(data)

    def _on_quiet(self, check_rekey: bool) -> None:
        if self.closed:
            raise EOFError
        if check_rekey and not self._buffer and self.need_rekey():
            raise packet.NeedRekeyException()

    def _breathe(self) -> None:
        """Let the others run when this connection has had the processor for its turn."""
        if monotonic() - self._turn > TURN:
            gevent.sleep(0)
            now = monotonic()
            self._flooded = self._received > FLOOD * (now - self._turn)
            self._received, self._turn = 0, now


class Auth(AuthHandler):
    """Remembers what the server would still take, and bounds how long it may go on asking."""

    def __init__(self, transport: Any) -> None:
        super().__init__(transport)
        self.rounds = 0

    def _parse_userauth_info_request(self, m: Message) -> None:
        asked = Message(m.get_remainder())
        for _ in range(3):
            asked.get_binary()
        self.rounds += 1
        if asked.get_int() > PROMPTS or self.rounds > ROUNDS:
            raise SSHException("the server asks without end")
        super()._parse_userauth_info_request(m)


class SmallGroupExchange(KexGexSHA256):
    """For old servers; a group of 8192 bits would stop everybody for a second."""

    max_bits = 4096


class Transport(paramiko.Transport):
    """A client's transport with one shell on it."""

    _preferred_keys: tuple[str, ...]
    _active_check_timeout = QUIET
    _preferred_kex = (
        *("curve25519-sha256", "curve25519-sha256@libssh.org"),
        *("ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521"),
        *("diffie-hellman-group14-sha256", "diffie-hellman-group16-sha512"),
        "diffie-hellman-group-exchange-sha256",
    )
    _kex_info = {  # noqa: RUF012 - as the class it extends has it
        **paramiko.Transport._kex_info,
        "curve25519-sha256": KexCurve25519,
        "diffie-hellman-group-exchange-sha256": SmallGroupExchange,
    }
    _preferred_ciphers = (
        *("aes128-gcm@openssh.com", "aes256-gcm@openssh.com"),
        *("aes128-ctr", "aes192-ctr", "aes256-ctr"),
    )
    _preferred_macs = (
        *("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com"),
        *("hmac-sha2-256", "hmac-sha2-512"),
    )

    def __init__(self, socket: Any, first_kind: str = "") -> None:
        super().__init__(socket, default_window_size=WINDOW, packetizer_class=Packetizer)
        self.politely_closed = False
        self._late: list[Message] = []
        self._handler_table[MSG_EXT_INFO] = self._parse_few_extensions
        self._channel_handler_table = {
            **paramiko.Transport._channel_handler_table,
            MSG_CHANNEL_CLOSE: self._on_channel_close,
        }
        if first_kind:
            self._preferred_keys = tuple(sorted(self._preferred_keys, key=lambda name: not is_kind(name, first_kind)))

    @property
    def preferred_keys(self) -> tuple[str, ...]:
        """Plain keys only: a pin is of a key, not of a certificate for it."""
        return tuple(self._filter_algorithm("keys"))

    def pour(self, channel: Channel, inflow: Inflow) -> None:
        """Send the output of a channel to `inflow`."""
        channel.in_buffer = inflow
        channel.set_combine_stderr(True)
        channel.in_window_threshold = WINDOW // 4
        head = bytes([MSG_CHANNEL_DATA]) + channel.get_id().to_bytes(4, "big")

        def sink(payload: bytes) -> bool:
            if not payload.startswith(head):
                return False
            inflow.feed(payload[9 : 9 + int.from_bytes(payload[5:9], "big")])
            return True

        self.packetizer.sink = sink

    def _parse_few_extensions(self, m: Message) -> None:
        """A count of four thousand million would otherwise be counted to its end."""
        if int.from_bytes(m.get_remainder()[:4], "big") > EXTENSIONS:
            raise SSHException("too many extensions")
        self._parse_ext_info(m)

    def _on_channel_close(self, channel: Channel, m: Message) -> None:
        self.politely_closed = True
        channel._handle_close(m)

    def _send_user_message(self, data: Message) -> None:
        """Answers due in the middle of a key exchange wait for its end; paramiko would wait for itself."""
        if threading.current_thread() is not self or self.clear_to_send.is_set():
            super()._send_user_message(data)
        elif len(self._late) >= DEFERRED:
            raise SSHException("too many requests during a key exchange")
        else:
            self._late.append(data)

    def _parse_newkeys(self, m: Message) -> None:
        super()._parse_newkeys(m)
        late, self._late = self._late, []
        for message in late:
            super()._send_user_message(message)


def is_kind(algorithm: str, kind: str) -> bool:
    """Whether a signature algorithm is of that key type: ssh-rsa keys sign by rsa-sha2."""
    return algorithm == kind or (kind == "ssh-rsa" and algorithm.startswith("rsa-"))
