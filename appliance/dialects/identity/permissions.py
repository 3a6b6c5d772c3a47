"""Chapter 7: the catalogue of permissions."""

from typing import Any

from appliance.dialects.identity.envelope import Search, identity, listed, said
from appliance.dialects.identity.shapes import Word
from appliance.domain import labels
from appliance.store import Row, Tx
from appliance.web.fields import Plain, Text, TextId, Time, Wire
from appliance.web.route import SIGNED_IN, Listing, Reply


class PermissionFilter(Search):
    """Which permissions to look for."""

    name = Text()
    category = Text()


class PermissionNew(Wire):
    """A label to add."""

    name = Word(required=True, form=labels.FORM.pattern, wrong=labels.BAD_NAME)
    category = Word(longest=32, load_default="general")
    description = Word(longest=255, none=True, load_default=None)


class PermissionView(Wire):
    """One permission."""

    id = TextId()
    name = Plain(attribute="code")
    category = Plain(attribute="scope")
    description = Plain()
    created_at = Time()


@identity.get("/permissions", needs=SIGNED_IN, takes=PermissionFilter, gives=PermissionView)
def list_permissions(tx: Tx, filters: dict[str, Any]) -> Listing:
    """获取权限列表"""
    return listed("permissions", labels.search(tx, **filters), describe)


def describe(tx: Tx, rows: list[Row]) -> None:
    """What has no description is described by its name."""
    for row in rows:
        row["description"] = row.description or row.name


@identity.post(
    "/permissions", needs="system.permission.update", takes=PermissionNew, gives=PermissionView, audit="创建权限"
)
def add_permission(tx: Tx, permission: dict[str, Any]) -> Reply:
    """创建权限"""
    words = permission | {"description": permission["description"] or ""}
    return said("权限创建成功", labels.define(tx, **words))
