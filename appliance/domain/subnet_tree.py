"""Where managed networks lie: their nesting within an area, the space between them (ipam 5)."""

from collections.abc import Iterator
from functools import lru_cache
from heapq import nsmallest
from ipaddress import ip_network
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, select, update

from appliance.domain import cidr
from appliance.domain.cidr import Network
from appliance.errors import Conflict, Problem
from appliance.store import Prepared, Row, Tx
from appliance.store.address_tables import subnets

MATERIALISED = 65534
"""Larger IPv4 subnets, and all of IPv6, are sparse: rows of their addresses exist only when touched."""
CONTAINER = "container"
HOLDING = Prepared(
    select(subnets)
    .where(
        subnets.c.area_id == bindparam("area_id"),
        subnets.c.first_key <= bindparam("key"),
        subnets.c.last_key >= bindparam("key"),
        subnets.c.complete,
    )
    .order_by(subnets.c.first_key.desc(), subnets.c.prefix_length.desc())
    .limit(1)
)
CHILDREN = Prepared(
    select(subnets.c.first_key, subnets.c.last_key)
    .where(subnets.c.parent_id == bindparam("subnet_id"))
    .order_by(subnets.c.first_key)
)


class Overlap(Problem):
    """The network would cut across another, or lie where nesting is not allowed."""

    code = "SUBNET_OVERLAP"


class InUse(Conflict):
    """Something still hangs on it."""

    code = "RESOURCE_IN_USE"


def network_of(row: Row) -> Network:
    """The network of a subnet's row."""
    return parsed(row.cidr)


parsed = lru_cache(maxsize=4096)(ip_network)
"""Reading the text takes longer than all the rest of a row in a list."""


def is_large(network: Network) -> bool:
    """Whether rows of its addresses exist only when touched."""
    return network.version == 6 or network.num_addresses - 2 > MATERIALISED


def place(network: Network) -> dict[str, Any]:
    """The columns that say where a network lies."""
    first, last = cidr.first_and_last(network)
    lies = {"cidr": str(network), "ip_version": network.version, "prefix_length": network.prefixlen}
    return lies | {"first_key": first, "last_key": last}


def around(area_id: int, network: Network) -> ColumnElement[bool]:
    """Subnets of the area that contain the network or equal it."""
    first, last = cidr.first_and_last(network)
    return and_(subnets.c.area_id == area_id, subnets.c.first_key <= first, subnets.c.last_key >= last)


def inside(area_id: int, network: Network) -> ColumnElement[bool]:
    """Subnets of the area that lie within the network or equal it."""
    first, last = cidr.first_and_last(network)
    return and_(subnets.c.area_id == area_id, subnets.c.first_key.between(first, last), subnets.c.last_key <= last)


def same(area_id: int, network: Network) -> ColumnElement[bool]:
    """Exactly this network."""
    first, _ = cidr.first_and_last(network)
    place = (subnets.c.first_key == first, subnets.c.prefix_length == network.prefixlen)
    return and_(subnets.c.area_id == area_id, *place)


def parent_of(tx: Tx, area_id: int, network: Network, but: int = 0) -> Row | None:
    """The longest prefix of the area that contains the network."""
    longer = subnets.c.prefix_length < network.prefixlen
    wanted = select(subnets).where(around(area_id, network), longer, subnets.c.id != but)
    return tx.one(wanted.order_by(subnets.c.prefix_length.desc()).limit(1))


def children_of(tx: Tx, area_id: int, network: Network, but: int = 0) -> list[Row]:
    """The subnets that lie directly in the network, or would, in order."""
    shorter = subnets.c.prefix_length > network.prefixlen
    wanted = select(subnets).where(inside(area_id, network), shorter, subnets.c.id != but)
    found: list[Row] = []
    for row in tx.all(wanted.order_by(subnets.c.first_key, subnets.c.prefix_length)):
        if not found or row.first_key > found[-1].last_key:
            found.append(row)
    return found


def child_spans(tx: Tx, subnet_id: int) -> list[tuple[str, str]]:
    """From which key to which the children of a subnet reach, in order."""
    return [(row.first_key, row.last_key) for row in tx.all(CHILDREN, {"subnet_id": subnet_id})]


def hang(tx: Tx, area_id: int, network: Network) -> None:
    """Hang every subnet within the network on the longest prefix around it, as things are now."""
    columns = (subnets.c.id, subnets.c.parent_id, subnets.c.first_key, subnets.c.last_key)
    wider = select(*columns).where(around(area_id, network), subnets.c.prefix_length < network.prefixlen)
    stack = tx.all(wider.order_by(subnets.c.prefix_length))
    within = select(*columns).where(inside(area_id, network))
    for row in tx.all(within.order_by(subnets.c.first_key, subnets.c.prefix_length)):
        while stack and stack[-1].last_key < row.first_key:
            stack.pop()
        parent_id = stack[-1].id if stack else None
        if row.parent_id != parent_id:
            tx.run(update(subnets).where(subnets.c.id == row.id).values(parent_id=parent_id))
        stack.append(row)


def most_specific(tx: Tx, area_id: int, address: cidr.Address) -> Row | None:
    """The subnet an address belongs to."""
    return tx.one(HOLDING, {"area_id": area_id, "key": cidr.key(address)})


def gaps(tx: Tx, area_id: int, within: Network, most: int = 500) -> list[str]:
    """The free networks between the subnets in a network, largest first."""
    bits = within.max_prefixlen
    free: list[tuple[int, int]] = []
    at, last = int(within[0]), int(within[-1])
    for first, end in spans_within(tx, area_id, within):
        free += blocks(at, first - 1, bits)
        at = max(at, end + 1)
    free += blocks(at, last, bits)
    kind = type(within[0])
    return [f"{kind(first)}/{prefix}" for prefix, first in nsmallest(most, free)]


def spans_within(tx: Tx, area_id: int, within: Network) -> list[tuple[int, int]]:
    """From where to where the subnets inside a network reach, in order; nested ones too."""
    longer = subnets.c.prefix_length > within.prefixlen
    keys = select(subnets.c.first_key, subnets.c.last_key).where(inside(area_id, within), longer)
    rows = tx.connection.execute(keys.order_by(subnets.c.first_key)).all()
    return [(int(first[1:], 16), int(last[1:], 16)) for first, last in rows]


def blocks(first: int, last: int, bits: int) -> Iterator[tuple[int, int]]:
    """The networks that make up a stretch of addresses: the length of each one's prefix, and where it begins."""
    while first <= last:
        aligned = first & -first or 1 << bits
        size = min(aligned, 1 << (last - first + 1).bit_length() - 1)
        yield bits - size.bit_length() + 1, first
        first += size
