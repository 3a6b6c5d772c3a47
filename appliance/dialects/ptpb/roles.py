"""Chapter 三: roles and permissions."""

from typing import Any

from appliance.dialects.ptpb.envelope import ptpb
from appliance.dialects.ptpb.ids import Removal, Sought, removed
from appliance.domain import roles
from appliance.store import Row, Tx
from appliance.web.fields import Bool, Id, Ids, Plain, Text, Time, Wire
from appliance.web.route import Listing, Reply

NOTHING_REMOVED = "角色受保护,或对象不存在"


class RoleNew(Wire):
    """A new role."""

    name = Text(required=True, longest=128)
    code = Text(required=True, longest=64)
    description = Text(none=True, longest=1000)


class RoleEdit(Wire):
    """Changes of a role."""

    id = Id(required=True)
    name = Text(longest=128)
    code = Text(longest=64)
    description = Text(none=True, longest=1000)
    status = Bool(attribute="enabled")


class RoleFilter(Wire):
    """Which roles to look for."""

    name = Text(none=True)


class RoleSought(Wire):
    """One role."""

    id = Sought(required=True)


class RolePermissions(Wire):
    """What a role is to hold."""

    id = Id(required=True)
    perms = Ids(required=True, attribute="permissions")


class RoleView(Wire):
    """A role."""

    id = Plain()
    name = Plain()
    code = Plain()
    description = Plain()
    status = Plain(attribute="enabled")
    protected = Plain()
    create_date = Time(attribute="created_at")
    update_date = Time(attribute="updated_at")


class PermissionView(Wire):
    """One permission of the catalogue."""

    id = Plain()
    scope = Plain()
    object = Plain()
    action = Plain()
    code = Plain()
    name = Plain()


@ptpb.post("/rbac/role/add/", needs="system.role.create", takes=RoleNew, audit="添加角色", rules=roles.check)
def add_role(tx: Tx, role: dict[str, Any]) -> None:
    """添加角色"""
    roles.create(tx, **role)


def edit_rules(tx: Tx, **changes: Any) -> None:
    """What the rules say of changes that are not all of the right form."""
    roles.check(tx, changes.pop("id", 0), **changes)


@ptpb.post("/rbac/role/edit/", needs="system.role.update", takes=RoleEdit, audit="编辑角色{id}", rules=edit_rules)
def edit_role(tx: Tx, changes: dict[str, Any]) -> None:
    """修改角色"""
    roles.change(tx, changes.pop("id"), **changes)


@ptpb.post("/rbac/role/del/", needs="system.role.delete", takes=Removal, audit="删除角色")
def remove_roles(tx: Tx, named: dict[str, Any]) -> Reply:
    """删除角色"""
    return removed(named["ids"], roles.remove_all(tx, named["ids"]), NOTHING_REMOVED)


@ptpb.get("/rbac/role/get/", needs="system.role.read", takes=RoleFilter, gives=RoleView)
def list_roles(tx: Tx, filters: dict[str, Any]) -> Listing:
    """查看角色"""
    return Listing(roles.search(tx, **filters))


@ptpb.get("/rbac/role/get/permission/", needs="system.permission.read", takes=RoleSought)
def show_permissions(tx: Tx, sought: dict[str, int]) -> dict[str, Any]:
    """查看角色系统权限"""
    return {"id": sought["id"], "perms": roles.permission_ids(tx, sought["id"])}


@ptpb.post(
    "/rbac/role/edit/permission/", needs="system.permission.update", takes=RolePermissions, audit="编辑角色{id}权限"
)
def set_permissions(tx: Tx, wanted: dict[str, Any]) -> None:
    """授权角色系统权限"""
    roles.set_permissions(tx, wanted["id"], wanted["permissions"])


@ptpb.get("/rbac/perm/", needs=("system.perm.read", "system.permission.read"), gives=PermissionView)
def list_permissions(tx: Tx) -> list[Row]:
    """获取权限列表"""
    return roles.permission_list(tx)
