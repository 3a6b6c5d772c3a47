"""Contacts: the people who use addresses, with or without an account (ipam 6)."""

from functools import partial

from sqlalchemy import func, select

from appliance.domain import scope, values
from appliance.domain.collections import (
    DESCRIPTION,
    NAME,
    STATUS,
    TELEPHONE,
    Collection,
    Field,
    Unique,
    refers,
    register,
)
from appliance.domain.findings import EXISTS
from appliance.store import Row, Tx
from appliance.store.address_tables import addresses, contacts


def complete(tx: Tx, rows: list[Row]) -> None:
    """How many addresses each uses."""
    theirs = addresses.c.contact_id.in_([row.id for row in rows])
    counted = select(addresses.c.contact_id, func.count().label("times")).where(theirs)
    found = {row.contact_id: row.times for row in tx.all(counted.group_by(addresses.c.contact_id))}
    for row in rows:
        row["ip_count"] = found.get(row.id, 0)


CONTACTS = register(
    Collection(
        name="user_contacts",
        title="使用人",
        table=contacts,
        own_fields=(
            NAME,
            Field("employee_no", longest=64, searchable=True),
            TELEPHONE,
            Field("mobile", longest=64, searchable=True),
            Field("email", values.E_MAIL, longest=254, searchable=True),
            refers("unit_id", "units"),
            refers("department_id", "departments"),
            Field("position", longest=64),
            STATUS,
            DESCRIPTION,
        ),
        unique=(Unique(("employee_no",), "employee_no", EXISTS, "工号已存在"),),
        computed=("ip_count",),
        complete=complete,
        scope=partial(scope.for_those_of_units, table=contacts),
    )
)
