"""One line of JSON per event, to standard error or a file: safe for terminals, free of secrets, not waited for."""

import json
import logging
import os
import re
import sys
import traceback
from collections import deque
from contextlib import suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import orjson

LONGEST = 2000  # characters of one value; a traceback gets four times that
PATIENCE = 0.2  # seconds that lines gather before they are written
BACKLOG = 10_000  # lines kept while the reader of our standard error is stuck; then the oldest go

request: ContextVar[str] = ContextVar("request", default="-")
"""The id of the request that this greenlet is working for."""

SECRET_NAME = re.compile(r"(?i)pass|secret|token|ticket|authori|cookie|api_?key|private|credential|signature|^otp")
SECRET_TEXT = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]+\.[\w-]*"  # JWT
    r"|\bak_[\w-]{8,}"  # our API keys
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
)
SECRET_FACT = re.compile(
    r"(?i)((?:password|passphrase|passwd|secret|token|ticket|otp_code)['\"]?\s*[:=]\s*['\"]?|\bbearer\s+)[^\s'\",&)}]{4,}"
)
# What JSON leaves as it is but a terminal or an eye would obey: C1 controls, separators, bidirectional overrides, tags.
UNSAFE = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]")


def note(event: str, **facts: Any) -> None:
    """Something happened."""
    _say("info", event, facts)


def warn(event: str, **facts: Any) -> None:
    """Something an operator should look at some time."""
    _say("warning", event, facts)


def fail(event: str, error: BaseException | None = None, **facts: Any) -> None:
    """Something broke; with its traceback when there is one."""
    if error is not None:
        facts["traceback"] = mask("".join(traceback.format_exception(error)))[-4 * LONGEST :]
    _say("error", event, facts)


def now() -> datetime:
    """The time of a line: the machine's own, whatever tests do to the clock."""
    return datetime.now(UTC)


def mask(text: str) -> str:
    """The text without what looks like a token, a key or a password."""
    return SECRET_FACT.sub(r"\1***", SECRET_TEXT.sub("***", text))


def _say(level: str, event: str, facts: dict[str, Any]) -> None:
    line = {"time": now(), "level": level, "event": event, "request": request.get()}
    line.update((name, _clean(name, value)) for name, value in facts.items())
    sink.put(encode(line))


def _clean(name: str, value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if SECRET_NAME.search(name):
        return "***"
    text = value if isinstance(value, str) else str(value)
    return text if name == "traceback" else mask(text[:LONGEST])


def encode(line: dict[str, Any]) -> bytes:
    """One line, whatever stands in it."""
    try:
        encoded = orjson.dumps(line)
    except TypeError:  # lone surrogates: file names and headers that were no UTF-8
        encoded = json.dumps(line, default=datetime.isoformat).encode()
    if not encoded.isascii() or b"\x7f" in encoded:
        encoded = UNSAFE.sub(lambda found: json.dumps(found[0])[1:-1], encoded.decode()).encode()
    return encoded + b"\n"


class Sink:
    """Where lines go: written at once, but between start() and stop() gathered and written by a thread."""

    def __init__(self) -> None:
        self.path = ""
        self.descriptor = 2
        self.lines: deque[bytes] = deque(maxlen=BACKLOG)
        self.lost = 0
        self.threads: Any = None

    def put(self, line: bytes) -> None:
        """Take one line."""
        if self.threads is None:
            self.write(line)
            return
        self.lost += len(self.lines) == BACKLOG
        self.lines.append(line)

    def take(self) -> bytes:
        """All that gathered, in one piece."""
        lines = []
        while self.lines:
            lines.append(self.lines.popleft())
        if self.lost:
            lines.append(encode({"time": now(), "level": "error", "event": "log.lost", "lines": self.lost}))
            self.lost = 0
        return b"".join(lines)

    def write(self, block: bytes) -> None:
        """Write all of it, or give up: a full disk or a gone reader must not stop the appliance."""
        with suppress(OSError):
            while block:
                block = block[os.write(self.descriptor, block) :]

    def open(self, path: str) -> None:
        """Open the file anew, as after a rotation; the old one is closed once the new one is there."""
        if not path:
            return
        old, self.descriptor = self.descriptor, os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.path = path
        if old > 2:
            os.close(old)


sink = Sink()


class Bridge(logging.Handler):
    """What libraries say through the standard library's logging becomes one of our lines."""

    def emit(self, record: logging.LogRecord) -> None:
        """Never raises: a log line that cannot be made is not worth a request."""
        try:
            facts: dict[str, Any] = {"text": record.getMessage()}
        except (TypeError, ValueError, KeyError):
            facts = {"text": str(record.msg)}
        if record.exc_info and record.exc_info[1]:
            facts["traceback"] = mask("".join(traceback.format_exception(record.exc_info[1])))[-4 * LONGEST :]
        _say(record.levelname.lower(), record.name, facts)


class Stream:
    """A file-like end for `wsgi.errors` and whoever insists on writing text."""

    def write(self, text: str) -> int:
        """Each non-empty text is one line."""
        if text.strip():
            warn("text", text=text.strip())
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        """As files have it."""
        self.write("".join(lines))

    def flush(self) -> None:
        """As files have it."""


def start(path: str) -> None:
    """Open the log; from now on lines gather and a thread of its own writes them."""
    import gevent
    from gevent.threadpool import ThreadPool

    sink.open(path)
    logging.basicConfig(handlers=[Bridge()], level=logging.WARNING, force=True)
    gevent.get_hub().print_exception = _greenlet_failed
    sink.threads = ThreadPool(1)
    gevent.spawn(_pump)


def _pump() -> None:
    import gevent

    while sink.threads is not None:
        gevent.sleep(PATIENCE)
        if sink.lines and sink.threads is not None:
            sink.threads.apply(sink.write, (sink.take(),))


def _greenlet_failed(context: object, kind: type[BaseException], error: BaseException, _trace: object) -> None:
    """What gevent would print when a greenlet dies."""
    if isinstance(error, kind) and not issubclass(kind, SystemExit | KeyboardInterrupt):
        fail("greenlet.failed", error, context=type(context).__name__)


def reopen() -> None:
    """After a rotation: what gathered goes to the old file, what comes to a new one of the same name."""
    if sink.threads is not None:
        sink.threads.apply(sink.write, (sink.take(),))
        sink.threads.apply(sink.open, (sink.path,))  # by that thread, so never while it is writing


def stop() -> None:
    """Write what is left, but do not wait long for a reader that is stuck."""
    import gevent

    threads, sink.threads = sink.threads, None
    if threads is not None and sink.lines:
        with gevent.Timeout(1, False):
            threads.apply(sink.write, (sink.take(),))
    sys.stderr.flush()
