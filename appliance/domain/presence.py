"""When each sign-in was last heard of: in memory, so that the idle life of sign-ins costs no write for each request."""

from time import monotonic
from weakref import WeakKeyDictionary

from appliance.store import Store

MINUTE = 60


class Watch:
    """One appliance's memory. Of whom nothing is known it heard at its own beginning, which may be a restart."""

    def __init__(self) -> None:
        self.began = monotonic()
        self.heard: dict[int, float] = {}


_watches: WeakKeyDictionary[Store, Watch] = WeakKeyDictionary()


def watch(store: Store) -> Watch:
    """The memory of an appliance."""
    return _watches.setdefault(store, Watch())


def note(store: Store, sign_in_id: int, moment: float | None = None) -> None:
    """A sign-in was heard of: now, or at that moment of the monotonic clock."""
    if store.settings.idle_sign_in:
        heard = watch(store).heard
        heard[sign_in_id] = max(heard.get(sign_in_id, 0), monotonic() if moment is None else moment)


def is_idle(store: Store, sign_in_id: int) -> bool:
    """Whether a sign-in was silent for longer than the setting allows."""
    limit = store.settings.idle_sign_in * MINUTE
    if not limit:
        return False
    memory = watch(store)
    return monotonic() - memory.heard.get(sign_in_id, memory.began) > limit


def keep_only(store: Store, sign_in_ids: set[int]) -> None:
    """Forget all others: they are over."""
    memory = watch(store)
    memory.heard = {ident: moment for ident, moment in memory.heard.items() if ident in sign_in_ids}
