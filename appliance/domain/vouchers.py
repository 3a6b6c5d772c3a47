"""What is shown to a host to be let in: sealed passwords and private keys (ptpb 七)."""

from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import uuid4

from gevent.threadpool import ThreadPool
from sqlalchemy import Select, select

from appliance import private_keys
from appliance.domain import access, bindings, groups
from appliance.errors import Collector, Invalid, Taken, together
from appliance.query import contains
from appliance.store import Prepared, Row, Tx
from appliance.store.tables import groups as group_table
from appliance.store.tables import vouchers

KIND = "resource.voucher"
READ, CREATE, UPDATE, DELETE = [f"{KIND}.{verb}" for verb in ("read", "create", "update", "delete")]
OPEN = {"name", "username", "group_id", "description"}
"""The columns that are no secret."""
NAME_TAKEN = "名称已被占用"
BAD_KEY, LOCKED_KEY = "无效的私钥", "私钥已加密,请提供passphrase"
AT_ONCE = 1
"""Keys read at the same time: their owners decide how long one takes, and others must not wait for it."""
_pool = ThreadPool(AT_ONCE)


class Secret(NamedTuple):
    """A password or a private key with its passphrase, examined; `fault` says what is wrong with the key."""

    kind: str
    text: str
    passphrase: str | None = None
    fault: str = ""


def examine(password: str | None, private_key: str | None, passphrase: str | None) -> Secret | None:
    """The one that is given, or None. Reads keys, which may take seconds: never inside a transaction."""
    if private_key is None:
        return Secret("password", password) if password is not None else None
    fault: str = _pool.apply(fault_of, (private_key, passphrase))
    return Secret("key", private_key.strip() + "\n", passphrase, fault)


def fault_of(private_key: str, passphrase: str | None) -> str:
    """What is wrong with a private key; empty when nothing is."""
    try:
        private_keys.load(private_key, passphrase)
    except private_keys.Locked:
        return LOCKED_KEY
    except private_keys.Unreadable:
        return BAD_KEY
    return ""


def search(
    tx: Tx, *, name: str | None = None, username: str | None = None, group_id: int | None = None, subtree: bool = False
) -> Select[Any] | Prepared:
    """Those of the vouchers that the actor may read."""
    texts = (("name", name), ("username", username))
    wanted = [contains(vouchers.c[column], text) for column, text in texts if text]
    if group_id is not None:
        wanted.append(groups.inside(vouchers.c.group_id, group_id, subtree))
    return readable(tx).statement.where(*wanted) if wanted else readable(tx)


@access.remembered
def readable(tx: Tx) -> Prepared:
    """The vouchers the actor may read, without their secrets."""
    return Prepared(select(*bindings.PUBLIC).where(access.covered(tx, [READ], vouchers.c.group_id)))


def create(tx: Tx, *, group_id: int, secret: Secret, **facts: Any) -> int:
    """Add a voucher to a group."""
    access.require_somewhere(tx, CREATE)
    check_new(tx, group_id=group_id, secret=secret, **facts)
    uuid = str(uuid4())
    return tx.insert("vouchers", uuid=uuid, group_id=group_id, **facts, **sealed(tx, uuid, secret))


def check_new(
    tx: Tx, *, group_id: int | None = None, name: str | None = None, secret: Secret | None = None, **_: Any
) -> None:
    """Every rule that a new voucher would break, told at once."""
    with together() as faults:
        group = groups.target(tx, group_id, CREATE, faults) if group_id is not None else None
        if name is not None:
            check_name(tx, name, group, faults)
        check_secret(secret, faults)


def check_name(tx: Tx, name: str, group: Row | None, faults: Collector, besides: int = 0) -> None:
    """Names are unique in a whole tree."""
    if group is None:
        return
    joined = vouchers.join(group_table, group_table.c.id == vouchers.c.group_id)
    twins = (group_table.c.root_id == group.root_id, vouchers.c.name == name, vouchers.c.id != besides)
    if tx.one(select(vouchers.c.id).select_from(joined).where(*twins).limit(1)):
        faults.add("name", NAME_TAKEN, Taken)


def check_secret(secret: Secret | None, faults: Collector) -> None:
    """A key is one that we can use."""
    if secret and secret.fault:
        faults.add("private_key", secret.fault)


def sealed(tx: Tx, uuid: str, secret: Secret) -> dict[str, Any]:
    """The columns of a secret, sealed for this row alone."""
    passphrase = tx.vault.seal(secret.passphrase, place("passphrase", uuid)) if secret.passphrase else None
    return {"kind": secret.kind, "secret": tx.vault.seal(secret.text, place("secret", uuid)), "passphrase": passphrase}


def place(column: str, uuid: str) -> str:
    """What a sealed secret is bound to."""
    return f"vouchers.{column}:{uuid}"


def open_secret(tx: Tx, voucher: Row) -> tuple[str, str | None]:
    """The password or key of a voucher and the key's passphrase, or BadKey when they were sealed elsewhere."""
    secret = tx.vault.open(voucher.secret, place("secret", voucher.uuid))
    if voucher.passphrase is None:
        return secret, None
    return secret, tx.vault.open(voucher.passphrase, place("passphrase", voucher.uuid))


def change(tx: Tx, ident: int, *, secret: Secret | None = None, **facts: Any) -> None:
    """Change a voucher, its secret, or its place in the tree; all of it together or nothing."""
    voucher, changes = check_change(tx, ident, secret=secret, **facts)
    if secret:
        changes |= sealed(tx, voucher.uuid, secret)
    if changes:
        tx.change("vouchers", ident, **changes)


def check_change(tx: Tx, ident: int = 0, *, secret: Secret | None = None, **facts: Any) -> tuple[Row, dict[str, Any]]:
    """Every rule that changes of a voucher would break, told at once; else the voucher and its columns to change."""
    voucher = access.seen(tx, vouchers, ident, READ)
    access.require(tx, UPDATE, voucher.group_id)
    current = tx.get("groups", voucher.group_id)
    changes = {column: facts[column] for column in OPEN & facts.keys() if voucher[column] != facts[column]}
    with together() as faults:
        moved = "group_id" in changes
        group = groups.move_target(tx, current.id, changes["group_id"], KIND, faults) if moved else current
        if "name" in changes or (group and group.root_id != current.root_id):
            check_name(tx, changes.get("name", voucher.name), group, faults, besides=ident)
        check_secret(secret, faults)
    if group and group.root_id != current.root_id and bindings.is_bound(tx, ident):
        raise Invalid(groups.STILL_BOUND)
    return voucher, changes


def remove(tx: Tx, idents: Iterable[int]) -> set[int]:
    """Remove those the actor sees, bound ones too, all or none; the ids of the removed."""
    found = access.seen_among(tx, vouchers, idents, READ)
    access.require_each(tx, DELETE, {row.group_id for row in found})
    tx.remove_all("vouchers", [row.id for row in found])
    return {row.id for row in found}
