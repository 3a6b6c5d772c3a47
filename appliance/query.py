"""Small conditions that many lists share."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement

LARGEST_BATCH = 500


def contains(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """Whether the column holds the text somewhere, case ignored, `%` and `_` taken literally."""
    return column.icontains(text, autoescape=True)


def batches(values: Iterable[int]) -> Iterator[list[int]]:
    """Values in portions that a database takes as the parameters of one statement."""
    left = iter(values)
    while batch := list(islice(left, LARGEST_BATCH)):
        yield batch
