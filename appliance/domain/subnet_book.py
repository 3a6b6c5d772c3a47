"""The collection of subnets: its fields, and how what clients send becomes a subnet (ipam 5)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from appliance.domain import (
    cidr,
    custom_fields,
    incoming,
    scope,
    subnet_figures,
    subnet_filling,
    subnets,
    values,
    writing,
)
from appliance.domain.collections import DESCRIPTION, NAME, Collection, Field, refers, register
from appliance.domain.findings import Findings
from appliance.domain.subnet_tree import network_of
from appliance.errors import Invalid, Problem
from appliance.store import Row, Tx
from appliance.store.address_tables import subnets as table

STATUSES = {"active": "启用", "reserved": "保留", "deprecated": "弃用", "container": "容器"}
METHODS = ("icmp", "arp", "tcp", "rdns")
COMPUTED = (
    "network",
    "netmask",
    "broadcast",
    *("total_ips", "used_ips", "available_ips", "reserved_ips", "online_ips", "conflict_ips", "utilization"),
)
HOURS_OF_A_YEAR = 8760


def ranges(value: Any) -> list[dict[str, str]]:
    """DHCP ranges in the usual spelling."""
    found = []
    for one in values.listed(value):
        if not isinstance(one, Mapping):
            raise ValueError(values.NO_OBJECT)
        found.append({name: values.address(one.get(name, "")) for name in ("start", "end")})
    return found


def servers(value: Any) -> list[str]:
    """Addresses of name servers."""
    return [values.address(one) for one in values.words(value)]


def methods(value: Any) -> list[str]:
    """Ways to scan."""
    found = values.words(value)
    if not set(found) <= set(METHODS):
        raise ValueError(incoming.NO_CHOICE)
    return found


def complete(tx: Tx, rows: list[Row]) -> None:
    """What follows from the network, and the figures."""
    subnet_figures.attach(tx, rows)
    for row in rows:
        network = network_of(row)
        last = str(network.broadcast_address) if network.version == 4 else None
        row |= {"network": str(network.network_address), "netmask": str(network.netmask), "broadcast": last}


def seen(tx: Tx) -> ColumnElement[bool]:
    """Subnets in the actor's scope; one that is still being made is nobody's."""
    part = scope.for_subnets(tx)
    return table.c.complete if part is None else and_(table.c.complete, part)


def is_root(tx: Tx) -> ColumnElement[bool]:
    """Subnets in no other that the actor sees."""
    part = scope.for_subnets(tx)
    if part is None:
        return table.c.parent_id.is_(None)
    visible = select(table.c.id).where(part)
    return or_(table.c.parent_id.is_(None), table.c.parent_id.not_in(visible))


RANGES = values.Kind("ranges", ranges, values.LIST.operators)
SERVERS = values.Kind("servers", servers, values.WORDS.operators)
METHODS_KIND = values.Kind("methods", methods, values.WORDS.operators)
SUBNETS = register(
    Collection(
        name="subnets",
        title="子网",
        table=table,
        own_fields=(
            NAME,
            Field("cidr", values.NETWORK, required=True, key="first_key", last="last_key", searchable=True),
            refers("network_area_id", "network_areas", column="area_id", default=1),
            refers("gateway_id", "gateways", judged=True),
            refers("parent_id", "subnets", writable=False),
            Field("ip_version", values.INTEGER, writable=False),
            Field("prefix_length", values.INTEGER, writable=False),
            Field("vlan_id", values.INTEGER, low=1, high=4094),
            Field("vlan_name", searchable=True),
            refers("unit_id", "units"),
            refers("department_id", "departments"),
            refers("project_id", "projects"),
            Field("status", default="active", choices=STATUSES),
            Field("is_pool", values.BOOLEAN, default=False),
            Field("is_full", values.BOOLEAN, default=False),
            Field("allow_nested", values.BOOLEAN, default=False),
            Field("dns_servers", SERVERS, default=[]),
            Field("dhcp_ranges", RANGES, default=[]),
            Field("allow_request", values.BOOLEAN, default=True),
            Field("auto_approve", values.BOOLEAN, default=False),
            refers("approver_group_id", "user-groups"),
            Field("release_cooldown_hours", values.INTEGER, default=0, low=0, high=HOURS_OF_A_YEAR),
            Field("alert_threshold", values.INTEGER, default=0, low=0, high=100),
            Field("scan_enabled", values.BOOLEAN, default=False),
            Field("scan_methods", METHODS_KIND, default=[]),
            Field("scan_interval", values.INTEGER, default=300, low=60, high=30 * 86400),
            Field("probe_client_id", values.REFERENCE),
            Field("auto_register_discovered", values.BOOLEAN, default=False),
            Field("last_scan_at", values.MOMENT, writable=False),
            Field("utilization", values.DECIMAL, writable=False, value=subnet_filling.share()),
            DESCRIPTION,
        ),
        computed=COMPUTED,
        complete=complete,
        scope=seen,
    )
)


def new(tx: Tx, body: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a subnet that is to be, or every fault."""
    findings = Findings()
    facts = incoming.given(SUBNETS, body, findings)
    incoming.defaults(SUBNETS, body, facts, findings)
    facts["custom_fields"] = custom_fields.merged(tx, SUBNETS, None, body.get("custom_fields") or {}, findings)
    judge(tx, facts, facts, findings)
    return facts


def changed(tx: Tx, before: Row, body: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that become others, or every fault of the row as it would be."""
    findings = Findings()
    facts = incoming.given(SUBNETS, body, findings)
    if "custom_fields" in body:
        fresh = body["custom_fields"] or {}
        facts["custom_fields"] = custom_fields.merged(tx, SUBNETS, before, fresh, findings)
    if not facts and not findings.coded:
        raise Invalid(writing.NO_KEY)
    judge(tx, facts, before | facts, findings, before.id)
    return facts


def judge(tx: Tx, facts: dict[str, Any], merged: dict[str, Any], findings: Findings, but: int = 0) -> None:
    """Faults of form and of reference first, then those of the rules, all told together."""
    writing.check_references(tx, SUBNETS, facts, findings)
    problems: list[Problem] = []
    try:
        findings.settle()
    except Invalid as form:
        problems.append(form)
    if not {"cidr", "name", "network_area_id"} & set(findings.faults) and merged.get("area_id"):
        problems += subnets.faults(tx, cidr.parse_network(merged["cidr"]), merged, but)
    elif not merged.get("area_id"):
        problems.append(Invalid(network_area_id="不能为空"))
    subnets.tell(problems)
