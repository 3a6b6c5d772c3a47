"""Compares an answer with the one a document shows: the same keys in the same order, values of the same kind."""

from typing import Any


def alike(ours: Any, documented: Any) -> bool:
    """Whether it looks like the sample; null stands for a value of any kind."""
    if ours is None or documented is None:
        return True
    if isinstance(documented, dict) and isinstance(ours, dict):
        return list(ours) == list(documented) and all(alike(ours[key], documented[key]) for key in documented)
    if isinstance(documented, list) and isinstance(ours, list):
        return all(alike(one, documented[0]) for one in ours) if documented else not ours
    return type(ours) is type(documented)
