"""The menu of the web UI, cut to what the caller may do (ptpb 十)."""

from typing import Any, NamedTuple

from appliance.domain import access
from appliance.domain.collections import READ
from appliance.store import Tx


class Item(NamedTuple):
    """One row; `own` marks the appliance's own pages, shown only to its UI."""

    path: str
    component: str
    title: str
    icon: str
    permission: str | None
    children: tuple["Item", ...] = ()
    name: str = ""


DOCUMENTED = (
    Item("/overview", "@/views/IndexPage.vue", "概览", "Monitor", "system.user.read"),
    Item("/terminal", "@/views/TerminalView.vue", "Web终端", "FullScreen", "resource.self.read"),
    Item("/resource", "@/views/ResourceManage.vue", "资源管理", "Folder", "resource.self.read"),
    Item(
        "permission_manage",
        "",
        "权限管理",
        "User",
        None,
        (
            Item("/user", "@/views/UserManage.vue", "用户管理", "UserFilled", "system.user.read"),
            Item("/role", "@/views/RoleManage.vue", "角色管理", "Van", "system.role.read"),
            Item("/permission", "@/views/PermissionManage.vue", "权限分配", "Key", "system.permission.read"),
        ),
    ),
    Item("/audit", "@/views/AuditView.vue", "审计日志", "Document", "audit.session.read"),
)
OURS = (
    Item(
        "address_manage",
        "",
        "地址管理",
        "Grid",
        None,
        (
            Item("/subnet", "@/views/SubnetView.vue", "子网", "Grid", READ, name="subnet"),
            Item("/address", "@/views/AddressView.vue", "IP地址", "Location", READ, name="address"),
            Item("/application", "@/views/ApplicationView.vue", "地址申请", "Tickets", None, name="application"),
            Item("/network", "@/views/NetworkView.vue", "区域与网关", "Connection", READ, name="network"),
            Item("/directory", "@/views/DirectoryView.vue", "组织目录", "OfficeBuilding", READ, name="directory"),
            Item("/exchange", "@/views/ExchangeView.vue", "导入导出", "Files", READ, name="exchange"),
        ),
        name="address_manage",
    ),
    Item("/voucher", "@/views/VoucherManage.vue", "凭证管理", "Postcard", "resource.voucher.read", name="voucher"),
    Item("/session", "@/views/SessionList.vue", "会话", "VideoCamera", "audit.session.read", name="session"),
    Item("/apikey", "@/views/ApiKeyManage.vue", "API密钥", "Key", None, name="apikey"),
    Item("/profile", "@/views/ProfileView.vue", "个人中心", "Avatar", None, name="profile"),
)


def tree(tx: Tx, *, ours: bool = False) -> list[dict[str, Any]]:
    """The rows the caller may see, in order; with `ours` the appliance's own pages too."""
    return shown(tx, DOCUMENTED + (OURS if ours else ()))


def shown(tx: Tx, items: tuple[Item, ...]) -> list[dict[str, Any]]:
    """A leaf is kept by its permission, a row with children when one of them is."""
    rows = []
    for item in items:
        children = shown(tx, item.children)
        allowed = item.permission is None or access.holds_somewhere(tx, item.permission)
        if allowed and (children or not item.children):
            rows.append(drawn(item, children))
    return rows


def drawn(item: Item, children: list[dict[str, Any]]) -> dict[str, Any]:
    """One row as the document has it; ours carry their `name` besides."""
    meta = {"title": item.title, "icon": item.icon, "permission": item.permission}
    row: dict[str, Any] = {"path": item.path, "component": item.component, "meta": meta, "children": children}
    return row | ({"name": item.name} if item.name else {})
