"""Chapter 十 of seed 001: the documented request with its documented answer, and the whole menu as seeded."""

from typing import Any

from tests.client import Client

MENU: list[tuple[Any, ...]] = [
    ("/overview", "@/views/IndexPage.vue", "概览", "Monitor", "system.user.read", []),
    ("/terminal", "@/views/TerminalView.vue", "Web终端", "FullScreen", "resource.self.read", []),
    ("/resource", "@/views/ResourceManage.vue", "资源管理", "Folder", "resource.self.read", []),
    (
        "permission_manage",
        "",
        "权限管理",
        "User",
        None,
        [
            ("/user", "@/views/UserManage.vue", "用户管理", "UserFilled", "system.user.read", []),
            ("/role", "@/views/RoleManage.vue", "角色管理", "Van", "system.role.read", []),
            ("/permission", "@/views/PermissionManage.vue", "权限分配", "Key", "system.permission.read", []),
        ],
    ),
    ("/audit", "@/views/AuditView.vue", "审计日志", "Document", "audit.session.read", []),
]


def drawn(row: tuple[Any, ...]) -> dict[str, Any]:
    """A line of the table above as the document prints it."""
    path, component, title, icon, permission, children = row
    meta = {"title": title, "icon": icon, "permission": permission}
    return {"path": path, "component": component, "meta": meta, "children": [drawn(child) for child in children]}


def test_36_menu_of_an_administrator(alice: Client) -> None:
    answer = alice.get("/api/rbac/routes/")
    assert answer.status == 200
    assert answer.json == {"code": 200, "msg": "OK", "detail": [drawn(row) for row in MENU]}
    assert list(answer.detail[0]) == ["path", "component", "meta", "children"]
    assert list(answer.detail[0]["meta"]) == ["title", "icon", "permission"]


def test_36_menu_of_a_stranger(stranger: Client) -> None:
    answer = stranger.get("/api/rbac/routes/")
    assert (answer.status, answer.json) == (401, {"code": 401, "msg": "未登录", "detail": "未登录或Token过期"})
