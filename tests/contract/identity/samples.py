"""The requests and answers that seed 003 documents, chapter by chapter."""

from typing import Any

JWT = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9..."
AT = "2023-05-01T12:00:00Z"


def done(message: str, data: Any) -> dict[str, Any]:
    """The envelope of every documented answer."""
    return {"success": True, "code": 200, "message": message, "data": data}


def page(name: str, row: dict[str, Any]) -> dict[str, Any]:
    """A list as the document shows it."""
    return done("查询成功", {"total": 100, "page": 1, "page_size": 20, name: [row]})


# 3 --------------------------------------------------------------------------------------------------------------------

SIGN_IN = {"username": "admin", "password": "password123", "remember_me": False}
USER_INFO = {
    "id": "1",
    "username": "admin",
    "email": "admin@example.com",
    "roles": ["admin", "user"],
    "permissions": ["read", "write", "admin"],
}
SIGNED_IN = done("登录成功", {"token": JWT, "expires_at": AT, "user_info": USER_INFO})
REFRESHED = done("Token刷新成功", {"token": JWT, "expires_at": AT})
SIGNED_OUT = done("登出成功", {})

# 4 --------------------------------------------------------------------------------------------------------------------

USER_BASE = {"id": "1", "username": "admin", "email": "admin@example.com", "status": "active", "roles": ["admin"]}
USERS = page("users", USER_BASE | {"created_at": AT, "last_login": AT})
PROFILE = {"real_name": "管理员", "phone": "13800138000", "department": "IT运维部", "position": "高级运维工程师"}
USER = done(
    "查询成功",
    USER_BASE
    | {"permissions": ["read", "write", "admin"], "profile": PROFILE, "created_at": AT, "updated_at": AT}
    | {"last_login": AT, "login_count": 100},
)
USER_NEW = {
    "username": "newuser",
    "email": "newuser@example.com",
    "password": "Password123!",
    "roles": ["user"],
    "profile": {"real_name": "新用户", "phone": "13900139000", "department": "开发部", "position": "开发工程师"},
}
USER_MADE = done("用户创建成功", USER_BASE | {"created_at": AT})
USER_EDIT = {
    "email": "updated@example.com",
    "roles": ["user", "analyst"],
    "status": "active",
    "profile": {
        "real_name": "更新用户",
        "phone": "13700137000",
        "department": "数据分析部",
        "position": "数据分析师",
    },
}
USER_CHANGED = done("用户信息更新成功", USER_BASE | {"updated_at": AT})
USER_REMOVED = done("用户删除成功", {})
PASSWORDS = {"current_password": "Password123!", "new_password": "NewPassword456!"}
PASSWORD_CHANGED = done("密码修改成功", {})
PASSWORD_RESET = done("密码重置成功", {"temporary_password": "TempPass789!", "expires_in": 86400})

# 5 --------------------------------------------------------------------------------------------------------------------

ROLE_BASE = {"id": "1", "name": "admin", "description": "系统管理员", "permissions": ["read", "write", "admin"]}
ROLES = page("roles", ROLE_BASE | {"created_at": AT, "user_count": 5})
ROLE = done("查询成功", ROLE_BASE | {"created_at": AT, "updated_at": AT, "user_count": 5})
ROLE_NEW = {"name": "analyst", "description": "数据分析人员", "permissions": ["read", "report", "analytics"]}
ROLE_MADE = done("角色创建成功", ROLE_BASE | {"created_at": AT})
ROLE_EDIT = {
    "name": "senior-analyst",
    "description": "高级数据分析人员",
    "permissions": ["read", "report", "analytics", "export"],
}
ROLE_CHANGED = done("角色更新成功", ROLE_BASE | {"updated_at": AT})
ROLE_REMOVED = done("角色删除成功", {})
MEMBER = {"id": "1", "username": "admin", "email": "admin@example.com", "status": "active", "added_at": AT}
MEMBERS = page("users", MEMBER)

# 6 --------------------------------------------------------------------------------------------------------------------

KEY_ROW = {
    "id": "1",
    "name": "Integration Key",
    "key_prefix": "ak_123456",
    "status": "active",
    "permissions": ["read", "write"],
    "created_by": "admin",
    "created_at": AT,
    "expires_at": AT,
    "last_used_at": AT,
}
KEYS = page("api_keys", KEY_ROW)
KEY_NEW = {
    "name": "New Integration Key",
    "description": "用于第三方系统集成",
    "permissions": ["read", "metrics", "logs"],
    "expires_in_days": 365,
}
KEY_MADE = done(
    "API密钥创建成功",
    {
        "id": "2",
        "name": "New Integration Key",
        "key": "ak_1234567890abcdef1234567890abcdef12345678",
        "permissions": ["read", "metrics", "logs"],
        "created_at": AT,
        "expires_at": AT,
    },
)
KEY_DISABLED = done("API密钥已禁用", {"id": "2", "status": "inactive", "disabled_at": AT})
KEY_ENABLED = done("API密钥已启用", {"id": "2", "status": "active", "enabled_at": AT})
KEY_REMOVED = done("API密钥已删除", {})
USAGE = done(
    "查询成功",
    {
        "total_requests": 1000,
        "success_requests": 950,
        "error_requests": 50,
        "daily_stats": [{"date": "2023-04-25", "requests": 120}],
        "top_endpoints": [{"endpoint": "/api/v1/metrics", "count": 500}],
        "last_used_at": AT,
        "last_ip": "192.168.1.100",
    },
)

# 7 --------------------------------------------------------------------------------------------------------------------

PERMISSION = {"id": "1", "name": "read", "category": "general", "description": "读取数据权限", "created_at": AT}
PERMISSIONS = page("permissions", PERMISSION)
PERMISSION_NEW = {"name": "export", "category": "data", "description": "导出数据权限"}
PERMISSION_MADE = done("权限创建成功", PERMISSION)
