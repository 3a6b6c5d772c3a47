"""Who has which role (ptpb 10, E)."""

from collections.abc import Iterable

from sqlalchemy import delete, select

from appliance import clock
from appliance.domain import access, guard, roles, seeds
from appliance.errors import LastAdministrator, Reserved
from appliance.store import Row, Tx
from appliance.store.tables import user_roles, users


def add_roles(tx: Tx, rows: list[Row]) -> None:
    """Complete rows with the ids of their roles, by one query for all of them."""
    found = select(user_roles.c.user_id, user_roles.c.role_id).where(user_roles.c.user_id.in_([r.id for r in rows]))
    bound = tx.all(found.order_by(user_roles.c.role_id))
    for row in rows:
        row["roles"] = [one.role_id for one in bound if one.user_id == row.id]


def set_roles(tx: Tx, user_id: int, role_ids: Iterable[int]) -> None:
    """Replace the roles of a user; memberships that stay keep their date."""
    user, wanted = tx.get("users", user_id), set(role_ids)
    roles.require_known(tx, wanted)
    now = set(roles_of(tx, user_id))
    if seeds.ADMINISTRATOR not in wanted and (user.protected or is_last_with_role_1(tx, user_id)):
        raise Reserved() if user.protected else LastAdministrator()
    access.require_over(tx, user_id)
    roles.require_within(tx, now ^ wanted)
    with guard.keeping_an_administrator(tx):
        tx.run(delete(user_roles).where(user_roles.c.user_id == user_id, user_roles.c.role_id.in_(now - wanted)))
        for role_id in sorted(wanted - now):
            tx["user_roles"].insert({"user_id": user_id, "role_id": role_id, "created_at": clock.now()})
    tx.tell("user_roles", id=user_id, old=sorted(now), new=sorted(wanted))


def roles_of(tx: Tx, user_id: int) -> list[int]:
    """The roles of a user, enabled or not."""
    return tx.values(select(user_roles.c.role_id).where(user_roles.c.user_id == user_id))


def is_last_with_role_1(tx: Tx, user_id: int) -> bool:
    """Whether this is the only enabled user who has role 1."""
    bound = select(users.c.id).join(user_roles).where(user_roles.c.role_id == seeds.ADMINISTRATOR, users.c.enabled)
    return tx.values(bound) == [user_id]
