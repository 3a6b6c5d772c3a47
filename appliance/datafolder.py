"""The data folder: private to its owner, and held by one process at a time."""

import fcntl
import os
import stat
import time
from pathlib import Path

LOCK = "appliance.lock"
TRIES = 5  # the doctor touches the lock for a moment too
DATABASE, KEY, CERTIFICATE = "appliance.db", "master.key", "tls.pem"
PRIVATE = (KEY, DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", CERTIFICATE)


class Unusable(Exception):
    """The folder cannot be ours; the reason is for the operator."""


def prepare(folder: Path) -> None:
    """Make the folder, and make it and what is secret in it readable by its owner alone."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = folder.stat().st_mode
        if mode & stat.S_ISVTX:
            raise Unusable(f"{folder} is shared with others: name a folder of its own")
        if mode & 0o077:
            folder.chmod(0o700)
        for file in (folder / name for name in PRIVATE):  # put back from a backup, say
            if file.exists() and file.stat().st_mode & 0o077:
                file.chmod(0o600)
    except OSError as error:
        raise Unusable(f"the data folder cannot be used: {error}") from None


def hold(folder: Path) -> int:
    """Take the folder for this process; the descriptor holds it until the process ends, however it ends."""
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    for _ in range(TRIES):
        if _locked(descriptor):
            os.ftruncate(descriptor, 0)
            os.write(descriptor, b"%d\n" % os.getpid())
            return descriptor
        time.sleep(0.1)
    os.close(descriptor)
    raise Unusable(f"process {holder(folder) or '?'} is already running on {folder}")


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def holder(folder: Path) -> int | None:
    """The process that runs on this folder, if one does."""
    try:
        with (folder / LOCK).open("r+") as file:
            return None if _locked(file.fileno()) else int(file.read().strip() or 0)
    except (OSError, ValueError):
        return None
