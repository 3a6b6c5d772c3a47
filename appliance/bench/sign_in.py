"""`appliance bench sign-in`: how many people sign in per second, and what somebody at a terminal feels meanwhile."""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from threading import Thread

import bcrypt

from appliance.bench.http import Load
from appliance.bench.processes import ADMIN, PASSWORD, line, serving
from appliance.bench.report import Figure, middle, percentile
from appliance.bench.sshd import target
from appliance.bench.terminal import Bench
from appliance.domain import passwords

LOGIN = "/api/rbac/login/"
WARMING = 0.2  # the share of its time for which a crowd warms up
PATIENCE = 600.0


def flags(parser: argparse.ArgumentParser) -> None:
    """How much to measure."""
    parser.add_argument("--seconds", type=float, default=10.0, help="of signing in in each turn [10]")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each, of which the median counts [5]")
    parser.add_argument("--people", type=int, default=20, help="who sign in at once [20]")
    parser.add_argument("--keys", type=int, default=300, help="bytes typed meanwhile, in each turn [300]")


def measure(asked: argparse.Namespace) -> list[Figure]:
    """All figures."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)
        host = stack.enter_context(target(folder))
        served = stack.enter_context(serving(folder, "--loopback-targets", "--log-file", str(folder / "log")))
        bench = Bench(folder, served, host, folder)
        body = json.dumps({"account": ADMIN, "password": PASSWORD})
        crowd = Load(folder, served.pid, served.port, "POST", LOGIN, "", body)
        found = [turn(bench, crowd, asked) for _ in range(asked.rounds)]
    return figures(asked, *zip(*found, strict=True))


Turn = tuple[float, dict[str, float], list[float], list[float]]


def turn(bench: Bench, crowd: Load, asked: argparse.Namespace) -> Turn:
    """Bare checks per second, echoes without the crowd and with it, and what the crowd got."""
    bare, quiet = checks(asked.seconds), echoes(bench, asked)
    with crowd.running(asked.seconds, asked.people) as client:
        time.sleep(asked.seconds * WARMING)
        busy = echoes(bench, asked)
        rush = json.loads(line(client, PATIENCE))
    bench.served.sign_in()  # after the last of those who have gone meanwhile
    return bare, rush, quiet, busy


def echoes(bench: Bench, asked: argparse.Namespace) -> list[float]:
    """How long each key takes there and back, in milliseconds."""
    return [seconds * 1000 for seconds in bench.run("echo", bench.ours, count=asked.keys)["times"]]


def checks(seconds: float) -> float:
    """Passwords that bcrypt alone checks in a second, in as many threads as the appliance has for it."""
    hashed = bcrypt.hashpw(b"x", bcrypt.gensalt(passwords.COST))
    deadline, done = time.perf_counter() + seconds, [0] * passwords.AT_ONCE

    def check(number: int) -> None:
        while time.perf_counter() < deadline:
            bcrypt.checkpw(b"x", hashed)
            done[number] += 1

    begun = time.perf_counter()
    threads = [Thread(target=check, args=(number,)) for number in range(passwords.AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (time.perf_counter() - begun)


def figures(
    asked: argparse.Namespace,
    bare: Sequence[float],
    rush: Sequence[dict[str, float]],
    quiet: Sequence[list[float]],
    busy: Sequence[list[float]],
) -> list[Figure]:
    """Medians of the turns."""

    def each(turns: Sequence[list[float]], fact: Callable[[list[float]], float]) -> float:
        return middle([fact(times) for times in turns])

    def p99(times: list[float]) -> float:
        return percentile(times, 0.99)

    people = f"while {asked.people} sign in"
    share = middle([one["rate"] / limit for one, limit in zip(rush, bare, strict=True)])
    return [
        Figure("checks", f"passwords bcrypt alone checks, {passwords.AT_ONCE} threads", middle(bare), "a second"),
        Figure("rate", f"sign-ins, {asked.people} at once", middle([one["rate"] for one in rush]), "a second"),
        Figure("share", "of what bcrypt allows", share, "×", "≥ 0.8"),
        Figure("p50", "a sign-in in the crowd, p50", middle([one["p50"] for one in rush]) / 1000, "ms"),
        Figure("p99", "a sign-in in the crowd, p99", middle([one["p99"] for one in rush]) / 1000, "ms"),
        Figure("echo_p99", "echo of a terminal, quiet, p99", each(quiet, p99), "ms"),
        Figure("echo_worst", "echo of a terminal, quiet, worst", each(quiet, max), "ms"),
        Figure("echo_busy_p99", f"echo {people}, p99", each(busy, p99), "ms"),
        Figure("echo_busy_worst", f"echo {people}, worst", each(busy, max), "ms"),
        Figure("echo_more_p99", "more than quiet, p99", each(busy, p99) - each(quiet, p99), "ms"),
        Figure("echo_more_worst", "more than quiet, worst", each(busy, max) - each(quiet, max), "ms", "≤ 25"),
    ]
