"""Chapter 4: users."""

from collections.abc import Mapping
from typing import Any

from marshmallow.validate import OneOf

from appliance.dialects.identity.doors import oneself_or
from appliance.dialects.identity.envelope import Search, identity, listed, said
from appliance.dialects.identity.roles import add_status, ids_of, print_roles
from appliance.dialects.identity.shapes import Hidden, Networks, When, Word, Words
from appliance.domain import access, guard, labels, mfa, passwords, users
from appliance.errors import Denied, Missing, together
from appliance.store import Row, Tx
from appliance.web.fields import NULL, Part, Plain, Text, TextId, Time, Wire
from appliance.web.route import SIGNED_IN, Listing, Reply
from appliance.web.serve import Desk

NOT_FOUND = "用户不存在"
NOT_ONESELF = "不能停用自己的账号"
STATUSES = {
    users.ACTIVE: {"enabled": True, "locked": False, "pending": False},
    users.INACTIVE: {"enabled": False, "locked": False},
    users.LOCKED: {"enabled": True, "locked": True},
}
known_status = OneOf([*STATUSES], error="状态须为active、inactive或locked。")


class UserFilter(Search):
    """Whom to look for."""

    username = Text(attribute="login")
    email = Text()
    status = Text(validate=known_status)


class Profile(Wire):
    """What is said of a person; the name of somebody without one is his login."""

    real_name = Word(longest=64, none=True, attribute="name")
    phone = Word(none=True)
    department = Word(longest=64, none=True)
    position = Word(longest=64, none=True)


PROFILE = {"name": "profile.real_name", **{name: f"profile.{name}" for name in ("phone", "department", "position")}}


class PersonShape(Wire):
    """What is common to shapes with a profile inside."""

    def renamed(self, faults: Mapping[str, Any]) -> dict[str, Any]:
        """The profile's fields lie inside it."""
        return {PROFILE.get(name, name): fault for name, fault in super().renamed(faults).items()}

    def further(self, right: dict[str, Any]) -> dict[str, Any]:
        """The rules for people and their passwords."""
        return users.broken_rules(**right.pop("profile", {}), **right)


class UserNew(PersonShape):
    """Somebody new."""

    username = Word(required=True, attribute="login")
    email = Word(required=True)
    password = Hidden(required=True)
    roles = Words(required=True, empty=False)
    profile = Part(Profile, load_default=dict, error_messages={"null": NULL})
    expires_at = When()
    allowed_ips = Networks(attribute="allowed_addresses")


class UserChange(PersonShape):
    """Changes of somebody; what is absent stays."""

    email = Word()
    roles = Words()
    status = Word(validate=known_status)
    profile = Part(Profile, load_default=dict, error_messages={"null": NULL})
    expires_at = When()
    allowed_ips = Networks(attribute="allowed_addresses")


class UserBase(Wire):
    """What every answer says of a user."""

    id = TextId()
    username = Plain(attribute="login")
    email = Plain()
    status = Plain()
    roles = Plain()


class UserRow(UserBase):
    """A user in a list."""

    created_at = Time()
    last_login = Time(attribute="last_login_at")


class UserMade(UserBase):
    """A user just made."""

    created_at = Time()


class UserChanged(UserBase):
    """A user just changed."""

    updated_at = Time()


class UserView(UserBase):
    """A user in full."""

    permissions = Plain()
    profile = Plain()
    created_at = Time()
    updated_at = Time()
    last_login = Time(attribute="last_login_at")
    login_count = Plain()
    uuid = Plain()
    expires_at = Time()
    allowed_ips = Plain(attribute="allowed_addresses")
    mfa_enabled = Plain()
    locked_until = Time()
    protected = Plain()


# --- finding and showing ---------------------------------------------------------------------------------------------


def named(tx: Tx, user: str) -> Row:
    """The user of a path: an id, a UUID or a login."""
    row = users.by_name(tx, user)
    if row is None:
        raise Missing(NOT_FOUND)
    return row


def complete(tx: Tx, rows: list[Row]) -> None:
    """What lists show beside the columns."""
    add_status(tx, rows)
    print_roles(tx, rows)


def shown(tx: Tx, ident: int) -> Row:
    """One user as he is now, completed."""
    row = tx.get("users", ident)
    complete(tx, [row])
    return row


def profile(row: Row) -> dict[str, str]:
    """All four fields, empty where nothing is known."""
    name = "" if row.name == row.login else row.name
    return {"real_name": name, "phone": row.phone or "", "department": row.department, "position": row.position}


def columns(login: str, facts: dict[str, Any]) -> dict[str, Any]:
    """A shape's facts as columns: what is empty in a profile is as the columns have it."""
    empty = {"name": login, "phone": None, "department": "", "position": ""}
    inner = {name: empty[name] if value is None else value for name, value in facts.pop("profile").items()}
    return facts | inner


@identity.get("/users", needs="system.user.read", takes=UserFilter, gives=UserRow)
def list_users(tx: Tx, filters: dict[str, Any]) -> Listing:
    """获取用户列表"""
    return listed("users", users.search(tx, **filters), complete)


@identity.get(
    "/users/<user>",
    needs=("system.user.read", SIGNED_IN),
    gives=UserView,
    door=oneself_or("system.user.read"),
    always=True,
)
def show_user(tx: Tx, user: str) -> Row:
    """获取用户详情"""
    row = shown(tx, named(tx, user).id)
    row.update(permissions=labels.of_user(tx, row.id), profile=profile(row))
    row.update(mfa_enabled=mfa.is_on(tx, row.id), locked_until=guard.locked_until(tx, row.login_key))
    return row


# --- adding, changing, removing --------------------------------------------------------------------------------------


@identity.post("/users", needs="system.user.create", takes=UserNew, gives=UserMade, audit="创建用户", outside=True)
def add_user(desk: Desk, user: dict[str, Any]) -> Reply:
    """创建用户"""
    password, names = user.pop("password"), user.pop("roles")
    facts = {"name": user["login"]} | columns(user["login"], user)
    with desk.reading() as tx:
        check_new(tx, password, names, facts)
    hashed = passwords.hash_password(password)
    with desk.writing() as tx:
        ident = users.create(tx, password_hash=hashed, role_ids=ids_of(tx, names), **facts)
        return said("用户创建成功", shown(tx, ident))


def check_new(tx: Tx, password: str, names: list[str], facts: dict[str, Any]) -> None:
    """All faults of somebody new at once, before the long work of hashing."""
    with together() as faults:
        with faults.taking_over():
            users.check(tx, password=password, full=True, **facts)
        with faults.taking_over():
            ids_of(tx, names)


@identity.put(
    "/users/<user>",
    needs=("system.user.update", SIGNED_IN),
    takes=UserChange,
    gives=UserChanged,
    audit="更新用户{user}",
    door=oneself_or("system.user.update"),
    always=True,
)
def change_user(tx: Tx, changes: dict[str, Any], user: str) -> Reply:
    """更新用户信息"""
    names, status = changes.pop("roles", None), changes.pop("status", "")
    role_ids = None if names is None else ids_of(tx, names)
    row = named(tx, user)
    if row.id == tx.actor.user_id and status in (users.INACTIVE, users.LOCKED):
        raise Denied(NOT_ONESELF)
    facts = columns(row.login, changes) | STATUSES.get(status, {})
    if access.holds(tx, "system.user.update"):
        users.change(tx, row.id, role_ids=role_ids, **facts)
    else:
        users.change_oneself(tx, role_ids, **facts)
    return said("用户信息更新成功", shown(tx, row.id))


@identity.delete("/users/<user>", needs="system.user.delete", audit="删除用户{user}")
def remove_user(tx: Tx, user: str) -> Reply:
    """删除用户"""
    users.remove(tx, named(tx, user).id)
    return said("用户删除成功")
