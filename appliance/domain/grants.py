"""Grants: what a role may do on a group and all below it (ptpb 四, E)."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import delete, select

from appliance import clock
from appliance.domain import access, catalogue, seeds
from appliance.errors import Faults, Invalid, Reserved
from appliance.store import Row, Tx
from appliance.store.tables import grants, groups, permissions

NO_ROLE = "角色不存在"
NO_GROUP = "所添加至的组不存在"
TWICE = "资源组重复"
NOT_GRANTABLE = "权限错误"


def of_role(tx: Tx, role_id: int) -> list[Row]:
    """The grants stored for a role; what it inherits is no row. Missing when there is no such role."""
    tx.get("roles", role_id)
    return tx.all(select(grants).where(grants.c.role_id == role_id).order_by(grants.c.id))


def replace(tx: Tx, role_id: int, wanted: list[dict[str, Any]]) -> None:
    """Replace the role's grants on each group named, `[{group_id, permission_ids}]`; on others they stay."""
    codes = grantable(tx)
    check(tx, role_id, wanted, codes)
    for one in wanted:
        replace_on_group(tx, role_id, one["group_id"], set(one["permission_ids"]), codes)


def grantable(tx: Tx) -> dict[int, str]:
    """The permissions that come by group: id to code."""
    return {row.id: row.code for row in tx.all(select(permissions).where(permissions.c.code.in_(catalogue.GROUPED)))}


def check(tx: Tx, role_id: int, wanted: list[dict[str, Any]], codes: Mapping[int, str]) -> None:
    """Everything wrong with the call at once, by the place in its list."""
    found: dict[str, Faults] = {}
    seen: set[int] = set()
    known = visible(tx, [one["group_id"] for one in wanted])
    for index, one in enumerate(wanted):
        faults: Faults = {}
        if one["group_id"] not in known:
            faults["group_id"] = {"group": NO_GROUP}
        elif one["group_id"] in seen:
            faults["group_id"] = {"group": TWICE}
        if not set(one["permission_ids"]) <= set(codes):
            faults["permission_ids"] = {"perms": NOT_GRANTABLE}
        if faults:
            found[str(index)] = faults
        seen.add(one["group_id"])
    wrong: Faults = {} if tx.find("roles", id=role_id) else {"role_id": {"role": NO_ROLE}}
    if found:
        wrong["groups"] = found
    if wrong:
        raise Invalid(**wrong)


def visible(tx: Tx, group_ids: Iterable[int]) -> set[int]:
    """Those of the groups that are there and that the actor may know of."""
    where = [groups.c.id.in_(set(group_ids))]
    if not access.holds(tx, "system.group.read"):
        where.append(groups.c.id.in_(access.reach(tx, *catalogue.GROUPED)))
    return set(tx.values(select(groups.c.id).where(*where)))


def replace_on_group(tx: Tx, role_id: int, group_id: int, wanted: set[int], codes: Mapping[int, str]) -> None:
    """Replace the role's grants on one group; rows that stay keep their date."""
    here = (grants.c.role_id == role_id, grants.c.group_id == group_id)
    now = {row.permission_id: row for row in tx.all(select(grants).where(*here))}
    gone, fresh = set(now) - wanted, wanted - set(now)
    if any(now[ident].protected for ident in gone):
        gone -= forgiven(wanted, gone, codes)
        if gone:
            raise Reserved()
    access.require_within(tx, [codes[ident] for ident in gone | fresh], group_id)
    tx.run(delete(grants).where(*here, grants.c.permission_id.in_(gone)))
    row = {"role_id": role_id, "group_id": group_id, "protected": role_id == seeds.ADMINISTRATOR}
    for ident in sorted(fresh):
        tx["grants"].insert({**row, "permission_id": ident, "created_at": clock.now()})
    told = {"old": sorted(codes[i] for i in now), "new": sorted(codes[i] for i in (set(now) | fresh) - gone)}
    tx.tell("grants", role_id=role_id, group_id=group_id, **told)


def forgiven(wanted: set[int], gone: set[int], codes: Mapping[int, str]) -> set[int]:
    """A list of all that seed 001 knows is not meant to take what came later."""
    asked = {codes[ident] for ident in wanted}
    later = {ident for ident in gone if codes[ident] not in catalogue.GRANTABLE_BEFORE}
    return later if asked >= catalogue.GRANTABLE_BEFORE else set()
