"""A running appliance with a host on a real SSH server, and somebody in front of a terminal."""

import contextlib
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

import websocket

from appliance.app import App
from appliance.domain import vouchers
from appliance.settings import Settings
from tests.conftest import PASSWORD
from tests.live import Live
from tests.terminal.sshd import Sshd

SHOP = 2
PATIENCE = 15
PLAIN = {"suppress_origin": True, "skip_utf8_validation": True}  # no browser; its check of UTF-8 takes seconds


class World(Live):
    """The appliance of `tests.live`, with short ways to what terminals need."""

    def __init__(self, data: Path, *flags: str, environ: dict[str, str] | None = None) -> None:
        super().__init__(data, "--loopback-targets", *flags, environ=environ)
        self.flags = flags
        self.tokens: dict[str, str] = {}

    def token(self, login: str = "bob") -> str:
        """An access token of that user, the same one each time."""
        if login not in self.tokens:
            self.tokens[login] = self.sign_in(login, PASSWORD)
        return self.tokens[login]

    def open(self, host_id: int = 1, voucher_id: int = 1, *, login: str = "bob", **query: Any) -> "Terminal":
        """A terminal by the documented URL."""
        ids = {"token": self.token(login), "resource_id": host_id, "voucher_id": voucher_id}
        return Terminal(self.socket({**ids, **query}))

    def shell(self, *args: Any, **query: Any) -> "Terminal":
        """A terminal whose shell is ready."""
        terminal = self.open(*args, **query)
        terminal.settle()
        return terminal

    def socket(self, query: dict[str, Any], **options: Any) -> websocket.WebSocket:
        """A WebSocket on the terminal's URL."""
        url = f"{self.url.replace('http', 'ws')}/api/terminal/ssh/?{urlencode(query)}"
        return websocket.create_connection(url, timeout=PATIENCE, **{**PLAIN, **options})

    def ticket(self, host_id: int = 1, voucher_id: int = 1, login: str = "bob") -> Any:
        """The answer to a request for a ticket."""
        body = {"resource_id": host_id, "voucher_id": voucher_id}
        return self.call("/api/terminal/ticket/", body, self.token(login))

    def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """What the database holds, past the appliance."""
        with contextlib.closing(sqlite3.connect(self.data / "appliance.db", timeout=5)) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(sql, values)]

    def write(self, sql: str, *values: Any) -> None:
        """Change the database past the appliance."""
        with contextlib.closing(sqlite3.connect(self.data / "appliance.db", timeout=5)) as database, database:
            database.execute(sql, values)

    def sessions(self, status: str = "") -> list[dict[str, Any]]:
        """Session rows, the newest first."""
        return self.rows("select * from sessions where ? in ('', status) order by id desc", status)

    def drain(self, terminal: "Terminal") -> None:
        """Read whatever a terminal says, for as long as it is open."""

        def read() -> None:
            with contextlib.suppress(websocket.WebSocketException, OSError):
                while terminal.socket.recv_data():
                    pass

        threading.Thread(target=read, daemon=True).start()

    def paste(self, terminal: "Terminal", pieces: list[str]) -> threading.Thread:
        """Type all of this in a thread, which waits where typing does."""
        frames = [json.dumps({"type": 2, "data": piece}) for piece in pieces]
        thread = threading.Thread(target=lambda: [terminal.socket.send(frame) for frame in frames], daemon=True)
        thread.start()
        return thread

    def push(self, terminal: "Terminal", raw: bytes) -> threading.Thread:
        """Put bytes on the wire in a thread."""
        thread = threading.Thread(target=lambda: terminal.socket.sock.sendall(raw), daemon=True)
        thread.start()
        return thread

    def memory(self) -> int:
        """Resident bytes of the process."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))


class Terminal:
    """What somebody sees who sits in front of one."""

    opened: ClassVar[list["Terminal"]] = []

    def __init__(self, socket: websocket.WebSocket) -> None:
        self.opened.append(self)
        self.socket = socket
        self._seen, self._fresh = "", []  # type: tuple[str, list[str]]
        self.frames: list[str | bytes] = []
        self.code: int | None = None
        self.reason = ""
        self.marks = 0

    def receive(self) -> bool:
        """One more frame; False after the goodbye."""
        opcode, data = self.socket.recv_data()
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            self.code, self.reason = int.from_bytes(data[:2]), data[2:].decode()
            return False
        frame = data.decode() if opcode == websocket.ABNF.OPCODE_TEXT else data
        self.frames.append(frame)
        self._fresh.append(frame if isinstance(frame, str) else frame.decode("utf-8", "replace"))
        return True

    @property
    def seen(self) -> str:
        """All that was said so far."""
        if self._fresh:
            self._seen += "".join(self._fresh)
            self._fresh.clear()
        return self._seen

    def until(self, text: str, *, since: int = 0) -> str:
        """What was said up to and with the text."""
        deadline = time.monotonic() + PATIENCE
        while (at := self.seen.find(text, since)) < 0:
            assert time.monotonic() < deadline, f"never said {text!r}: {self.seen[-500:]!r}"
            assert self.receive(), f"closed ({self.code} {self.reason}) before {text!r}: {self.seen[-500:]!r}"
        return self.seen[since : at + len(text)]

    def bytes_until(self, mark: bytes) -> bytes:
        """All that comes before the mark, byte by byte."""
        frames = [b"", b""]
        while not (frames[-2] + frames[-1]).endswith(mark):
            frames.append(self.socket.recv_data()[1])
        return b"".join(frames).removesuffix(mark)

    def end(self) -> str:
        """Wait for the goodbye; the last text frame, if that was the last."""
        while self.receive():
            pass
        last = self.frames[-1] if self.frames else ""
        return last if isinstance(last, str) else ""

    def send(self, data: Any) -> None:
        """A raw text frame, or an object as JSON."""
        self.socket.send(data if isinstance(data, str) else json.dumps(data))

    def type(self, text: str) -> None:
        """Input."""
        self.send({"type": 2, "data": text})

    def resize(self, columns: int, rows: int) -> None:
        """Another window."""
        self.send({"type": 1, "data": {"cols": columns, "rows": rows}})

    def settle(self) -> None:
        """Make the shell quiet and wait for it."""
        self.run("stty -echo; PS1=; PS2=; bind 'set enable-bracketed-paste off'")

    def run(self, command: str) -> str:
        """The output of a command."""
        self.marks += 1
        mark, since = f"ready-{self.marks}.", len(self.seen)
        self.type(f"{command}; printf ready''-{self.marks}.\r")
        return self.until(mark, since=since).removesuffix(mark)

    def close(self) -> None:
        """Hang up without a word."""
        self.socket.shutdown()


def furnish(app: App, sshd: Sshd) -> None:
    """Host 1 in the shop is the SSH server; voucher 1 its key. Bob operates both."""
    with app.store.writing() as tx:
        add_host(tx, port=sshd.port)
        add_voucher(tx, sshd.login, key=sshd.private_key())
        tx.insert("host_vouchers", host_id=1, voucher_id=1)


def add_host(tx: Any, *, port: int, **facts: Any) -> int:
    """A host in the shop."""
    facts = {
        "name": f"host {port} {time.monotonic_ns()}",
        "ipv4": "127.0.0.1",
        "group_id": SHOP,
        "protocol_id": 1,
        **facts,
    }
    return int(tx.insert("hosts", port=port, **facts))


def add_voucher(
    tx: Any, username: str, *, password: str = "", key: str = "", passphrase: str = "", **facts: Any
) -> int:
    """A voucher in the shop."""
    kind = "key" if key else "password"
    facts = {"name": f"voucher {time.monotonic_ns()}", "group_id": SHOP, **facts}
    ident = int(tx.insert("vouchers", username=username, kind=kind, secret=None, passphrase=None, **facts))
    row = tx.get("vouchers", ident)
    secret = vouchers.Secret(kind, key or password, passphrase or None)
    tx.change("vouchers", ident, **vouchers.sealed(tx, row.uuid, secret))
    return ident


@contextlib.contextmanager
def opened(data: Path) -> Iterator[App]:
    """The data of an appliance that is not running."""
    app = App(Settings(data=data))
    try:
        yield app
    finally:
        app.store.close()


def eventually(check: Callable[[], Any], seconds: float = PATIENCE, why: Callable[[], Any] = str) -> Any:
    """What `check` gives once that is true."""
    deadline = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < deadline, f"it never came true: {why()}"
        time.sleep(0.02)
    return found
