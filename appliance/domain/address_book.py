"""The collections of addresses and of their history: fields, and how what clients send becomes a change (ipam 4)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, cast, func, select

from appliance.domain import (
    address_hosts,
    address_places,
    addresses,
    custom_fields,
    filters,
    incoming,
    scope,
    subnet_figures,
    values,
    writing,
)
from appliance.domain.addresses import NAMES
from appliance.domain.collections import DESCRIPTION, Collection, Field, refers, register
from appliance.domain.findings import Findings
from appliance.errors import Invalid
from appliance.store import Row, Tx
from appliance.store.address_tables import address_history, subnets
from appliance.store.address_tables import addresses as table

DEVICES = {
    "server": "服务器",
    "pc": "电脑",
    "printer": "打印机",
    "network": "网络设备",
    "camera": "摄像头",
    "phone": "电话",
    "vm": "虚拟机",
    "other": "其他",
}
SOURCES = {"manual": "手工", "probe": "探针", "import": "导入", "agent": "代理", "host": "主机"}
WAYS = {
    "manual": "手工",
    "auto": "自动",
    "request": "申请",
    "import": "导入",
    "discovered": "发现",
    "host": "主机",
}
CONFLICTS = {
    "ip_conflict": "地址冲突",
    "mac_changed": "MAC变更",
    "mac_moved": "MAC漂移",
    "unknown_online": "未分配但在线",
    "reserved_in_use": "保留地址在用",
    "disabled_in_use": "停用地址在用",
    "host_without_address": "主机失去地址",
    "expired": "已过期",
}
EVENTS = {
    "created": "创建",
    "allocated": "分配",
    "released": "释放",
    "reserved": "保留",
    "edited": "编辑",
    "hostname_changed": "主机名变更",
    "mac_changed": "MAC变更",
    "online": "上线",
    "offline": "离线",
    "conflict": "冲突",
    "expired": "过期",
    "host_linked": "关联主机",
    "host_unlinked": "解除主机",
}
ASSIGNED = (
    Field("mac_address", values.MAC_ADDRESS, searchable=True, aliases=("mac",)),
    Field("hostname", longest=253, searchable=True),
    Field("device_name", longest=64, searchable=True),
    Field("device_type", choices=DEVICES),
    refers("user_contact_id", "user_contacts", column="contact_id"),
    refers("unit_id", "units"),
    refers("department_id", "departments"),
    refers("project_id", "projects"),
    Field("purpose", searchable=True, aliases=("usage",)),
    Field("expires_at", values.MOMENT),
)
"""What an allocation may bring along."""


def told(name: str, kind: values.Kind = values.TEXT, **more: Any) -> Field:
    """A field that clients only read."""
    return Field(name, kind, writable=False, **more)


def seen(tx: Tx) -> ColumnElement[bool] | None:
    """Addresses in the actor's scope; those of subnets that are still being made are nobody's."""
    part = scope.for_addresses(tx)
    begun = tx.kept("begun subnets", lambda: tx.values(select(subnets.c.id).where(subnets.c.complete.is_(False))))
    if not begun:
        return part
    done = table.c.subnet_id.not_in(begun)
    return done if part is None else and_(done, part)


def tallied(tx: Tx, query: Mapping[str, Any]) -> int | None:
    """How many addresses, where the counters of subnets tell it: of one subnet, area or state, or all of them."""
    wanted = filters.parsed(query.get("filters")) | {name: query[name] for name in query if name != "filters"}
    plain = {
        name: value["eq"] if isinstance(value, dict) and set(value) == {"eq"} else value
        for name, value in wanted.items()
    }
    if not set(plain) <= {"subnet_id", "network_area_id", "status"} or plain.get("status", "available") not in list(
        NAMES
    ):
        return None
    try:
        return subnet_figures.tally(
            tx, {name: at if name == "status" else values.whole(at) for name, at in plain.items()}
        )
    except ValueError:
        return None


GATEWAY = select(subnets.c.gateway_id).where(subnets.c.id == table.c.subnet_id).scalar_subquery()
IPS = register(
    Collection(
        name="ips",
        title="IP地址",
        table=table,
        own_fields=(
            Field("ip", values.ADDRESS, fixed=True, key="ip_key", aliases=("ip_address", "address"), searchable=True),
            told("ip_version", values.INTEGER, value=cast(func.substr(table.c.ip_key, 1, 1), Integer)),
            refers("subnet_id", "subnets", fixed=True),
            refers("network_area_id", "network_areas", column="area_id", fixed=True),
            told("gateway_id", values.INTEGER, value=GATEWAY),
            Field("status", choices=NAMES),
            told("is_online", values.BOOLEAN),
            told("last_seen", values.MOMENT),
            told("offline_at", values.MOMENT),
            *ASSIGNED,
            told("mac_source", choices=SOURCES),
            told("observed_mac", values.MAC_ADDRESS),
            told("hostname_source", choices=SOURCES),
            Field("dns_name", longest=253, searchable=True),
            Field("os_name", longest=64),
            told("open_ports", values.LIST),
            DESCRIPTION,
            told("is_gateway", values.BOOLEAN),
            Field("is_locked", values.BOOLEAN),
            Field("exclude_scan", values.BOOLEAN),
            told("allocated_at", values.MOMENT),
            told("allocated_by", values.REFERENCE),
            told("allocate_type", choices=WAYS),
            told("released_at", values.MOMENT),
            told("release_after", values.MOMENT),
            told("source"),
            told("conflict_type", choices=CONFLICTS),
            told("conflict_detail"),
            told("conflict_at", values.MOMENT),
            told("conflict_ack_by", values.REFERENCE),
            told("request_id", values.REFERENCE),
            Field("conflict_ack", values.BOOLEAN, stored=False),
        ),
        label="ip",
        computed=("host_ids", "host_name"),
        complete=address_hosts.attach,
        scope=seen,
        tally=tallied,
        skip=address_places.skip,
    )
)


def seen_history(tx: Tx) -> Any:
    """Events of addresses in the actor's scope, of those that are no more too."""
    mine = scope.of(tx)
    if mine is None:
        return None
    columns = address_history.c
    spans = [(columns.area_id == area) & columns.ip_key.between(first, last) for area, first, last in mine.subnets]
    visible = columns.address_id.in_(select(table.c.id).where(scope.for_addresses(tx)))  # type: ignore[arg-type]
    return scope.either(columns.area_id.in_(mine.areas), visible, *spans)


HISTORY = Collection(
    name="ip_history",
    title="IP地址历史",
    table=address_history,
    own_fields=(
        told("ip_id", values.REFERENCE, column="address_id"),
        told("ip", values.ADDRESS, key="ip_key"),
        refers("network_area_id", "network_areas", column="area_id", writable=False),
        told("event", choices=EVENTS),
        told("old", values.JSON),
        told("new", values.JSON),
        told("source"),
        told("actor_id", values.REFERENCE),
        told("actor_name", searchable=True),
        told("note", searchable=True),
    ),
    label="ip",
    scope=seen_history,
    custom=False,
)


def changed(tx: Tx, before: Row, body: Mapping[str, Any]) -> dict[str, Any]:
    """What a body makes of an address, or every fault of its form; the state's rules are asked later."""
    findings = Findings()
    facts = incoming.given(IPS, body, findings)
    if "custom_fields" in body:
        fresh = body["custom_fields"] or {}
        facts["custom_fields"] = custom_fields.merged(tx, IPS, before, fresh, findings)
    if not facts and not findings.coded:
        raise Invalid(writing.NO_KEY)
    for field in IPS.written:
        if field.fixed and field.own in facts and facts[field.own] != before[field.own]:
            findings.add(field.name, writing.FIXED)
        if field.own in ("status", "is_locked", "exclude_scan") and facts.get(field.own, "") is None:
            findings.add(field.name, incoming.BLANK)
    writing.check_references(tx, IPS, facts, findings)
    findings.settle()
    return facts


def assignment(tx: Tx, body: Mapping[str, Any]) -> dict[str, Any]:
    """The columns an allocation brings along, or every fault of them."""
    findings = Findings()
    known = {name for field in ASSIGNED for name in (field.name, *field.aliases)} | {"description"}
    facts = incoming.given(IPS, {name: value for name, value in body.items() if name in known}, findings)
    if "custom_fields" in body:
        blank = Row(id=0, custom_fields={})
        facts["custom_fields"] = custom_fields.merged(tx, IPS, blank, body["custom_fields"] or {}, findings)
    writing.check_references(tx, IPS, facts, findings)
    findings.settle()
    return {name: value for name, value in facts.items() if value is not None}


def change(tx: Tx, before: Row, body: Mapping[str, Any]) -> Row:
    """Change an address as a body says."""
    return addresses.change(tx, before.id, **changed(tx, before, body))
