"""Grants: what a role may do on a group and all below it (ptpb 四, E)."""

from collections.abc import Iterable, Mapping, Sequence
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
    codes = check(tx, role_id=role_id, groups=wanted)
    for one in wanted:
        replace_on_group(tx, role_id, one["group_id"], set(one["permission_ids"]), codes)


def grantable(tx: Tx) -> dict[int, str]:
    """The permissions that come by group: id to code."""
    return {row.id: row.code for row in tx.all(select(permissions).where(permissions.c.code.in_(catalogue.GROUPED)))}


def check(tx: Tx, *, role_id: int | None = None, groups: Sequence[Mapping[str, Any]] = ()) -> dict[int, str]:
    """Everything wrong with as much of a call as is of the right form, by its place; else what may be granted."""
    codes = grantable(tx)
    wrong: Faults = {}
    if role_id is not None and tx.find("roles", id=role_id) is None:
        wrong["role_id"] = {"role": NO_ROLE}
    if found := faults_by_place(tx, groups, codes):
        wrong["groups"] = found
    if wrong:
        raise Invalid(**wrong)
    return codes


def faults_by_place(tx: Tx, wanted: Sequence[Mapping[str, Any]], codes: Mapping[int, str]) -> dict[str, Faults]:
    """What is wrong with each of the groups named; of those that do not say which group they mean, the rest."""
    found: dict[str, Faults] = {}
    seen: set[int] = set()
    known = visible(tx, [one["group_id"] for one in wanted if "group_id" in one])
    for index, one in enumerate(wanted):
        faults: Faults = {}
        if "group_id" in one and one["group_id"] not in known:
            faults["group_id"] = {"group": NO_GROUP}
        elif one.get("group_id") in seen:
            faults["group_id"] = {"group": TWICE}
        if not codes.keys() >= set(one.get("permission_ids", ())):
            faults["permission_ids"] = {"perms": NOT_GRANTABLE}
        if faults:
            found[str(index)] = faults
        seen.update([one["group_id"]] if "group_id" in one else [])
    return found


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
