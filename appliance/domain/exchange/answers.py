"""What imports answer: a preview with its rows, faults first, and what an import did (ipam 9)."""

from typing import Any

from appliance.domain.exchange.lines import CREATE, ERROR, SKIP, UPDATE, Line, Page
from appliance.domain.exchange.running import Outcome

SHOWN, TOLD = 500, 1000


def previewed(outcome: Outcome) -> dict[str, Any]:
    """A preview as it is told."""
    names = {"create": CREATE, "update": UPDATE, "skip": SKIP, "error": ERROR}
    warned = len(outcome.warnings) + sum(
        len(page.warnings) + sum(len(line.warnings) for line in page.lines) for page in outcome.pages
    )
    total = sum(len(page.lines) for page in outcome.pages)
    summary = {"total": total, **{name: outcome.total(action) for name, action in names.items()}, "warning": warned}
    can = total > 0 and not summary["error"]
    sheets = [told(page) for page in outcome.pages]
    return {
        "summary": summary,
        "sheets": sheets,
        "warnings": outcome.warnings,
        "can_import": can,
    }


def told(page: Page) -> dict[str, Any]:
    """One sheet of a preview; what is wrong comes first."""
    counted = {action: sum(line.action == action for line in page.lines) for action in (CREATE, UPDATE, SKIP, ERROR)}
    mapping = [
        {"header": header, "field": column.field if column else None, "mapped": column is not None}
        for header, column in zip(page.headers, page.columns, strict=True)
    ]
    unknown = [one["header"] for one in mapping if not one["mapped"] and one["header"]]
    rows = sorted(page.lines, key=lambda line: (line.action != ERROR, line.number))
    return {
        "resource": page.sheet.resource,
        "sheet_name": page.title,
        "total": len(page.lines),
        **counted,
        "columns": mapping,
        "unknown_columns": unknown,
        "warnings": page.warnings,
        "rows": [shown(line) for line in rows[:SHOWN]],
        "rows_truncated": len(rows) > SHOWN,
    }


def shown(line: Line) -> dict[str, Any]:
    """One row of a preview."""
    found = {"row": line.number, "action": line.action, "key": line.key, "data": line.texts, "changes": line.changes}
    return found | {"errors": line.errors, "warnings": line.warnings}


def executed(outcome: Outcome, *, whole: bool) -> dict[str, Any]:
    """What an import does, as it is told; one that is wanted whole or not at all does nothing if a row is at fault."""
    succeeded = not (whole and outcome.total(ERROR))
    errors = [
        {"resource": page.sheet.resource, "sheet_name": page.title, "row": line.number, "key": line.key, **one}
        for page in outcome.pages
        for line in page.lines
        for one in line.errors
    ]
    nothing = dict.fromkeys(outcome.count(CREATE), 0)
    return {
        "success": succeeded,
        "created": outcome.count(CREATE) if succeeded else nothing,
        "updated": outcome.count(UPDATE) if succeeded else nothing,
        "skipped": outcome.count(SKIP) if succeeded else nothing,
        "failed": outcome.total(ERROR),
        "errors": errors[:TOLD],
        "errors_truncated": len(errors) > TOLD,
        "backup_record_id": None,
    }
