"""Sign-in policy of roles: from which addresses, at which hours, and whether with a second factor."""

from datetime import datetime, time
from ipaddress import ip_address, ip_network
from typing import Any

from sqlalchemy import select

from appliance import clock
from appliance.domain import access, mfa
from appliance.store import Row, Tx
from appliance.store.tables import role_policies

ALWAYS: dict[str, Any] = {"allowed_addresses": [], "denied_addresses": [], "hours": [], "second_factor": False}


def of_role(tx: Tx, role_id: int) -> dict[str, Any]:
    """The policy of a role; one that asks for nothing where none was set."""
    found = tx.find("role_policies", role_id=role_id)
    return {name: found[name] for name in ALWAYS} if found else dict(ALWAYS)


def set_for_role(tx: Tx, role_id: int, **policy: Any) -> None:
    """Change the policy of a role."""
    tx.get("roles", role_id)
    found = tx.find("role_policies", role_id=role_id)
    if found:
        tx.change("role_policies", found.id, **policy)
    else:
        tx.insert("role_policies", role_id=role_id, **{**ALWAYS, **policy})


def of_user(tx: Tx, user_id: int) -> list[Row]:
    """The policies of all enabled roles of a user; every one of them binds him."""
    roles = access.role_ids(tx, user_id)
    return tx.all(select(role_policies).where(role_policies.c.role_id.in_(roles)))


def lets_in(tx: Tx, user_id: int) -> bool:
    """Whether all of a user's policies allow his sign-in from the actor's address, now."""
    local = clock.now().astimezone(tx.settings.zone)
    return all(
        allows_address(policy, tx.actor.address) and allows_moment(policy.hours, local)
        for policy in of_user(tx, user_id)
    )


def allows_address(policy: Row, address: str) -> bool:
    """Denied networks win; where there are allowed ones, the address lies in one."""
    if is_in(address, policy.denied_addresses):
        return False
    return not policy.allowed_addresses or is_in(address, policy.allowed_addresses)


def is_in(address: str, networks: list[str]) -> bool:
    """Whether an address lies in any of the networks."""
    try:
        place = ip_address(address)
    except ValueError:
        return False
    return any(place in ip_network(network, strict=False) for network in networks)


def allows_moment(hours: list[dict[str, Any]], local: datetime) -> bool:
    """Whether a local time lies in one of the spans; a span that ends before it begins goes past midnight."""
    return not hours or any(within(span, local) for span in hours)


def within(span: dict[str, Any], local: datetime) -> bool:
    """Whether the time is in this span, counted by the day on which it began."""
    begin, end = time.fromisoformat(span["from"]), time.fromisoformat(span["to"])
    moment, today = local.time(), local.isoweekday()
    yesterday = 7 if today == 1 else today - 1
    if begin <= end:
        return today in span["days"] and begin <= moment < end
    return (today in span["days"] and moment >= begin) or (yesterday in span["days"] and moment < end)


def must_enrol(tx: Tx, user_id: int) -> bool:
    """Whether a role of the user asks for a second factor that he does not have yet."""
    return any(policy.second_factor for policy in of_user(tx, user_id)) and not mfa.is_on(tx, user_id)
