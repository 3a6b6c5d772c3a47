"""Chapter 五: groups."""

from typing import Any

from sqlalchemy import Select

from appliance.dialects.ptpb.envelope import ptpb
from appliance.dialects.ptpb.ids import Removal, removed
from appliance.domain import catalogue, groups
from appliance.store import Tx
from appliance.web.fields import Id, Plain, Text, Time, Wire
from appliance.web.route import Reply

NOTHING_REMOVED = "错误参数"


class GroupNew(Wire):
    """A top group with its role, or a child of another group."""

    name = Text(required=True, longest=128)
    description = Text(longest=1000, none=True, load_default=None)
    parent = Id(attribute="parent_id", allow_none=True, load_default=None)
    role = Id(attribute="role_id", allow_none=True, load_default=None)


class GroupEdit(Wire):
    """Changes of a group."""

    id = Id(required=True, attribute="ident")
    name = Text(longest=128)
    description = Text(longest=1000, none=True)


class GroupFilter(Wire):
    """Which groups to look for."""

    name = Text(none=True)
    parent = Id(attribute="parent_id")


class GroupView(Wire):
    """A group as lists show it."""

    id = Plain()
    name = Plain()
    description = Plain()
    create_date = Time(attribute="created_at")
    update_date = Time(attribute="updated_at")
    level = Plain()
    parent = Plain(attribute="parent_id")
    root = Plain(attribute="root_id")


@ptpb.post(
    "/resource/group/add/",
    needs=("system.group.create", "resource.group.create"),
    takes=GroupNew,
    audit="添加资源组",
    rules=groups.check_new,
)
def add_group(tx: Tx, group: dict[str, Any]) -> None:
    groups.create(tx, **group)


@ptpb.post(
    "/resource/group/edit/",
    needs=("system.group.update", "resource.group.update"),
    takes=GroupEdit,
    audit="编辑资源组{id}",
    rules=groups.check_change,
)
def edit_group(tx: Tx, changes: dict[str, Any]) -> None:
    groups.change(tx, **changes)


@ptpb.post(
    "/resource/group/del/",
    needs=("system.group.delete", "resource.group.delete"),
    takes=Removal,
    audit="删除资源组",
)
def remove_groups(tx: Tx, named: dict[str, Any]) -> Reply:
    return removed(named["ids"], groups.remove(tx, named["ids"]), NOTHING_REMOVED)


@ptpb.get(
    "/resource/group/get/",
    needs=(groups.READ, *sorted(catalogue.GROUPED)),
    takes=GroupFilter,
    gives=GroupView,
)
def list_groups(tx: Tx, filters: dict[str, Any]) -> Select[Any]:
    """查看资源组"""
    return groups.search(tx, **filters)
