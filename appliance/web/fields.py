"""Wire shapes: what crosses the network, read with every fault at once and shown quickly."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cached_property
from operator import itemgetter
from typing import Any

import marshmallow
from marshmallow import ValidationError, fields

from appliance.errors import Invalid, Malformed, Misshapen

REQUIRED = "该字段是必填项。"
BLANK = "该字段不能为空。"
NULL = "该字段不能为 null。"
INTEGER = "请填写合法的整数值。"
BOOLEAN = "必须是有效的布尔值。"
LIST = "期望为一个包含物件的列表。"
OBJECT = "无效数据。期待为字典类型。"
STRING = "不是有效的字符串。"
MOMENT = "日期时间格式错误。"
LARGEST = 2**63 - 1
MOST_IDS = 10_000
# The plus of a zone, which a query that is not encoded turns into a blank.
SPACED_ZONE = re.compile(r"(\d\d:\d\d(?:[.,]\d+)?) (\d\d(?::?\d\d)?)$")
A_DAY, NO_TIME = timedelta(days=1), timedelta()
EARLIEST, LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
YES, NO = {"true", "1", "yes", "on", "t", "y"}, {"false", "0", "no", "off", "f", "n"}
Show = Callable[[Any], Any]
Way = Callable[[Any, Show], Any]


class Wire(marshmallow.Schema):
    """A shape: the foreigner's names on the left, ours in `attribute=`."""

    class Meta:
        """Unknown fields are ignored (README 14)."""

        unknown = marshmallow.EXCLUDE

    error_messages: dict[str, str] = {"type": OBJECT}  # noqa: RUF012 -- as marshmallow declares it

    def read(self, raw: Any) -> dict[str, Any]:
        """The data under our names, or Misshapen with every fault under theirs."""
        if self.nothing is not None and isinstance(raw, dict) and self.fields.keys().isdisjoint(raw):
            return dict(self.nothing)
        try:
            return dict(self.load(raw))
        except ValidationError as error:
            faults = error.normalized_messages()
            if "_schema" in faults:
                raise Malformed(faults["_schema"][0]) from error
            right = dict(error.valid_data or {})
            raise Misshapen(right, **self.renamed(self.further(right)) | worded(faults)) from error

    @cached_property
    def nothing(self) -> dict[str, Any] | None:
        """What an object without any of the fields is read as; None where that has to be looked at each time."""
        changing = [field for field in self.fields.values() if field.data_key or callable(field.load_default)]
        if changing or any(self._hooks.values()):
            return None
        try:
            return dict(self.load({}))
        except ValidationError:
            return None

    def further(self, right: dict[str, Any]) -> dict[str, Any]:
        """Faults a rule of the domain finds in what is right by its form, told where other fields are not even that."""
        return {}

    def renamed(self, faults: Mapping[str, Any]) -> dict[str, Any]:
        """Faults the domain found under our names, under theirs; inside lists of shapes too."""
        ours = {field.attribute or name: (field.data_key or name, field) for name, field in self.fields.items()}
        told = {}
        for name, fault in worded(faults).items():
            theirs, field = ours.get(name, (name, None))
            if isinstance(field, Parts) and isinstance(fault, dict):
                fault = {
                    index: field.shape.renamed(one) if isinstance(one, dict) else one for index, one in fault.items()
                }
            told[theirs] = fault
        return told

    def show(self, row: Mapping[str, Any], moment: Show) -> dict[str, Any]:
        """A row under their names; `moment` is how the dialect writes times."""
        return self.show_all([row], moment)[0]

    def show_all(self, rows: Iterable[Mapping[str, Any]], moment: Show) -> list[dict[str, Any]]:
        """Rows under their names, column by column, which is faster than row by row."""
        names, values, ways = self.plan
        shown = [dict(zip(names, values(row), strict=True)) for row in rows]
        for name, way in ways:
            for one in shown:
                one[name] = way(one[name], moment)
        return shown

    @cached_property
    def plan(self) -> tuple[list[str], Callable[[Any], Sequence[Any]], list[tuple[str, Way]]]:
        """How to show a row: their names, its values, and the way of those that are not shown as they are."""
        shown = {n: f for n, f in self.fields.items() if not f.load_only}
        names = [f.data_key or n for n, f in shown.items()]
        ways = [(name, shower(f)) for name, f in zip(names, shown.values(), strict=True)]
        return names, picker([f.attribute or n for n, f in shown.items()]), [(name, way) for name, way in ways if way]


def picker(names: list[str]) -> Callable[[Any], Sequence[Any]]:
    """Takes these values out of a row."""
    return itemgetter(*names) if len(names) > 1 else lambda row: [row[name] for name in names]


def worded(faults: Any) -> Any:
    """Keys as text, as JSON has them: list indexes included."""
    return {str(k): worded(v) for k, v in faults.items()} if isinstance(faults, dict) else faults


def shower(field: fields.Field[Any]) -> Way | None:
    """How one field's values are written; None when they are shown as they are."""
    if isinstance(field, Time):
        return lambda value, moment: moment(value) if value is not None else None
    if isinstance(field, TextId):
        return lambda value, moment: str(value)
    if isinstance(field, Part):
        shape = field.schema
        return lambda value, moment: shape.show(value, moment) if value is not None else None
    if isinstance(field, Parts):
        inner = field.shape
        return lambda value, moment: inner.show_all(value, moment) if value else []
    return None


def wordings(required: bool | str, **more: str) -> dict[str, Any]:
    """The arguments of a field for its `required` sentence."""
    said = required if isinstance(required, str) else REQUIRED
    null = required if isinstance(required, str) else NULL
    return {"required": bool(required), "error_messages": {"required": said, "null": null, **more}}


class Text(fields.Field[Any]):
    """Trimmed text. `none=True`: "" and null mean that there is none."""

    def __init__(
        self,
        *,
        required: bool | str = False,
        longest: int = 0,
        none: bool = False,
        blank: str = "",
        form: str = "",
        wrong: str = "",
        trim: bool = True,
        **rest: Any,
    ) -> None:
        said = required if isinstance(required, str) else ""
        super().__init__(**wordings(required, null=said or NULL), allow_none=none, **rest)
        self.longest, self.none, self.trim = longest, none, trim
        self.blank = blank or said or BLANK
        self.form, self.wrong = re.compile(form), wrong

    def _deserialize(self, value: Any, attr: Any, data: Any, **rest: Any) -> str | None:
        text = plain(value)
        text = text.strip() if self.trim else text
        if not text:
            if self.none:
                return None
            raise ValidationError(self.blank)
        if self.longest and len(text) > self.longest:
            raise ValidationError(f"请确保这个字段不能超过 {self.longest} 个字符。")
        if self.wrong and not self.form.fullmatch(text):
            raise ValidationError(self.wrong)
        return text


class Secret(Text):
    """Text that is never trimmed and never shown."""

    def __init__(self, **rest: Any) -> None:
        super().__init__(trim=False, load_only=True, **rest)


def plain(value: Any) -> str:
    """Text that can be stored: numbers are taken, lone surrogates and NUL are not."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise ValidationError(STRING)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValidationError(STRING) from None
    if "\0" in value:
        raise ValidationError("不允许使用空字符。")
    return value


class Int(fields.Field[Any]):
    """A whole number; text of one is taken too."""

    def __init__(
        self, *, required: bool | str = False, least: int | None = None, most: int | None = None, **rest: Any
    ) -> None:
        super().__init__(**wordings(required), **rest)
        self.least, self.most = least, most

    def _deserialize(self, value: Any, attr: Any, data: Any, **rest: Any) -> int:
        number = whole(value)
        if self.least is not None and number < self.least:
            raise ValidationError(f"请确保该值大于或者等于 {self.least}。")
        if self.most is not None and number > self.most:
            raise ValidationError(f"请确保该值小于或者等于 {self.most}。")
        return number


class Id(Int):
    """The id of something; what is beyond 64 bit is as unknown as any other."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **rest: Any) -> int:
        return max(-1, min(whole(value), LARGEST))


def whole(value: Any) -> int:
    """A number or the text of one as an integer, or the fault."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValidationError(INTEGER)
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")) or value != int(value):
            raise ValidationError(INTEGER)
        return int(value)
    if isinstance(value, str) and not re.fullmatch(r"\s*[+-]?[0-9]{1,30}\s*", value):
        raise ValidationError(INTEGER)
    return int(value)


class Bool(fields.Field[Any]):
    """True or false, in any of the usual spellings."""

    def __init__(self, *, required: bool | str = False, **rest: Any) -> None:
        super().__init__(**wordings(required), **rest)

    def _deserialize(self, value: Any, attr: Any, data: Any, **rest: Any) -> bool:
        word = str(value).strip().lower() if isinstance(value, bool | int | str) else ""
        if word in YES:
            return True
        if word in NO:
            return False
        raise ValidationError(BOOLEAN)


class Time(fields.Field[Any]):
    """A moment; only shown."""

    def __init__(self, **rest: Any) -> None:
        super().__init__(dump_only=True, **rest)


class Plain(fields.Field[Any]):
    """Shown as it is."""


class TextId(fields.Field[Any]):
    """An id shown as text."""


class Ids(fields.Field[Any]):
    """A list of ids, each once; text of a JSON list is taken from forms."""

    def __init__(self, *, required: bool | str = False, wrong: str = LIST, **rest: Any) -> None:
        super().__init__(**wordings(required, null=wrong), **rest)
        self.wrong = wrong

    def _deserialize(self, value: Any, attr: Any, data: Any, **rest: Any) -> list[int]:
        ids = listed(value, self.wrong)
        if len(ids) > MOST_IDS:
            raise ValidationError(f"请确保列表不超过 {MOST_IDS} 项。")
        return list(dict.fromkeys(max(-1, min(whole(one), LARGEST)) for one in ids))


def listed(value: Any, wrong: str = LIST) -> list[Any]:
    """A list, also from the JSON text or the single value of a form."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise ValidationError(wrong) from None
        value = [value] if isinstance(value, int) else value
    if not isinstance(value, list):
        raise ValidationError(wrong)
    return value


class Part(fields.Nested):
    """Another shape inside."""

    @property
    def schema(self) -> Any:
        """The inner shape."""
        return super().schema


class Parts(fields.Field[Any]):
    """A list of another shape; faults are keyed by index."""

    def __init__(self, shape: type[Wire], *, required: bool | str = False, **rest: Any) -> None:
        super().__init__(**wordings(required, null=LIST), **rest)
        self.shape = shape()

    def _deserialize(self, value: Any, attr: Any, data: Any, **rest: Any) -> list[dict[str, Any]]:
        read, faults = [], {}
        for index, one in enumerate(listed(value)):
            try:
                read.append(self.shape.read(one))
            except Invalid as problem:
                faults[str(index)] = problem.faults or [problem.sentence]
        if faults:
            raise ValidationError(faults)
        return read


class Moment(fields.Field[Any]):
    """A date or ISO date-time in a query; `end=True`: a bare date includes its day."""

    zone: tzinfo = UTC  # the configured one, set when the appliance is put together

    def __init__(self, *, end: bool = False, **rest: Any) -> None:
        super().__init__(load_only=True, **rest)
        self.end = end

    def _deserialize(self, value: Any, attr: Any, data: Any, **rest: Any) -> datetime:
        text = SPACED_ZONE.sub(r"\1+\2", str(value).strip())
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise ValidationError(MOMENT) from None
        try:
            moment += A_DAY if self.end and len(text) <= len("2026-01-01") else NO_TIME
            return (moment if moment.tzinfo else moment.replace(tzinfo=Moment.zone)).astimezone(UTC)
        except OverflowError:  # a year at either end of the calendar: before, or after, everything
            return EARLIEST if moment.year == 1 else LATEST
