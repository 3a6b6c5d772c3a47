"""Large imports go on in the background, one after the other; how far they are, and what came of them (ipam 9)."""

import gc
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import gevent
from gevent.lock import BoundedSemaphore
from gevent.threadpool import ThreadPool

from appliance import clock, logs
from appliance.domain.threads import Result, patient, quick, within
from appliance.errors import Missing, Problem, Throttled

AT_ONCE = 2000
"""Rows that the caller waits for; more are worked on in the background."""
JOBS, WAITING, JOB_LIFE = 50, 4, timedelta(days=1)
BROKEN = "导入失败,未写入任何数据"
READING, JUDGING, WRITING = "reading", "judging", "writing"
SHARES = {READING: (0, 35), JUDGING: (35, 90), WRITING: (90, 100)}
"""From which to which percent of the whole a phase leads."""
NEVER = 1_000_000
_one_at_a_time = BoundedSemaphore(1)


class Work:
    """A workbook that is worked on: in which thread, and how far."""

    def __init__(self, pool: ThreadPool, rows: int) -> None:
        self.pool = pool
        self.phase, self.done, self.total = READING, 0, rows

    def do(self, phase: str, total: int, act: Callable[..., Result], *arguments: Any) -> Result:
        """A phase in the thread, which calls `step` with how much of it is done."""
        self.phase, self.done, self.total = phase, 0, total
        return within(self.pool, act, *arguments)

    def step(self, done: int) -> None:
        """So much of the phase is done."""
        self.done = done

    def progress(self) -> dict[str, Any]:
        """As it is told."""
        first, last = SHARES[self.phase]
        share = min(1.0, self.done / max(self.total, 1))
        percent = round(first + (last - first) * share, 1)
        return {"phase": self.phase, "done": self.done, "total": self.total, "percent": percent}


@dataclass
class Job:
    """An import in the background."""

    ident: str
    user_id: int
    kind: str
    work: Work
    status: str = "running"
    result: dict[str, Any] | None = None
    error: str = ""
    begun: datetime = field(default_factory=clock.now)
    ended: datetime | None = None


Act = Callable[[Work], dict[str, Any]]
_jobs: dict[str, Job] = {}


def run(user_id: int, kind: str, rows: int, act: Act, refused: Callable[[], object]) -> dict[str, Any]:
    """The result, or the job that will have it; `refused` is called when that ends with a Problem."""
    if rows <= AT_ONCE:
        return act(Work(quick, rows))
    job = enrol(user_id, kind, rows)
    gevent.spawn(labour, job, act, refused)
    return {"job_id": job.ident, "status": job.status}


def enrol(user_id: int, kind: str, rows: int) -> Job:
    """A new job; only so many wait, and old ones are forgotten."""
    for ident in [ident for ident, one in _jobs.items() if one.ended and one.ended + JOB_LIFE <= clock.now()]:
        del _jobs[ident]
    running = [job for job in _jobs.values() if not job.ended]
    if len(running) >= WAITING:
        raise Throttled(60)
    while len(_jobs) >= JOBS:
        del _jobs[next(ident for ident, one in _jobs.items() if one.ended)]
    job = Job(secrets.token_hex(16), user_id, kind, Work(patient, rows))
    _jobs[job.ident] = job
    return job


def labour(job: Job, act: Act, refused: Callable[[], object]) -> None:
    """Work on a job to its end, whatever that is."""
    try:
        with alone():
            job.result = act(job.work)
        job.status = "success" if job.result.get("success", True) else "failed"
        job.error = "" if job.status == "success" else BROKEN
    except Problem as problem:
        job.status, job.error = "failed", sentence(problem)
        refused()
    except Exception as error:  # noqa: BLE001 -- the job says that it failed, the log why
        logs.fail("import.failed", error)
        job.status, job.error = "failed", BROKEN
    finally:
        job.ended = clock.now()


@contextmanager
def alone() -> Iterator[None]:
    """One job at a time; the collector leaves its oldest generation alone meanwhile.

    A large workbook is half a million objects that all live to its end: looking through them again and again finds
    nothing, and each time stops every terminal for a sixth of a second.
    """
    with _one_at_a_time:
        usual = gc.get_threshold()
        gc.set_threshold(usual[0], usual[1], NEVER)
        try:
            yield
        finally:
            gc.set_threshold(*usual)


def sentence(problem: Problem) -> str:
    """A refusal in one sentence."""
    return problem.sentence or ";".join(str(one) for found in problem.faults.values() for one in found)


def state(user_id: int, ident: str, *, is_admin: bool) -> dict[str, Any]:
    """A job as its owner sees it."""
    job = _jobs.get(ident)
    if job is None or (job.user_id != user_id and not is_admin):
        raise Missing()
    progress = job.work.progress() | ({"percent": 100.0} if job.status == "success" else {})
    found = {"job_id": job.ident, "kind": job.kind, "status": job.status, "progress": progress, "result": job.result}
    return found | {"error": job.error or None, "created_at": job.begun, "finished_at": job.ended}
