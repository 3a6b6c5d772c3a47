"""Between one browser and one shell: a greenlet for each direction, never more in memory than a window."""

from time import monotonic
from typing import Protocol

import gevent
from gevent.event import Event

from appliance import logs
from appliance.remote.ssh import Connection, Shell
from appliance.terminal.live import HOST_GONE, IDLE, POLITE, UNRECORDED, Live
from appliance.terminal.recorder import Recording, Unrecorded, Unwritable
from appliance.terminal.speech import AsBytes, AsText, Resize, Seen, heard

FRAME, PAUSE = 32 * 1024, 0.002
HIGH, LOW = 256 * 1024, 64 * 1024
PING, SILENCE, GRACE = 20.0, 60.0, 1.0


class Socket(Protocol):
    """A WebSocket; receiving and sending happen in different greenlets."""

    closed: bool
    last_pong: float

    def receive(self) -> str | bytes | None:
        """The next message; None when the other side is gone."""

    def send(self, data: str | bytes) -> None:
        """Wait until it is on its way; raises when the other side is gone."""

    def ping(self) -> None:
        """Ask for a sign of life."""

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Say goodbye."""


class Bridge:
    """Carries input one way and output the other until its session ends."""

    def __init__(
        self,
        live: Live,
        socket: Socket,
        connection: Connection,
        shell: Shell,
        recording: Recording | Unrecorded,
        *,
        speaker: AsText | AsBytes,
        receipts: bool,
        idle_limit: float,
    ) -> None:
        self.live, self.socket, self.connection, self.shell = live, socket, connection, shell
        self.recording, self.speaker = recording, speaker
        self.receipts, self.idle_limit = receipts, idle_limit
        self._heard_at = self._sent_at = monotonic()
        self._ping_at = self._heard_at + PING
        self._deaf = False
        self._unseen = self._said = 0
        self._room = Event()

    def run(self) -> None:
        """Both directions, until somebody closes the session; then what the host said before still goes out."""
        self.live.overdue = self.overdue
        self._listener, self._speaker = gevent.spawn(self._listen), gevent.spawn(self._speak)
        self.live.ended.wait()
        self.connection.close()
        self._room.set()
        self._speaker.join(GRACE)

    def part(self) -> None:
        """The sentence and the goodbye, if the browser reads at all."""
        if self._speaker.dead:
            farewell(self.socket, self.live.sentence, self.live.code)
        else:
            self._speaker.kill(block=False)
            self.socket.close(self.live.code, self.live.sentence)
        self._listener.join(GRACE)
        self._listener.kill(block=False)

    def overdue(self) -> str | None:
        """The reason to end it now that only the clock tells; None while there is none."""
        now = monotonic()
        if self.idle_limit and now - self.live.input_at > self.idle_limit:
            return IDLE
        if not self._deaf and now - max(self.socket.last_pong, self._heard_at) > SILENCE:
            return ""
        if self.recording.error:
            return UNRECORDED
        return HOST_GONE if self.connection.lost else None

    # --- browser to shell ---

    def _listen(self) -> None:
        while message := self.socket.receive():
            try:
                self._obey(message)
            except Exception as error:  # noqa: BLE001 - whatever it is, only this session ends
                self._note(error)
                self.live.close()
            gevent.sleep(0)  # a flood of messages is no reason for others to wait
        self.live.close()
        while message is not None:  # an empty frame was his goodbye; ours is answered by one more
            message = self.socket.receive()

    def _obey(self, message: str | bytes) -> None:
        self._heard_at = monotonic()
        said = None if self.live.over else heard(message)
        if isinstance(said, Resize):
            self.shell.resize(*said)
            self.recording.resize(*said)
        elif isinstance(said, Seen):
            self._seen(said.total)
        elif said:
            self.live.input_at = monotonic()
            self._type(said)

    def _type(self, data: bytes) -> None:
        """Hand input over; while the shell does not read, nobody can expect us to hear pongs."""
        self._deaf = True
        self.shell.write(data)
        self._deaf, self._heard_at = False, monotonic()

    def _seen(self, total: int) -> None:
        self._unseen = max(0, self._said - total)
        if self._unseen <= LOW:
            self._room.set()

    # --- shell to browser ---

    def _speak(self) -> None:
        try:
            while (data := self._gather()) != b"":
                if data:
                    self.recording.output(data)
                    self._send(self.speaker.say(data))
                    self._wait_for_receipts(len(data))
                self._tick()
            self._send(self.speaker.end())
        except Unwritable:
            self.live.close(UNRECORDED)
        except Exception as error:  # noqa: BLE001 - whatever it is, only this session ends
            self._note(error)
        self.live.close("" if self.shell.ended_by_itself or self.socket.closed else HOST_GONE)

    def _gather(self) -> bytes | None:
        """Output as soon as there is any, but not a frame for each of many small writes."""
        data = self.shell.read(FRAME, self._until_tick())
        rest = PAUSE - (monotonic() - self._sent_at)
        if data and len(data) < FRAME and rest > 0:
            gevent.sleep(rest)
            if self.shell.waiting():
                data += self.shell.read(FRAME - len(data)) or b""
        return data

    def _send(self, data: str | bytes) -> None:
        if data:
            self.socket.send(data)
            self._sent_at = monotonic()
            gevent.sleep(0)

    def _wait_for_receipts(self, size: int) -> None:
        """A page that confirms what it has drawn is never sent more than it can draw soon."""
        if not self.receipts:
            return
        self._said += size
        self._unseen += size
        while self._unseen > HIGH and not self.live.over:
            self._room.clear()
            self._room.wait(self._until_tick())
            self._tick()

    def _until_tick(self) -> float:
        return max(0.01, min(self._ping_at, self.connection.keep_alive_at) - monotonic())

    def _tick(self) -> None:
        """Keep both connections alive; from this greenlet, which is the one that sends."""
        now = monotonic()
        if now >= self._ping_at:
            self._ping_at = now + PING
            self.socket.ping()
        if now >= self.connection.keep_alive_at:
            self.connection.keep_alive()

    def _note(self, error: Exception) -> None:
        """An exception that is not just somebody hanging up belongs into the log."""
        if not self.socket.closed and not self.live.over and not isinstance(error, OSError):
            logs.fail("terminal.broken", error, session=self.live.session_id)


def farewell(socket: Socket, sentence: str, code: int) -> None:
    """The sentence as the last frame and as the reason of the goodbye; nobody is waited for."""
    with gevent.Timeout(GRACE, False):
        try:
            if sentence:
                socket.send(sentence)
        except Exception as error:  # noqa: BLE001 - he is gone already
            logs.note("terminal.unheard", error=type(error).__name__)
    socket.close(code, sentence.partition("\n")[0])


def turn_away(socket: Socket, sentence: str, code: int = POLITE) -> None:
    """A session that never began: the sentence, the goodbye, and his."""
    farewell(socket, sentence, code)
    while socket.receive() is not None:
        pass
