"""The rows of a subnet's addresses: made with it, moved between nested ones, marked as gateway or DHCP (ipam 5)."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, false, func, insert, literal, or_, select, update

from appliance import clock
from appliance.domain import address_history, cidr, subnet_figures
from appliance.domain.cidr import Network
from appliance.domain.subnet_tree import CONTAINER, InUse, child_spans, is_large, most_specific, network_of
from appliance.store import Row, Tx
from appliance.store.address_tables import address_hosts, addresses, subnets

AT_ONCE = 5000
"""So many rows are made within one transaction, more in portions."""
PORTION = 1000
SHOWN = 5
Span = tuple[int, int]


def keeps(subnet: Row) -> bool:
    """Whether every usable address of it is to have a row."""
    return not is_large(network_of(subnet)) and subnet.status != CONTAINER


def extent(facts: dict[str, Any]) -> int:
    """How many rows a subnet that is to be needs, children aside."""
    network = cidr.parse_network(facts["cidr"])
    sparse = is_large(network) or facts.get("status") == CONTAINER
    return 0 if sparse else cidr.usable_count(network, is_pool=bool(facts.get("is_pool")))


def usable(subnet: Row) -> tuple[str, str]:
    """The keys of the first and last address it hands out."""
    return cidr.usable_keys(network_of(subnet), is_pool=subnet.is_pool)


# --- making ----------------------------------------------------------------------------------------------------------


def spans(tx: Tx, subnet: Row, within: Span | None = None) -> list[Span]:
    """The stretches of usable addresses that no child holds."""
    at, last = cidr.usable_bounds(network_of(subnet), is_pool=subnet.is_pool)
    if within is not None:
        at, last = max(at, within[0]), min(last, within[1])
    found: list[Span] = []
    for low, high in child_spans(tx, subnet.id):
        first, end = int(low[1:], 16), int(high[1:], 16)
        if first > last:
            break
        if at < first:
            found.append((at, first - 1))
        at = max(at, end + 1)
    return [*found, (at, last)] if at <= last else found


def portions(stretches: list[Span], size: int = PORTION) -> Iterator[Span]:
    """The same in small pieces."""
    for first, last in stretches:
        for low in range(first, last + 1, size):
            yield low, min(low + size - 1, last)


def make(tx: Tx, subnet: Row, stretch: Span) -> None:
    """Rows for a stretch of IPv4 addresses, where there are none yet; SQLite counts them itself."""
    first, last = stretch
    number = select(literal(first).label("n")).cte("number", recursive=True)
    number = number.union_all(select(number.c.n + 1).where(number.c.n < last))
    n, moment = number.c.n, literal(clock.now(), addresses.c.created_at.type)
    octets = (n.op(">>")(24), n.op(">>")(16).op("&")(255), n.op(">>")(8).op("&")(255), n.op("&")(255))
    values = {
        "area_id": literal(subnet.area_id),
        "subnet_id": literal(subnet.id),
        "ip": func.printf("%d.%d.%d.%d", *octets),
        "ip_key": func.printf("4%032x", n),
        "created_at": moment,
        "updated_at": moment,
        "created_by": literal(tx.actor.user_id if tx.actor else None, addresses.c.created_by.type),
    }
    rows = select(*values.values()).select_from(number)
    tx.run(insert(addresses).prefix_with("OR IGNORE").from_select(list(values), rows))


def fill(tx: Tx, subnet: Row, within: Network | None = None) -> None:
    """Make the rows that are missing; where they are too many, the subnet is sparse until a chore has made them."""
    if not keeps(subnet):
        return
    stretches = spans(tx, subnet, (int(within[0]), int(within[-1])) if within is not None else None)
    if sum(last - first + 1 for first, last in stretches) > AT_ONCE:
        tx.run(update(subnets).where(subnets.c.id == subnet.id).values(sparse=True))
        return
    for stretch in stretches:
        make(tx, subnet, stretch)


# --- moving between nested subnets -----------------------------------------------------------------------------------


def of(subnet: Row) -> ColumnElement[bool]:
    """The rows of a subnet."""
    return addresses.c.subnet_id == subnet.id


def unusable(subnet: Row) -> ColumnElement[bool]:
    """Addresses that the subnet, as it is now, does not hand out: beyond it, or its network and broadcast address."""
    if subnet.status == CONTAINER:
        return addresses.c.id.is_not(None)
    first, last = usable(subnet)
    return or_(addresses.c.ip_key < first, addresses.c.ip_key > last, addresses.c.area_id != subnet.area_id)


def refuse_held(tx: Tx, doomed: ColumnElement[bool], field: str = "cidr") -> None:
    """Go on only when all of these addresses are free, or a gateway's."""
    held = and_(doomed, addresses.c.status != "available", addresses.c.is_gateway.is_(False))
    rows = tx.all(select(addresses.c.ip).where(held).order_by(addresses.c.ip_key).limit(SHOWN))
    if rows:
        raise InUse(**{field: [f"地址 {row.ip} 正在使用" for row in rows]})


def absorb(tx: Tx, subnet: Row, parent: Row | None) -> None:
    """The rows of the parent that lie in the subnet are its own now; a container keeps none."""
    if parent is None or parent.status == CONTAINER:
        return
    theirs = and_(of(parent), addresses.c.ip_key.between(subnet.first_key, subnet.last_key))
    drop(tx, and_(theirs, unusable(subnet)))
    tx.run(update(addresses).where(theirs).values(subnet_id=subnet.id))


def drop(tx: Tx, doomed: ColumnElement[bool]) -> None:
    """Remove rows of free addresses; InUse when one is held."""
    refuse_held(tx, doomed)
    tx.run(delete(addresses).where(doomed))


def fall(tx: Tx, rows: ColumnElement[bool], parent: Row | None) -> None:
    """Rows leave their subnet: to the parent, where it hands such addresses out, or for good."""
    if parent is None or parent.status == CONTAINER:
        tx.run(delete(addresses).where(rows))
        return
    tx.run(delete(addresses).where(rows, unusable(parent)))
    tx.run(update(addresses).where(rows).values(subnet_id=parent.id))


# --- marks -----------------------------------------------------------------------------------------------------------


def mark_gateway(tx: Tx, subnet: Row, former_id: int | None = None) -> None:
    """The gateway's address is reserved and never handed out; one that no subnet uses any longer is free again."""
    if former_id and former_id != subnet.gateway_id:
        unmark_gateway(tx, former_id)
    gateway = tx.find("gateways", id=subnet.gateway_id) if subnet.gateway_id else None
    home = most_specific(tx, subnet.area_id, cidr.from_key(gateway.ip_key)) if gateway else None
    if gateway is None or home is None or home.status == CONTAINER:
        return
    place = {"area_id": gateway.area_id, "ip_key": gateway.ip_key}
    row = tx.find("addresses", **place)
    if row is None:
        tx.insert("addresses", subnet_id=home.id, ip=gateway.ip, **place)
        subnet_figures.bump(tx, home.id, available=1)
        row = tx.find("addresses", **place)
        assert row is not None
    if not row.is_gateway or row.status != "reserved":
        set_mark(tx, row, "reserved", is_gateway=True)


def unmark_gateway(tx: Tx, gateway_id: int) -> None:
    """The row of a gateway that no subnet uses: free, or the host's that is on it."""
    gateway = tx.find("gateways", id=gateway_id)
    if gateway is None or tx.find("subnets", gateway_id=gateway_id):
        return
    row = tx.find("addresses", area_id=gateway.area_id, ip_key=gateway.ip_key)
    if row is not None and row.is_gateway:
        linked = tx.find("address_hosts", address_id=row.id)
        set_mark(tx, row, "allocated" if linked else "available", is_gateway=False)


def set_mark(tx: Tx, row: Row, status: str, *, is_gateway: bool) -> None:
    """Mark a row, and tell its history."""
    facts = {"status": status, "is_gateway": is_gateway}
    tx.change("addresses", row.id, version=row.version + 1, **facts)
    if status != row.status:
        subnet_figures.bump(tx, row.subnet_id, **{row.status: -1, status: 1})
    event = "reserved" if is_gateway else "edited"
    address_history.note(tx, row, event, old={"status": row.status}, new=facts, source="subnet", comment="网关")


def in_ranges(ranges: list[dict[str, str]]) -> ColumnElement[bool]:
    """Addresses of DHCP ranges."""
    keys = [(cidr.key(one["start"]), cidr.key(one["end"])) for one in ranges]
    return or_(false(), *(addresses.c.ip_key.between(low, high) for low, high in keys))


def mark_dhcp(tx: Tx, subnet: Row, former: list[dict[str, str]] | None = None) -> None:
    """Free addresses in the ranges are handed out by DHCP; those in ranges that are no more are free again."""
    if not subnet.dhcp_ranges and not former:
        return
    within, before = in_ranges(subnet.dhcp_ranges), in_ranges(former or [])
    left = (of(subnet), before, ~within, addresses.c.status == "dhcp")
    tx.run(update(addresses).where(*left).values(status="available"))
    refuse_ranges(tx, and_(of(subnet), within))
    fresh = (of(subnet), within, addresses.c.status == "available")
    tx.run(update(addresses).where(*fresh).values(status="dhcp"))


def refuse_ranges(tx: Tx, within: ColumnElement[bool]) -> None:
    """DHCP ranges do not lie over addresses that somebody has, or is about to have."""
    held = (within, addresses.c.status.in_(["allocated", "pending"]))
    rows = tx.all(select(addresses.c.ip).where(*held).order_by(addresses.c.ip_key).limit(SHOWN))
    if rows:
        raise InUse(dhcp_ranges=[f"地址 {row.ip} 正在使用" for row in rows])


def linked(subnet: Row) -> ColumnElement[bool]:
    """Addresses of the subnet that hosts are on."""
    hosts = select(address_hosts.c.address_id)
    return and_(of(subnet), addresses.c.id.in_(hosts))


def figures(tx: Tx, condition: ColumnElement[bool]) -> Any:
    """How many rows a condition holds for."""
    return tx.value(select(func.count()).select_from(addresses).where(condition))
