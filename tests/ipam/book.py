"""The address book as tests write it through the rules: who acts, subnets, gateways, contacts, hosts."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from appliance.app import App
from appliance.domain import access, addresses, allocation, cidr, free_addresses, gateways, hosts, subnets
from appliance.domain.access import Actor
from appliance.store import Row, Tx

assert gateways  # the collection registers itself


@contextmanager
def acting(app: App, login: str = "alice") -> Iterator[Tx]:
    """A writing transaction of somebody."""
    actor = Actor(address="127.0.0.1")
    with app.store.writing(actor) as tx:
        actor.user = tx.find("users", login=login)
        assert actor.user is not None
        actor.roles = access.role_ids(tx, actor.user.id)
        actor.codes = access.base_codes(tx, actor.roles)
        yield tx


def subnet(tx: Tx, cidr: str = "10.0.0.0/24", **facts: Any) -> int:
    """A subnet, named after its network unless told otherwise."""
    return subnets.create(tx, cidr=cidr, **{"name": cidr, **facts})


def gateway(tx: Tx, ip: str, area_id: int = 1) -> int:
    return tx.insert("gateways", area_id=area_id, ip=ip, ip_key=cidr.key(ip))


def area(tx: Tx, name: str) -> int:
    return tx.insert("areas", name=name, name_key=name)


def host(tx: Tx, name: str, ipv4: str | None = None, **facts: Any) -> int:
    return hosts.create(tx, group_id=1, name=name, ipv4=ipv4, protocol_id=1, **facts)


def at(tx: Tx, ip: str, area_id: int = 1) -> Row:
    """The row of an address."""
    return addresses.find(tx, area_id, cidr.parse_address(ip))


def allocate(tx: Tx, subnet_id: int, count: int = 1, **choice: Any) -> list[str]:
    """The next free addresses."""
    grant = allocation.Grant()
    rows = allocation.allocate_next(tx, subnet_id, free_addresses.Choice(count=count, **choice), grant)
    return [row.ip for row in rows]


def take(tx: Tx, subnet_id: int, ip: str, **grant: Any) -> Row:
    """This very address."""
    given = allocation.Grant(**grant)
    return allocation.allocate_exactly(tx, tx.get("subnets", subnet_id), cidr.parse_address(ip), given)


def statuses(tx: Tx, subnet_id: int) -> dict[str, int]:
    """How many rows of a subnet are in which state."""
    counted: dict[str, int] = {}
    for row in tx["addresses"].find(subnet_id=subnet_id):
        counted[row["status"]] = counted.get(row["status"], 0) + 1
    return counted


def events(tx: Tx, ip: str) -> list[str]:
    """What happened to an address."""
    return [row["event"] for row in tx["address_history"].find(ip=ip, order_by="id")]
