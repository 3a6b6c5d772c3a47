"""Making and changing rows of the address book: read, merge, judge, write, all or nothing (ipam 3)."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from sqlalchemy import select

from appliance.domain import cidr, custom_fields, listing, pages, values
from appliance.domain.collections import COLLECTIONS, Collection
from appliance.domain.findings import PARAMETER, Findings
from appliance.domain.incoming import Change, defaults, given, require_some
from appliance.domain.names import folded
from appliance.errors import Conflict, Invalid, Missing
from appliance.query import batches
from appliance.store import Row, Tx

NO_SUCH, FIXED, NO_KEY = "引用的{}不存在", "不可修改", "没有可更新的字段"
CHANGED, UNKNOWN_ID, NOT_FREE = "VERSION_CONFLICT", "ID_NOT_FOUND", "RESOURCE_IN_USE"
WRONG_STATE = "INVALID_STATE"


def check_references(tx: Tx, collection: Collection, facts: Mapping[str, Any], findings: Findings) -> None:
    """What a row refers to is there, and the caller sees it."""
    for link in collection.references:
        ident = facts.get(link.own)
        if ident and not link.judged:
            target = COLLECTIONS[link.refers]
            asked = ("seen", link.refers, ident, tx.actor and tx.actor.user_id)
            if not tx.kept(asked, partial(is_seen, tx, target, ident)):
                findings.add(link.name, NO_SUCH.format(target.title), PARAMETER)


def is_seen(tx: Tx, collection: Collection, ident: int) -> bool:
    """Whether the caller sees a row."""
    try:
        listing.one(tx, collection, ident)
    except Missing:
        return False
    return True


def check_unique(tx: Tx, collection: Collection, besides: int, merged: Mapping[str, Any], findings: Findings) -> None:
    """What no two rows may share."""
    for rule in collection.unique:
        wanted = {name: merged.get(name) for name in rule.columns}
        if wanted[rule.columns[-1]] is None or findings.has(rule.field):
            continue
        same = [collection.table.c[name].is_not_distinct_from(value) for name, value in wanted.items()]
        if tx.value(select(collection.table.c.id).where(*same, collection.table.c.id != besides).limit(1)):
            findings.add(rule.field, rule.sentence, rule.code)


def keys(collection: Collection, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that go with names, codes and addresses."""
    found: dict[str, Any] = {}
    for field in collection.written:
        if field.key and field.own in facts and field.kind is values.TEXT:
            found[field.key] = folded(facts[field.own]) if facts[field.own] is not None else None
        elif field.key and facts.get(field.own) and field.kind is values.ADDRESS:
            found[field.key] = cidr.key(facts[field.own])
    return found


# --- making ----------------------------------------------------------------------------------------------------------


def create(tx: Tx, collection: Collection, body: Mapping[str, Any]) -> int:
    """A new row; its id."""
    findings = Findings(collection.messages)
    facts = given(collection, body, findings)
    defaults(collection, body, facts, findings)
    facts |= keys(collection, facts)
    if "custom_fields" in collection.table.c and collection.custom:
        custom = body.get("custom_fields") or {}
        facts["custom_fields"] = custom_fields.merged(tx, collection, None, custom, findings)
    judge(tx, collection, None, facts, facts, findings)
    author = {"created_by": tx.actor.user_id or None, "updated_by": tx.actor.user_id or None}
    ident = tx.insert(collection.table.name, **stored(collection, facts | author))
    collection.settle(tx, ident, None, facts)
    require_seen(tx, collection, [ident])
    return ident


def judge(
    tx: Tx, collection: Collection, before: Row | None, facts: Mapping[str, Any], merged: Any, findings: Findings
) -> None:
    """Every rule on the merged row, then the refusal with all that was found."""
    check_references(tx, collection, facts, findings)
    collection.check(tx, before, merged, findings)
    check_unique(tx, collection, before.id if before else 0, merged, findings)
    findings.settle()


def stored(collection: Collection, facts: Mapping[str, Any]) -> dict[str, Any]:
    """What of the facts are columns."""
    return {name: value for name, value in facts.items() if name in collection.table.c}


def create_all(tx: Tx, collection: Collection, bodies: list[Any]) -> list[int]:
    """Several new rows, all or none."""
    require_some(bodies)
    idents: list[int] = []
    with Batch() as batch:
        for index, body in enumerate(bodies):
            idents += batch.attempt(index, create_one, tx, collection, body)
    return idents


def create_one(tx: Tx, collection: Collection, body: Any) -> int:
    """One of several."""
    if not isinstance(body, Mapping):
        raise Invalid(body=values.NO_OBJECT)
    return create(tx, collection, body)


class Batch:
    """Goes on after a fault, so that the faults of every row are told; refuses at the end."""

    def __init__(self) -> None:
        self.faults: list[dict[str, Any]] = []
        self.first: Invalid | Conflict | None = None

    def __enter__(self) -> "Batch":
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if error is None and self.first is not None:
            kind = Conflict if isinstance(self.first, Conflict) else Invalid
            refusal: Any = kind(self.first.sentence, items=self.faults)
            raise refusal.coded(self.first.code)

    def attempt(self, index: int, act: Any, *arguments: Any, ident: int | None = None) -> Iterator[Any]:
        """What the act gives, or nothing but a note of its faults."""
        try:
            yield act(*arguments)
        except (Invalid, Conflict) as problem:
            self.first = self.first or problem
            code = problem.code or (WRONG_STATE if isinstance(problem, Conflict) else PARAMETER)
            for field, told in problem.faults.items():
                for sentence in told if isinstance(told, list) else [str(told)]:
                    fault = {"index": index, "id": ident, "field": field}
                    self.faults.append(fault | {"code": code, "message": sentence})


def require_seen(tx: Tx, collection: Collection, idents: Iterable[int]) -> None:
    """What was written lies in what the caller sees; nobody writes beyond."""
    scope = collection.scope(tx)
    if scope is None:
        return
    for batch in batches(idents):
        if tx.count(select(collection.table.c.id).where(collection.table.c.id.in_(batch), scope)) < len(batch):
            raise Missing("超出数据范围")


# --- changing --------------------------------------------------------------------------------------------------------


def change_all(tx: Tx, collection: Collection, wanted: list[Change]) -> list[int]:
    """Change rows, all or none; their ids."""
    require_known(tx, collection, [one.ident for one in wanted], "id" if len(wanted) == 1 else "ids")
    if len(wanted) == 1:
        change(tx, collection, wanted[0])
    else:
        with Batch() as batch:
            for index, one in enumerate(wanted):
                list(batch.attempt(index, change, tx, collection, one, ident=one.ident))
    idents = list(dict.fromkeys(one.ident for one in wanted))
    require_seen(tx, collection, idents)
    return idents


def require_known(tx: Tx, collection: Collection, idents: list[int], field: str = "ids") -> dict[int, Row]:
    """The rows of these ids that the caller sees, or Missing with those he does not."""
    where = listing.seen(tx, collection)
    rows: dict[int, Row] = {}
    for batch in batches(dict.fromkeys(idents)):
        found = pages.columns(collection).where(collection.table.c.id.in_(batch), *where)
        rows |= {row.id: row for row in tx.all(found)}
    unknown = [ident for ident in dict.fromkeys(idents) if ident not in rows]
    if unknown:
        sentence = "ID不存在: " + ", ".join(map(str, unknown[:20]))
        raise Missing(**{field: sentence}).coded(UNKNOWN_ID)
    return rows


def require_version(row: Row, guard: int | None) -> None:
    """Nobody else changed it meanwhile."""
    if guard is not None and guard != row.version:
        raise Conflict(version=f"当前版本为{row.version}").coded(CHANGED)


def change(tx: Tx, collection: Collection, wanted: Change) -> None:
    """Change one row: only what is given, judged as the row will be."""
    before = Row(tx.get(collection.table.name, wanted.ident))
    findings = Findings(collection.messages)
    facts = given(collection, wanted.facts, findings)
    custom = collection.custom and "custom_fields" in wanted.facts
    if not facts and not findings.coded and not custom:
        raise Invalid(NO_KEY)
    if custom:
        fresh = wanted.facts["custom_fields"] or {}
        facts["custom_fields"] = custom_fields.merged(tx, collection, before, fresh, findings)
    facts |= keys(collection, facts)
    facts = {name: value for name, value in facts.items() if name not in before or before[name] != value}
    refuse_fixed(collection, facts, findings)
    judge(tx, collection, before, facts, before | facts, findings)
    require_version(before, wanted.guard)
    columns = stored(collection, facts)
    if columns:
        author = {"version": before.version + 1, "updated_by": tx.actor.user_id or None}
        tx.change(collection.table.name, before.id, **columns, **stored(collection, author))
    collection.settle(tx, before.id, before, facts)


def refuse_fixed(collection: Collection, facts: dict[str, Any], findings: Findings) -> None:
    """What is given once stays."""
    for field in collection.written:
        if field.fixed and field.own in facts:
            findings.add(field.name, FIXED)
