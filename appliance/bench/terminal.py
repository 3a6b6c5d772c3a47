"""`appliance bench terminal`: what somebody at a terminal feels, beside OpenSSH's own client to the same sshd."""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from appliance.bench.processes import Served, child, cpu, line, resident, serving, tool
from appliance.bench.report import Figure, middle, percentile
from appliance.bench.sshd import Target, target

TEXT = "The quick brown fox 敏捷的棕色狐狸 jumps über den faulen Hund — 0123456789\n".encode()
PAUSE = 0.01  # between two keys
SETTLE = 2.0  # seconds for memory and connections to come to rest


def flags(parser: argparse.ArgumentParser) -> None:
    """How much to measure."""
    parser.add_argument("--rounds", type=int, default=5, help="turns of each, of which the median counts [5]")
    parser.add_argument("--keys", type=int, default=100, help="bytes typed in each turn [100]")
    parser.add_argument("--sessions", type=int, default=100, help="idle sessions [100]")
    parser.add_argument("--floods", type=int, default=2, help="sessions that print without end [2]")
    parser.add_argument("--megabytes", type=int, default=100, help="size of the file that is printed [100]")
    parser.add_argument("--seconds", type=float, default=60, help="that a browser stalls [60]")


def measure(asked: argparse.Namespace) -> list[Figure]:
    """All figures."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)
        host = stack.enter_context(target(folder))
        limits = ["--loopback-targets", "--session-limit", str(asked.sessions + 50), "--recording"]
        served = stack.enter_context(serving(folder, *limits, "--log-file", str(folder / "log")))
        bench = Bench(folder, served, host, write_file(folder, asked.megabytes))
        return [
            *echo_figures(bench, asked),
            *bulk_figures(bench, asked),
            *memory_figures(bench, asked),
            interrupt_figure(bench, asked),
        ]


def write_file(folder: Path, megabytes: int) -> Path:
    """Mixed text of that size."""
    path = folder / "file.txt"
    path.write_bytes(TEXT * (megabytes * 1_000_000 // len(TEXT)))
    return path


class Bench:
    """The appliance with one host in it, and the clients that go there."""

    def __init__(self, folder: Path, served: Served, host: Target, file: Path) -> None:
        self.folder, self.served, self.host, self.file = folder, served, host, file
        served.sign_in()
        key = {"name": "bench", "username": host.login, "private_key": host.key.read_text(), "group": 1}
        voucher = served.add("voucher", **key)
        place = {"ipv4_address": "127.0.0.1", "port": host.port, "group": 1, "protocol": 1, "voucher_ids": [voucher]}
        ids = f"resource_id={served.add('resource', name='bench', **place)}&voucher_id={voucher}"
        path = f"/api/terminal/ssh/?token={served.token}&{ids}&binary=1"
        self.ours: dict[str, Any] = {"port": served.port, "path": path}
        self.theirs: dict[str, Any] = {"command": host.command}

    @contextmanager
    def at_work(self, task: str, way: dict[str, Any], **more: Any) -> Iterator[Any]:
        """Somebody at a terminal; the block gets his process."""
        with child(tool("shells"), self.folder) as person:
            assert person.stdin is not None
            asked = {"task": task, "pid": self.served.pid, "file": str(self.file), "pause": PAUSE, **way, **more}
            person.stdin.write(json.dumps(asked) + "\n")
            person.stdin.flush()
            yield person

    def run(self, task: str, way: dict[str, Any], patience: float = 120, **more: Any) -> dict[str, Any]:
        """What came of it."""
        with self.at_work(task, way, **more) as person:
            return dict(json.loads(line(person, patience)))

    @contextmanager
    def busy(self, task: str, count: int = 1, **more: Any) -> Iterator[None]:
        """So many others, who have begun."""
        with ExitStack() as stack:
            people = [stack.enter_context(self.at_work(task, self.ours, **more)) for _ in range(count)]
            for person in people:
                line(person, 120)
            yield

    def share(self, seconds: float) -> float:
        """How much of a processor the appliance uses in that time."""
        before = cpu(self.served.pid)
        time.sleep(seconds)
        return (cpu(self.served.pid) - before) / seconds

    def memory(self) -> float:
        """Of the appliance, in bytes."""
        return float(resident(self.served.pid))


def echo_figures(bench: Bench, asked: argparse.Namespace) -> list[Figure]:
    """One byte there and back: quiet, beside idle sessions, beside floods."""
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(asked.rounds):
        ours += bench.run("echo", bench.ours, count=asked.keys)["times"]
        theirs += bench.run("echo", bench.theirs, count=asked.keys)["times"]
    with bench.busy("idle", sessions=asked.sessions):
        time.sleep(min(SETTLE, asked.seconds))
        share, idle = bench.share(min(SETTLE, asked.seconds)), keys(bench, asked)
    with bench.busy("flood", asked.floods):
        flooded = keys(bench, asked)
    quiet, direct, beside, storm = map(percentiles, (ours, theirs, idle, flooded))
    return [
        Figure("echo_p50", "echo, quiet, p50", quiet[50], "ms"),
        Figure("echo_p99", "echo, quiet, p99", quiet[99], "ms"),
        Figure("echo_openssh_p50", "the same through OpenSSH's client, p50", direct[50], "ms"),
        Figure("echo_openssh_p99", "the same through OpenSSH's client, p99", direct[99], "ms"),
        Figure("echo_more_p50", "more than OpenSSH, p50", quiet[50] - direct[50], "ms", "≤ 0.5"),
        Figure("echo_more_p99", "more than OpenSSH, p99", quiet[99] - direct[99], "ms", "≤ 2"),
        Figure("echo_idle_p99", f"echo beside {asked.sessions} idle sessions, p99", beside[99], "ms"),
        Figure("echo_idle_more", "more than quiet, p99", beside[99] - quiet[99], "ms", "≤ 1"),
        Figure("idle_cpu", f"processor used by {asked.sessions} idle sessions", share * 100, "%", "≤ 1"),
        Figure("echo_flood_p99", f"echo beside {asked.floods} floods, p99", storm[99], "ms", "≤ 40"),
    ]


def keys(bench: Bench, asked: argparse.Namespace) -> list[float]:
    """As many keys as in the quiet turns together."""
    return list(bench.run("echo", bench.ours, count=asked.keys * asked.rounds)["times"])


def percentiles(times: Sequence[float]) -> dict[int, float]:
    """p50 and p99 in milliseconds."""
    return {share: percentile(times, share / 100) * 1000 for share in (50, 99)}


def bulk_figures(bench: Bench, asked: argparse.Namespace) -> list[Figure]:
    """A large file on the screen, turn by turn with OpenSSH's client."""
    bench.run("bulk", bench.ours)
    ours, theirs = [], []
    for _ in range(asked.rounds):
        ours.append(bench.run("bulk", bench.ours))
        theirs.append(bench.run("bulk", bench.theirs))
    ratio = middle([other["seconds"] / own["seconds"] for own, other in zip(ours, theirs, strict=True)])
    used = middle([own["cpu"] / own["bytes"] for own in ours]) * 1e8
    size = f"cat of {asked.megabytes} MB"
    return [
        Figure("bulk_rate", f"{size}, recorded", middle([own["bytes"] / own["seconds"] for own in ours]) / 1e6, "MB/s"),
        Figure(
            "bulk_openssh",
            "the same through OpenSSH's client",
            middle([o["bytes"] / o["seconds"] for o in theirs]) / 1e6,
            "MB/s",
        ),
        Figure("bulk_ratio", "speed of OpenSSH's", ratio, "×", "≥ 0.9"),
        Figure("bulk_cpu", "processor per 100 MB", used, "s", "≤ 1"),
    ]


def memory_figures(bench: Bench, asked: argparse.Namespace) -> list[Figure]:
    """What sessions hold: those that are quiet, and one that nobody reads."""
    before = bench.memory()
    with bench.busy("idle", sessions=asked.sessions):
        time.sleep(min(SETTLE, asked.seconds))
        each = (bench.memory() - before) / asked.sessions / 1000
    time.sleep(min(SETTLE, asked.seconds))
    before = most = bench.memory()
    with bench.busy("stall", seconds=asked.seconds):
        deadline = time.monotonic() + asked.seconds
        while time.monotonic() < deadline:
            time.sleep(min(0.5, asked.seconds))
            most = max(most, bench.memory())
    grown = (most - before) / 1e6
    return [
        Figure("idle_memory", f"memory of an idle session, of {asked.sessions}", each, "KB", "≤ 120"),
        Figure(
            "stall_memory", f"more memory while a browser stalls on `yes` for {asked.seconds:g} s", grown, "MB", "≤ 4"
        ),
    ]


def interrupt_figure(bench: Bench, asked: argparse.Namespace) -> Figure:
    """Until the prompt is back."""
    times = [bench.run("interrupt", bench.ours, seconds=1)["seconds"] for _ in range(asked.rounds)]
    return Figure("interrupt", "Ctrl-C in `yes` until the prompt", middle(times) * 1000, "ms", "≤ 300")
