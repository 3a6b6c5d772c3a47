"""Recordings: append-only asciicast v2 files, written by one thread for all sessions, readable at any moment."""

import codecs
import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

import gevent
import orjson
from gevent.event import Event
from gevent.threadpool import ThreadPool

from appliance import logs

GATHER = 0.1
SOON, FULL = 256 * 1024, 1024 * 1024
RESERVE = 64 * 1024 * 1024
TIMES = 6


class Unwritable(Exception):
    """What happens cannot be recorded, so it must not happen."""


class Recording:
    """One session's file. Keeps events until the recorder's thread has written them; waits when that falls behind."""

    def __init__(self, recorder: "Recorder", descriptor: int, first: bytes) -> None:
        self.error: Exception | None = None
        self._recorder, self._descriptor = recorder, descriptor
        self._began = monotonic()
        self._events: list[tuple[float, str, bytes]] = []
        self._size = 0
        self._written, self._hash = len(first), hashlib.sha256(first)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._room = Event()
        self._room.set()

    def output(self, data: bytes) -> None:
        """The shell said this. Unwritable when it can no longer be kept."""
        if self._size > FULL:
            self._room.clear()
            self._room.wait()
        if self.error:
            raise Unwritable from self.error
        self._add("o", data)

    def resize(self, columns: int, rows: int) -> None:
        """The window has another size."""
        self._add("r", f"{columns}x{rows}".encode())

    def close(self) -> str:
        """No more will come; once all of it is written, the hash of the file."""
        self._recorder.finish(self)
        return self._hash.hexdigest()

    def _add(self, kind: str, data: bytes) -> None:
        self._events.append((monotonic() - self._began, kind, data))
        self._size += len(data)
        self._recorder.wake(self, urgent=self._size > SOON)

    def take(self) -> list[tuple[float, str, bytes]]:
        """What is to be written next."""
        events, self._events, self._size = self._events, [], 0
        return events

    def settle(self, error: Exception | None) -> None:
        """What was taken has been written, or not."""
        self.error = self.error or error
        self._room.set()

    # --- in the thread ---

    def write(self, events: list[tuple[float, str, bytes]], last: bool) -> None:
        """Append whole lines; a line that does not fit is taken back, so that the file stays readable."""
        lines = [self._line(*event) for event in events]
        if last and (half := self._decoder.decode(b"", final=True)):
            lines.append(line(monotonic() - self._began, "o", half))
        block = b"".join(lines)
        rest = memoryview(block)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError:
            os.ftruncate(self._descriptor, self._written)
            raise
        self._written += len(block)
        self._hash.update(block)

    def _line(self, moment: float, kind: str, data: bytes) -> bytes:
        text = self._decoder.decode(data) if kind == "o" else data.decode()
        return line(moment, kind, text) if text else b""

    def shut(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)


class Recorder:
    """Writes the events of all recordings, in the order they came, a few times a second."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._thread = ThreadPool(1)
        self._waiting: dict[Recording, bool] = {}
        self._work, self._urgent = Event(), Event()
        self._greenlet: Any = None

    def open(self, path: str, header: dict[str, Any]) -> Recording:
        """Begin a file below the folder; Unwritable when that fails."""
        if self._greenlet is None:
            self._greenlet = gevent.spawn(self._run)
        first = orjson.dumps({"version": 2, **header}) + b"\n"
        made: int | OSError = self._thread.apply(create, (self.folder / path, first))
        if isinstance(made, OSError):
            logs.fail("recording.refused", made)
            raise Unwritable from made
        return Recording(self, made, first)

    def wake(self, recording: Recording, *, urgent: bool) -> None:
        """There is something to write."""
        self._waiting.setdefault(recording, False)
        self._work.set()
        if urgent:
            self._urgent.set()

    def finish(self, recording: Recording) -> None:
        """Write the rest and close the file."""
        self._waiting.pop(recording, None)
        self._write({recording: True})
        self._thread.apply(recording.shut)

    def _run(self) -> None:
        while True:
            self._work.wait()
            self._urgent.wait(GATHER)
            self._work.clear()
            self._urgent.clear()
            waiting, self._waiting = self._waiting, {}
            self._write(waiting)

    def _write(self, recordings: dict[Recording, bool]) -> None:
        batch = [(recording, recording.take(), last) for recording, last in recordings.items()]
        for recording, error in self._thread.apply(write_all, (batch, self.folder)):
            if error and not recording.error:
                logs.fail("recording.failed", error)
            recording.settle(error)


class Unrecorded:
    """Stands in where recording is switched off."""

    error: Exception | None = None

    def output(self, data: bytes) -> None:
        """Nothing is kept."""

    def resize(self, columns: int, rows: int) -> None:
        """Nor this."""

    def close(self) -> str:
        """Nor was anything."""
        return ""


Batch = list[tuple[Recording, list[tuple[float, str, bytes]], bool]]


def create(path: Path, first: bytes) -> int | OSError:
    """A new file with its first line, readable by nobody else; the error, which a thread had better not raise."""
    try:
        require_room(path.parent)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        os.write(descriptor, first)
    except OSError as error:
        return error
    return descriptor


def require_room(folder: Path) -> None:
    """Recordings must never take the last of the disk from the database."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if shutil.disk_usage(folder).free < RESERVE:
        raise OSError("too little room on the disk")


def write_all(batch: Batch, folder: Path) -> list[tuple[Recording, Exception | None]]:
    """Write for each recording what it had; who failed, and why."""
    low = attempt(require_room, folder)
    return [(recording, attempt(recording.write, events, last) or low) for recording, events, last in batch]


def attempt(work: Callable[..., None], *arguments: Any) -> Exception | None:
    """The error of a piece of work, if it has one."""
    try:
        work(*arguments)
    except (OSError, ValueError) as error:
        return error
    return None


def line(moment: float, kind: str, text: str) -> bytes:
    """One event."""
    return orjson.dumps([round(moment, TIMES), kind, text]) + b"\n"
