"""Small conditions that many lists share."""

from typing import Any

from sqlalchemy import ColumnElement


def contains(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """Whether the column holds the text somewhere, case ignored, `%` and `_` taken literally."""
    return column.icontains(text, autoescape=True)
