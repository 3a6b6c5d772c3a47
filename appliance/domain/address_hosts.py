"""Which hosts use which addresses: the links themselves, and what is told of them (ipam 17)."""

from collections.abc import Iterable

from sqlalchemy import bindparam, delete, select

from appliance.domain import access, address_history
from appliance.query import batches
from appliance.store import Prepared, Row, Tx
from appliance.store.address_tables import address_hosts, addresses
from appliance.store.tables import hosts

READ = "resource.self.read"
ON_ADDRESS = Prepared(
    select(hosts).join(address_hosts).where(address_hosts.c.address_id == bindparam("address_id")).order_by(hosts.c.id)
)
OF_HOST = Prepared(
    select(addresses)
    .join(address_hosts)
    .where(address_hosts.c.host_id == bindparam("host_id"))
    .order_by(addresses.c.id)
)


def on(tx: Tx, address_id: int) -> list[Row]:
    """The hosts that use an address."""
    return tx.all(ON_ADDRESS, {"address_id": address_id})


def of(tx: Tx, host_id: int) -> list[Row]:
    """The addresses a host uses."""
    return tx.all(OF_HOST, {"host_id": host_id})


def link(tx: Tx, address: Row, host: Row, *, source: str = "host") -> None:
    """A host uses an address from now on."""
    if tx.find("address_hosts", address_id=address.id, host_id=host.id) is None:
        tx["address_hosts"].insert({"address_id": address.id, "host_id": host.id})
        note(tx, address, "host_linked", host, source)


def unlink(tx: Tx, address: Row, host: Row | None = None, *, source: str = "host") -> list[str]:
    """A host, or every host, uses an address no longer; their names."""
    gone = [one for one in on(tx, address.id) if host is None or one.id == host.id]
    for one in gone:
        tx.run(delete(address_hosts).where(address_hosts.c.address_id == address.id, address_hosts.c.host_id == one.id))
        note(tx, address, "host_unlinked", one, source)
    return [str(one.name) for one in gone]


def note(tx: Tx, address: Row, event: str, host: Row, source: str) -> None:
    """The history of a link."""
    which = {"host_id": host.id, "host_name": host.name}
    old, new = (which, None) if event == "host_unlinked" else (None, which)
    address_history.note(tx, address, event, old=old, new=new, source=source)


def visible(tx: Tx, address_ids: Iterable[int]) -> dict[int, list[Row]]:
    """By address, those of its hosts that the actor may see: id and name."""
    columns = (address_hosts.c.address_id, hosts.c.id, hosts.c.name)
    may = access.covered(tx, [READ], hosts.c.group_id)
    found: dict[int, list[Row]] = {}
    for batch in batches(address_ids):
        mine = select(*columns).join(hosts, hosts.c.id == address_hosts.c.host_id)
        for row in tx.all(mine.where(address_hosts.c.address_id.in_(batch), may).order_by(hosts.c.id)):
            found.setdefault(row.address_id, []).append(row)
    return found


def uses(tx: Tx, address_ids: list[int]) -> dict[int, str]:
    """What is told of addresses that hosts use, with the names of those hosts that the actor may see."""
    count: dict[int, int] = {}
    for batch in batches(address_ids):
        for ident in tx.values(select(address_hosts.c.address_id).where(address_hosts.c.address_id.in_(batch))):
            count[ident] = count.get(ident, 0) + 1
    seen = visible(tx, count)
    named = {ident: ", ".join(host.name for host in seen.get(ident, [])) for ident in count}
    return {
        ident: f"被 {many} 台主机使用" + (f": {named[ident]}" if named[ident] else "") for ident, many in count.items()
    }


def attach(tx: Tx, rows: list[Row]) -> None:
    """Give each address of a page its hosts, as far as the actor sees them."""
    found = visible(tx, [row.id for row in rows])
    for row in rows:
        mine = found.get(row.id, [])
        row["host_ids"], row["host_name"] = [host.id for host in mine], mine[0].name if mine else None
