"""Definitions of custom fields: of which collection, of which type, within which limits (ipam 6)."""

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table, select

from appliance.domain import custom_fields, incoming, patterns, removing, values, writing
from appliance.domain.collections import COLLECTIONS, SORT_ORDER, Collection, Field, Unique, register
from appliance.domain.findings import NAME_EXISTS, Findings
from appliance.errors import Conflict
from appliance.store import Row, Tx
from appliance.store.address_tables import field_definitions
from appliance.store.tables import metadata

RESOURCES = {
    "network_areas": "网络区域",
    "units": "单位",
    "departments": "部门",
    "user_contacts": "使用人",
    "gateways": "网关",
    "projects": "项目",
    "subnets": "子网",
    "ips": "IP地址",
    "registerIps": "地址申请",
}
TABLES = {"network_areas": "areas", "user_contacts": "contacts", "ips": "addresses", "registerIps": "applications"}
TYPES = {
    "text": "文本",
    "textarea": "多行文本",
    "integer": "整数",
    "decimal": "小数",
    "boolean": "布尔",
    "date": "日期",
    "datetime": "日期时间",
    "select": "单选",
    "multiselect": "多选",
    "url": "网址",
    "email": "邮箱",
    "phone": "电话",
    "ip": "IP地址",
    "mac": "MAC地址",
    "json": "JSON",
}
FORM = re.compile(r"[a-z][a-z0-9_]{0,62}")
BAD_NAME, COLUMN_NAME = "须以小写字母开头,只含小写字母、数字和下划线", "与已有字段重名"
NO_OPTIONS, BAD_OPTIONS = "选择类型需要可选项", "可选项须为 {value,label,color} 列表"
BAD_PATTERN, BAD_BOUNDS, BAD_DEFAULT = "正则表达式无效或过于复杂", "最小值不能大于最大值", "默认值不符合该字段的规则"
HAS_VALUES = "已有数据,不可修改"
IDENTITY = ("resource_type", "name", "field_type")
LIMITED = ("field_type", "options", "default_value", "regex", "min", "max", "max_length")


def check(tx: Tx, before: Row | None, merged: dict[str, Any], findings: Findings) -> None:
    """Name, options, limits and default fit the type."""
    check_name(merged, findings)
    check_options(merged, findings)
    if merged.get("regex") and not patterns.is_safe(merged["regex"]):
        findings.add("regex", BAD_PATTERN)
    low, high = merged.get("min"), merged.get("max")
    if low is not None and high is not None and not findings.has("min") and low > high:
        findings.add("max", BAD_BOUNDS)
    if not findings.coded:
        check_default(merged, findings)
        refuse_change_of_used(tx, before, merged)


def check_name(merged: dict[str, Any], findings: Findings) -> None:
    """A plain word that no column of the collection has."""
    name, collection = merged.get("name"), COLLECTIONS.get(str(merged.get("resource_type")))
    if not name or findings.has("name"):
        return
    if not FORM.fullmatch(name):
        findings.add("name", BAD_NAME)
    elif collection and name in names_in(collection):
        findings.add("name", COLUMN_NAME)


def names_in(collection: Collection) -> set[str]:
    """What names a collection shows or takes already."""
    aliases = {alias for field in collection.fields.values() for alias in field.aliases}
    return {*collection.fields, *collection.computed, *(link.shown_name for link in collection.references)} | aliases


def check_options(merged: dict[str, Any], findings: Findings) -> None:
    """Something to choose from, each with a value."""
    options = merged.get("options") or []
    if findings.has("options"):
        return
    if not all(isinstance(one, Mapping) and str(one.get("value", "")).strip() for one in options):
        findings.add("options", BAD_OPTIONS)
    elif merged.get("field_type") in ("select", "multiselect") and not options:
        findings.add("options", NO_OPTIONS)


def check_default(merged: dict[str, Any], findings: Findings) -> None:
    """The default is a value the field would take."""
    default = merged.get("default_value")
    if default in (None, ""):
        return
    try:
        custom_fields.read(Row({name: merged.get(name) for name in LIMITED}), default)
    except ValueError as error:
        findings.add("default_value", f"{BAD_DEFAULT}: {error}")


def refuse_change_of_used(tx: Tx, before: Row | None, merged: dict[str, Any]) -> None:
    """What is kept under a name stays under it, as what it is."""
    changed = [name for name in IDENTITY if before and before[name] != merged[name]]
    if before and changed and has_values(tx, before):
        raise Conflict(**dict.fromkeys(changed, HAS_VALUES)).coded(writing.NOT_FREE)


def table_of(definition: Row) -> Table:
    """Where the values of a definition are kept."""
    return metadata.tables[TABLES.get(definition.resource_type, definition.resource_type)]


def has_values(tx: Tx, definition: Row) -> bool:
    """Whether any row has a value."""
    table = table_of(definition)
    kept = table.c.custom_fields[definition.name].as_string().is_not(None)
    return tx.value(select(table.c.id).where(kept).limit(1)) is not None


def purge(tx: Tx, definitions: list[Row]) -> None:
    """Take the values of removed definitions out of all rows."""
    for definition in definitions:
        table = table_of(definition)
        kept = table.c.custom_fields[definition.name].as_string().is_not(None)
        for row in tx.all(select(table.c.id, table.c.custom_fields).where(kept)):
            left = {name: value for name, value in row.custom_fields.items() if name != definition.name}
            tx.change(table.name, row.id, custom_fields=left)


def remove(tx: Tx, body: Mapping[str, Any]) -> dict[str, Any]:
    """Remove definitions; the values stay unless `purge` asks otherwise."""
    rows = list(writing.require_known(tx, DEFINITIONS, incoming.ids_of(body)).values())
    done = removing.remove(tx, DEFINITIONS, body)
    if values.switch(body.get("purge") or False):
        purge(tx, rows)
    return done


DEFINITIONS = register(
    Collection(
        name="field_definitions",
        title="字段定义",
        table=field_definitions,
        own_fields=(
            Field("resource_type", required=True, choices=RESOURCES),
            Field("name", required=True, longest=63, searchable=True),
            Field("label", required=True, longest=64, searchable=True),
            Field("field_type", required=True, choices=TYPES),
            Field("options", values.LIST, default=[]),
            Field("default_value", values.JSON),
            Field("required", values.BOOLEAN, default=False),
            Field("unique", values.BOOLEAN, default=False),
            Field("regex", longest=patterns.LONGEST),
            Field("min", values.DECIMAL),
            Field("max", values.DECIMAL),
            Field("max_length", values.INTEGER, low=1, high=4000),
            Field("placeholder"),
            Field("help_text"),
            Field("group_name", longest=64),
            SORT_ORDER,
            Field("show_in_list", values.BOOLEAN, default=False),
            Field("show_in_form", values.BOOLEAN, default=True),
            Field("searchable", values.BOOLEAN, default=False),
            Field("editable", values.BOOLEAN, default=True),
            Field("is_active", values.BOOLEAN, default=True),
        ),
        label="label",
        unique=(Unique(("resource_type", "name"), "name", NAME_EXISTS, "名称已存在"),),
        check=check,
        custom=False,
    )
)
