"""Captchas: kept in memory, good once, asked for after failures (ipam 2)."""

import hmac
import secrets
from collections import OrderedDict, deque
from datetime import timedelta
from time import monotonic
from typing import NamedTuple
from weakref import WeakKeyDictionary

from gevent.threadpool import ThreadPool
from sqlalchemy import func, or_, select

from appliance import clock
from appliance.domain import audit, captcha_picture, signing_in
from appliance.domain.access import Actor
from appliance.errors import Invalid, Throttled
from appliance.store import Store, Tx
from appliance.store.tables import login_records

OFF, ADAPTIVE, ALWAYS = "off", "adaptive", "always"
LIFE, MOST, A_MINUTE = 300.0, 10_000, 30
FAILURES, WITHIN = 3, timedelta(minutes=15)
NEEDED, WRONG = "请输入验证码", "验证码错误或已过期"
_pool = ThreadPool(1)


class Shown(NamedTuple):
    """What is to be read, and until when."""

    text: str
    until: float


class Memory:
    """The captchas of one appliance, and who was shown how many."""

    def __init__(self) -> None:
        self.shown: OrderedDict[str, Shown] = OrderedDict()
        self.asked: OrderedDict[str, deque[float]] = OrderedDict()

    def count(self, address: str) -> None:
        """One more for an address, or Throttled."""
        times = self.asked.setdefault(address, deque())
        self.asked.move_to_end(address)
        while len(self.asked) > MOST:
            self.asked.popitem(last=False)
        now = monotonic()
        while times and times[0] <= now - 60:
            times.popleft()
        if len(times) >= A_MINUTE:
            raise Throttled(max(1, int(times[0] + 60 - now)))
        times.append(now)

    def keep(self, text: str) -> str:
        """Remember one; its id. The oldest go first."""
        ident = "captcha_" + secrets.token_hex(12)
        self.shown[ident] = Shown(text, monotonic() + LIFE)
        while len(self.shown) > MOST:
            self.shown.popitem(last=False)
        return ident

    def spend(self, ident: str, text: str) -> bool:
        """Whether that is what it shows; it is gone in any case."""
        found = self.shown.pop(ident, None)
        if found is None or found.until <= monotonic():
            return False
        return hmac.compare_digest(found.text.encode(), text.strip().upper().encode())


_memories: WeakKeyDictionary[Store, Memory] = WeakKeyDictionary()


def memory(store: Store) -> Memory:
    """The captchas of an appliance."""
    return _memories.setdefault(store, Memory())


def new(store: Store, address: str) -> dict[str, str]:
    """A fresh captcha; it is drawn in a thread."""
    kept = memory(store)
    kept.count(address)
    text = captcha_picture.word()
    image = _pool.apply(captcha_picture.picture, (text,))
    return {"captcha_id": kept.keep(text), "image": image}


def failures(tx: Tx, login: str) -> int:
    """How often sign-in failed of late, for this address or this name."""
    columns = login_records.c
    recent = (columns.created_at > clock.now() - WITHIN, ~columns.succeeded, columns.kind == audit.LOGIN)
    real = columns.reason != signing_in.CODE_NEEDED
    whose = or_(columns.address == tx.actor.address, func.lower(columns.login) == login[: audit.TYPED].strip().lower())
    return int(tx.value(select(func.count()).select_from(login_records).where(*recent, real, whose)))


def is_wanted(tx: Tx, mode: str, login: str) -> bool:
    """Whether a sign-in needs a captcha."""
    return mode == ALWAYS or (mode == ADAPTIVE and failures(tx, login) >= FAILURES)


def require(store: Store, actor: Actor, ident: str | None, text: str | None) -> None:
    """Go on only with a captcha that was read rightly."""
    if not ident or not text:
        refusal = Invalid(captcha_code=NEEDED)
        refusal.data = {"captcha_required": True}
        raise refusal
    if not memory(store).spend(ident, text):
        refusal = Invalid(captcha_code=WRONG).coded("CAPTCHA_INVALID")
        refusal.data = {"captcha_required": True}
        raise refusal
    actor.captcha = True
