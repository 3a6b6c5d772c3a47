"""The sheets of a workbook: resources, headers, and the order in which they depend (ipam 9)."""

from typing import NamedTuple

from appliance.domain import custom_fields
from appliance.domain.address_book import IPS
from appliance.domain.areas import AREAS
from appliance.domain.collections import Collection
from appliance.domain.contacts import CONTACTS
from appliance.domain.departments import DEPARTMENTS
from appliance.domain.field_definitions import DEFINITIONS
from appliance.domain.gateways import GATEWAYS
from appliance.domain.names import folded
from appliance.domain.projects import PROJECTS
from appliance.domain.subnet_book import SUBNETS
from appliance.domain.units import UNITS
from appliance.domain.user_groups import USER_GROUPS
from appliance.store import Tx

GUIDE, META = "说明", "_meta"
SCHEMA = "1"
CLEAR = "<清空>"
SAMPLE = "示例"
CUSTOM = "custom_fields."


class Column(NamedTuple):
    """One column: its header, and the field it holds."""

    header: str
    field: str
    required: bool = False

    @property
    def shown(self) -> str:
        """The header as it is written."""
        return self.header + "*" if self.required else self.header


class Sheet(NamedTuple):
    """One sheet; `keys` are the fields that tell rows apart, alternatives in their order."""

    collection: Collection
    title: str
    columns: tuple[Column, ...]
    keys: tuple[tuple[str, ...], ...]
    sample: tuple[str, ...]
    admin: bool = False

    @property
    def resource(self) -> str:
        """What clients call it."""
        return self.collection.name


def columns(*pairs: str) -> tuple[Column, ...]:
    """ID, then columns written `header field`; a header with a star is required."""
    split = [pair.rsplit(" ", 1) for pair in pairs]
    own = [Column(header.rstrip("*"), field, header.endswith("*")) for header, field in split]
    return (Column("ID", "id"), *own)


BY_CODE_OR_NAME = (("code",), ("name",))
AREA, UNIT, DEPARTMENT = "网络区域 network_area_id", "单位 unit_id", "部门 department_id"
SHEETS = (
    Sheet(
        AREAS,
        "网络区域",
        columns("名称* name", "编码 code", "描述 description"),
        BY_CODE_OR_NAME,
        ("生产区", "prod", "生产网络"),
    ),
    Sheet(
        UNITS,
        "单位",
        columns("名称* name", "编码 code", "行政级别* level", "上级单位 parent_id", "描述 description"),
        BY_CODE_OR_NAME,
        ("示例省", "44", "省级", "", ""),
    ),
    Sheet(
        DEPARTMENTS,
        "部门",
        columns("名称* name", "编码 code", "单位名称 unit_id", "上级部门 parent_id", "描述 description"),
        (("unit_id", "name"),),
        ("信息中心", "it", "示例省", "", ""),
    ),
    Sheet(
        CONTACTS,
        "使用人",
        columns(
            *("姓名* name", "工号 employee_no", "电话 phone", "邮箱 email", UNIT, DEPARTMENT),
            *("职务 position", "描述 description"),
        ),
        (("employee_no",), ("name", "phone")),
        ("张三", "1001", "020-12345678", "zhangsan@example.com", "示例省", "信息中心", "工程师", ""),
    ),
    Sheet(
        GATEWAYS,
        "网关",
        columns("IP地址* ip", "MAC地址 mac_address", AREA, "描述 description"),
        (("network_area_id", "ip"),),
        ("192.168.1.1", "00:11:22:33:44:55", "默认区域", ""),
    ),
    Sheet(
        PROJECTS,
        "项目",
        columns("名称* name", "编码 code", DEPARTMENT, UNIT, "描述 description"),
        BY_CODE_OR_NAME,
        ("门户网站", "portal", "信息中心", "示例省", ""),
    ),
    Sheet(
        SUBNETS,
        "子网",
        columns("名称* name", "CIDR* cidr", "网关 gateway_id", AREA, "VLAN ID vlan_id", "描述 description"),
        (("network_area_id", "cidr"),),
        ("办公网段", "192.168.1.0/24", "192.168.1.1", "默认区域", "100", ""),
    ),
    Sheet(
        IPS,
        "IP地址",
        columns(
            *("IP地址* ip", "子网 subnet_id", AREA, "状态 status", "使用人 user_contact_id", UNIT, DEPARTMENT),
            *("项目 project_id", "主机名 hostname", "MAC地址 mac_address", "设备名称 device_name"),
            *("设备类型 device_type", "用途 purpose", "到期时间 expires_at", "描述 description"),
        ),
        (("network_area_id", "ip"),),
        (
            *("192.168.1.10", "192.168.1.0/24", "默认区域", "已分配", "张三", "示例省", "信息中心", "门户网站"),
            *("web-1", "00:11:22:33:44:66", "机架A-1", "服务器", "门户", "2030-12-31 00:00:00", ""),
        ),
    ),
    Sheet(
        DEFINITIONS,
        "字段定义",
        columns(
            *("资源类型* resource_type", "字段名* name", "显示名称* label", "字段类型* field_type", "可选项 options"),
            *("默认值 default_value", "必填 required", "唯一 unique", "正则 regex", "最小值 min", "最大值 max"),
            *("最大长度 max_length", "排序 sort_order", "启用 is_active"),
        ),
        (("resource_type", "name"),),
        ("IP地址", "rack", "机柜", "文本", "", "", "否", "否", "", "", "", "64", "0", "是"),
        admin=True,
    ),
    Sheet(
        USER_GROUPS,
        "用户组",
        columns(
            *("名称* name", "编码 code", "用户 user_ids", "单位 unit_ids", "网络区域 network_area_ids"),
            *("子网 subnet_ids", "状态 status", "描述 description"),
        ),
        BY_CODE_OR_NAME,
        ("运维组", "ops", "", "示例省", "", "", "启用", ""),
        admin=True,
    ),
)
BY_RESOURCE = {sheet.resource: sheet for sheet in SHEETS}
APPLIED = (BY_RESOURCE["field_definitions"], *(one for one in SHEETS if one.resource != "field_definitions"))
"""The order of an import: what columns mean is known before rows are read."""


def all_columns(tx: Tx, sheet: Sheet) -> tuple[Column, ...]:
    """The columns of a sheet, then its custom fields; a label that is taken is told apart by its name."""
    if not sheet.collection.custom:
        return sheet.columns
    taken = {folded(one.header) for one in sheet.columns}
    found = list(sheet.columns)
    for name, row in custom_fields.definitions(tx, sheet.resource).items():
        header = f"{row.label}({name})" if folded(row.label) in taken else row.label
        taken.add(folded(header))
        found.append(Column(header, CUSTOM + name, bool(row.required)))
    return tuple(found)


def choices(tx: Tx, sheet: Sheet, column: Column) -> list[str]:
    """What a drop-down offers; nothing where anything may be written."""
    if column.field.startswith(CUSTOM):
        row = custom_fields.definitions(tx, sheet.resource)[column.field.removeprefix(CUSTOM)]
        if row.field_type == "boolean":
            return ["是", "否"]
        return [str(one["value"]) for one in row.options] if row.field_type == "select" else []
    field = sheet.collection.fields[column.field]
    return ["是", "否"] if field.kind.name == "boolean" else list((field.choices or {}).values())
