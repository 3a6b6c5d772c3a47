"""Single values out of bodies and queries, each with its own fault (ipam 1)."""

from collections.abc import Mapping
from typing import Any

from appliance.domain import values
from appliance.errors import Invalid

LONGEST = 255


def whole(given: Mapping[str, Any], name: str, default: int = 0) -> int:
    """An id or another whole number from 0 on."""
    try:
        return values.reference(given.get(name, default)) or 0
    except ValueError as error:
        raise Invalid(**{name: str(error)}) from None


def switched(given: Mapping[str, Any], name: str) -> bool:
    """A switch, off where it is not named."""
    try:
        return values.switch(given[name]) if given.get(name) is not None else False
    except ValueError as error:
        raise Invalid(**{name: str(error)}) from None


def text(given: Mapping[str, Any], name: str) -> str:
    """A text, empty where it is not named."""
    try:
        return values.text(given[name])[:LONGEST] if given.get(name) is not None else ""
    except ValueError as error:
        raise Invalid(**{name: str(error)}) from None
