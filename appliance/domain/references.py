"""References of rows to other rows: what they point at exists."""

from collections.abc import Mapping
from typing import Any

from appliance.errors import Invalid, Problem
from appliance.store import Tx

KINDS = {
    "areas": "网络区域",
    "units": "单位",
    "departments": "部门",
    "projects": "项目",
    "contacts": "使用人",
    "subnets": "子网",
    "gateways": "网关",
}
TOLD = {"area_id": "network_area_id", "contact_id": "user_contact_id"}
"""References whose name outside is another."""


def missing(tx: Tx, facts: Mapping[str, Any], targets: Mapping[str, str]) -> list[Problem]:
    """A fault for each reference to nothing."""
    asked = [(name, table) for name, table in targets.items() if facts.get(name)]
    gone = [(TOLD.get(name, name), KINDS[table]) for name, table in asked if not tx.find(table, id=facts[name])]
    return [Invalid(**{name: f"{kind}不存在"}) for name, kind in gone]
