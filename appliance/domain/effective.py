"""Answers "may this user connect to this host, and why": the same rules as the terminal's door, spelled out."""

import copy
from typing import Any

from sqlalchemy import func, select

from appliance.domain import access, tokens
from appliance.domain.access import Actor
from appliance.errors import Missing
from appliance.store import Row, Tx
from appliance.store.tables import grants, groups, host_vouchers, hosts, permissions, roles, vouchers

HOST_READ, VOUCHER_READ, VOUCHER_UPDATE = "resource.self.read", "resource.voucher.read", "resource.voucher.update"
SHOWN = ("id", "name", "username")
NO_ENTRY = "用户未启用、已锁定或已过期"
HOST_OFF = "资源已停用"
NO_HOST_RIGHT = "没有该资源的查看权限"
NO_VOUCHER_RIGHT = "没有该系统组内任何凭证的查看权限"
NOT_BOUND = "可查看的凭证均未绑定该资源,且无权绑定"
ALLOWED = "可以连接"


def explain(tx: Tx, user_id: int, host_id: int) -> dict[str, Any]:
    """Yes or no for a user and a host, the sentences why, the grants that reach it, the vouchers he may use."""
    user, host = tx.find("users", id=user_id), access.seen(tx, hosts, host_id, HOST_READ)
    if user is None:
        raise Missing()
    his = as_user(tx, user)
    usable = vouchers_for(his, host)
    obstacles = list(why_not(his, host, usable))
    return {
        "allowed": not obstacles,
        "because": obstacles or [ALLOWED],
        "administrator": his.actor.is_admin,
        "grants": grants_on(tx, his.actor.roles, host.group_id),
        "vouchers": [{name: row[name] for name in SHOWN} | {"bound": row.bound} for row in usable],
    }


def as_user(tx: Tx, user: Row) -> Tx:
    """The same transaction seen with somebody else's rights."""
    his = copy.copy(tx)
    his.actor = Actor(user=user, roles=access.role_ids(tx, user.id))
    his.actor.codes = access.base_codes(tx, his.actor.roles)
    return his


def why_not(his: Tx, host: Row, usable: list[Row]) -> list[str]:
    """What stands between the user and the host; empty when nothing does."""
    said = []
    if not tokens.may_act(his.actor.user, ""):
        said.append(NO_ENTRY)
    if not host.enabled:
        said.append(HOST_OFF)
    if not access.holds(his, HOST_READ, host.group_id):
        said.append(NO_HOST_RIGHT)
    if not usable:
        said.append(NO_VOUCHER_RIGHT)
    elif not any(row.bound or access.holds(his, VOUCHER_UPDATE, row.group_id) for row in usable):
        said.append(NOT_BOUND)
    return said


def vouchers_for(his: Tx, host: Row) -> list[Row]:
    """The vouchers of the host's top group that the user may read, and whether each is bound to it."""
    root = select(groups.c.root_id).where(groups.c.id == host.group_id).scalar_subquery()
    bound = select(host_vouchers.c.voucher_id).where(host_vouchers.c.host_id == host.id)
    columns = [vouchers.c[name] for name in (*SHOWN, "group_id")]
    found = select(*columns, vouchers.c.id.in_(bound).label("bound")).join(groups).where(groups.c.root_id == root)
    return his.all(found.where(access.covered(his, [VOUCHER_READ], vouchers.c.group_id)).order_by(vouchers.c.id))


def grants_on(tx: Tx, role_ids: list[int], group_id: int) -> list[dict[str, Any]]:
    """Every grant of the roles on the group or above it: what, by which role, on which group, inherited or not."""
    path = tx.get("groups", group_id).path
    above = func.substr(path, 1, func.length(groups.c.path)) == groups.c.path
    columns = [permissions.c.code, roles.c.id.label("role_id"), roles.c.name.label("role_name")]
    columns += [groups.c.id.label("on_id"), groups.c.name.label("on_name")]
    joined = grants.join(permissions).join(roles).join(groups, groups.c.id == grants.c.group_id)
    found = select(*columns).select_from(joined).where(grants.c.role_id.in_(role_ids), above)
    return [
        {
            "permission": row.code,
            "role": {"id": row.role_id, "name": row.role_name},
            "group": {"id": row.on_id, "name": row.on_name},
            "inherited": row.on_id != group_id,
        }
        for row in tx.all(found.order_by(permissions.c.id, groups.c.level))
    ]
