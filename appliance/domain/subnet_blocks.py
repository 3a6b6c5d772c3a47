"""How full each /24 of a larger subnet is, for the strip by which one finds his way in it (ipam 5)."""

from typing import Any

from sqlalchemy import case, func, select

from appliance.domain import cidr, listing
from appliance.domain.access import Actor
from appliance.domain.address_book import IPS
from appliance.domain.subnet_book import SUBNETS
from appliance.domain.subnet_figures import TAKEN_STATES
from appliance.store import Row, Store
from appliance.store.address_tables import addresses
from appliance.store.aside import beside

OF_A_BLOCK = 31  # characters of a key that all addresses of a /24 share
BLOCK = func.substr(addresses.c.ip_key, 1, OF_A_BLOCK).label("block")
TAKEN = func.sum(case((addresses.c.status.in_(TAKEN_STATES), 1), else_=0)).label("used")
TROUBLED = func.sum(case((addresses.c.conflict_type.is_not(None), 1), else_=0)).label("conflicts")


def of(store: Store, actor: Actor, ident: int) -> list[dict[str, Any]]:
    """The /24 blocks of a subnet that has rows for all its addresses; those that its children cover are left out."""
    with beside(store, actor) as tx:
        subnet = listing.one(tx, SUBNETS, ident)
        if subnet.sparse or subnet.ip_version == 6:
            return []
        mine = (addresses.c.subnet_id == ident, *listing.seen(tx, IPS))
        counted = select(BLOCK, func.count().label("total"), TAKEN, TROUBLED).where(*mine)
        return [shown(row) for row in tx.all(counted.group_by(BLOCK).order_by(BLOCK))]


def shown(row: Row) -> dict[str, Any]:
    """One block."""
    network = f"{cidr.from_key(row.block + '00')}/24"
    return {"cidr": network, "total": row.total, "used": row.used, "conflicts": row.conflicts}
