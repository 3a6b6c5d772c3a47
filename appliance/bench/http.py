"""`appliance bench http`: a signed-in list of 20 hosts beside Bottle's hello on bare pywsgi, in one run."""

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from appliance.bench.processes import ADMIN, PASSWORD, Served, child, line, serving, tool
from appliance.bench.report import Figure, middle

HOSTS = 20
CROWD = 48
SIGN_INS = 8
PAUSE = 0.002  # between requests of the caller who looks on while others sign in
WRITE_PAUSE = 0.05
ENDLESS = 3600.0  # until the block is left
LIST = "/api/resource/resource/get/?page_size=20"


def flags(parser: argparse.ArgumentParser) -> None:
    """How much to measure."""
    parser.add_argument("--seconds", type=float, default=2.0, help="of load in each turn [2]")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each, of which the median counts [5]")
    parser.add_argument("--connections", type=int, default=CROWD, help=f"kept alive at once [{CROWD}]")


def measure(asked: argparse.Namespace) -> list[Figure]:
    """All figures."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        served = stack.enter_context(serving(folder, "--log-file", str(folder / "log")))
        bare = stack.enter_context(child(tool("bare"), folder))
        port = int(line(bare))
        fill(served)
        loads = {
            "bare": Load(folder, bare.pid, port, "GET", "/", ""),
            "open": Load(folder, served.pid, served.port, "GET", "/healthz", ""),
            "list": Load(folder, served.pid, served.port, "GET", LIST, served.token),
        }
        crowd = turns(loads, asked.rounds, asked.seconds, asked.connections)
        with writer(folder, served).running(ENDLESS, 1, WRITE_PAUSE):
            del loads["open"]
            written = turns(loads, asked.rounds, asked.seconds, asked.connections)
        alone = turns({"list": loads["list"]}, asked.rounds, asked.seconds / 2, 1)
        busy = beside_sign_ins(loads["list"], served, folder, asked)
    return figures(crowd, written, alone["list"], busy)


def fill(served: Served) -> None:
    """Twenty hosts in the first group."""
    served.sign_in()
    for number in range(HOSTS):
        host = {"name": f"host-{number}", "ipv4_address": f"10.0.0.{number + 1}", "group": 1, "protocol": 1}
        served.call("/api/resource/resource/add/", host)


def writer(folder: Path, served: Served) -> "Load":
    """Somebody who edits a host: each time a row of the audit, after which nothing that was known counts any more."""
    body = json.dumps({"id": 1, "description": "edited"})
    return Load(folder, served.pid, served.port, "POST", "/api/resource/resource/edit/", served.token, body)


class Load:
    """What to ask of whom."""

    def __init__(self, folder: Path, pid: int, port: int, method: str, path: str, token: str, body: str = "") -> None:
        self.folder, self.pid, self.port = folder, pid, port
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Accept: */*"]
        lines += [f"Authorization: {token}"] if token else []
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"] if body else []
        self.request = "\r\n".join([*lines, "", body])

    @contextmanager
    def running(self, seconds: float, connections: int, pause: float = 0.0) -> Iterator[Any]:
        """A client at work; the block gets its process."""
        asked = {"port": self.port, "pid": self.pid, "request": self.request, "seconds": seconds}
        with child(tool("load"), self.folder) as client:
            assert client.stdin is not None
            client.stdin.write(json.dumps(asked | {"connections": connections, "pause": pause}) + "\n")
            client.stdin.flush()
            yield client

    def run(self, seconds: float, connections: int, pause: float = 0.0) -> dict[str, float]:
        """What one turn gave."""
        with self.running(seconds, connections, pause) as client:
            return dict(json.loads(line(client)))


Turns = dict[str, list[dict[str, float]]]


def turns(loads: dict[str, Load], rounds: int, seconds: float, connections: int) -> Turns:
    """A B A B: every load in each round."""
    found: Turns = {name: [] for name in loads}
    for _ in range(rounds):
        for name, load in loads.items():
            found[name].append(load.run(seconds, connections))
    return found


def beside_sign_ins(load: Load, served: Served, folder: Path, asked: argparse.Namespace) -> list[dict[str, float]]:
    """How long the list takes somebody while eight others sign in again and again."""
    body = json.dumps({"account": ADMIN, "password": PASSWORD})
    others = Load(folder, served.pid, served.port, "POST", "/api/rbac/login/", "", body)
    found = []
    for _ in range(asked.rounds):
        with others.running(asked.seconds * 2 + 1, SIGN_INS):
            found.append(load.run(asked.seconds, 1, PAUSE))
    return found


def figures(
    crowd: Turns, written: Turns, alone: Sequence[dict[str, float]], busy: Sequence[dict[str, float]]
) -> list[Figure]:
    """Medians, and ratios of neighbours in time."""
    bare, own, rows = crowd["bare"], crowd["open"], crowd["list"]

    def ratio(above: list[dict[str, float]], below: list[dict[str, float]], key: str) -> float:
        return middle([one[key] / other[key] for one, other in zip(above, below, strict=True)])

    return [
        Figure("bare_cpu", "hello of bare pywsgi, CPU per request", middle([one["cpu"] for one in bare]), "µs"),
        Figure("open_cpu", "open route of ours, CPU per request", middle([one["cpu"] for one in own]), "µs"),
        Figure("list_cpu", "list of 20 hosts, CPU per request", middle([one["cpu"] for one in rows]), "µs"),
        Figure("open_ratio", "open route, speed by CPU, of bare", ratio(bare, own, "cpu"), "×", "≥ 1.5"),
        Figure("list_ratio", "list of 20, speed by CPU, of bare", ratio(bare, rows, "cpu"), "×", "≥ 0.5"),
        Figure(
            "written_ratio",
            "… while somebody writes 20 times a second",
            ratio(written["bare"], written["list"], "cpu"),
            "×",
        ),
        Figure("list_throughput", "list of 20, requests per second, of bare", ratio(rows, bare, "rate"), "×"),
        Figure("list_rate", "list of 20, requests per second", middle([one["rate"] for one in rows])),
        Figure("crowd_p50", "list of 20, p50 of the crowd", middle([one["p50"] for one in rows]) / 1000, "ms"),
        Figure("crowd_p99", "list of 20, p99 of the crowd", middle([one["p99"] for one in rows]) / 1000, "ms"),
        Figure("crowd_spread", "p99 of p50", middle([one["p99"] / one["p50"] for one in rows]), "×", "≤ 3"),
        Figure("alone_p50", "list of 20, p50 of one caller", middle([one["p50"] for one in alone]) / 1000, "ms", "≤ 1"),
        Figure("sign_ins_p99", "p99 while 8 others sign in", middle([one["p99"] for one in busy]) / 1000, "ms", "≤ 5"),
    ]
