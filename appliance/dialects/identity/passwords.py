"""Chapter 4, its passwords: one's own, and temporary ones for others."""

from typing import Any

from appliance.dialects.identity.doors import oneself
from appliance.dialects.identity.envelope import identity, said
from appliance.dialects.identity.shapes import Hidden, Switch
from appliance.dialects.identity.users import named
from appliance.domain import new_password, password_history, passwords, users
from appliance.web.fields import Plain, Wire
from appliance.web.route import SIGNED_IN, Reply
from appliance.web.serve import Desk

RESET = "密码重置成功"


class OwnPassword(Wire):
    """The present password, and the one to come."""

    current_password = Hidden(required=True, attribute="old")
    new_password = Hidden(required=True, attribute="password")


class Reset(Wire):
    """Whether to send a mail."""

    send_email = Switch(load_default=True)


class Temporary(Wire):
    """A temporary password."""

    temporary_password = Plain()
    expires_in = Plain()


@identity.put(
    "/users/<user>/password",
    needs=SIGNED_IN,
    takes=OwnPassword,
    audit="修改用户{user}密码",
    door=oneself,
    outside=True,
    always=True,
    by_key=False,
)
def change_password(desk: Desk, words: dict[str, Any], user: str) -> Reply:
    """修改密码"""
    me = desk.actor.user
    assert me is not None
    hashed = new_password.of_oneself(desk.store, desk.actor, full=True, **words)
    with desk.writing() as tx:
        password_history.replace(tx, me.id, hashed, instead_of=me.password_hash)
    return said("密码修改成功")


@identity.post(
    "/users/<user>/reset-password",
    needs="system.user.update",
    takes=Reset,
    gives=Temporary,
    audit="重置用户{user}密码",
    outside=True,
)
def reset_password(desk: Desk, wanted: dict[str, Any], user: str) -> Reply:
    """重置密码"""
    with desk.reading() as tx:
        row = named(tx, user)
        users.require_resettable(tx, row)
    password = passwords.temporary(row.login)
    hashed = passwords.hash_password(password)
    with desk.writing() as tx:
        users.set_temporary_password(tx, row.id, hashed)
    return said(RESET, {"temporary_password": password, "expires_in": int(passwords.TEMPORARY.total_seconds())})
