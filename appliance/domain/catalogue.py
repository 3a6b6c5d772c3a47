"""The permission catalogue: every code and label, what labels imply, and which codes come by group grants only."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from sqlalchemy import select

from appliance.store import Tx
from appliance.store.tables import permissions


class Entry(NamedTuple):
    """One permission: a dotted code, or a plain label of seed 003."""

    code: str
    name: str
    scope: str = ""
    label: bool = False

    @property
    def parts(self) -> dict[str, str]:
        """`scope`, `object`, `action` as ptpb prints them."""
        if self.label:
            return {"scope": self.scope, "object": self.code, "action": self.code}
        scope, *middle, action = self.code.split(".")
        return {"scope": scope, "object": ".".join(middle), "action": action}


def label(code: str, category: str, name: str) -> Entry:
    """A plain word, carried for clients and meaning what LABELS says."""
    return Entry(code, name, category, label=True)


# In the order of their ids: 1–31 as ptpb numbers them, then labels, then what other documents add.
ENTRIES = [
    Entry("system.user.create", "创建用户"),
    Entry("system.user.delete", "删除用户"),
    Entry("system.user.update", "修改用户"),
    Entry("system.user.read", "查看用户"),
    Entry("system.role.create", "创建角色"),
    Entry("system.role.delete", "删除角色"),
    Entry("system.role.update", "修改角色"),
    Entry("system.role.read", "查看角色"),
    Entry("system.perm.read", "查看权限"),
    Entry("system.permission.read", "查看授权"),
    Entry("system.permission.update", "修改授权"),
    Entry("system.group.create", "创建资源组"),
    Entry("system.group.delete", "删除资源组"),
    Entry("system.group.update", "修改资源组"),
    Entry("system.group.read", "查看资源组"),
    Entry("resource.self.create", "创建资源"),
    Entry("resource.self.delete", "删除资源"),
    Entry("resource.self.update", "修改资源"),
    Entry("resource.self.read", "查看资源"),
    Entry("resource.voucher.create", "创建凭证"),
    Entry("resource.voucher.delete", "删除凭证"),
    Entry("resource.voucher.update", "修改凭证"),
    Entry("resource.voucher.read", "查看凭证"),
    Entry("audit.session.read", "查看会话"),
    Entry("audit.operation.read", "查看操作"),
    Entry("audit.login.read", "查看登录"),
    Entry("user.profile.read", "查看个人信息"),
    Entry("user.profile.update", "修改个人信息"),
    Entry("resource.group.create", "创建子组"),
    Entry("resource.group.delete", "删除子组"),
    Entry("resource.group.update", "修改子组"),
    label("read", "general", "读取数据权限"),
    label("write", "general", "写入数据权限"),
    label("admin", "general", "管理权限"),
    label("report", "data", "报表权限"),
    label("analytics", "data", "分析权限"),
    label("metrics", "monitor", "指标权限"),
    label("logs", "monitor", "日志权限"),
    Entry("ops.job.read", "查看作业"),
    Entry("ops.job.run", "执行作业"),
    Entry("ticket.decide", "审批工单"),
    Entry("ipam.core.read", "查看地址"),
    Entry("ipam.core.write", "修改地址"),
    Entry("ipam.request.approve", "审批地址申请"),
    Entry("ipam.probe.manage", "管理探针"),
]
ALL = "admin"
BY_CODE = {entry.code: entry for entry in ENTRIES}
GROUPED = frozenset(entry.code for entry in ENTRIES if entry.code.startswith("resource."))
"""Codes held on groups: by grants, never as base permissions."""
GRANTABLE_BEFORE = frozenset(code for code in GROUPED if not code.startswith("resource.group."))
"""The range 16–23 that seed 001 documents for grants."""
LABELS = {
    "read": {"user.profile.read", "ipam.core.read", "ops.job.read"},
    "write": {"user.profile.update", "ipam.core.write"},
    "logs": {"audit.session.read", "audit.operation.read", "audit.login.read"},
}

CHANGES = {"create", "update", "delete", "write", "run"}
"""The actions behind `write` where it stands on an API key."""


def implied(codes: set[str]) -> frozenset[str]:
    """What base permissions amount to, labels spelled out; `admin` stands for everything and stays itself."""
    return frozenset(codes.union(*(LABELS.get(code, set()) for code in codes)))


def let_through(names: Iterable[str]) -> frozenset[str]:
    """What an API key of these permissions lets through, labels spelled out, `admin` as everything there is."""
    return frozenset(names).union(*(KEY_LABELS.get(name, frozenset()) for name in names))


def codes_that(serve: Callable[[str, str], bool]) -> frozenset[str]:
    """The dotted codes whose scope and action are such."""
    dotted = [entry for entry in ENTRIES if not entry.label]
    return frozenset(entry.code for entry in dotted if serve(entry.parts["scope"], entry.parts["action"]))


KEY_LABELS = {
    "read": codes_that(lambda scope, action: action == "read"),
    "write": codes_that(lambda scope, action: action in CHANGES and scope not in ("system", "audit")),
    "admin": frozenset(BY_CODE),
    "logs": frozenset(LABELS["logs"]),
}


def sync(tx: Tx) -> list[int]:
    """Add the entries the database does not have yet; their ids."""
    known = set(tx.values(select(permissions.c.code)))
    fresh = [entry for entry in ENTRIES if entry.code not in known]
    return [tx.insert("permissions", code=e.code, name=e.name, label=e.label, **e.parts) for e in fresh]
