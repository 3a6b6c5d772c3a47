"""`appliance doctor`: what an operator would check by hand when the appliance does not start or behaves oddly."""

import os
import shutil
import socket
import sqlite3
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from appliance.datafolder import DATABASE, KEY, PRIVATE, holder
from appliance.settings import Settings

LEAST_FREE = 1024**3
BUILT = 1_735_689_600  # 2025-01-01: a clock before that was never set
TOLERANCE = 600  # seconds a file may lie in the future
ADDRESSES_OF_HOSTS = """
    SELECT ipv4 FROM hosts WHERE cloud_id = 0 AND ipv4 IS NOT NULL
    UNION ALL SELECT ipv6 FROM hosts WHERE cloud_id = 0 AND ipv6 IS NOT NULL
"""
SPANS = "SELECT area_id, first_key, last_key FROM subnets WHERE complete"


@dataclass
class Finding:
    """One thing that was looked at."""

    what: str
    text: str
    bad: bool = False

    def __str__(self) -> str:
        return f"{'BAD' if self.bad else 'ok ':4} {self.what:12} {self.text}"


def examine(settings: Settings) -> list[Finding]:
    """Look at everything."""
    return [finding for check in CHECKS for finding in check(settings)]


def python(_: Settings) -> Iterator[Finding]:
    """The version we are made for."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("python", version, bad=sys.version_info[:2] != (3, 11))


def folder(settings: Settings) -> Iterator[Finding]:
    """There, ours, private, writable; before the first start it need not be there."""
    data = settings.data
    if not data.exists():
        parent = next(above for above in data.parents if above.exists())
        yield Finding("data folder", f"{data} will be made at the first start", bad=not os.access(parent, os.W_OK))
        return
    wrong = list(_faults(data, 0o700))
    if not os.access(data, os.W_OK | os.X_OK):
        wrong.append("cannot be written")
    yield Finding("data folder", f"{data} {', '.join(wrong)}".strip(), bad=bool(wrong))


def secrets(settings: Settings) -> Iterator[Finding]:
    """Files that only we may read."""
    for file in (settings.data / name for name in PRIVATE):
        if file.exists():
            wrong = list(_faults(file, 0o600))
            yield Finding(file.name, f"{file} {', '.join(wrong)}".strip(), bad=bool(wrong))
    key_needed = (settings.data / DATABASE).exists() and not settings.master_key
    if key_needed and not (settings.data / KEY).exists():
        yield Finding(KEY, "is missing: what the database has sealed cannot be opened", bad=True)


def certificate(settings: Settings) -> Iterator[Finding]:
    """The operator's own pair: there, for us to read, and its key not for everybody."""
    for name in filter(None, (settings.tls_certificate, settings.tls_key)):
        file = Path(name)
        if not os.access(file, os.R_OK):
            yield Finding("certificate", f"{file} cannot be read", bad=True)
        elif name == settings.tls_key and file.stat().st_mode & stat.S_IRWXO:
            yield Finding("certificate", f"{file} can be read by everybody", bad=True)
        else:
            yield Finding("certificate", str(file))


def _faults(path: Path, most: int) -> Iterator[str]:
    found = path.stat()
    mode = stat.S_IMODE(found.st_mode)
    if mode & ~most:
        yield f"has mode {mode:04o} instead of {most:04o}"
    if found.st_uid != os.geteuid():
        yield f"belongs to user {found.st_uid}, and we are {os.geteuid()}"


def disk(settings: Settings) -> Iterator[Finding]:
    """Room for recordings."""
    place = next(at for at in [settings.data, *settings.data.parents] if at.exists())
    free = shutil.disk_usage(place).free
    yield Finding("disk", f"{free // 1024**2} MB free, at least {LEAST_FREE // 1024**2} wanted", bad=free < LEAST_FREE)


def clock(settings: Settings) -> Iterator[Finding]:
    """Tokens and certificates need a clock that is right; at least it must not be behind what we wrote."""
    now = time.time()
    newest = max((file.stat().st_mtime for file in settings.data.glob("*") if file.is_file()), default=0.0)
    behind = max(BUILT, newest) - now
    text = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now))
    yield Finding(
        "clock", f"{text}, {int(behind)} s behind our own files" if behind > TOLERANCE else text, behind > TOLERANCE
    )


def port(settings: Settings) -> Iterator[Finding]:
    """Free, or taken by the appliance itself."""
    running = holder(settings.data)
    if running:
        yield Finding("port", f"process {running} runs on this data folder")
        return
    family = socket.AF_INET6 if ":" in settings.listen.host else socket.AF_INET
    with socket.socket(family) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(tuple(settings.listen))
        except OSError as error:
            yield Finding("port", f"{settings.listen}: {error.strerror or error}", bad=True)
        else:
            yield Finding("port", f"{settings.listen} is free")


def zone(settings: Settings) -> Iterator[Finding]:
    """Settings have seen to it that the zone is known."""
    yield Finding("time zone", settings.time_zone)


def hosts(settings: Settings) -> Iterator[Finding]:
    """Whose address several areas hold: it is shown with no address of the book."""
    from appliance.domain import address_links

    file = settings.data / DATABASE
    if not file.exists():
        return
    try:
        with closing(sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True)) as database:
            texts = database.execute(ADDRESSES_OF_HOSTS).fetchall()
            count = address_links.undecided([text for (text,) in texts], database.execute(SPANS).fetchall())
    except sqlite3.OperationalError:
        return  # of an older version, which the next start brings up to date
    except sqlite3.DatabaseError as error:
        yield Finding("hosts", f"{file}: {error}", bad=True)
    else:
        yield Finding("hosts", f"{count} with an address that several areas hold, linked to none of them")


CHECKS: list[Callable[[Settings], Iterator[Finding]]] = [
    *(python, folder, secrets, certificate),
    *(disk, clock, port, zone, hosts),
]
