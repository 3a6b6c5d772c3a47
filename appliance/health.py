"""The state of the process: whether it is well, and its figures in Prometheus' text format."""

import os
import resource
import shutil
import time
from collections import Counter
from pathlib import Path
from typing import Any

import gevent

STARTED = time.monotonic()
LOOK_EVERY = 0.5
LEAST_FREE = 64 * 1024 * 1024
PAGE = resource.getpagesize()


class Health:
    """Counts answers and measures how late the loop is."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.answers: Counter[int] = Counter()
        self.lag = self.worst_lag = 0.0
        self.watcher: gevent.Greenlet | None = None

    def start(self) -> None:
        """Begin to measure the loop."""
        self.watcher = gevent.spawn(self.watch)

    def stop(self) -> None:
        """No longer measure."""
        if self.watcher:
            self.watcher.kill()

    def watch(self) -> None:
        """How much later than asked for a sleeper wakes: what every terminal feels."""
        while True:
            asleep = time.monotonic()
            gevent.sleep(LOOK_EVERY)
            self.lag = max(0.0, time.monotonic() - asleep - LOOK_EVERY)
            self.worst_lag = max(self.worst_lag, self.lag)

    def reasons(self) -> list[str]:
        """Why the appliance is not well; empty when it is."""
        free = shutil.disk_usage(self.data).free
        return ["disk almost full"] if free < LEAST_FREE else []

    def metrics(self, **gauges: float) -> bytes:
        """All figures, a line each; `gauges` are what the caller knows besides."""
        figures: dict[str, Any] = {
            "process_resident_memory_bytes": int(Path("/proc/self/statm").read_text().split()[1]) * PAGE,
            "process_open_fds": len(os.listdir("/proc/self/fd")),  # noqa: PTH208 -- names alone are enough
            "process_cpu_seconds_total": time.process_time(),
            "appliance_uptime_seconds": time.monotonic() - STARTED,
            "appliance_loop_lag_seconds": self.lag,
            "appliance_loop_lag_worst_seconds": self.worst_lag,
            **{f"appliance_{name}": value for name, value in gauges.items()},
        }
        lines = [f"{name} {value:.6g}" for name, value in figures.items()]
        lines += [f'appliance_http_answers_total{{status="{code}"}} {n}' for code, n in sorted(self.answers.items())]
        return ("\n".join(lines) + "\n").encode()
