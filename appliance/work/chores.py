"""Recurring chores: `schedule` decides when, each runs in a greenlet of its own and never beside itself."""

from collections.abc import Callable

import gevent
import schedule
from sqlalchemy import text

from appliance import logs
from appliance.domain import guard, registration, sign_ins, subnet_making, tokens, usage
from appliance.domain.exchange import files
from appliance.store import Store
from appliance.work import address_chores

LOOK_EVERY = 1.0


class Chores:
    """The appliance's recurring work."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.running: set[str] = set()
        self.on_disk = 0
        self.loop: gevent.Greenlet | None = None
        self.plan = schedule.Scheduler()
        self.plan.every(5).seconds.do(self.begin, self.save)
        self.plan.every(10).minutes.do(self.begin, self.forget_what_is_over)
        self.plan.every(20).seconds.do(self.begin, self.write_usage)
        self.plan.every(30).seconds.do(self.begin, self.end_sign_ins)
        self.plan.every(20).seconds.do(self.begin, self.tend_addresses)
        self.plan.every().day.at("03:20").do(self.begin, self.forget_addresses)
        self.plan.every().day.at("03:30").do(self.begin, self.tune)

    def start(self) -> None:
        """Begin to look at the clock."""
        self.begin(self.clear_interrupted)
        self.loop = gevent.spawn(self.look)

    def stop(self) -> None:
        """No further chores; what runs is over in a moment."""
        if self.loop:
            self.loop.kill()

    def look(self) -> None:
        """Begin what is due, once a second."""
        while True:
            self.plan.run_pending()
            gevent.sleep(LOOK_EVERY)

    def begin(self, chore: Callable[[], None]) -> None:
        """In a greenlet of its own, unless the last one still runs."""
        if chore.__name__ not in self.running:
            self.running.add(chore.__name__)
            gevent.spawn(self.run, chore)

    def run(self, chore: Callable[[], None]) -> None:
        """A chore that fails is told in the log and tried again when next due."""
        try:
            chore()
        except Exception as error:  # noqa: BLE001 -- one failing chore must not end the others
            logs.fail("chore.failed", error, chore=chore.__name__)
        finally:
            self.running.discard(chore.__name__)

    def save(self) -> None:
        """Bring new commits to the disk."""
        writes = self.store.writes
        if writes != self.on_disk:
            self.store.checkpoint()
            self.on_disk = writes

    def end_sign_ins(self) -> None:
        """Those that were idle for too long, or have lasted as long as they may."""
        sign_ins.end_over(self.store)

    def forget_what_is_over(self) -> None:
        """Expired sign-ins, old strikes, registrations nobody decided, exports of yesterday."""
        if self.store.read_only:
            return
        files.prune(self.store.settings.data)
        with self.store.writing() as tx:
            tokens.prune(tx)
            guard.prune(tx)
            usage.prune(tx)
            registration.prune(tx)

    def write_usage(self) -> None:
        """What API keys did since the last time."""
        usage.flush(self.store)

    def clear_interrupted(self) -> None:
        """Subnets that an earlier process did not finish making."""
        if not self.store.read_only:
            subnet_making.clear_interrupted(self.store)

    def tend_addresses(self) -> None:
        """Cool-downs, terms, holds, unanswered applications."""
        address_chores.tend(self.store)

    def forget_addresses(self) -> None:
        """History of addresses that is older than two years, and answers kept for repeated calls."""
        address_chores.forget(self.store)

    def tune(self) -> None:
        """Let SQLite refresh what it knows of its tables."""
        with self.store.writing() as tx:
            tx.run(text("PRAGMA optimize"))
