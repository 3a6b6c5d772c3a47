"""The first code of the executable: checks the machine, forgets unpacked older builds, then lets shiv unpack and start.

pack.py makes this file the archive's __main__.py and fills in BUILD and PROCESSOR.
"""

import fcntl
import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path

BUILD = "@BUILD@"
PROCESSOR = "@PROCESSOR@"


def check_machine() -> None:
    """Say what is wrong in a sentence, before an extension module says it in a traceback."""
    if sys.version_info[:2] != (3, 11):
        sys.exit(f"appliance needs Python 3.11; this is {sys.version.split()[0]} ({sys.executable}).")
    if os.uname().machine != PROCESSOR:
        sys.exit(f"This appliance was built for {PROCESSOR}; this machine is {os.uname().machine}.")


def unpacking_folder() -> Path:
    """The folder shiv unpacks into, made if it can be."""
    root = Path(os.environ.get("SHIV_ROOT", "@ROOT@")).expanduser()
    with suppress(OSError):  # told below
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not os.access(root, os.W_OK):
        sys.exit(f"appliance cannot unpack itself into {root}: set SHIV_ROOT to a folder it may write to.")
    return root


def hold(root: Path, name: str) -> None:
    """Keep a shared lock for as long as this process lives: an unpacked build in use is never removed."""
    handle = os.open(root / f".{name}_used", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(handle, fcntl.LOCK_SH)


def prune(root: Path, program: str) -> None:
    """Remove the unpacked builds of this program, half unpacked ones too, that no process holds."""
    for folder in root.glob(f"{program}_*"):
        name = folder.name.removesuffix(".tmp")
        if name != f"{program}_{BUILD}" and len(name) == len(f"{program}_{BUILD}"):
            remove_unused(folder, root / f".{name}_used")


def remove_unused(folder: Path, lock: Path) -> None:
    with lock.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        shutil.rmtree(folder, ignore_errors=True)


check_machine()
program = Path(sys.argv[0]).resolve().name
unpacked = unpacking_folder()
hold(unpacked, f"{program}_{BUILD}")
prune(unpacked, program)

from _bootstrap import bootstrap  # noqa: E402 - only after the checks above

bootstrap()
