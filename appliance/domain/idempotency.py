"""Repeated calls: the same key and body of the same caller get the same answer for a day (ipam 4)."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import delete

from appliance import clock
from appliance.errors import Conflict, Invalid
from appliance.store import Tx
from appliance.store.address_tables import idempotency_keys

LIFE = timedelta(hours=24)
LONGEST = 255
OTHER_BODY = "该Idempotency-Key已用于不同的请求"


def once(tx: Tx, key: str, body: Any, act: Callable[[], Any]) -> Any:
    """What `act` gives, or gave to the same call before."""
    if not key:
        return act()
    if len(key) > LONGEST:
        raise Invalid(**{"Idempotency-Key": f"不能超过{LONGEST}个字符"})
    name, content = hashed(key.encode()), hashed(orjson.dumps(body, option=orjson.OPT_SORT_KEYS))
    known = tx.find("idempotency_keys", user_id=tx.actor.user_id, key_hash=name)
    if known and known.created_at > clock.now() - LIFE:
        if known.body_hash != content:
            raise Conflict(**{"Idempotency-Key": OTHER_BODY}).coded("INVALID_STATE")
        return known.answer
    if known:
        tx.remove("idempotency_keys", known.id)
    answer = written(act())
    facts = {"user_id": tx.actor.user_id, "key_hash": name, "body_hash": content}
    tx["idempotency_keys"].insert({**facts, "answer": answer, "created_at": clock.now()})
    return answer


def hashed(content: bytes) -> str:
    """What is kept of a key or a body."""
    return hashlib.sha256(content).hexdigest()


def written(answer: Any) -> Any:
    """An answer as JSON keeps it."""
    if isinstance(answer, datetime):
        return answer.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(answer, dict):
        return {name: written(value) for name, value in answer.items()}
    return [written(one) for one in answer] if isinstance(answer, list) else answer


def prune(tx: Tx) -> None:
    """Answers that are a day old are forgotten."""
    tx.run(delete(idempotency_keys).where(idempotency_keys.c.created_at <= clock.now() - LIFE))
