"""Who may do what: base permissions, group permissions and their inheritance down the tree (ptpb E)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache, wraps
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, Table, bindparam, func, select, true

from appliance.domain import catalogue
from appliance.errors import Denied, Missing
from appliance.query import batches
from appliance.store import Prepared, Row, Tx, any_of
from appliance.store.tables import grants, groups, permissions, role_permissions, roles, user_roles

NOT_YOURS = "权限错误"
BEYOND = "无权操作超出自身权限的对象"
above, below = groups.alias("above"), groups.alias("below")
ROLES_OF_USER = Prepared(
    select(roles.c.id).join(user_roles).where(user_roles.c.user_id == bindparam("user_id"), roles.c.enabled)
)
CODES_OF_ROLES = Prepared(
    select(permissions.c.code).join(role_permissions).where(role_permissions.c.role_id.in_(any_of("roles"))).distinct()
)
HELD = Prepared(
    select(grants.c.id)
    .join(permissions)
    .where(grants.c.role_id.in_(any_of("roles")), permissions.c.code.in_(any_of("codes")))
    .limit(1)
)


@dataclass
class Actor:
    """Who is asking, from where, and what his roles give him just now."""

    address: str = ""
    user_agent: str = ""
    request_id: str = ""
    dialect: str = ""
    operation: str = ""
    """What the audit calls this call, where the route's own text does not say it."""
    captcha: bool = False
    """Whether he has just read a captcha."""
    user: Row | None = None
    sign_in_id: int | None = None
    jti: str = ""
    key: Row | None = None
    """The API key he shows instead of a token."""
    scope: frozenset[str] | None = None
    """All that the key lets through of what he may; None without a key."""
    roles: list[int] = field(default_factory=list)
    codes: frozenset[str] = frozenset()

    @property
    def user_id(self) -> int:
        """The id of the signed-in user; 0 for nobody."""
        return int(self.user.id) if self.user else 0

    @property
    def is_admin(self) -> bool:
        """Whether a role of his implies every permission, and no key narrows it."""
        return catalogue.ALL in self.codes

    def lets(self, code: str) -> bool:
        """Whether an API key, if he shows one, lets the code through."""
        return self.scope is None or code in self.scope

    def narrow(self, names: Iterable[str]) -> None:
        """Leave him what a key of these permissions lets through."""
        self.scope = catalogue.let_through(names)
        everything = self.codes | catalogue.BY_CODE.keys() if self.is_admin else self.codes
        self.codes = frozenset(code for code in everything if self.lets(code))


class Asker(NamedTuple):
    """All of a transaction that a remembered statement may depend on: somebody's rights."""

    actor: Actor


def remembered(build: Callable[[Any], Prepared]) -> Callable[[Tx], Prepared]:
    """Build a statement once for all actors of the same rights; what it asks for is read anew each time."""

    @lru_cache(maxsize=64)
    def built(roles: tuple[int, ...], codes: frozenset[str], scope: frozenset[str] | None) -> Prepared:
        return build(Asker(Actor(roles=list(roles), codes=codes, scope=scope)))

    @wraps(build)
    def of(tx: Tx) -> Prepared:
        return built(tuple(tx.actor.roles), tx.actor.codes, tx.actor.scope)

    return of


def role_ids(tx: Tx, user_id: int) -> list[int]:
    """The enabled roles of a user."""
    return tx.values(ROLES_OF_USER, {"user_id": user_id})


def base_codes(tx: Tx, role_list: Iterable[int]) -> frozenset[str]:
    """The base permissions of roles, labels spelled out."""
    return catalogue.implied(set(tx.values(CODES_OF_ROLES, {"roles": list(role_list)})))


def granted(tx: Tx, codes: Iterable[str]) -> Select[tuple[int]]:
    """The ids of the groups on which any of the codes is granted to any of the actor's roles."""
    joined = grants.join(permissions)
    mine = (grants.c.role_id.in_(tx.actor.roles), permissions.c.code.in_(list(filter(tx.actor.lets, codes))))
    return select(grants.c.group_id).select_from(joined).where(*mine)


def reach(tx: Tx, *codes: str) -> Select[tuple[int]]:
    """The ids of the groups on which the actor effectively holds any of the codes, as a sub-select."""
    if everywhere(tx, codes):
        return select(below.c.id)
    # A range of paths, unlike a pattern, is looked up in the index. What follows "/1/5/" ends before "/1/50".
    inside = (below.c.path >= above.c.path) & (below.c.path < func.rtrim(above.c.path, "/") + "0")
    return select(below.c.id).select_from(above.join(below, inside)).where(above.c.id.in_(granted(tx, codes)))


def covered(tx: Tx, codes: Iterable[str], group_id: ColumnElement[int]) -> ColumnElement[bool]:
    """The condition that a row's group lies within reach."""
    return true() if everywhere(tx, codes) else group_id.in_(reach(tx, *codes))


def everywhere(tx: Tx, codes: Iterable[str]) -> bool:
    """Whether no group is out of reach: for administrators, also where an API key leaves them one of the codes."""
    return tx.actor.is_admin or not tx.actor.codes.isdisjoint(codes)


def seen(tx: Tx, table: Table, ident: int, code: str) -> Row:
    """The row that the actor may read by that code on its group, or Missing."""
    row = tx.one(select(table).where(table.c.id == ident, covered(tx, [code], table.c.group_id)))
    if row is None:
        raise Missing()
    return row


def seen_among(tx: Tx, table: Table, idents: Iterable[int], code: str) -> list[Row]:
    """Those of the rows that the actor may read by that code on their groups: id and group."""
    found = select(table.c.id, table.c.group_id).where(covered(tx, [code], table.c.group_id))
    return [row for batch in batches(idents) for row in tx.all(found.where(table.c.id.in_(batch)))]


def holds(tx: Tx, code: str, group_id: int | None = None) -> bool:
    """Whether the actor holds the code: as a base permission, or effectively on that group."""
    if tx.actor.is_admin or code in tx.actor.codes:
        return True
    if group_id is None or code not in catalogue.GROUPED:
        return False
    return bool(tx.value(reach(tx, code).where(below.c.id == group_id)))


def holds_somewhere(tx: Tx, *codes: str) -> bool:
    """Whether the actor holds any of the codes at all: the question at the door."""
    if any(holds(tx, code) for code in codes):
        return True
    grouped = list(filter(tx.actor.lets, catalogue.GROUPED.intersection(codes)))
    return bool(grouped) and tx.value(HELD, {"roles": tx.actor.roles, "codes": grouped}) is not None


def require(tx: Tx, code: str, group_id: int | None = None) -> None:
    """Go on only with the code, held on that group where one is given."""
    if not holds(tx, code, group_id):
        raise Denied(NOT_YOURS if holds_somewhere(tx, code) else "", needs=[code])


def require_somewhere(tx: Tx, code: str) -> None:
    """Go on only with the code held on anything at all."""
    if not holds_somewhere(tx, code):
        raise Denied(needs=[code])


def require_each(tx: Tx, code: str, group_ids: Iterable[int]) -> None:
    """Go on only with the code held on each of these groups."""
    if holds(tx, code):
        return
    for batch in batches(set(group_ids)):
        if len(set(tx.values(reach(tx, code).where(below.c.id.in_(batch))))) < len(batch):
            raise Denied(NOT_YOURS if holds_somewhere(tx, code) else "", needs=[code])


def effective(tx: Tx, user_id: int) -> frozenset[str]:
    """The base codes of any user."""
    return base_codes(tx, role_ids(tx, user_id))


def is_administrator(tx: Tx, user_id: int) -> bool:
    """Whether that user holds `admin`."""
    return catalogue.ALL in effective(tx, user_id)


def require_within(tx: Tx, codes: Iterable[str], group_id: int | None = None) -> None:
    """Nobody hands out, or takes away, what he does not hold himself."""
    wanted = set(codes)
    if not tx.actor.is_admin and not all(holds(tx, code, group_id) for code in wanted):
        raise Denied(BEYOND)


def require_over(tx: Tx, user_id: int) -> None:
    """A holder of `admin` is touched only by holders of `admin`."""
    if not tx.actor.is_admin and is_administrator(tx, user_id):
        raise Denied(BEYOND)
