"""Users, and the log of sign-ins (ipam 8)."""

from functools import partial
from typing import Any

from appliance.dialects.ipam.collections import guard, serve_options, serve_reading, shown
from appliance.dialects.ipam.described import changed_rows, gone_rows, new_rows
from appliance.dialects.ipam.envelope import DONE, Bodies, Body, ipam, said
from appliance.domain import accounts, incoming, login_log, passwords, writing
from appliance.domain.accounts import ACCOUNTS
from appliance.errors import Malformed
from appliance.store import Tx
from appliance.web.route import SIGNED_IN, Reply
from appliance.web.serve import Desk

ADMIN = "admin"
MINE_OR = ("system.user.read", SIGNED_IN)

serve_reading(ACCOUNTS, MINE_OR)
serve_options(ACCOUNTS, MINE_OR)
serve_reading(login_log.LOGIN_LOG, ("audit.login.read", SIGNED_IN))


@ipam.post(
    "/api/users",
    needs="system.user.create",
    takes=Bodies,
    body=partial(new_rows, ACCOUNTS),
    audit="创建用户",
    outside=True,
)
def create_users(desk: Desk, body: Any) -> Reply:
    """创建用户"""
    bodies = body if isinstance(body, list) else [body]
    incoming.require_some(bodies)
    if not all(isinstance(one, dict) for one in bodies):
        raise Malformed()
    with desk.reading() as tx:
        wishes = [accounts.new(tx, one) for one in bodies]
    accounts.require_few(wishes)
    hashes = [passwords.hash_password(wish.password or "") for wish in wishes]
    with desk.writing() as tx:
        idents = [accounts.create(tx, wish, hashed) for wish, hashed in zip(wishes, hashes, strict=True)]
        rows = shown(tx, ACCOUNTS, idents)
    return said(DONE, {"list": rows, "total": len(rows)} if isinstance(body, list) else rows[0], 201)


def change_users(desk: Desk, body: Any) -> Reply:
    """更新用户"""
    wanted = incoming.changes(body, guard(desk))
    idents = [one.ident for one in wanted]
    with desk.reading() as tx:
        rows = writing.require_known(tx, ACCOUNTS, idents, "id" if len(wanted) == 1 else "ids")
        wishes = [accounts.check_change(tx, rows[one.ident], one.facts) for one in wanted]
    accounts.require_few(wishes)
    hashes = [passwords.hash_password(wish.password) if wish.password else None for wish in wishes]
    with desk.writing() as tx:
        for ident, wish, hashed in zip(idents, wishes, hashes, strict=True):
            accounts.change(tx, tx.get("users", ident), wish, hashed)
        found = shown(tx, ACCOUNTS, idents)
    alone = isinstance(body, dict) and not {"ids", "items"} & body.keys()
    return Reply(found[0] if alone else {"updated": len(found), "list": found})


CHANGED = {"takes": Bodies, "body": partial(changed_rows, ACCOUNTS), "audit": "更新用户"}
for declare in (ipam.patch, ipam.put):
    declare("/api/users", needs="system.user.update", outside=True, **CHANGED)(change_users)


@ipam.delete("/api/users", needs="system.user.delete", takes=Body, body=gone_rows, audit="删除用户")
def remove_users(tx: Tx, body: dict[str, Any]) -> dict[str, Any]:
    """删除用户"""
    return accounts.remove(tx, body)


@ipam.delete("/api/login-logs", needs=ADMIN, takes=Body, audit="删除登录日志")
def remove_log(tx: Tx, body: dict[str, Any]) -> dict[str, int]:
    """删除登录日志"""
    return login_log.remove(tx, body)
