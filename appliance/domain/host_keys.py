"""Host keys: the first one a host shows is pinned, any other is only noted until somebody accepts it (ptpb 六, 九)."""

from sqlalchemy import delete, select, update

from appliance import clock
from appliance.domain import access
from appliance.errors import Invalid
from appliance.store import Row, Tx
from appliance.store.tables import host_keys, hosts

NEVER_SEEN = "未见过的主机密钥"
KEPT = 10
"""How many keys that were merely offered are remembered of a host."""


def pinned(tx: Tx, host_id: int) -> Row | None:
    """The key that the host must show."""
    return tx.find("host_keys", host_id=host_id, pinned=True)


def meet(tx: Tx, host_id: int, *, kind: str, fingerprint: str, public_key: str) -> Row:
    """The host showed this key: it is pinned if it is the first, noted if it is another. The pinned one."""
    trusted = pinned(tx, host_id)
    if trusted is None or trusted.fingerprint != fingerprint:
        note(tx, host_id, kind=kind, fingerprint=fingerprint, public_key=public_key)
    if trusted is None:
        pin(tx, host_id, fingerprint)
    found = trusted or pinned(tx, host_id)
    assert found is not None
    return found


def note(tx: Tx, host_id: int, *, fingerprint: str, **key: str) -> None:
    """Remember a key that the host offered, and when; a host that makes up keys fills nothing."""
    known = tx.find("host_keys", host_id=host_id, fingerprint=fingerprint)
    if known:
        tx.run(update(host_keys).where(host_keys.c.id == known.id).values(seen_at=clock.now()))
        return
    tx.insert("host_keys", host_id=host_id, fingerprint=fingerprint, seen_at=clock.now(), **key)
    offered = (host_keys.c.host_id == host_id, ~host_keys.c.pinned)
    newest = select(host_keys.c.id).where(*offered).order_by(host_keys.c.seen_at.desc(), host_keys.c.id.desc())
    tx.run(delete(host_keys).where(*offered, host_keys.c.id.not_in(newest.limit(KEPT))))


def accept(tx: Tx, ident: int, fingerprint: str | None) -> None:
    """Pin a key that the host has offered, or with None forget the pin, so that the next key is trusted again."""
    host = access.seen(tx, hosts, ident, "resource.self.read")
    access.require(tx, "resource.self.update", host.group_id)
    access.require(tx, "resource.voucher.update", host.group_id)
    if fingerprint is not None and tx.find("host_keys", host_id=ident, fingerprint=fingerprint) is None:
        raise Invalid(fingerprint=NEVER_SEEN)
    pin(tx, ident, fingerprint)


def pin(tx: Tx, host_id: int, fingerprint: str | None) -> None:
    """Make one of the known keys, or none, the pinned one."""
    before = pinned(tx, host_id)
    of_host = host_keys.c.host_id == host_id
    tx.run(update(host_keys).where(of_host).values(pinned=False))
    tx.run(update(host_keys).where(of_host, host_keys.c.fingerprint == fingerprint).values(pinned=True))
    tx.tell("host_keys", host_id=host_id, old=before and before.fingerprint, new=fingerprint)
