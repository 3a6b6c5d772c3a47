"""Fields as this document wants them: JSON's own types, nothing guessed."""

from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

from marshmallow import ValidationError, fields

from appliance.web.fields import BOOLEAN, INTEGER, LIST, MOMENT, STRING, Bool, Int, Secret, Text, wordings

NOT_EMPTY = "列表不能为空。"
MOST = 200
TOO_MANY = f"请确保列表不超过 {MOST} 项。"
BAD_NETWORK = "IP地址或网段格式错误。"


class Strict:
    """Takes strings alone, where other documents take numbers too."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **rest: Any) -> Any:
        if not isinstance(value, str):
            raise ValidationError(STRING)
        return super()._deserialize(value, attr, data, **rest)  # type: ignore[misc]


class Word(Strict, Text):
    """Text. `none=True`: "" means that there is none."""


class Hidden(Strict, Secret):
    """Text that is never trimmed and never shown."""


class Switch(Bool):
    """true or false."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **rest: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError(BOOLEAN)
        return value


class Whole(Int):
    """A number."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **rest: Any) -> int:
        if not isinstance(value, int):
            raise ValidationError(INTEGER)
        return super()._deserialize(value, attr, data, **rest)


class Words(fields.Field[Any]):
    """A list of texts, each once; faults are keyed by index."""

    def __init__(self, *, required: bool = False, empty: bool = True, longest: int = 64, **rest: Any) -> None:
        super().__init__(**wordings(required), **rest)
        self.empty, self.word = empty, Word(longest=longest)

    def _deserialize(self, value: Any, attr: Any, data: Any, **rest: Any) -> list[str]:
        if not isinstance(value, list):
            raise ValidationError(LIST)
        if not value and not self.empty:
            raise ValidationError(NOT_EMPTY)
        if len(value) > MOST:
            raise ValidationError(TOO_MANY)
        read, faults = [], {}
        for index, one in enumerate(value):
            try:
                read.append(self.one(one))
            except ValidationError as error:
                faults[str(index)] = error.messages
        if faults:
            raise ValidationError(faults)
        return list(dict.fromkeys(read))

    def one(self, value: Any) -> str:
        """One of them, as it is kept."""
        return str(self.word.deserialize(value))


class Networks(Words):
    """Addresses and networks."""

    def one(self, value: Any) -> str:
        """In the usual spelling."""
        text = super().one(value)
        try:
            network = ip_network(text, strict=False)
        except ValueError:
            raise ValidationError(BAD_NETWORK) from None
        return str(network.network_address if network.num_addresses == 1 else network)


class When(fields.Field[Any]):
    """A moment in ISO 8601, in UTC unless it says otherwise; null for never."""

    def __init__(self, **rest: Any) -> None:
        super().__init__(allow_none=True, **rest)

    def _deserialize(self, value: Any, attr: Any, data: Any, **rest: Any) -> datetime:
        try:
            moment = datetime.fromisoformat(value).replace(microsecond=0)
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (TypeError, ValueError, OverflowError):  # a zone may lead beyond the calendar
            raise ValidationError(MOMENT) from None
