"""Ids as this dialect takes and answers them: lists of them to remove, and ids that are not found when malformed."""

from collections.abc import Collection, Sequence
from typing import Any

from marshmallow import ValidationError

from appliance.errors import Invalid
from appliance.web.fields import Id, Ids, Wire
from appliance.web.route import Reply

NOBODY = 0


class Sought(Id):
    """An id to look for; what is absent or no number is as unknown as an id that nothing has."""

    def deserialize(self, value: Any, attr: Any = None, data: Any = None, **rest: Any) -> Any:
        """The id, whatever was sent."""
        try:
            return super().deserialize(value, attr, data, **rest)
        except ValidationError:
            return NOBODY


class Named(Ids):
    """The ids a removal names; what is no list of integers names nothing."""

    def deserialize(self, value: Any, attr: Any = None, data: Any = None, **rest: Any) -> Any:
        """The ids, or none."""
        try:
            return super().deserialize(value, attr, data, **rest)
        except ValidationError:
            return []


class Removal(Wire):
    """What is to be removed."""

    id_list = Named(required=True, attribute="ids")


def removed(named: Sequence[int], gone: Collection[int], nothing: str) -> Reply:
    """How many went and which did not; `nothing` is the sentence when none did."""
    if not gone:
        raise Invalid(nothing)
    skipped = [ident for ident in named if ident not in gone]
    return Reply({"skipped": skipped} if skipped else None, keys={"total": len(gone)})
