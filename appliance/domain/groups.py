"""The one tree of groups: who sees which, and adding, changing, removing them (ptpb 五)."""

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import ColumnElement, Select, insert, literal, select, true, update

from appliance import clock
from appliance.domain import access, catalogue, seeds
from appliance.errors import Collector, Denied, Invalid, Missing, Reserved, Taken, together
from appliance.query import batches, contains
from appliance.store import Prepared, Row, Tx, any_of
from appliance.store.tables import grants, groups, hosts, permissions, vouchers

READ = "system.group.read"
NAME_TAKEN = "名称已被占用"
NO_SUCH_GROUP = "所添加至的组不存在"
TOO_DEEP = "子组层数已到达最大,可在设置中调整"
NO_SUCH_ROLE, ROLE_NEEDED, NOT_YOUR_ROLE = "角色不存在", "角色为必填项", "该角色不属于自身所拥有的角色"
IN_USE = "资源组{}有关联资源{}凭证{}资源组{}无法删除"
NOT_MOVABLE = "无切换组权限,即添加新组和删除旧组的组合权限"
STILL_BOUND = "有关联当前组数据,无法切组"


def visible(tx: Tx) -> ColumnElement[bool]:
    """The condition that the actor sees a group: all of them, or those on which he may do anything."""
    if access.holds(tx, READ):
        return true()
    return access.covered(tx, catalogue.GROUPED, groups.c.id)


def search(tx: Tx, *, name: str | None = None, parent_id: int | None = None) -> Select[Any]:
    """The groups the actor sees."""
    wanted = [visible(tx)]
    if name:
        wanted.append(contains(groups.c.name, name))
    if parent_id is not None:
        wanted.append(groups.c.parent_id == parent_id)
    return select(groups).where(*wanted)


def find(tx: Tx, ident: int | None) -> Row | None:
    """The group, if the actor sees it."""
    return tx.one(select(groups).where(groups.c.id == ident, visible(tx))) if ident is not None else None


def get(tx: Tx, ident: int) -> Row:
    """The group, or Missing for what is not there or not to be seen."""
    group = find(tx, ident)
    if group is None:
        raise Missing()
    return group


def trees(tx: Tx, group_ids: Collection[int]) -> list[Row]:
    """What the actor sees of the whole trees that these groups belong to."""
    return tx.all(whole_trees(tx), {"groups": sorted(group_ids)})


@access.remembered
def whole_trees(tx: Tx) -> Prepared:
    """What the actor sees of the trees that the `groups` named lie in."""
    member = groups.alias("member")
    roots = select(member.c.root_id).where(member.c.id.in_(any_of("groups")))
    return Prepared(select(groups).where(groups.c.root_id.in_(roots), visible(tx)).order_by(groups.c.id))


def target(tx: Tx, ident: int, code: str, faults: Collector, field: str = "group_id") -> Row | None:
    """The group something is put into: seen (else a fault), and with the right to put it there (else Denied)."""
    group = find(tx, ident)
    if group is None:
        faults.add(field, NO_SUCH_GROUP)
    else:
        access.require(tx, code, group.id)
    return group


def move_target(tx: Tx, group_id: int, ident: int, kind: str, faults: Collector) -> Row | None:
    """The group something moves to out of another: it takes the right to remove there and to add here."""
    group = find(tx, ident)
    if group is None:
        faults.add("group_id", NO_SUCH_GROUP)
    elif not (access.holds(tx, f"{kind}.delete", group_id) and access.holds(tx, f"{kind}.create", group.id)):
        raise Denied(NOT_MOVABLE)
    return group


def inside(column: ColumnElement[int], group_id: int, subtree: bool) -> ColumnElement[bool]:
    """The condition that something lies in a group, or with `subtree` anywhere below it too."""
    if not subtree:
        return column == group_id
    path = select(groups.c.path).where(groups.c.id == group_id).scalar_subquery()
    return column.in_(select(groups.c.id).where(groups.c.path.startswith(path)))


def create(tx: Tx, *, name: str, description: str | None, parent_id: int | None, role_id: int | None) -> int:
    """A top group with the grants that make it usable, or a child that inherits its rights from above."""
    parent = check_new(tx, name=name, parent_id=parent_id, role_id=role_id)
    ident = plant(tx, name, description, parent)
    if parent is None:
        grant_all(tx, ident, seeds.ADMINISTRATOR, protected=True)
        if role_id is not None and role_id != seeds.ADMINISTRATOR:
            grant_all(tx, ident, role_id, protected=False)
    return ident


def check_new(tx: Tx, *, name: str = "", role_id: int | None = None, **place: Any) -> Row | None:
    """Every rule that a new group would break, as far as one can tell what is meant; the parent of a child."""
    if "parent_id" not in place:
        return None
    if place["parent_id"] is not None:
        return check_child(tx, name, place["parent_id"])
    access.require(tx, "system.group.create")
    with together() as faults:
        check_name(tx, name, None, faults)
        check_role(tx, role_id, faults)
    return None


def check_child(tx: Tx, name: str, parent_id: int) -> Row:
    """The parent of a new group, if it may have another child of that name."""
    access.require_somewhere(tx, "resource.group.create")
    with together() as faults:
        parent = target(tx, parent_id, "resource.group.create", faults, "parent_id")
    assert parent is not None
    if parent.level >= tx.settings.group_depth:
        raise Invalid(TOO_DEEP)
    with together() as faults:
        check_name(tx, name, parent_id, faults)
    return parent


def check_name(tx: Tx, name: str, parent_id: int | None, faults: Collector, besides: int = 0) -> None:
    """Names are unique among the children of one parent."""
    twins = (groups.c.parent_id == parent_id, groups.c.name == name, groups.c.id != besides)
    if tx.one(select(groups.c.id).where(*twins)):
        faults.add("name", NAME_TAKEN, Taken)


def check_role(tx: Tx, role_id: int | None, faults: Collector) -> None:
    """The role that gets the rights on a new top group: one's own, unless one administers."""
    if role_id is None:
        faults.add("role_id", ROLE_NEEDED)
    elif tx.find("roles", id=role_id) is None:
        faults.add("role_id", NO_SUCH_ROLE)
    elif not tx.actor.is_admin and role_id not in tx.actor.roles:
        faults.add("role_id", NOT_YOUR_ROLE)


def plant(tx: Tx, name: str, description: str | None, parent: Row | None) -> int:
    """The row, and then its place in the tree, which is made of its own id."""
    above = {"parent_id": parent.id, "level": parent.level + 1} if parent else {"parent_id": None, "level": 0}
    ident = tx.insert("groups", name=name, description=description, path="", **above)
    place = {"root_id": parent.root_id if parent else ident, "path": f"{parent.path if parent else '/'}{ident}/"}
    tx.run(update(groups).where(groups.c.id == ident).values(place))
    return ident


def grant_all(tx: Tx, group_id: int, role_id: int, *, protected: bool) -> None:
    """Every group permission for a role."""
    columns = ["role_id", "permission_id", "group_id", "protected", "created_at"]
    codes = permissions.c.code.in_(catalogue.GROUPED)
    values = [literal(role_id), permissions.c.id, literal(group_id), literal(protected)]
    moment = literal(clock.now(), grants.c.created_at.type)
    tx.run(insert(grants).from_select(columns, select(*values, moment).where(codes).order_by(permissions.c.id)))
    tx.tell("grants", role_id=role_id, group_id=group_id, new=sorted(catalogue.GROUPED))


def change(tx: Tx, ident: int, **changes: Any) -> None:
    """Another name or description."""
    if changes := check_change(tx, ident, **changes):
        tx.change("groups", ident, **changes)


def check_change(tx: Tx, ident: int = 0, **changes: Any) -> dict[str, Any]:
    """What is not so already, if a group may be changed like this."""
    group = get(tx, ident)
    require(tx, "update", group)
    if group.protected:
        raise Reserved()
    changes = {column: value for column, value in changes.items() if value != group[column]}
    with together() as faults:
        if "name" in changes:
            check_name(tx, changes["name"], group.parent_id, faults, besides=ident)
    return changes


def require(tx: Tx, verb: str, group: Row) -> None:
    """Go on only with the right: a system permission for top groups, one on the group itself for the others."""
    if group.parent_id is None:
        access.require(tx, f"system.group.{verb}")
    else:
        access.require(tx, f"resource.group.{verb}", group.id)


def remove(tx: Tx, idents: Iterable[int]) -> set[int]:
    """Remove those the actor sees, all or none; what is reserved is left out. The ids of the removed."""
    named = [group for batch in batches(idents) for group in tx.all(among(tx, batch))]
    doomed = [group for group in named if not group.protected]
    require_removal(tx, doomed)
    refuse_used(tx, {group.id for group in doomed})
    if named and not doomed:
        raise Reserved()
    for level in sorted({group.level for group in doomed}, reverse=True):
        tx.remove_all("groups", [group.id for group in doomed if group.level == level])
    return {group.id for group in doomed}


def among(tx: Tx, idents: Iterable[int]) -> Select[Any]:
    """Those of the groups that the actor sees."""
    return select(groups).where(groups.c.id.in_(idents), visible(tx))


def require_removal(tx: Tx, doomed: list[Row]) -> None:
    """Go on only with the right to remove each of them."""
    if any(group.parent_id is None for group in doomed):
        access.require(tx, "system.group.delete")
    children = [group.id for group in doomed if group.parent_id is not None]
    if children:
        access.require_each(tx, "resource.group.delete", children)


def refuse_used(tx: Tx, doomed: set[int]) -> None:
    """A group goes only when nothing is left in it; one line for each that is not empty."""
    held = [contents(tx, doomed, table.c.group_id, table.c.id) for table in (hosts, vouchers)]
    children = contents(tx, doomed, groups.c.parent_id, groups.c.id)
    left = {ident: [child for child in inside if child not in doomed] for ident, inside in children.items()}
    lists = [(ident, [found.get(ident, []) for found in (*held, left)]) for ident in sorted(doomed)]
    lines = [IN_USE.format(ident, *found) for ident, found in lists if any(found)]
    if lines:
        raise Invalid("\n".join(lines))


def contents(
    tx: Tx, idents: Iterable[int], place: ColumnElement[Any], thing: ColumnElement[Any]
) -> dict[int, list[int]]:
    """What lies in each of the groups, by its ids."""
    found: dict[int, list[int]] = {}
    for batch in batches(idents):
        for row in tx.all(select(place.label("place"), thing.label("thing")).where(place.in_(batch)).order_by(thing)):
            found.setdefault(row.place, []).append(row.thing)
    return found
