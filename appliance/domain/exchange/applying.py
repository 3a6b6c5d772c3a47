"""Makes of one row of a workbook what the API would make of the same facts, by the API's own rules (ipam 9)."""

from typing import Any

from appliance.domain import (
    address_book,
    addresses,
    allocation,
    cidr,
    incoming,
    listing,
    subnet_book,
    subnet_tree,
    subnets,
    writing,
)
from appliance.domain.address_book import ASSIGNED, IPS
from appliance.domain.addresses import ALLOCATED, AVAILABLE, QUARANTINE, RESERVED
from appliance.domain.allocation import Grant
from appliance.domain.collections import Field
from appliance.domain.exchange.lines import Line, Page, fault
from appliance.domain.exchange.lookups import Lookups
from appliance.domain.exchange.sheets import CLEAR, CUSTOM, Column
from appliance.domain.exchange.texts import LISTS, value_of
from appliance.domain.incoming import Change
from appliance.domain.subnet_book import SUBNETS
from appliance.errors import Conflict, Denied, Invalid, Missing, Problem, Taken
from appliance.store import Row, Tx

CODES: dict[type[Problem], str] = {
    Denied: "FORBIDDEN",
    Missing: "NOT_FOUND",
    Taken: "ALREADY_EXISTS",
    Conflict: "INVALID_STATE",
    Problem: "INVALID_PARAMETER",
}
LOST = {"parent_id": "PARENT_NOT_FOUND"}
REASON = "导入"
LEAVES = {"user_contacts", "gateways", "projects", "ips"}
"""By rows of these none of the same sheet is judged, nor of a sheet that was before."""


def apply(tx: Tx, page: Page, line: Line, before: Row | None, changed: dict[str, str], lookups: Lookups) -> None:
    """Write one row; what is wrong with it is in `line.errors` afterwards."""
    body = body_of(tx, page, line, before, changed, lookups)
    try:
        if body or not line.errors:
            write(tx, page, before, body)
    except Problem as problem:
        line.errors += faults(page, line, problem)
    lookups.forget(page.sheet.resource)
    if page.sheet.resource not in LEAVES:
        tx.forget()


def write(tx: Tx, page: Page, before: Row | None, body: dict[str, Any]) -> None:
    """A new row, or what becomes of an old one."""
    collection = page.sheet.collection
    if collection is IPS:
        write_address(tx, before, body)
    elif collection is SUBNETS:
        write_subnet(tx, before, body)
    elif before is None:
        writing.create(tx, collection, body)
    else:
        writing.change(tx, collection, Change(before.id, body))
        writing.require_seen(tx, collection, [before.id])


def write_subnet(tx: Tx, before: Row | None, body: dict[str, Any]) -> None:
    """A subnet with its rows; very many of them are made afterwards."""
    if before is None:
        ident = subnets.create(tx, **subnet_book.new(tx, body))
    else:
        ident = before.id
        subnets.change(tx, ident, **subnet_book.changed(tx, tx.get("subnets", ident), body))
    writing.require_seen(tx, SUBNETS, [ident])


# --- what a row says -------------------------------------------------------------------------------------------------


def body_of(
    tx: Tx, page: Page, line: Line, before: Row | None, changed: dict[str, str], lookups: Lookups
) -> dict[str, Any]:
    """The facts as a client would send them; names that mean nothing are faults of the line."""
    body: dict[str, Any] = {}
    near = surroundings(line, before, lookups)
    for column in page.known:
        text = changed.get(column.field)
        if text is None or column.field == "id":
            continue
        try:
            put(body, column, None if text == CLEAR else meant(tx, page, column, text, near, lookups))
        except ValueError as error:
            code = LOST.get(column.field, "INVALID_PARAMETER")
            line.errors.append(fault(page.header(column.field), column.field, code, str(error)))
    return body


def put(body: dict[str, Any], column: Column, value: Any) -> None:
    """One fact; custom fields are together."""
    if column.field.startswith(CUSTOM):
        body.setdefault("custom_fields", {})[column.field.removeprefix(CUSTOM)] = value
    else:
        body[column.field] = value


def meant(tx: Tx, page: Page, column: Column, text: str, near: dict[str, Any], lookups: Lookups) -> Any:
    """A cell's value: the id of what it names, or a value by its kind."""
    field: Field | None = page.sheet.collection.fields.get(column.field)
    if field and field.refers:
        return lookups.one(field.refers, text, near)
    if field and column.field in LISTS and page.sheet.resource == "user-groups":
        resource = {"user_ids": "users", "unit_ids": "units", "network_area_ids": "network_areas"}
        names = [name.strip() for name in text.replace("，", ",").split(",") if name.strip()]
        return [lookups.one(resource.get(column.field, "subnets"), name, {}) for name in names]
    return value_of(tx, page.sheet, column, text)


def surroundings(line: Line, before: Row | None, lookups: Lookups) -> dict[str, Any]:
    """What tells rows of one name apart: the unit, department and area of the line, or of the row as it is."""
    near = {name: before.get(name) for name in ("unit_id", "department_id", "area_id")} if before else {}
    for name, resource in (
        ("unit_id", "units"),
        ("network_area_id", "network_areas"),
        ("department_id", "departments"),
    ):
        text = line.texts.get(name, "")
        if text and text != CLEAR:
            try:
                near["area_id" if resource == "network_areas" else name] = lookups.one(resource, text, near)
            except ValueError:
                continue
    return near if near.get("area_id") else near | {"area_id": 1}


# --- addresses: only as allocating and releasing would ---------------------------------------------------------------


def write_address(tx: Tx, row: Row | None, body: dict[str, Any]) -> None:
    """An address takes the state that is wanted the way a person would have to go."""
    if row is None:
        new_address(tx, body)
        return
    wanted = body.get("status") or row.status
    if wanted == row.status:
        if rest := {name: value for name, value in body.items() if name != "status"}:
            address_book.change(tx, row, rest)
    elif wanted == ALLOCATED or (wanted == RESERVED and row.status == AVAILABLE):
        refuse_other_place(row, body)
        taken = allocation.allocate_row(tx, row, granted(tx, body, wanted))
        change_rest(tx, taken, body)
    elif row.status == ALLOCATED and wanted in (AVAILABLE, QUARANTINE):
        addresses.release_all(tx, [row], reason=REASON)
        change_rest(tx, Row(tx.get("addresses", row.id)), body)
    else:
        address_book.change(tx, row, body)


def refuse_other_place(row: Row, body: dict[str, Any]) -> None:
    """An address stays in its subnet and area."""
    moved = {"subnet_id": row.subnet_id, "network_area_id": row.area_id}
    wrong = [name for name, now in moved.items() if body.get(name) not in (None, now)]
    if wrong:
        raise Invalid(**dict.fromkeys(wrong, writing.FIXED))


def new_address(tx: Tx, body: dict[str, Any]) -> None:
    """The first touch of an address in a sparse subnet."""
    if not body.get("ip"):
        raise Invalid(ip=incoming.BLANK)
    address = cidr.parse_address(str(body["ip"]))
    area_id = body.get("network_area_id") or 1
    home = subnet_tree.most_specific(tx, area_id, address)
    ident = body.get("subnet_id") or (home.id if home else None)
    if ident is None:
        raise addresses.Outside(ip="地址不在任何子网内")
    subnet = listing.one(tx, SUBNETS, ident)
    status = body.get("status") or ALLOCATED
    if status not in (ALLOCATED, RESERVED):
        raise addresses.WrongState(status="新地址只能为已分配或保留")
    taken = allocation.allocate_exactly(tx, subnet, address, granted(tx, body, status))
    writing.require_seen(tx, IPS, [taken.id])


def granted(tx: Tx, body: dict[str, Any], status: str) -> Grant:
    """What an allocation brings along."""
    facts = address_book.assignment(tx, {name: value for name, value in body.items() if value is not None})
    return Grant(status=status, how="import", facts=facts, reason=REASON)


def change_rest(tx: Tx, row: Row, body: dict[str, Any]) -> None:
    """What the step itself did not bring along."""
    carried = {one.name for one in ASSIGNED} | {"status", "ip", "subnet_id", "network_area_id"}
    allocated = row.status in (ALLOCATED, RESERVED)
    if allocated:
        carried |= {"description", "custom_fields"}
    rest = {name: value for name, value in body.items() if name not in carried or (allocated and value is None)}
    if rest:
        address_book.change(tx, row, rest)


# --- faults ----------------------------------------------------------------------------------------------------------


def faults(page: Page, line: Line, problem: Problem) -> list[dict[str, Any]]:
    """A refusal as faults of cells; what is at fault already is not told twice."""
    code = problem.code or next(code for kind, code in CODES.items() if isinstance(problem, kind))
    told = {one["field"] for one in line.errors}
    found = []
    for name, sentences in problem.faults.items():
        ours = next((f.name for f in page.sheet.collection.fields.values() if name in (f.name, f.own)), name)
        for sentence in sentences if isinstance(sentences, list) else [sentences]:
            if ours not in told:
                found.append(fault(page.header(ours), ours, code, str(sentence)))
    if not problem.faults:
        found.append(fault("", "", code, problem.sentence or code))
    return found
