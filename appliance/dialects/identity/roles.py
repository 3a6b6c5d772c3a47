"""Chapter 5: roles, their labels and their users."""

from collections.abc import Iterable
from typing import Any

from appliance.dialects.identity.doors import also
from appliance.dialects.identity.envelope import Search, identity, listed, said
from appliance.dialects.identity.shapes import Word, Words
from appliance.domain import access, labels, members, roles, users
from appliance.domain.names import folded
from appliance.errors import Missing, Taken, together
from appliance.store import Row, Tx
from appliance.web.fields import Bool, Plain, Text, TextId, Time, Wire
from appliance.web.route import Listing, Reply

NAMES = {1: "admin", 2: "user", 3: "auditor"}
"""What this document calls the seeded roles."""
IDS = {name: ident for ident, name in NAMES.items()}
NOT_FOUND = "角色不存在"
NO_SUCH = "角色不存在: {}"
BAD_NAME = "角色名称不能含有空白或斜杠"
FORM = r"[^\s/]{1,64}"


class RoleFilter(Search):
    """Which roles to look for."""

    name = Text()


class RoleNew(Wire):
    """A role to make."""

    name = Word(required=True, form=FORM, wrong=BAD_NAME)
    description = Word(longest=1000, none=True, load_default=None)
    permissions = Words(required=True, empty=False, attribute="names")


class RoleChange(Wire):
    """Changes of a role; `system_permissions` are its dotted codes."""

    name = Word(form=FORM, wrong=BAD_NAME)
    description = Word(longest=1000, none=True)
    permissions = Words(attribute="names")
    system_permissions = Words(attribute="codes")


class Removal(Wire):
    """`force` takes the role from its users first."""

    force = Bool(load_default=False)


class RoleBase(Wire):
    """What every answer says of a role."""

    id = TextId()
    name = Plain(attribute="printed")
    description = Plain()
    permissions = Plain(attribute="labels")


class RoleMade(RoleBase):
    """A role just made."""

    created_at = Time()


class RoleChanged(RoleBase):
    """A role just changed."""

    updated_at = Time()


class RoleRow(RoleMade):
    """A role in a list."""

    user_count = Plain()
    system_permissions = Plain(attribute="codes")


class RoleView(RoleMade):
    """A role in full."""

    updated_at = Time()
    user_count = Plain()
    system_permissions = Plain(attribute="codes")


class MemberView(Wire):
    """A user of a role."""

    id = TextId()
    username = Plain(attribute="login")
    email = Plain()
    status = Plain()
    added_at = Time()


# --- names -----------------------------------------------------------------------------------------------------------


def named(tx: Tx, role: str) -> Row:
    """The role of a path: an id, a UUID or a name."""
    seeded = IDS.get(role.casefold())
    row = tx.get("roles", seeded) if seeded else roles.named(tx, role)
    if row is None:
        raise Missing(NOT_FOUND)
    return row


def ids_of(tx: Tx, names: Iterable[str]) -> list[int]:
    """The ids of roles by name; all that are none are told."""
    found = {name: IDS.get(name.casefold()) or (roles.by_word(tx, name) or Row(id=0)).id for name in names}
    with together() as faults:
        for name, ident in found.items():
            if not ident:
                faults.add("roles", NO_SUCH.format(name))
    return list(found.values())


def print_roles(tx: Tx, rows: list[Row]) -> None:
    """Complete users with the names of their roles."""
    members.add_roles(tx, rows)
    codes = roles.codes(tx, {ident for row in rows for ident in row.roles})
    for row in rows:
        row["roles"] = [NAMES.get(ident, codes[ident]) for ident in row.roles]


def describe(tx: Tx, rows: list[Row]) -> None:
    """Complete roles with what they are called here, what they hold, and how many users they have."""
    held = labels.of_roles(tx, [row.id for row in rows])
    roles.add_counts(tx, rows)
    for row in rows:
        row.update(held[row.id]._asdict(), printed=NAMES.get(row.id, row.code), description=row.description or "")


def shown(tx: Tx, ident: int) -> Row:
    """One role as it is now, completed."""
    row = tx.get("roles", ident)
    describe(tx, [row])
    return row


def require_free(tx: Tx, name: str, besides: int = 0) -> None:
    """Go on only with a name that no other role has, and that none of the seeded goes by."""
    if folded(name) in roles.PRINTED:
        raise Taken(name=roles.NAME_TAKEN)
    roles.require_free(tx, name, besides)


# --- the calls -------------------------------------------------------------------------------------------------------


@identity.get("/roles", needs="system.role.read", takes=RoleFilter, gives=RoleRow)
def list_roles(tx: Tx, filters: dict[str, Any]) -> Listing:
    """获取角色列表"""
    part = filters.get("name", "")
    seeded = [ident for ident, name in NAMES.items() if part.casefold() in name]
    return listed("roles", roles.search_words(tx, part, besides=seeded), describe)


@identity.get("/roles/<role>", needs="system.role.read", gives=RoleView)
def show_role(tx: Tx, role: str) -> Row:
    """获取角色详情"""
    return shown(tx, named(tx, role).id)


@identity.post(
    "/roles",
    needs="system.role.create",
    takes=RoleNew,
    gives=RoleMade,
    audit="创建角色",
    door=also("system.permission.update"),
)
def add_role(tx: Tx, role: dict[str, Any]) -> Reply:
    """创建角色"""
    names, name = role["names"], role["name"]
    labels.check(tx, names)
    access.require_within(tx, names)
    require_free(tx, name)
    ident = roles.create(tx, name=name, code=name, description=role["description"])
    labels.write(tx, tx.get("roles", ident), names)
    return said("角色创建成功", shown(tx, ident))


@identity.put("/roles/<role>", needs="system.role.update", takes=RoleChange, gives=RoleChanged, audit="更新角色{role}")
def change_role(tx: Tx, changes: dict[str, Any], role: str) -> Reply:
    """更新角色"""
    names, codes = changes.get("names"), changes.get("codes")
    if names is not None or codes is not None:
        access.require(tx, "system.permission.update")
    labels.check(tx, names or [], codes or [])
    row = named(tx, role)
    rename(tx, row, changes.get("name", NAMES.get(row.id, row.code)))
    if "description" in changes:
        roles.describe(tx, row.id, changes["description"])
    labels.write(tx, row, names, codes)
    return said("角色更新成功", shown(tx, row.id))


def rename(tx: Tx, row: Row, name: str) -> None:
    """What this document calls the name is the code; a role made here has no other name."""
    if name == NAMES.get(row.id, row.code):
        return
    roles.changeable(tx, row.id)
    require_free(tx, name, row.id)
    roles.change(tx, row.id, code=name, **({"name": name} if row.name == row.code else {}))


@identity.delete("/roles/<role>", needs="system.role.delete", takes=Removal, audit="删除角色{role}")
def remove_role(tx: Tx, wanted: dict[str, Any], role: str) -> Reply:
    """删除角色"""
    roles.remove(tx, named(tx, role).id, used=wanted["force"])
    return said("角色删除成功")


@identity.get(
    "/roles/<role>/users", needs="system.role.read", takes=Search, gives=MemberView, door=also("system.user.read")
)
def list_members(tx: Tx, filters: dict[str, Any], role: str) -> Listing:
    """获取角色关联的用户"""
    return listed("users", roles.members(tx, named(tx, role).id), add_status)


def add_status(tx: Tx, rows: list[Row]) -> None:
    """Complete users with their status."""
    for row in rows:
        row["status"] = users.status(row)
