"""How full subnets are, as an expression lists filter and sort by; what they show is counted in Python (ipam 5)."""

from functools import reduce
from operator import add
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Float, Numeric, case, cast, func, literal, or_, select

from appliance.domain.subnet_figures import TAKEN_STATES
from appliance.store.address_tables import subnets

HALF = 48
"""Half the bits that the widest network leaves to its addresses."""


def extent(one: Any) -> ColumnElement[Any]:
    """How many addresses a network has; shifted in two steps, for those of IPv6 are more than an integer holds."""
    bits = case((one.c.ip_version == 4, 32), else_=128) - one.c.prefix_length
    low = case((bits > HALF, HALF), else_=bits)
    first, rest = (cast(literal(1, BigInteger).bitwise_lshift(step), Float) for step in (low, bits - low))
    return first * rest


def usable() -> ColumnElement[Any]:
    """How many of a subnet's addresses count: all but network and broadcast of IPv4."""
    every = extent(subnets)
    return case((or_(subnets.c.ip_version == 6, subnets.c.is_pool, every <= 2), every), else_=every - 2)


def taken() -> ColumnElement[Any]:
    """How many are in use; the space of children is, DHCP ranges of sparse subnets are not seen here."""
    child = subnets.alias("child")
    inner = select(func.coalesce(func.sum(extent(child)), 0.0))
    inside = inner.where(child.c.parent_id == subnets.c.id, child.c.complete).scalar_subquery()
    return reduce(add, (subnets.c[f"{state}_count"] for state in TAKEN_STATES), inside)


def share() -> ColumnElement[Any]:
    """Utilisation in percent, to one decimal."""
    used, total = taken(), usable()
    percent = case((or_(subnets.c.is_full, used >= total), 100.0), else_=100.0 * used / total)
    return func.round(cast(percent, Numeric), 1)
