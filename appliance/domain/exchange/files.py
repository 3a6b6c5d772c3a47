"""Exported files: random names, their owner's alone, gone after a day (ipam 9)."""

import re
import secrets
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from appliance import clock
from appliance.errors import Missing

LIFE = timedelta(days=1)
LONGEST_WORK = timedelta(hours=1)
"""After that, the copy an import worked on was left by a process that is no more."""
NAME = re.compile(r"([0-9a-f]{32})\.xlsx")


def folder(data: Path) -> Path:
    """Where exports and copies at work lie: inside the private data folder."""
    place = data / "exports"
    place.mkdir(mode=0o700, exist_ok=True)
    return place


def new(data: Path, owner: int) -> tuple[str, Path]:
    """A fresh name, and the file it stands for; whose it is stands in the file's own name."""
    name = secrets.token_hex(16)
    path = folder(data) / f"{name}.{owner}.xlsx"
    path.touch(mode=0o600)
    return f"{name}.xlsx", path


def find(data: Path, actor: Any, name: str) -> Path:
    """The file of that name, for its owner and administrators, as long as it lives."""
    match = NAME.fullmatch(name)
    if match is None:
        raise Missing()
    owned = folder(data) / f"{match[1]}.{actor.user_id}.xlsx"
    others = folder(data).glob(f"{match[1]}.*.xlsx") if actor.is_admin else []
    path = next((one for one in (owned, *others) if one.is_file()), None)
    if path is None or is_over(path):
        raise Missing()
    return path


def made_at(path: Path) -> datetime:
    """When a file was finished."""
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def is_over(path: Path) -> bool:
    """Whether its day is over."""
    return made_at(path) + (LONGEST_WORK if path.is_dir() else LIFE) <= clock.now()


def prune(data: Path) -> None:
    """Remove what is over, and what an interrupted import left."""
    for path in list(folder(data).iterdir()):
        if not path.exists() or not is_over(path):
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
