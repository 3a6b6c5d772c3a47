"""Projects that addresses are for (ipam 6)."""

from functools import partial
from typing import Any

from appliance.domain import scope, values
from appliance.domain.collections import (
    CODE,
    CODE_UNIQUE,
    DESCRIPTION,
    LEADER,
    NAME,
    NAME_UNIQUE,
    Collection,
    Field,
    refers,
    register,
)
from appliance.domain.findings import Findings
from appliance.store import Row, Tx
from appliance.store.address_tables import projects

STATUSES = {"planning": "规划中", "active": "进行中", "closed": "已结束"}
TOO_EARLY, OTHER_UNIT = "结束日期不能早于开始日期", "部门不属于该单位"


def check(tx: Tx, before: Row | None, merged: dict[str, Any], findings: Findings) -> None:
    """It ends after it began; its department is one of its unit."""
    start, end = merged.get("start_date"), merged.get("end_date")
    if start and end and end < start:
        findings.add("end_date", TOO_EARLY)
    require_department_of_unit(tx, merged, findings)


def require_department_of_unit(tx: Tx, merged: dict[str, Any], findings: Findings) -> None:
    """A department and a unit that are both named belong together."""
    if not merged.get("department_id") or not merged.get("unit_id") or findings.has("department_id"):
        return
    department = tx.find("departments", id=merged["department_id"])
    if department and department.unit_id != merged["unit_id"]:
        findings.add("department_id", OTHER_UNIT)


PROJECTS = register(
    Collection(
        name="projects",
        title="项目",
        table=projects,
        own_fields=(
            NAME,
            CODE,
            refers("unit_id", "units"),
            refers("department_id", "departments"),
            refers("user_contact_id", "user_contacts", column="contact_id"),
            LEADER,
            Field("start_date", values.DATE),
            Field("end_date", values.DATE),
            Field("status", default="active", choices=STATUSES),
            DESCRIPTION,
        ),
        unique=(NAME_UNIQUE, CODE_UNIQUE),
        check=check,
        scope=partial(scope.for_those_of_units, table=projects),
    )
)
