"""The part of the address book somebody sees: the union of what his user groups name, as SQL (ipam 19)."""

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Table, and_, false, or_, select

from appliance.store import Tx
from appliance.store.address_tables import addresses, areas, gateways, subnets, units, user_group_members, user_groups

Condition = ColumnElement[bool] | None
"""None: everything."""


class Scope(NamedTuple):
    """What the scoped groups of somebody name, together."""

    areas: list[int]
    paths: list[str]
    """Of units: everything below belongs to them."""
    subnets: list[tuple[int, str, str]]
    """Area, first and last address: everything inside belongs to them."""


def of(tx: Tx) -> Scope | None:
    """The actor's scope, None for somebody in no group that has one; disabled groups limit still, and add nothing."""
    if tx.actor is None:
        return None
    found: Scope | None = tx.kept(("scope", tx.actor.user_id), lambda: asked(tx))
    return found


def asked(tx: Tx) -> Scope | None:
    """The same, from the tables."""
    mine = select(user_groups).join(user_group_members).where(user_group_members.c.user_id == tx.actor.user_id)
    rows = [row for row in tx.all(mine) if row.area_ids or row.unit_ids or row.subnet_ids]
    if not rows:
        return None
    active = [row for row in rows if row.status == "active"]
    unit_ids = [ident for row in active for ident in row.unit_ids]
    paths = tx.values(select(units.c.path).where(units.c.id.in_(unit_ids)))
    subnet_ids = [ident for row in active for ident in row.subnet_ids]
    lying = tx.all(select(subnets).where(subnets.c.id.in_(subnet_ids)))
    spans = [(row.area_id, row.first_key, row.last_key) for row in lying]
    return Scope([ident for row in active for ident in row.area_ids], paths, spans)


def either(*parts: ColumnElement[bool]) -> ColumnElement[bool]:
    """Any of some conditions; none at all is never."""
    return or_(false(), *parts)


def unit_rows(scope: Scope) -> ColumnElement[bool]:
    """Units of the scope, descendants included: what follows "/1/5/" ends before "/1/50"."""
    return either(*(and_(units.c.path >= path, units.c.path < path[:-1] + "0") for path in scope.paths))


def subnet_rows(scope: Scope) -> ColumnElement[bool]:
    """Subnets of the scope."""
    spans = [
        and_(subnets.c.area_id == area, subnets.c.first_key >= first, subnets.c.last_key <= last)
        for area, first, last in scope.subnets
    ]
    return either(subnets.c.area_id.in_(scope.areas), subnets.c.unit_id.in_(unit_ids(scope)), *spans)


def unit_ids(scope: Scope) -> Any:
    """The ids of units of the scope, as a sub-select."""
    return select(units.c.id).where(unit_rows(scope))


def for_units(tx: Tx) -> Condition:
    """Units the actor sees."""
    scope = of(tx)
    return None if scope is None else unit_rows(scope)


def for_subnets(tx: Tx) -> Condition:
    """Subnets the actor sees."""
    scope = of(tx)
    return None if scope is None else subnet_rows(scope)


def for_areas(tx: Tx) -> Condition:
    """Areas the actor sees: those named, and those his subnets lie in."""
    scope = of(tx)
    if scope is None:
        return None
    return either(areas.c.id.in_(scope.areas), areas.c.id.in_(select(subnets.c.area_id).where(subnet_rows(scope))))


def for_gateways(tx: Tx) -> Condition:
    """Gateways of areas and subnets the actor sees."""
    scope = of(tx)
    if scope is None:
        return None
    used = select(subnets.c.gateway_id).where(subnet_rows(scope), subnets.c.gateway_id.is_not(None))
    return either(gateways.c.area_id.in_(scope.areas), gateways.c.id.in_(used))


def for_addresses(tx: Tx) -> Condition:
    """Addresses of areas, units and subnets the actor sees."""
    scope = of(tx)
    if scope is None:
        return None
    inside = addresses.c.subnet_id.in_(select(subnets.c.id).where(subnet_rows(scope)))
    return either(addresses.c.area_id.in_(scope.areas), addresses.c.unit_id.in_(unit_ids(scope)), inside)


def for_those_of_units(tx: Tx, table: Table) -> Condition:
    """Rows that hang on units the actor sees."""
    scope = of(tx)
    return None if scope is None else table.c.unit_id.in_(unit_ids(scope))
