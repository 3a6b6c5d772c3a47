"""Users as a collection of the address book: the same people, in this document's words (ipam 8)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, delete, select

from appliance.domain import access, guard, incoming, members, profiles, ranks, user_groups, users, values, writing
from appliance.domain.collections import Collection, Field, refers, register
from appliance.domain.findings import EXISTS, PARAMETER, Findings
from appliance.errors import Denied, Invalid, Taken
from appliance.store import Row, Tx
from appliance.store.address_tables import user_group_members
from appliance.store.tables import users as user_table

NAMES = {"login": "username", "name": "nickname", "remark": "description", "enabled": "status"}
OURS = {"账户以被注册": "用户名已存在", "账户含有不允许的字符": "用户名含有不允许的字符"}
NEEDED, NOT_ONESELF, OWN_PASSWORD = "不能为空", "不能停用自己", "请在个人资料中修改自己的密码"
OWN_ROLES, SELF, NO_GROUP = "不能修改自己的角色", "不能删除自己", "用户组不存在"
MOST_PASSWORDS = 50
TOO_MANY_PASSWORDS = f"一次最多设置{MOST_PASSWORDS}个密码"
FLAGS = {
    profiles.ACTIVE: {"enabled": True, "pending": False},
    profiles.DISABLED: {"enabled": False, "pending": False},
    profiles.PENDING: {"pending": True},
}
PROFILE = ("login", "name", "email", "phone", "remark", "unit_id", "department_id")


def secret(value: Any) -> str:
    """A password, never trimmed."""
    if not isinstance(value, str):
        raise ValueError(values.NO_TEXT)
    return value


def visible(tx: Tx) -> ColumnElement[bool] | None:
    """Everybody, or oneself."""
    return None if access.holds(tx, "system.user.read") else user_table.c.id == tx.actor.user_id


def complete(tx: Tx, rows: list[Row]) -> None:
    """Roles, groups, and what else is no column."""
    ranks.attach(tx, rows)
    idents = [row.id for row in rows]
    places, grouped = profiles.last_addresses(tx, idents), profiles.groups(tx, idents)
    for row in rows:
        row["group_ids"] = [group["id"] for group in grouped[row.id]]
        row["first_login"] = row.last_login_at is None or bool(row.must_change_password)
        row["last_login_ip"] = places.get(row.id)
        row["locked_until"] = guard.locked_until(tx, row.login_key)


# --- reading what came -----------------------------------------------------------------------------------------------


class Wish:
    """What is wanted of one user: columns, password, roles, groups."""

    def __init__(self, tx: Tx, body: Mapping[str, Any], before: Row | None) -> None:
        self.findings = Findings()
        facts = incoming.given(ACCOUNTS, body, self.findings)
        self.known = bool(facts) or bool(self.findings.coded)
        writing.check_references(tx, ACCOUNTS, facts, self.findings)
        self.password: str | None = facts.get("password")
        self.status: str | None = facts.get("status")
        self.group_ids: list[int] | None = facts.get("group_ids")
        self.role_ids = self.roles(tx, facts)
        self.facts = {name: facts[name] for name in PROFILE if name in facts}
        if "name" in self.facts and not self.facts["name"]:
            self.facts["name"] = before.login if before else self.facts.get("login", "")
        if self.group_ids and user_groups.missing(tx, "user_groups", self.group_ids):
            self.findings.add("group_ids", NO_GROUP)

    def roles(self, tx: Tx, facts: Mapping[str, Any]) -> list[int] | None:
        """All roles he is to have; None where nothing is said of them."""
        try:
            if facts.get("roles"):
                return ranks.ids_of(tx, facts["roles"])
            return [ranks.id_of(tx, facts["role"])] if facts.get("role") else None
        except Invalid as problem:
            self.add(problem)
            return None

    def add(self, problem: Invalid) -> None:
        """Faults that the rules for people found, in this document's words."""
        code = problem.code or (EXISTS if isinstance(problem, Taken) else PARAMETER)
        for name, sentences in problem.faults.items():
            for sentence in sentences:
                self.findings.add(NAMES.get(name, name), OURS.get(sentence, sentence), code)


def new(tx: Tx, body: Mapping[str, Any]) -> Wish:
    """Somebody new, checked."""
    wish = Wish(tx, body, None)
    for name, column in (("username", "login"), ("password", "password")):
        if not (wish.password if column == "password" else wish.facts.get(column)) and not wish.findings.has(name):
            wish.findings.add(name, NEEDED)
    try:
        users.check(tx, password=wish.password or None, **people(wish.facts))
    except Invalid as problem:
        wish.add(problem)
    wish.findings.settle()
    return wish


def people(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts that the rules for people look at."""
    return {name: facts[name] for name in ("login", "email", "phone") if facts.get(name)}


def create(tx: Tx, wish: Wish, password_hash: str) -> int:
    """The account; an operator unless other roles are asked for by somebody who may give them."""
    if wish.role_ids is not None:
        access.require(tx, "system.permission.update")
    facts = wish.facts | {"name": wish.facts.get("name") or wish.facts["login"]}
    facts |= FLAGS.get(wish.status or "", {})
    try:
        ident = users.create(tx, password_hash=password_hash, role_ids=wish.role_ids, **facts)
    except Invalid as problem:  # taken by a neighbour in the same call
        wish.add(problem)
        wish.findings.settle()
        raise
    set_groups(tx, ident, wish.group_ids)
    return ident


# --- changing --------------------------------------------------------------------------------------------------------


def check_change(tx: Tx, user: Row, body: Mapping[str, Any]) -> Wish:
    """What is wanted of somebody who is there, checked as far as it can be before passwords are hashed."""
    wish = Wish(tx, body, user)
    if not wish.known:
        raise Invalid(writing.NO_KEY)
    if wish.facts.get("login", user.login) != user.login:
        wish.findings.add("username", writing.FIXED)
    wish.facts.pop("login", None)
    if user.id == tx.actor.user_id:
        refuse_for_oneself(tx, user, wish)
    try:
        changes = wish.facts | FLAGS.get(wish.status or "", {})
        users.check_change(tx, user.id, password=wish.password, **changes)
    except Invalid as problem:
        if not problem.faults:
            raise
        wish.add(problem)
    wish.findings.settle()
    return wish


def refuse_for_oneself(tx: Tx, user: Row, wish: Wish) -> None:
    """Nobody stops himself, changes his own roles, or his password without the old one."""
    if wish.role_ids is not None and set(wish.role_ids) != set(members.roles_of(tx, user.id)):
        raise Denied(OWN_ROLES)
    if wish.status not in (None, profiles.ACTIVE):
        wish.findings.add("status", NOT_ONESELF)
    if wish.password:
        wish.findings.add("password", OWN_PASSWORD)


def change(tx: Tx, user: Row, wish: Wish, password_hash: str | None) -> None:
    """Change somebody; a password given by another is good for choosing one."""
    role_ids = wish.role_ids
    if role_ids is not None and set(role_ids) != set(members.roles_of(tx, user.id)):
        access.require(tx, "system.permission.update")
    else:
        role_ids = None
    facts = wish.facts | FLAGS.get(wish.status or "", {})
    users.change(tx, user.id, password_hash=password_hash, role_ids=role_ids, **facts)
    if password_hash:
        tx.change("users", user.id, must_change_password=True)
    set_groups(tx, user.id, wish.group_ids)


def set_groups(tx: Tx, user_id: int, group_ids: list[int] | None) -> None:
    """Replace the groups of a user, which say what he sees: for administrators."""
    mine = user_group_members.c.user_id == user_id
    now = set(tx.values(select(user_group_members.c.user_group_id).where(mine)))
    if group_ids is None or set(group_ids) == now:
        return
    access.require(tx, "admin")
    tx.run(delete(user_group_members).where(mine, user_group_members.c.user_group_id.not_in(group_ids)))
    for ident in sorted(set(group_ids) - now):
        tx["user_group_members"].insert({"user_group_id": ident, "user_id": user_id})
    tx.tell("user_group_members", user_id=user_id, old=sorted(now), new=sorted(group_ids))


def require_few(wishes: list[Wish]) -> None:
    """Passwords take their time: so many in one call, no more."""
    if sum(wish.password is not None for wish in wishes) > MOST_PASSWORDS:
        raise Invalid(password=TOO_MANY_PASSWORDS)


def remove(tx: Tx, body: Mapping[str, Any]) -> dict[str, Any]:
    """Remove people, all or none."""
    idents = incoming.ids_of(body)
    incoming.require_some(idents, "ids")
    writing.require_known(tx, ACCOUNTS, idents)
    if tx.actor.user_id in idents:
        raise Denied(SELF)
    for ident in idents:
        users.remove(tx, ident)
    return {"deleted": len(idents), "ids": idents}


ACCOUNTS = register(
    Collection(
        name="users",
        title="用户",
        table=user_table,
        own_fields=(
            Field("username", column="login", required=True, longest=64, searchable=True),
            Field("password", values.Kind("secret", secret, frozenset()), stored=False, longest=4096),
            Field("nickname", column="name", longest=64, searchable=True),
            Field("role", stored=False, longest=64),
            Field("roles", values.WORDS, stored=False),
            Field("email", longest=254, searchable=True),
            Field("phone", longest=32, searchable=True),
            refers("unit_id", "units"),
            refers("department_id", "departments"),
            Field("group_ids", values.IDS, stored=False),
            Field("status", choices=profiles.STATUSES, value=profiles.STATUS),
            Field("description", values.LINES, column="remark", longest=500, searchable=True),
            Field("must_change_password", values.BOOLEAN, writable=False),
            Field("last_login_at", values.MOMENT, writable=False),
        ),
        label="nickname",
        computed=("role", "roles", "group_ids", "first_login", "last_login_ip", "locked_until"),
        complete=complete,
        scope=visible,
        custom=False,
    )
)
