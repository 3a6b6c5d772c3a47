"""People: finding, adding, changing, removing them (ptpb 二, identity 3, 7)."""

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, select

from appliance import clock
from appliance.domain import access, guard, members, password_history, passwords, roles, seeds, tokens
from appliance.domain.names import folded, taken
from appliance.errors import Collector, Denied, LastAdministrator, Problem, Reserved, Taken, together
from appliance.query import contains
from appliance.store import Row, Tx
from appliance.store.tables import users

ACTIVE, INACTIVE, LOCKED = "active", "inactive", "locked"
PROFILE = {"name", "email", "phone", "remark", "department", "position"}
FIXED_LOGIN = "账户不可修改"
NOT_ONESELF = "不能停用自己"
NOT_YOURS = "无权重置他人密码"
LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
EMAIL = rf"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~-]+)*@(?:{LABEL}\.)+{LABEL}"


class Rule(NamedTuple):
    """What a field looks like, and the column under which it is unique."""

    field: str
    form: re.Pattern[str]
    wrong: str
    key: str


RULES = (
    Rule("login", re.compile(r"[A-Za-z0-9_.@-]{1,64}"), "账户含有不允许的字符", "login_key"),
    Rule("email", re.compile(rf"(?=.{{1,254}}$){EMAIL}"), "无效邮箱", "email_key"),
    Rule("phone", re.compile(r"(?=.*[0-9])[0-9 +-]{5,20}"), "无效电话", "phone"),
)


# --- finding ---------------------------------------------------------------------------------------------------------


def search(tx: Tx, *, enabled: bool | None = None, status: str | None = None, **parts: str | None) -> Select[Any]:
    """Everybody; `login`, `name`, `email`, `phone` contain what is given."""
    where = [contains(users.c[column], part) for column, part in parts.items() if part]
    if enabled is not None:
        where.append(users.c.enabled == enabled)
    if status:
        where.append(is_now(status))
    return select(users).where(*where)


def status(user: Row) -> str:
    """Whether somebody is in force, in a word."""
    if not user.enabled or user.pending:
        return INACTIVE
    return LOCKED if user.locked else ACTIVE


def is_now(status: str) -> ColumnElement[bool]:
    """The condition for a status."""
    in_force = users.c.enabled & ~users.c.pending
    return ~in_force if status == INACTIVE else in_force & (users.c.locked == (status == LOCKED))


def by_name(tx: Tx, word: str) -> Row | None:
    """The user with that id, UUID or login; digits are always an id."""
    if word.isdecimal() and word.isascii():
        return tx.find("users", id=int(word)) if len(word) <= len("9" * 18) else None
    return tx.find("users", uuid=word.lower()) or tx.find("users", login_key=folded(word))


# --- adding and changing ---------------------------------------------------------------------------------------------


def check(tx: Tx, *, besides: int = 0, password: str | None = None, full: bool = False, **facts: Any) -> None:
    """Every rule that somebody new would break, told at once; `full` asks for the full rules of passwords."""
    with together() as faults:
        collect(tx, faults, besides, facts)
        if password is not None:
            collect_password(tx, faults, password, facts.get("login", ""), full=full)


def broken_rules(password: str | None = None, **facts: Any) -> dict[str, list[str]]:
    """What can be said against somebody new without looking at anybody else; passwords by the full rules."""
    found = {r.field: [r.wrong] for r in RULES if facts.get(r.field) and not r.form.fullmatch(facts[r.field])}
    broken = passwords.faults(password, facts.get("login", ""), full=True) if password is not None else []
    return found | ({"password": broken} if broken else {})


def collect(tx: Tx, faults: Collector, besides: int, facts: dict[str, Any]) -> None:
    """What is wrong with, or taken of, login, e-mail and phone."""
    for rule in RULES:
        value = facts.get(rule.field)
        if value is None:
            continue
        if not rule.form.fullmatch(value):
            faults.add(rule.field, rule.wrong)
        elif taken(tx, "users", besides, **{rule.key: folded(value)}):
            faults.add(rule.field, users.c[rule.key].info["taken"][1], Taken)


def check_password(tx: Tx, password: str, login: str, *, full: bool = False) -> None:
    """Every rule that a new password of this user would break."""
    with together() as faults:
        collect_password(tx, faults, password, login, full=full)


def collect_password(tx: Tx, faults: Collector, password: str, login: str, *, full: bool = False) -> None:
    """The rules a new password breaks; the setting may ask for the full ones everywhere."""
    for sentence in passwords.faults(password, login, full=full or tx.settings.strict_passwords):
        faults.add("password", sentence)


def create(tx: Tx, *, login: str, password_hash: str, role_ids: Iterable[int] | None = None, **profile: Any) -> int:
    """Add somebody who may sign in; without `role_ids` an ordinary user, with them within what the actor holds."""
    check(tx, login=login, **profile)
    if role_ids is not None:
        roles.require_known(tx, role_ids)
        roles.require_within(tx, role_ids)
    ident = insert(tx, login=login, password_hash=password_hash, **profile)
    for role_id in {seeds.CLIENT} if role_ids is None else set(role_ids):
        tx.insert("user_roles", user_id=ident, role_id=role_id)
    return ident


def insert(tx: Tx, *, login: str, password_hash: str, **profile: Any) -> int:
    """The row of somebody new, with the first entry of his password history."""
    moment = clock.now()
    ident = tx.insert(
        "users", login=login, password_hash=password_hash, password_at=moment, **keys(login=login, **profile), **profile
    )
    password_history.remember(tx, ident, password_hash, moment)
    return ident


def keys(**facts: Any) -> dict[str, str | None]:
    """The columns under which login and e-mail are unique."""
    return {f"{name}_key": folded(facts[name]) if facts[name] else None for name in ("login", "email") if name in facts}


def check_change(
    tx: Tx, user_id: int, *, password: str | None = None, full: bool = False, resetting: bool = False, **changes: Any
) -> Row:
    """The user, if the actor may change him like this; `password` or `resetting`: his password too."""
    user = tx.get("users", user_id)
    require_over(tx, user)
    changes = different(user, changes)
    if {"enabled", "locked"} & changes.keys():
        require_stoppable(tx, user)
    require_lasting(tx, user, changes)
    with together() as faults:
        if changes.pop("login", user.login) != user.login:
            faults.add("login", FIXED_LOGIN)
        if changes.get("enabled") is False and user.id == tx.actor.user_id:
            faults.add("enabled", NOT_ONESELF)
        if (resetting or password) and not tx.actor.is_admin:
            faults.add("password", NOT_YOURS)
        elif password:
            collect_password(tx, faults, password, user.login, full=full)
        collect(tx, faults, user.id, changes)
    return user


def different(user: Row, changes: dict[str, Any]) -> dict[str, Any]:
    """Only what is not so already."""
    return {column: value for column, value in changes.items() if user[column] != value}


def require_over(tx: Tx, user: Row) -> None:
    """A protected user is changed by himself alone, a holder of `admin` by holders of `admin`."""
    if user.protected and user.id != tx.actor.user_id:
        raise Reserved()
    access.require_over(tx, user.id)


def require_stoppable(tx: Tx, user: Row) -> None:
    """Neither a protected user nor the last administrator is disabled or removed."""
    if user.protected:
        raise Reserved()
    if guard.is_last_administrator(tx, user.id):
        raise LastAdministrator()


def require_lasting(tx: Tx, user: Row, changes: dict[str, Any]) -> None:
    """An administrator without end is left, and the last one is not shut out by where he is."""
    if changes.get("expires_at") and guard.lasting_administrators(tx) == [user.id]:
        raise LastAdministrator()
    networks = changes.get("allowed_addresses")
    if networks and guard.is_last_administrator(tx, user.id) and not tokens.allowed_from(networks, tx.actor.address):
        raise LastAdministrator()


def change_oneself(tx: Tx, role_ids: Iterable[int] | None, **changes: Any) -> None:
    """What people change of themselves without any right: the profile; the rest may only be repeated as it is."""
    user = tx.get("users", tx.actor.user_id)
    changes = different(user, changes)
    same_roles = role_ids is None or set(role_ids) == set(members.roles_of(tx, user.id))
    if not same_roles or changes.keys() - PROFILE:
        raise Denied(needs=["system.user.update"])
    change(tx, user.id, **changes)


def change(
    tx: Tx,
    user_id: int,
    *,
    password_hash: str | None = None,
    role_ids: Iterable[int] | None = None,
    **changes: Any,
) -> None:
    """Change somebody; stopping him, or giving him another password, ends all his sign-ins."""
    user = check_change(tx, user_id, resetting=password_hash is not None, **changes)
    if changes.get("locked") is False:
        guard.unlock(tx, user.login_key)
    changes = different(user, changes)
    tx.change("users", user_id, **keys(**changes), **changes)
    if changes.get("enabled") is False or changes.get("locked"):
        tokens.end_all(tx, user_id, "locked" if changes.get("locked") else "disabled")
    if role_ids is not None:
        members.set_roles(tx, user_id, role_ids)
    if password_hash is not None:
        password_history.replace(tx, user_id, password_hash)


# --- removing --------------------------------------------------------------------------------------------------------


def remove(tx: Tx, user_id: int) -> None:
    """Remove somebody with his sign-ins and locks; his history stays."""
    user = tx.get("users", user_id)
    if user.id == tx.actor.user_id:
        raise Denied(access.NOT_YOURS)
    require_over(tx, user)
    require_stoppable(tx, user)
    guard.unlock(tx, user.login_key)
    tx.remove("users", user_id)


def remove_all(tx: Tx, user_ids: Iterable[int]) -> list[int]:
    """Remove those that may be removed; their ids."""
    return [ident for ident in user_ids if is_removed(tx, ident)]


def is_removed(tx: Tx, user_id: int) -> bool:
    """Remove a user if he may be; whether he was. A refusal comes before anything is written."""
    try:
        remove(tx, user_id)
    except Problem:
        return False
    return True


# --- passwords -------------------------------------------------------------------------------------------------------


def require_resettable(tx: Tx, user: Row) -> None:
    """A password is reset by somebody who could do all that the new password lets him do."""
    require_over(tx, user)
    roles.require_within(tx, members.roles_of(tx, user.id))


def set_temporary_password(tx: Tx, user_id: int, password_hash: str) -> None:
    """A password that is good for a day, and for nothing but choosing another."""
    require_resettable(tx, tx.get("users", user_id))
    password_history.replace(tx, user_id, password_hash)
    end = clock.now() + passwords.TEMPORARY
    tx.change("users", user_id, must_change_password=True, password_expires_at=end)
