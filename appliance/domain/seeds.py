"""The first rows: the catalogue, three roles, group 1 and the administrators' grants on it (ptpb D, identity 4)."""

from datetime import UTC, datetime

from sqlalchemy import select

from appliance.domain import catalogue
from appliance.store import Tx
from appliance.store.tables import permissions, role_permissions

BIRTH = datetime(2025, 1, 1, tzinfo=UTC)
ADMINISTRATOR, CLIENT, AUDITOR = 1, 2, 3
DEFAULT_GROUP = 1
DEFAULT_AREA = 1
ROLES = [
    (ADMINISTRATOR, "管理员", "Administrator", "超级管理员", []),
    (CLIENT, "用户", "Client", "普通用户", ["user.profile.read", "user.profile.update", "read", "write"]),
    (
        AUDITOR,
        "审计员",
        "Audit",
        "审计",
        [
            *("audit.session.read", "audit.operation.read", "audit.login.read"),
            *("user.profile.read", "user.profile.update", "read", "report", "logs"),
        ],
    ),
]
LABELS = ("read", "write", "admin")
"""Those of role 1; `admin` implies the others."""
DATES = {"created_at": BIRTH, "updated_at": BIRTH}


def plant(tx: Tx) -> None:
    """Make the first rows where they are missing, and give role 1 what the catalogue has gained."""
    catalogue.sync(tx)
    if tx.find("roles", id=ADMINISTRATOR) is None:
        plant_roles(tx)
        plant_group(tx)
    if tx.find("areas", id=DEFAULT_AREA) is None:
        plant_area(tx)
    grant_everything(tx)


def plant_roles(tx: Tx) -> None:
    """The three protected roles with their base permissions."""
    ids = {row.code: row.id for row in tx.all(select(permissions))}
    for ident, name, code, description, codes in ROLES:
        words = {"name": name, "name_key": name, "code": code, "code_key": code.casefold()}
        tx.insert("roles", id=ident, description=description, protected=True, **words, **DATES)
        for permission in codes:
            tx.insert("role_permissions", role_id=ident, permission_id=ids[permission])


def plant_group(tx: Tx) -> None:
    """Group 1, with all group permissions for role 1."""
    place = {"parent_id": None, "root_id": 1, "level": 0, "path": "/1/"}
    words = {"name": "Default", "description": "默认资源部组"}
    tx.insert("groups", id=DEFAULT_GROUP, protected=True, **place, **words, **DATES)
    wanted = select(permissions.c.id).where(permissions.c.code.in_(catalogue.GROUPED)).order_by(permissions.c.id)
    for ident in tx.values(wanted):
        row = {"role_id": ADMINISTRATOR, "permission_id": ident, "group_id": DEFAULT_GROUP}
        tx.insert("grants", protected=True, created_at=BIRTH, **row)


def plant_area(tx: Tx) -> None:
    """The network area of whatever names none."""
    words = {"name": "默认区域", "name_key": "默认区域", "code": "default", "code_key": "default"}
    tx.insert("areas", id=DEFAULT_AREA, protected=True, custom_fields={}, **words, **DATES)


def grant_everything(tx: Tx) -> None:
    """Every code of the catalogue for role 1, later ones included, and its labels."""
    has = select(role_permissions.c.permission_id).where(role_permissions.c.role_id == ADMINISTRATOR)
    base = ~permissions.c.label | permissions.c.code.in_(LABELS)
    lacks = permissions.c.id.not_in(has) & permissions.c.code.not_in(catalogue.GROUPED) & base
    for ident in tx.values(select(permissions.c.id).where(lacks)):
        tx.insert("role_permissions", role_id=ADMINISTRATOR, permission_id=ident)
