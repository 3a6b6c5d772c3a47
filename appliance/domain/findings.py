"""Gathers faults with the codes of seed 004: all are told, the first in the order of the rules gives its name."""

from collections.abc import Mapping
from typing import Any

from appliance.errors import Invalid

PARAMETER, EXISTS = "INVALID_PARAMETER", "ALREADY_EXISTS"
NAME_EXISTS, CODE_EXISTS = "NAME_EXISTS", "CODE_EXISTS"
INVALID_LEVEL, INVALID_PARENT = "INVALID_LEVEL", "INVALID_PARENT"
PROVINCE_HAS_PARENT, MISSING_PARENT, PARENT_NOT_FOUND = "PROVINCE_HAS_PARENT", "MISSING_PARENT", "PARENT_NOT_FOUND"
OVERLAP, NOT_IN_SUBNET = "SUBNET_OVERLAP", "IP_NOT_IN_SUBNET"
ORDER = (
    *(PARAMETER, INVALID_LEVEL, PROVINCE_HAS_PARENT, MISSING_PARENT, PARENT_NOT_FOUND, INVALID_PARENT),
    *(NAME_EXISTS, CODE_EXISTS, EXISTS, OVERLAP, NOT_IN_SUBNET),
)


class Findings:
    """What is wrong with one row; `messages` are a collection's own sentences for codes."""

    def __init__(self, messages: Mapping[str, str] | None = None) -> None:
        self.messages = messages or {}
        self.faults: dict[str, list[str]] = {}
        self.coded: list[tuple[str, str, str]] = []

    def add(self, field: str, sentence: str, code: str = PARAMETER) -> None:
        """Note one fault of one field, by the caller's name."""
        self.faults.setdefault(field, []).append(sentence)
        self.coded.append((code, field, sentence))

    @property
    def first(self) -> tuple[str, str, str]:
        """Code, field and sentence of the fault that comes first in the order of the rules."""
        return min(self.coded, key=lambda fault: ORDER.index(fault[0]) if fault[0] in ORDER else len(ORDER))

    def has(self, field: str) -> bool:
        """Whether something is wrong with that field already."""
        return field in self.faults

    def settle(self) -> None:
        """Raise what was gathered."""
        if self.coded:
            code = self.first[0]
            refusal: Any = Invalid(self.messages.get(code, ""), **self.faults)
            raise refusal.coded(code)
