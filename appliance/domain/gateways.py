"""Gateways: the routers of subnets, made before them (ipam 6)."""

from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any

from sqlalchemy import func, select

from appliance.domain import cidr, scope, subnet_figures, subnet_rows, values
from appliance.domain.collections import DESCRIPTION, STATUS, Collection, Field, Unique, refers, register
from appliance.domain.findings import EXISTS, Findings
from appliance.store import Row, Tx
from appliance.store.address_tables import gateways, subnets

NOT_FREE = "该地址已被占用"
LEAVES = "网关被子网 {} 使用,地址须在其网段内"


def check(tx: Tx, before: Row | None, merged: dict[str, Any], findings: Findings) -> None:
    """A gateway in use stays inside its subnets."""
    if not before or findings.has("ip") or (before.ip, before.area_id) == (merged["ip"], merged["area_id"]):
        return
    for subnet in of_gateway(tx, before.id):
        inside = cidr.parse_address(merged["ip"]) in ip_network(subnet.cidr)
        if subnet.area_id != merged["area_id"] or not inside:
            findings.add("ip", LEAVES.format(subnet.name))
            return
    if of_gateway(tx, before.id) and (row := address_of(tx, merged)) and row.status != "available":
        findings.add("ip", NOT_FREE)


def of_gateway(tx: Tx, ident: int) -> list[Row]:
    """The subnets whose gateway it is."""
    return tx.all(select(subnets).where(subnets.c.gateway_id == ident))


def address_of(tx: Tx, gateway: Mapping[str, Any]) -> Row | None:
    """The row of a gateway's address."""
    return tx.find("addresses", area_id=gateway["area_id"], ip_key=gateway["ip_key"])


def settle(tx: Tx, ident: int, before: Row | None, facts: dict[str, Any]) -> None:
    """The mark on the address goes where the gateway goes."""
    if not before or not {"ip", "area_id"} & facts.keys():
        return
    served = of_gateway(tx, ident)
    row = address_of(tx, before)
    if served and row and row.is_gateway:
        linked = tx.find("address_hosts", address_id=row.id)
        subnet_rows.set_mark(tx, row, "allocated" if linked else "available", is_gateway=False)
    for subnet in served:
        subnet_rows.mark_gateway(tx, subnet)
        subnet_figures.recount(tx, subnet.id)


def complete(tx: Tx, rows: list[Row]) -> None:
    """The subnets each serves."""
    theirs = subnets.c.gateway_id.in_([row.id for row in rows])
    served = tx.all(select(subnets.c.id, subnets.c.gateway_id).where(theirs).order_by(subnets.c.id))
    for row in rows:
        row["subnet_ids"] = [one.id for one in served if one.gateway_id == row.id]
        row["subnet_count"] = len(row["subnet_ids"])


GATEWAYS = register(
    Collection(
        name="gateways",
        title="网关",
        table=gateways,
        own_fields=(
            Field("ip", values.ADDRESS, required=True, aliases=("ip_address",), key="ip_key", searchable=True),
            Field("mac_address", values.MAC_ADDRESS, searchable=True),
            refers("network_area_id", "network_areas", column="area_id", default=1),
            Field("name", longest=64, searchable=True),
            Field("device_name", longest=64, searchable=True),
            Field("device_model", longest=64),
            Field("location", searchable=True),
            Field("interface", longest=64),
            STATUS,
            DESCRIPTION,
            Field("is_online", values.BOOLEAN, writable=False),
            Field("last_seen", values.MOMENT, writable=False),
            Field("rtt_ms", values.INTEGER, writable=False),
            Field("label", writable=False, value=func.coalesce(gateways.c.name, gateways.c.ip), hidden=True),
        ),
        label="label",
        unique=(Unique(("area_id", "ip_key"), "ip", EXISTS, "该地址的网关已存在"),),
        computed=("subnet_ids", "subnet_count"),
        complete=complete,
        check=check,
        settle=settle,
        scope=scope.for_gateways,
    )
)
