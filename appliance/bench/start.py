"""`appliance bench start`: how long until /healthz answers, unpacking for the first time and ever after."""

import argparse
import sys
import tempfile
import time
import zipfile
from pathlib import Path

from appliance.bench.processes import packed, resident, serving
from appliance.bench.report import Figure, middle

BUILT = Path("dist/appliance")


def flags(parser: argparse.ArgumentParser) -> None:
    """What to start, and how often."""
    parser.add_argument("--executable", type=Path, help="the one file [this one, or dist/appliance]")
    parser.add_argument("--rounds", type=int, default=5, help="starts of each kind, of which the median counts [5]")


def measure(asked: argparse.Namespace) -> list[Figure]:
    """All figures that can be had here: of the file, of the installed environment, of both."""
    file, installed = asked.executable or executable(), not packed()
    found: dict[str, list[float]] = {"cold": [], "warm": [], "installed": []}
    memory: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        for number in range(asked.rounds):
            round_of(Path(name) / str(number), file, installed, found, memory)
    return figures(found, memory, file)


def executable() -> Path | None:
    """The one file: this program, or the one that was built here."""
    if packed():
        return Path(sys.argv[0])
    return BUILT if BUILT.exists() and zipfile.is_zipfile(BUILT) else None


def round_of(
    folder: Path, file: Path | None, installed: bool, found: dict[str, list[float]], memory: list[float]
) -> None:
    """One start of each kind, one after the other; those that are compared have data to start on."""
    folder.mkdir()
    if file is not None:
        program = [sys.executable, str(file.resolve())]
        found["cold"].append(start(folder, program, memory))
        found["warm"].append(start(folder, program, memory))
    if installed:
        program = [sys.executable, "-m", "appliance"]
        if file is None:
            start(folder, program, [])
        found["installed"].append(start(folder, program, [] if file else memory))


def start(folder: Path, program: list[str], memory: list[float]) -> float:
    """Seconds from nothing to an answer."""
    begun = time.perf_counter()
    with serving(folder, program=program, SHIV_ROOT=str(folder / "unpacked")) as served:
        served.call("/healthz")
        took = time.perf_counter() - begun
        memory.append(resident(served.pid) / 1e6)
    return took


def figures(found: dict[str, list[float]], memory: list[float], file: Path | None) -> list[Figure]:
    """Medians and their ratios."""
    made = [Figure("resident", "memory after the start", middle(memory), "MB", "≤ 90")]
    cold, warm, installed = found["cold"], found["warm"], found["installed"]
    if installed:
        made.append(Figure("installed", "start of the installed environment", middle(installed), "s"))
    if file is not None and warm:
        apart = middle([one / other for one, other in zip(cold, warm, strict=True)])
        made += [
            Figure("cold", "first start of the executable", middle(cold), "s"),
            Figure("warm", "every other start", middle(warm), "s", "≤ 0.6"),
            Figure("cold_ratio", "first of every other", apart, "×", "≤ 2.5"),
            Figure("size", "the executable", file.stat().st_size / 1e6, "MB", "≤ 25"),
        ]
    if installed and warm:
        beside = middle([one / other for one, other in zip(warm, installed, strict=True)])
        made.append(Figure("warm_ratio", "every other start, of the installed environment", beside, "×", "≤ 1.25"))
    return made
