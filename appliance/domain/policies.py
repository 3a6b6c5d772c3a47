"""Sign-in policy of roles: from which addresses, at which hours, and whether with a second factor."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time
from ipaddress import ip_address, ip_network
from typing import Any

from sqlalchemy import select

from appliance import clock
from appliance.domain import access, guard, roles
from appliance.errors import Conflict, together
from appliance.store import Prepared, Row, Tx, any_of
from appliance.store.tables import role_policies

ALWAYS: dict[str, Any] = {"allowed_addresses": [], "denied_addresses": [], "hours": [], "second_factor": False}
ADDRESSES = ("allowed_addresses", "denied_addresses")
MOST_NETWORKS, MOST_SPANS = 100, 20
TOO_MANY = "不能超过{}项"
NO_TIME = "开始与结束时间不能相同"
SHUTS_OUT = "该策略会使所有管理员都无法从当前地址、在当前时间登录"
EVERYBODY, ADMINISTRATORS = "everybody", "administrators"
MIDNIGHT = "24:00"
ASKING = Prepared(
    select(role_policies.c.id)
    .where(role_policies.c.second_factor, role_policies.c.role_id.in_(any_of("roles")))
    .limit(1)
)


# --- reading and changing --------------------------------------------------------------------------------------------


def of_role(tx: Tx, role_id: int) -> dict[str, Any]:
    """The policy of a role; one that asks for nothing where none was set."""
    found = tx.find("role_policies", role_id=role_id)
    return {name: found[name] for name in ALWAYS} if found else dict(ALWAYS)


def set_for_role(tx: Tx, role_id: int, **policy: Any) -> None:
    """Change the policy of a role one could give oneself; not so that nobody is left to change it back."""
    roles.require_within(tx, [tx.get("roles", role_id).id])
    check(policy)
    with keeping_an_entrance(tx):
        write(tx, role_id, **policy)


def check(policy: dict[str, Any]) -> None:
    """Lists are of a length that sign-in can go through, spans last."""
    with together() as faults:
        for name in ADDRESSES:
            if len(policy.get(name, [])) > MOST_NETWORKS:
                faults.add(name, TOO_MANY.format(MOST_NETWORKS))
        spans = policy.get("hours", [])
        if len(spans) > MOST_SPANS:
            faults.add("hours", TOO_MANY.format(MOST_SPANS))
        elif empty := {str(i): {"to": [NO_TIME]} for i, span in enumerate(spans) if span["from"] == span["to"]}:
            faults.faults["hours"] = empty


def write(tx: Tx, role_id: int, **policy: Any) -> None:
    """The row of a policy."""
    found = tx.find("role_policies", role_id=role_id)
    if found:
        tx.change("role_policies", found.id, **policy)
    else:
        tx.insert("role_policies", role_id=role_id, **{**ALWAYS, **policy})


def open_for(tx: Tx, user_id: int) -> None:
    """Lift what the policies of a user say of addresses and hours: for the console of an administrator shut out."""
    for policy in of_user(tx, user_id):
        write(tx, policy.role_id, allowed_addresses=[], denied_addresses=[], hours=[])


@contextmanager
def keeping_an_entrance(tx: Tx) -> Iterator[None]:
    """Refuse, after the fact, what keeps every administrator out who could come in from here and now before."""
    before = any_administrator_may_enter(tx)
    yield
    if before and not any_administrator_may_enter(tx):
        raise Conflict(SHUTS_OUT)


def any_administrator_may_enter(tx: Tx) -> bool:
    """Whether policies let in an administrator who came from the actor's address, now."""
    return any(lets_in(tx, ident) for ident in guard.administrators(tx))


# --- from where and when ---------------------------------------------------------------------------------------------


def of_user(tx: Tx, user_id: int) -> list[Row]:
    """The policies of all enabled roles of a user; every one of them binds him."""
    return tx.all(select(role_policies).where(role_policies.c.role_id.in_(access.role_ids(tx, user_id))))


def lets_in(tx: Tx, user_id: int) -> bool:
    """Whether all of a user's policies allow his sign-in from the actor's address, now."""
    local = clock.now().astimezone(tx.settings.zone)
    return all(
        allows_address(policy, tx.actor.address) and allows_moment(policy.hours, local)
        for policy in of_user(tx, user_id)
    )


def allows_address(policy: Row, address: str) -> bool:
    """Denied networks win; where there are allowed ones, the address lies in one. What is no address is denied."""
    allowed, denied = policy.allowed_addresses, policy.denied_addresses
    if not allowed and not denied:
        return True
    try:
        place = ip_address(address)
    except ValueError:
        return False
    if any(place in ip_network(network) for network in denied):
        return False
    return not allowed or any(place in ip_network(network) for network in allowed)


def allows_moment(hours: list[dict[str, Any]], local: datetime) -> bool:
    """Whether a local time lies in one of the spans; a span that ends before it begins goes past midnight."""
    return not hours or any(within(span, local) for span in hours)


def within(span: dict[str, Any], local: datetime) -> bool:
    """Whether the time is in this span, counted by the day on which it began."""
    begin, end = time.fromisoformat(span["from"]), time.fromisoformat(span["to"].replace(MIDNIGHT, "00:00"))
    moment, today = local.time(), local.isoweekday()
    yesterday = 7 if today == 1 else today - 1
    if begin < end:
        return today in span["days"] and begin <= moment < end
    return (today in span["days"] and moment >= begin) or (yesterday in span["days"] and moment < end)


# --- with a second factor --------------------------------------------------------------------------------------------


def requires_second_factor(tx: Tx) -> bool:
    """Whether the setting or a role of the actor asks for a second factor."""
    actor, setting = tx.actor, tx.settings.mfa_required
    if setting == EVERYBODY or (setting == ADMINISTRATORS and actor.is_admin):
        return True
    return bool(tx.kept(("policies", *actor.roles), lambda: tx.value(ASKING, {"roles": actor.roles})))
