"""One session from its row on: connect, carry, close (ptpb 9, checks 9 to 11 and what follows)."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Protocol

import gevent

from appliance import logs
from appliance.crypto import BadKey
from appliance.domain import audit, host_keys, sessions, targets, vouchers
from appliance.domain.access import Actor
from appliance.domain.sessions import Admission
from appliance.remote import ssh
from appliance.remote.ssh import Connection, HostKey, Login, Target
from appliance.store import Row, Store
from appliance.terminal.bridge import Bridge, Socket, turn_away
from appliance.terminal.live import UNRECORDED, Live
from appliance.terminal.recorder import Recorder, Recording, Unrecorded, Unwritable
from appliance.terminal.registry import Registry
from appliance.terminal.speech import SIZES, AsBytes, AsText, number

COLUMNS, ROWS = 80, 24
HOST_KEY = "变更资源{}主机密钥"


class House(Protocol):
    """What all visits share."""

    store: Store
    settings: Any
    registry: Registry
    recorder: Recorder

    def note_refusal(self, actor: Actor, host_id: int) -> None:
        """A refused terminal leaves its line in the log of operations."""


class Visit:
    """One session from its row on."""

    def __init__(
        self, house: House, socket: Socket, query: Mapping[str, str], actor: Actor, admission: Admission, row: Row
    ) -> None:
        self.house, self.store = house, house.store
        self.socket, self.query, self.actor = socket, query, actor
        self.admission, self.row = admission, row
        self.began, self.hash = False, ""
        self.columns, self.rows = size(query.get("cols"), COLUMNS), size(query.get("rows"), ROWS)
        ids = (row.id, actor.user_id, actor.sign_in_id or 0, row.host_id, row.voucher_id)
        self.live = Live(*ids, actor.address)

    def run(self, known: str) -> None:
        """Connect, carry, close, part."""
        self.house.registry.add(self.live)
        try:
            self.part(self.attend(known))
        finally:
            self.house.registry.remove(self.live)

    def attend(self, known: str) -> Bridge | None:
        """All but the goodbye: whoever hears that finds the row closed."""
        try:
            connection = self.connect(known)
            return self.carry(connection) if connection else None
        finally:
            self.close_row()
            logs.note("terminal.ended", session=self.row.id, began=self.began, reason=self.live.sentence)

    def part(self, bridge: Bridge | None) -> None:
        """The goodbye, to somebody who had a shell or who had none."""
        if bridge:
            bridge.part()
        else:
            self.house.note_refusal(self.actor, self.row.host_id)
            turn_away(self.socket, self.live.sentence, self.live.code)

    def connect(self, known: str) -> Connection | None:
        """Checks 9 to 11, in a greenlet of their own, so that the session can be ended meanwhile."""
        attempt = gevent.spawn(self.attempt, known)
        gevent.wait([attempt, self.live.ended], count=1)
        if not attempt.ready():
            attempt.kill()
        outcome = attempt.value if attempt.successful() else None
        if isinstance(outcome, Connection):
            if not self.live.over:
                return outcome
            outcome.close()
        self.live.close(outcome if isinstance(outcome, str) else ssh.Failure.sentence)
        return None

    def attempt(self, known: str) -> Connection | str:
        """The connection, or the sentence why there is none."""
        logs.request.set(self.actor.request_id)
        try:
            return ssh.connect(
                Target(self.admission.address, self.admission.host.port, known),
                self.login(),
                allowed=partial(targets.allowed, settings=self.house.settings),
                check=self.check_host_key,
                timeout=self.house.settings.connect_timeout,
            )
        except ssh.Failure as failure:
            logs.note("terminal.failed", session=self.row.id, failure=str(failure))
            return failure.sentence

    def login(self) -> Login:
        """What the voucher holds, opened for this moment."""
        voucher = self.admission.voucher
        try:
            with self.store.reading(self.actor) as tx:
                secret, passphrase = vouchers.open_secret(tx, voucher) if voucher.secret else ("", None)
        except BadKey as error:
            raise ssh.NoSecret(error) from error
        if voucher.kind == "key":
            return Login(voucher.username, key=secret, passphrase=passphrase or "")
        return Login(voucher.username, password=secret)

    def check_host_key(self, key: HostKey) -> None:
        """Pin, know or refuse the key that the host has shown; all but knowing it goes on record."""
        host_id = self.row.host_id
        shown = {"kind": key.kind, "fingerprint": key.fingerprint, "public_key": key.public}
        with self.store.writing(self.actor) as tx:
            pinned = host_keys.meet(tx, host_id, **shown).fingerprint
            if pinned != key.fingerprint:
                tx.tell("host_keys", host_id=host_id, pinned=pinned, offered=key.fingerprint)
            if tx.changes:
                audit.note(tx, HOST_KEY.format(host_id), succeeded=pinned == key.fingerprint)
        if pinned != key.fingerprint:
            raise ssh.HostKeyChanged(pinned, key.fingerprint)

    def carry(self, connection: Connection) -> Bridge | None:
        """The shell from its beginning to its end; None when it could not begin."""
        recording: Recording | Unrecorded = Unrecorded()
        try:
            recording = self.record()
            bridge = self.bridge(connection, connection.shell(self.columns, self.rows), recording)
            self.began = True
            logs.note("terminal.began", session=self.row.id, user=self.row.login, host=self.row.host_name)
            bridge.run()
        except (Unwritable, ssh.Failure) as failure:
            self.live.close(UNRECORDED if isinstance(failure, Unwritable) else failure.sentence)
            return None
        finally:
            connection.close()
            self.hash = recording.close()
        return bridge

    def bridge(self, connection: Connection, shell: ssh.Shell, recording: Recording | Unrecorded) -> Bridge:
        """Everything that carries bytes, put together."""
        raw = self.query.get("binary") == "1"
        return Bridge(
            self.live,
            self.socket,
            connection,
            shell,
            recording,
            speaker=AsBytes() if raw else AsText(),
            receipts=raw and self.query.get("ack") == "1",
            idle_limit=self.house.settings.idle_limit * 60,
        )

    def record(self) -> Recording | Unrecorded:
        """Begin the recording, if sessions are recorded."""
        row = self.row
        if not row.recording:
            return Unrecorded()
        header = {
            "width": self.columns,
            "height": self.rows,
            "timestamp": int(row.started_at.timestamp()),
            "title": f"{row.login} → {row.username}@{row.host_name}",
            "env": {"TERM": ssh.TERM, "SHELL": "/bin/sh"},
            "user": {"id": row.user_id, "login": row.login, "name": row.user_name},
            "host": {"id": row.host_id, "name": row.host_name, "address": row.host_address},
            "voucher": {"id": row.voucher_id, "username": row.username},
            "start": row.started_at.isoformat(),
            "session": row.uuid,
        }
        return self.house.recorder.open(row.recording, header)

    def close_row(self) -> None:
        """The end of the session in its row."""
        with self.store.writing(anyway=True) as tx:
            reason, recorded = self.live.sentence, self.hash
            sessions.finish(tx, self.row.id, failed=not self.began, reason=reason, recording_hash=recorded)


def size(text: str | None, usual: int) -> int:
    """A number of columns or rows, or the usual one."""
    wanted = number(text or "")
    return wanted if wanted and wanted in SIZES else usual
