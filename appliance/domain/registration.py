"""Registration: open to ask, closed to enter, until administrators say otherwise (ipam 2)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, select

from appliance import clock
from appliance.domain import access, audit, captcha, catalogue, options, ranks, seeds, users, values
from appliance.errors import Denied, Invalid, Throttled, together
from appliance.store import Row, Tx
from appliance.store.address_tables import user_groups
from appliance.store.tables import login_records
from appliance.store.tables import users as user_table

OPTION = "registration"
DEFAULTS: dict[str, Any] = {
    "allow_register": True,
    "default_role": seeds.CLIENT,
    "require_approval": True,
    "require_captcha": False,
    "captcha_mode": captcha.ADAPTIVE,
    "allowed_email_domains": [],
    "default_group_id": None,
}
MODES = (captcha.OFF, captcha.ADAPTIVE, captcha.ALWAYS)
CLOSED, TOO_HIGH, NO_MODE, NO_GROUP = "注册功能已关闭", "不能默认为管理员", "须为off、adaptive或always", "用户组不存在"
BAD_DOMAIN, NO_DOMAIN = "域名格式不正确", "邮箱域名不在允许范围内"
AN_HOUR, MOST_AN_HOUR, MOST_WITHOUT_CAPTCHA = timedelta(hours=1), 5, 3
MOST_PENDING, PENDING_FOR = 200, timedelta(days=7)
NO_CHANGE = "没有可更新的字段"


# --- the configuration -----------------------------------------------------------------------------------------------


def config(tx: Tx) -> dict[str, Any]:
    """What is in force; roles by their ids."""
    return DEFAULTS | (options.value(tx, OPTION) or {})


def shown(tx: Tx) -> dict[str, Any]:
    """The same, roles by their words."""
    found = config(tx)
    return found | {"default_role": ranks.word_of(tx, found["default_role"])}


def change(tx: Tx, given: Mapping[str, Any]) -> None:
    """Change what is given, or Invalid with every fault."""
    known = {name: value for name, value in given.items() if name in DEFAULTS}
    if not known:
        raise Invalid(NO_CHANGE)
    fresh: dict[str, Any] = {}
    with together() as faults:
        for name, value in known.items():
            with faults.taking_over():
                fresh[name] = read(tx, name, value)
    options.put(tx, OPTION, config(tx) | fresh)


def read(tx: Tx, name: str, value: Any) -> Any:
    """One entry, checked."""
    try:
        if name == "default_role":
            return role_of(tx, value)
        if name == "captcha_mode":
            return mode_of(value)
        if name == "allowed_email_domains":
            return [domain_of(one) for one in values.words(value)]
        if name == "default_group_id":
            return group_of(tx, value)
        return values.switch(value)
    except ValueError as error:
        raise Invalid(**{name: str(error)}) from None


def role_of(tx: Tx, value: Any) -> int:
    """A role that does not administer."""
    ident = ranks.id_of(tx, values.text(value), "default_role")
    if catalogue.ALL in access.base_codes(tx, [ident]):
        raise ValueError(TOO_HIGH)
    return ident


def mode_of(value: Any) -> str:
    """When captchas are asked for."""
    if value not in MODES:
        raise ValueError(NO_MODE)
    return str(value)


def domain_of(value: str) -> str:
    """The part of addresses behind the @."""
    domain = value.strip().lower().removeprefix("@")
    if not values.MAIL.fullmatch(f"a@{domain}"):
        raise ValueError(BAD_DOMAIN)
    return domain


def group_of(tx: Tx, value: Any) -> int | None:
    """A user group that is there, or none."""
    ident = values.reference(value)
    if ident and tx.value(select(user_groups.c.id).where(user_groups.c.id == ident)) is None:
        raise ValueError(NO_GROUP)
    return ident


# --- somebody asks ---------------------------------------------------------------------------------------------------


def tries(tx: Tx) -> list[Any]:
    """When the address tried within the last hour, the oldest first."""
    columns = login_records.c
    recent = (columns.address == tx.actor.address, columns.created_at > clock.now() - AN_HOUR)
    mine = select(columns.created_at).where(*recent, columns.kind == audit.REGISTER).order_by(columns.id)
    return tx.values(mine)


def enter(tx: Tx) -> dict[str, Any]:
    """The configuration, if somebody may ask at all from here and now."""
    found = config(tx)
    if not found["allow_register"]:
        raise Denied(CLOSED)
    times = tries(tx)
    if len(times) >= MOST_AN_HOUR:
        left = (times[-MOST_AN_HOUR] + AN_HOUR - clock.now()).total_seconds()
        raise Throttled(max(1, int(left)))
    waiting = tx.value(select(func.count()).select_from(user_table).where(user_table.c.pending))
    if found["require_approval"] and waiting >= MOST_PENDING:
        raise Throttled(int(AN_HOUR.total_seconds()))
    found["captcha"] = found["require_captcha"] or len(times) >= MOST_WITHOUT_CAPTCHA
    return found


def check(tx: Tx, found: Mapping[str, Any], *, password: str, **facts: Any) -> None:
    """Every rule somebody new would break."""
    with together() as faults:
        with faults.taking_over():
            users.check(tx, password=password, **facts)
        domains = found["allowed_email_domains"]
        if domains and (facts.get("email") or "").rpartition("@")[2].lower() not in domains:
            faults.add("email", NO_DOMAIN)


def create(tx: Tx, found: Mapping[str, Any], *, login: str, password_hash: str, **facts: Any) -> Row:
    """The account, which waits where approval is wanted."""
    users.check(tx, login=login, **facts)
    pending = bool(found["require_approval"])
    ident = users.insert(tx, login=login, password_hash=password_hash, pending=pending, **facts)
    tx.insert("user_roles", user_id=ident, role_id=found["default_role"])
    if found["default_group_id"] and tx.find("user_groups", id=found["default_group_id"]):
        tx["user_group_members"].insert({"user_group_id": found["default_group_id"], "user_id": ident})
    user = tx.get("users", ident)
    audit.note_sign_in(tx, login=login, user=user, succeeded=True, reason="", kind=audit.REGISTER)
    return user


def note_failure(tx: Tx, login: str) -> None:
    """A try that gave no account counts as well."""
    audit.note_sign_in(tx, login=login, user=None, succeeded=False, reason="taken", kind=audit.REGISTER)


def prune(tx: Tx) -> None:
    """Who waited too long in vain has to ask again."""
    over = (
        user_table.c.pending,
        user_table.c.created_at < clock.now() - PENDING_FOR,
        user_table.c.last_login_at.is_(None),
    )
    tx.run(delete(user_table).where(*over))
