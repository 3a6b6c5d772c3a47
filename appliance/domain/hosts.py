"""Machines one can connect to: who sees them, adding, changing, removing them (ptpb 六)."""

from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address
from typing import Any, NamedTuple

from sqlalchemy import Select, select

from appliance.domain import access, address_links, bindings, groups
from appliance.errors import Collector, Invalid, Taken, together
from appliance.query import contains
from appliance.store import Prepared, Row, Tx
from appliance.store.tables import host_keys, hosts

KIND = "resource.self"
READ, CREATE, UPDATE, DELETE = [f"{KIND}.{verb}" for verb in ("read", "create", "update", "delete")]
DEFAULT_CLOUD = 0
PROTOCOLS = {1: "SSH"}
NAME_TAKEN = "名称已被占用"
ONE_ADDRESS = "ipv4与ipv6必须且只能填写一个"
ADDRESS_TAKEN = {"ipv4": "ipv4地址重复", "ipv6": "ipv6地址重复"}
# Labels of letters, digits, hyphens and underscores; the last one is no number, or it would be an address.
NAME_FORM = r"(?!-)(?:[\w-]{1,63}(?<!-)\.(?!-))*(?![0-9]+\.?$)[\w-]{1,63}(?<!-)\.?"
BROADCAST = ip_address("255.255.255.255")


class Change(NamedTuple):
    """A host as it is, the columns to change, and the vouchers to bind and unbind."""

    host: Row
    columns: dict[str, Any]
    binding: bindings.Change


def search(
    tx: Tx,
    *,
    name: str | None = None,
    ipv4: str | None = None,
    group_id: int | None = None,
    subtree: bool = False,
    **equals: Any,
) -> Select[Any] | Prepared:
    """Those of the hosts that the actor may read."""
    wanted = [contains(hosts.c[column], text) for column, text in (("name", name), ("ipv4", ipv4)) if text]
    if group_id is not None:
        wanted.append(groups.inside(hosts.c.group_id, group_id, subtree))
    wanted += [hosts.c[column] == value for column, value in equals.items()]
    return readable(tx).statement.where(*wanted) if wanted else readable(tx)


@access.remembered
def readable(tx: Tx) -> Prepared:
    """The hosts the actor may read, with their pinned keys."""
    key = select(host_keys.c.fingerprint).where(host_keys.c.host_id == hosts.c.id, host_keys.c.pinned)
    may = access.covered(tx, [READ], hosts.c.group_id)
    return Prepared(select(hosts, key.scalar_subquery().label("host_key")).where(may))


def usable(text: str, version: int) -> str:
    """An address that a machine can have, as it is usually written; ValueError for any other."""
    address = ip_address(text)
    nobody = address.is_unspecified or address.is_multicast or address == BROADCAST
    disguised = isinstance(address, IPv6Address) and (address.ipv4_mapped or address.scope_id)
    if address.version != version or nobody or disguised:
        raise ValueError("no address of a machine")
    return str(address)


def address(host: Any) -> str:
    """What is connected to: one of the addresses, or the name where there is none."""
    return host["ipv4"] or host["ipv6"] or host["domain"] or ""


def create(tx: Tx, *, group_id: int, voucher_ids: list[int] | None = None, **facts: Any) -> int:
    """Add a host to a group, with vouchers bound to it."""
    access.require_somewhere(tx, CREATE)
    binding = check_new(tx, group_id=group_id, voucher_ids=voucher_ids, **facts)
    ident = tx.insert("hosts", group_id=group_id, cloud_id=DEFAULT_CLOUD, **facts)
    bindings.apply(tx, ident, binding)
    address_links.connect(tx, tx.get("hosts", ident))
    return ident


def check_new(
    tx: Tx, *, group_id: int | None = None, voucher_ids: list[int] | None = None, **facts: Any
) -> bindings.Change:
    """Every rule that a new host would break, told at once; else the vouchers to bind to it."""
    with together() as faults:
        group = groups.target(tx, group_id, CREATE, faults) if group_id is not None else None
        check(tx, facts, DEFAULT_CLOUD, faults)
        address_links.check(tx, DEFAULT_CLOUD, facts, faults)
        binding = bindings.plan(tx, 0, voucher_ids, group.root_id if group else None, faults)
    return binding  # noqa: RET504 -- the block before it may end in faults


def check(tx: Tx, facts: dict[str, Any], cloud_id: int, faults: Collector, besides: int = 0) -> None:
    """Names are unique, addresses are in their cloud, and the protocol is one of ours."""
    if "name" in facts and is_taken(tx, besides, name=facts["name"]):
        faults.add("name", NAME_TAKEN, Taken)
    for kind, sentence in ADDRESS_TAKEN.items():
        if facts.get(kind) and is_taken(tx, besides, cloud_id=cloud_id, **{kind: facts[kind]}):
            faults.add(kind, sentence, Taken)
    if "protocol_id" in facts and facts["protocol_id"] not in PROTOCOLS:
        faults.add("protocol_id", bindings.NO_SUCH.format(facts["protocol_id"]))


def is_taken(tx: Tx, besides: int, **equals: Any) -> bool:
    """Whether another host has these values."""
    same = [hosts.c[column] == value for column, value in equals.items()]
    return tx.value(select(hosts.c.id).where(*same, hosts.c.id != besides).limit(1)) is not None


def change(tx: Tx, ident: int, **facts: Any) -> None:
    """Change a host, its place in the tree, or its vouchers; all of it together or nothing."""
    host, changes, binding = check_change(tx, ident, **facts)
    if changes:
        tx.change("hosts", ident, **changes)
        address_links.follow(tx, host, tx.get("hosts", ident))
    bindings.apply(tx, ident, binding)


def check_change(tx: Tx, ident: int = 0, *, voucher_ids: list[int] | None = None, **facts: Any) -> Change:
    """Every rule that changes of a host would break, told at once; else what there is to change."""
    host = access.seen(tx, hosts, ident, READ)
    access.require(tx, UPDATE, host.group_id)
    changes = differences(host, one_address(facts))
    current = tx.get("groups", host.group_id)
    with together() as faults:
        moved = "group_id" in changes
        group = groups.move_target(tx, current.id, changes["group_id"], KIND, faults) if moved else current
        binding = bindings.plan(tx, ident, voucher_ids, group.root_id if group else None, faults)
        check(tx, changes, host.cloud_id, faults, besides=ident)
        address_links.check(tx, host.cloud_id, changes, faults)
        check_address(tx, host, changes, binding, faults)
    if group and group.root_id != current.root_id and bindings.any_left(tx, ident, binding.gone):
        raise Invalid(groups.STILL_BOUND)
    return Change(host, changes, binding)


def one_address(facts: dict[str, Any]) -> dict[str, Any]:
    """An address of one kind replaces one of the other."""
    given = {kind: facts[kind] for kind in ADDRESS_TAKEN if facts.get(kind)}
    return facts | dict.fromkeys(ADDRESS_TAKEN) | given if given else facts


def differences(host: Row, facts: dict[str, Any]) -> dict[str, Any]:
    """What is not so already."""
    return {column: value for column, value in facts.items() if host[column] != value}


def check_address(tx: Tx, host: Row, changes: dict[str, Any], binding: bindings.Change, faults: Collector) -> None:
    """There stays an address, and bound vouchers are not sent to another one by whoever may not bind them."""
    after = host | changes
    lost = (host.ipv4 or host.ipv6) and not (after["ipv4"] or after["ipv6"])
    if lost or not address(after):
        faults.add("ip", ONE_ADDRESS)
    elif (address(after), after["port"]) != (address(host), host.port):
        bindings.refuse_redirection(tx, host.id, binding.gone, faults)


def remove(tx: Tx, idents: Iterable[int]) -> set[int]:
    """Remove those the actor sees, all or none; the ids of the removed."""
    found = access.seen_among(tx, hosts, idents, READ)
    access.require_each(tx, DELETE, {row.group_id for row in found})
    address_links.disconnect_all(tx, [row.id for row in found])
    tx.remove_all("hosts", [row.id for row in found])
    return {row.id for row in found}
