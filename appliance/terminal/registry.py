"""All live sessions: watched by the clock and by the rights of their users, and told to stop together."""

from collections.abc import Callable
from time import monotonic
from typing import Any

import gevent

from appliance import logs
from appliance.domain import presence, sessions
from appliance.domain.access import Actor
from appliance.store import Store
from appliance.terminal.live import GOING_AWAY, STOPPING, Live

LOOK, LONGEST_LOOK, ANYWAY = 1.0, 3.0, 30.0
SHARE = 10


class Registry:
    """The live sessions of this process."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.stopping = False
        self._live: dict[int, Live] = {}
        self._watcher: Any = None
        self._version, self._judged_at = (-1, -1), 0.0

    def __len__(self) -> int:
        return len(self._live)

    def add(self, live: Live) -> None:
        """A session has begun."""
        self._live[live.session_id] = live
        if self.stopping:
            live.close(STOPPING, GOING_AWAY)
        if self._watcher is None:
            self._watcher = gevent.spawn(self._watch)

    def remove(self, live: Live) -> None:
        """It is over and closed."""
        self._live.pop(live.session_id, None)

    def stop_all(self, seconds: float) -> None:
        """Tell everybody that we are going, and wait for their goodbyes."""
        self.stopping = True
        for live in list(self._live.values()):
            live.close(STOPPING, GOING_AWAY)
        deadline = monotonic() + seconds
        while self._live and monotonic() < deadline:
            gevent.sleep(0.02)
        if self._watcher is not None:
            self._watcher.kill()

    def _watch(self) -> None:
        """Look often, but never spend more than a tenth of the time on it."""
        while True:
            began = monotonic()
            for look in (self.look_at_clock, self.look_at_rights):
                guarded(look)
            gevent.sleep(min(LONGEST_LOOK, max(LOOK, SHARE * (monotonic() - began))))

    def look_at_clock(self) -> None:
        """End what is idle, mute or cut off. What somebody types shows that his sign-in is in use."""
        for live in list(self._live.values()):
            presence.note(self.store, live.sign_in_id, live.input_at)
            sentence = live.overdue()
            if sentence is not None:
                live.close(sentence)

    def look_at_rights(self) -> None:
        """End what its user may no longer have; asked again when anybody wrote, also another process,
        and now and then anyway."""
        version = self.store.version()
        if version == self._version and monotonic() - self._judged_at < ANYWAY:
            return
        for live in list(self._live.values()):
            with self.store.reading(Actor(address=live.address)) as tx:
                sentence = sessions.standing(tx, live.session_id, **live.claims)
            if sentence:
                live.close(sentence)
            gevent.sleep(0)
        self._version, self._judged_at = version, monotonic()


def guarded(look: Callable[[], None]) -> None:
    """One look that fails must not end the watch."""
    try:
        look()
    except Exception as error:  # noqa: BLE001 - told to the log, tried again in a second
        logs.fail("terminal.watch", error)
