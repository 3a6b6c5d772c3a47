"""Chapter 二: users."""

from typing import Any

from appliance.dialects.ptpb.envelope import ptpb
from appliance.dialects.ptpb.ids import Removal, removed
from appliance.domain import members, new_password, password_history, passwords, users
from appliance.store import Row, Tx
from appliance.web.fields import Bool, Id, Ids, Plain, Secret, Text, Time, Wire
from appliance.web.route import SIGNED_IN, Listing, Reply
from appliance.web.serve import Desk

AVATAR = "/media/avatars/default.png"
RESET = "重置{account}密码"
NOBODY_REMOVED = "用户受保护,或对象不存在"


class UserNew(Wire):
    """Somebody new."""

    account = Text(required="账户为必填项", attribute="login")
    password = Secret(required="密码为必填项")
    name = Text(required=True, longest=64)
    email = Text(none=True, longest=254)
    status = Bool(attribute="enabled")
    phone_number = Text(none=True, attribute="phone")
    remark = Text(none=True, longest=1000)


class UserEdit(Wire):
    """Changes of somebody; an empty password is none."""

    id = Id(required=True)
    account = Text(none=True, attribute="login")
    password = Secret(none=True)
    name = Text(longest=64)
    email = Text(none=True, longest=254)
    status = Bool(attribute="enabled")
    phone_number = Text(none=True, attribute="phone")
    remark = Text(none=True, longest=1000)


class OwnPassword(Wire):
    """The old password, and the one to come."""

    old_password = Secret(required="旧密码不能为空", attribute="old")
    new_password = Secret(required="密码为必填项", attribute="password")


class UserRoles(Wire):
    """Who is to have which roles."""

    id = Id(required=True)
    roles = Ids(required=True)


class UserFilter(Wire):
    """Whom to look for."""

    name = Text(none=True)
    account = Text(none=True, attribute="login")
    email = Text(none=True)
    phone_number = Text(none=True, attribute="phone")
    status = Bool(attribute="enabled")


class UserView(Wire):
    """A user as lists show him."""

    id = Plain()
    account = Plain(attribute="login")
    name = Plain()
    email = Plain()
    status = Plain(attribute="enabled")
    protected = Plain()
    phone_number = Plain(attribute="phone")
    avatar = Plain()
    create_date = Time(attribute="created_at")
    update_date = Time(attribute="updated_at")
    login_date = Time(attribute="last_login_at")
    remark = Plain()
    roles = Plain()


class OwnView(UserView):
    """A user as he sees himself."""

    ip = Plain(attribute="address")


@ptpb.post(
    "/rbac/user/add/", needs="system.user.create", takes=UserNew, audit="添加用户", outside=True, rules=users.check
)
def add_user(desk: Desk, user: dict[str, Any]) -> None:
    """添加用户"""
    password = user.pop("password")
    with desk.reading() as tx:
        users.check(tx, password=password, **user)
    hashed = passwords.hash_password(password)
    with desk.writing() as tx:
        users.create(tx, password_hash=hashed, **user)


def edit_rules(tx: Tx, **changes: Any) -> None:
    """What the rules say of changes that are not all of the right form."""
    users.check_change(tx, changes.pop("id", 0), **changes)


@ptpb.post(
    "/rbac/user/edit/",
    needs="system.user.update",
    takes=UserEdit,
    audit="编辑用户{id}",
    outside=True,
    rules=edit_rules,
)
def edit_user(desk: Desk, changes: dict[str, Any]) -> None:
    """修改用户"""
    ident, password = changes.pop("id"), changes.pop("password", None)
    hashed = reset_hash(desk, ident, password, changes) if password else None
    with desk.writing() as tx:
        users.change(tx, ident, password_hash=hashed, **changes)


def reset_hash(desk: Desk, ident: int, password: str, changes: dict[str, Any]) -> str:
    """The hash of a password that an administrator gives somebody; the log calls the whole call a reset."""
    with desk.reading() as tx:
        desk.actor.operation = RESET.format(account=tx.get("users", ident).login)
        users.check_change(tx, ident, password=password, **changes)
    return new_password.fresh(desk.store, ident, password)


@ptpb.post("/rbac/user/del/", needs="system.user.delete", takes=Removal, audit="删除用户")
def remove_users(tx: Tx, named: dict[str, Any]) -> Reply:
    """删除用户"""
    return removed(named["ids"], users.remove_all(tx, named["ids"]), NOBODY_REMOVED)


@ptpb.get("/rbac/user/get/", needs="system.user.read", takes=UserFilter, gives=UserView)
def list_users(tx: Tx, filters: dict[str, Any]) -> Listing:
    """查看用户"""
    return Listing(users.search(tx, **filters), complete)


def complete(tx: Tx, rows: list[Row]) -> None:
    """Roles, and the picture that everybody has."""
    members.add_roles(tx, rows)
    for row in rows:
        row["avatar"] = AVATAR


@ptpb.post(
    "/rbac/user/reset_password/",
    needs="user.profile.update",
    takes=OwnPassword,
    audit=RESET,
    outside=True,
    always=True,
    by_key=False,
)
def change_own_password(desk: Desk, words: dict[str, Any]) -> None:
    """重置自身密码"""
    user = desk.actor.user
    assert user is not None
    hashed = new_password.of_oneself(desk.store, desk.actor, **words)
    with desk.writing() as tx:
        password_history.replace(tx, user.id, hashed, instead_of=user.password_hash)


@ptpb.get("/rbac/user/detail/", needs=SIGNED_IN, gives=OwnView, always=True)
def show_oneself(tx: Tx) -> Row:
    """查询自身信息"""
    row = Row(tx.actor.user, address=tx.actor.address)
    complete(tx, [row])
    return row


@ptpb.post("/rbac/user/role/", needs="system.permission.update", takes=UserRoles, audit="绑定用户{id}角色")
def bind_roles(tx: Tx, bound: dict[str, Any]) -> None:
    """绑定用户角色"""
    members.set_roles(tx, bound["id"], bound["roles"])
