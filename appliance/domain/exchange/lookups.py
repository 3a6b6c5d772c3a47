"""From the names in cells to the rows they mean; what somebody does not see he cannot name (ipam 9)."""

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, select

from appliance.domain import cidr, listing, scope
from appliance.domain.collections import COLLECTIONS
from appliance.domain.names import folded
from appliance.errors import Invalid
from appliance.store import Row, Tx
from appliance.store.tables import users

NONE, SEVERAL = "{}“{}”不存在", "{}“{}”不唯一,请补充{}"
NARROWED = {
    "departments": ("unit_id",),
    "user_contacts": ("department_id", "unit_id"),
    "gateways": ("area_id",),
    "subnets": ("area_id",),
}
"""What tells rows of one name apart."""
ADVICE = {"departments": "单位", "user_contacts": "工号,如 姓名(工号)", "gateways": "网络区域", "subnets": "网络区域"}
NUMBERED = re.compile(r"(.+)\(([^()]+)\)")


class Lookups:
    """Finds rows by what people call them, and remembers."""

    def __init__(self, tx: Tx) -> None:
        self.tx = tx
        self.known: dict[str, dict[str, list[Row]]] = defaultdict(dict)
        self.scoped = scope.of(tx) is not None

    def forget(self, resource: str) -> None:
        """Rows of a resource were written."""
        self.known[resource].clear()

    def one(self, resource: str, text: str, near: dict[str, Any]) -> int:
        """The id of the row that is meant, or ValueError with what is wrong."""
        found = self.all(resource, text)
        title = "用户" if resource == "users" else COLLECTIONS[resource].title
        if not found:
            raise ValueError(NONE.format(title, text))
        for column in NARROWED.get(resource, ()):
            fitting = [row for row in found if near.get(column) and row[column] == near[column]]
            found = fitting if len(found) > 1 and fitting else found
        if len(found) > 1:
            raise ValueError(SEVERAL.format(title, text, ADVICE.get(resource, "编码")))
        return int(found[0].id)

    def all(self, resource: str, text: str) -> list[Row]:
        """Every row of that name."""
        known = self.known[resource]
        if text not in known:
            known[text] = next((rows for way in ways(resource, text) if (rows := self.ask(resource, way))), [])
        return known[text]

    def ask(self, resource: str, way: Iterable[ColumnElement[bool]]) -> list[Row]:
        """The rows of some conditions that the actor sees."""
        if resource == "users":
            return self.tx.all(select(users.c.id).where(*way))
        collection = COLLECTIONS[resource]
        more = [collection.table.c[name] for name in NARROWED.get(resource, ())]
        seen = listing.seen(self.tx, collection)
        return self.tx.all(select(collection.table.c.id, *more).where(*way, *seen))


def ways(resource: str, text: str) -> list[list[ColumnElement[bool]]]:
    """How a text may name a row, the usual way first."""
    if resource == "users":
        return [[users.c.login == text]]
    columns, key = COLLECTIONS[resource].table.c, folded(text)
    try:
        if resource == "gateways":
            return [[columns.ip_key == cidr.key(cidr.parse_address(text))]]
        if resource == "subnets":
            first, last = cidr.first_and_last(cidr.parse_network(text))
            return [[columns.first_key == first, columns.last_key == last]]
    except Invalid:
        return []
    if resource == "user_contacts":
        numbered = NUMBERED.fullmatch(text.replace("（", "(").replace("）", ")"))
        by_both = [[columns.name_key == folded(numbered[1]), columns.employee_no == numbered[2]]] if numbered else []
        return [[columns.name_key == key], *by_both, [columns.employee_no == text]]
    return [[columns.name_key == key], [columns.code_key == key]]
