"""A small HTTP client under load, in a process of its own: many kept-alive connections, one request each at a time."""

import json
import select
import socket
import sys
import time
from typing import Any

from appliance.bench.processes import cpu
from appliance.bench.report import percentile

END = b"\r\n\r\n"
LENGTH = b"\r\ncontent-length: "


class Caller:
    """One connection, and the request it sends again and again."""

    def __init__(self, port: int, request: bytes) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request, self.answer, self.missing, self.sent_at = request, b"", -1, 0.0

    def send(self) -> None:
        """Ask."""
        self.answer, self.missing, self.sent_at = b"", -1, time.perf_counter()
        self.socket.sendall(self.request)

    def receive(self) -> bool:
        """Take what came; whether the answer is complete."""
        self.answer += self.socket.recv(262144)
        if self.missing < 0:
            self.missing = self.size()
        return 0 <= self.missing <= len(self.answer)

    def size(self) -> int:
        """How long the whole answer will be; -1 while its head is not there."""
        end = self.answer.find(END)
        if end < 0:
            if not self.answer:
                raise SystemExit("the server closed a connection")
            return -1
        head = self.answer[:end].lower()
        if b" 200 " not in head[:16]:
            raise SystemExit(f"the server refused: {self.answer[:300]!r}")
        return end + len(END) + int(head.partition(LENGTH)[2].partition(b"\r\n")[0])


class Load:
    """Several callers, and how long each answer took."""

    def __init__(self, port: int, request: bytes, connections: int, pause: float) -> None:
        self.poll, self.pause = select.epoll(), pause
        self.callers = [Caller(port, request) for _ in range(connections)]
        self.by_number = {caller.socket.fileno(): caller for caller in self.callers}
        for number in self.by_number:
            self.poll.register(number, select.EPOLLIN)
        for caller in self.callers:
            caller.send()

    def run(self, seconds: float, pid: int) -> dict[str, Any]:
        """Go on for so long; requests, times and what the server used."""
        times: list[float] = []
        begun, used = time.perf_counter(), cpu(pid)
        while (moment := time.perf_counter()) < begun + seconds:
            for number, _ in self.poll.poll(1):
                caller = self.by_number[number]
                if caller.receive():
                    times.append(time.perf_counter() - caller.sent_at)
                    time.sleep(self.pause) if self.pause else None
                    caller.send()
        took, used = moment - begun, cpu(pid) - used
        return {"requests": len(times), "seconds": took, "cpu": used, "times": times}


def summary(found: dict[str, Any]) -> dict[str, float]:
    """Per second, CPU per request, and how long answers took, in microseconds."""
    times = found["times"]
    if not times:
        raise SystemExit("no answer came")
    return {
        "rate": len(times) / found["seconds"],
        "cpu": found["cpu"] / len(times) * 1e6,
        **{f"p{share}": percentile(times, share / 100) * 1e6 for share in (50, 99)},
    }


def main() -> None:
    """Read what to do from standard input, warm up, measure, print."""
    asked = json.loads(sys.stdin.readline())
    load = Load(asked["port"], asked["request"].encode(), asked["connections"], asked.get("pause", 0))
    load.run(asked["seconds"] / 5, asked["pid"])
    print(json.dumps(summary(load.run(asked["seconds"], asked["pid"]))), flush=True)


if __name__ == "__main__":
    main()
