"""How values of the address book are read: as they are kept, and as filters compare them."""

import math
import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, tzinfo
from typing import Any, NamedTuple

import orjson

from appliance.domain import cidr
from appliance.domain.users import EMAIL
from appliance.errors import Invalid

LARGEST = 2**63 - 1
LONGEST_LIST = 1000
YES, NO = ("true", "1", "yes", "on"), ("false", "0", "no", "off")
NO_TEXT, CONTROL = "必须是文本", "不能包含控制字符"
NO_WHOLE, NO_NUMBER, NO_SWITCH = "必须是整数", "必须是数字", "必须是布尔值"
NO_DATE, NO_MOMENT, NO_LIST, NO_OBJECT = "日期格式不正确", "时间格式不正确", "必须是列表", "必须是对象"
BEYOND, TOO_LONG = "数值超出范围", "内容过长"
BAD_MAC, BAD_EMAIL, BAD_URL, BAD_PHONE = "MAC地址格式不正确", "邮箱格式不正确", "网址格式不正确", "电话格式不正确"
BAD_ID = "必须是有效的ID"
BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
MAC = re.compile(r"[0-9a-f]{12}")
URL = re.compile(r"https?://[^\s/?#@]+[^\s]*")
PHONE = re.compile(r"(?=.*[0-9])[0-9 +()#*-]{3,32}")
MAIL = re.compile(rf"(?=.{{1,254}}$){EMAIL}")
EQUALITY = frozenset(("eq", "neq", "in", "not_in", "is_null", "is_not_null"))
ORDERED = EQUALITY | {"gt", "gte", "lt", "lte", "between"}
Read = Callable[[Any], Any]


class Zone:
    """The zone of times that name none."""

    zone: tzinfo = UTC


class Kind(NamedTuple):
    """A kind of value: how it is read from outside, and which operators filters may use on it."""

    name: str
    read: Read
    operators: frozenset[str]


def text(value: Any, *, lines: bool = False) -> str:
    """Trimmed text without control characters; numbers are taken."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(NO_TEXT)
    word = str(value).strip()
    allowed = "\n\r\t" if lines else ""
    if not word.isprintable() and any(  # the first is quick, and false wherever there is anything to object to
        (unicodedata.category(sign) in ("Cc", "Cs") and sign not in allowed) or sign in BIDI for sign in word
    ):
        raise ValueError(CONTROL)
    return word


def lines(value: Any) -> str:
    """Text that may have several lines."""
    return text(value, lines=True)


def whole(value: Any) -> int:
    """A whole number, or the text of one."""
    if isinstance(value, str) and re.fullmatch(r"\s*[+-]?[0-9]{1,30}\s*", value):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(NO_WHOLE)
    if abs(value) > LARGEST:
        raise ValueError(BEYOND)
    return value


def number(value: Any) -> float | int:
    """Any finite number, or the text of one."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(NO_NUMBER)
    try:
        found = float(value)
    except (ValueError, OverflowError):
        raise ValueError(NO_NUMBER) from None
    if not math.isfinite(found) or len(str(value)) > 40:
        raise ValueError(BEYOND)
    return int(found) if found.is_integer() and abs(found) < 2**53 else found


def switch(value: Any) -> bool:
    """True or false in any of the usual spellings."""
    word = str(value).strip().lower() if isinstance(value, bool | int | str) else ""
    if word not in YES + NO:
        raise ValueError(NO_SWITCH)
    return word in YES


def day(value: Any) -> str:
    """A date, kept as text."""
    try:
        return date.fromisoformat(text(value)[:10]).isoformat()
    except ValueError:
        raise ValueError(NO_DATE) from None


def moment(value: Any) -> datetime:
    """A moment; without a zone it is of the appliance's."""
    try:
        found = datetime.fromisoformat(text(value))
        found = found if found.tzinfo else found.replace(tzinfo=Zone.zone)
        return found.astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        raise ValueError(NO_MOMENT) from None


def reference(value: Any) -> int | None:
    """An id; 0, "" and null mean none."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        ident = whole(value)
    except ValueError:
        raise ValueError(BAD_ID) from None
    if ident < 0:
        raise ValueError(BAD_ID)
    return ident or None


def ids(value: Any) -> list[int]:
    """A list of ids, or text with commas; each once."""
    if isinstance(value, str):
        value = [part for part in value.split(",") if part.strip()]
    if not isinstance(value, list):
        raise ValueError(NO_LIST)
    if len(value) > LONGEST_LIST:
        raise ValueError(f"不能超过{LONGEST_LIST}项")
    found = [reference(one) for one in value]
    if None in found:
        raise ValueError(BAD_ID)
    return list(dict.fromkeys(one for one in found if one is not None))


def words(value: Any) -> list[str]:
    """A list of short texts."""
    if isinstance(value, str):
        value = [part for part in value.split(",") if part.strip()]
    if not isinstance(value, list):
        raise ValueError(NO_LIST)
    if len(value) > LONGEST_LIST:
        raise ValueError(f"不能超过{LONGEST_LIST}项")
    return [text(one)[:255] for one in value]


def address(value: Any) -> str:
    """An address in its usual spelling."""
    return str(parsed_address(value))


def parsed_address(value: Any) -> cidr.Address:
    """An address."""
    try:
        return cidr.parse_address(text(value))
    except Invalid as problem:
        raise ValueError(problem.faults["ip"][0]) from None


def network(value: Any) -> cidr.Network:
    """A network without host bits."""
    try:
        return cidr.parse_network(text(value))
    except Invalid as problem:
        raise ValueError(problem.faults["cidr"][0]) from None


def mac(value: Any) -> str:
    """A hardware address in any usual spelling, kept with colons."""
    digits = re.sub(r"[:.\- ]", "", text(value).lower())
    if not MAC.fullmatch(digits):
        raise ValueError(BAD_MAC)
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def formed(form: re.Pattern[str], wrong: str) -> Read:
    """Text of a certain form."""

    def read(value: Any) -> str:
        word = text(value)
        if not form.fullmatch(word):
            raise ValueError(wrong)
        return word

    return read


def listed(value: Any) -> list[Any]:
    """Any list, of bounded size."""
    if not isinstance(value, list):
        raise ValueError(NO_LIST)
    if len(value) > LONGEST_LIST or len(orjson.dumps(value)) > 64 * 1024:
        raise ValueError("列表过长")
    return value


def anything(value: Any) -> Any:
    """Any JSON, of bounded size."""
    if len(orjson.dumps(value)) > 64 * 1024:
        raise ValueError(TOO_LONG)
    return value


TEXT = Kind("text", text, ORDERED | {"like"})
LINES = Kind("textarea", lines, ORDERED | {"like"})
INTEGER = Kind("integer", whole, ORDERED)
DECIMAL = Kind("decimal", number, ORDERED)
BOOLEAN = Kind("boolean", switch, EQUALITY)
DATE = Kind("date", day, ORDERED | {"like"})
MOMENT = Kind("datetime", moment, ORDERED)
REFERENCE = Kind("reference", reference, ORDERED)
ADDRESS = Kind("ip", address, ORDERED | {"like", "in_cidr"})
NETWORK = Kind("cidr", lambda value: str(network(value)), ORDERED | {"like", "in_cidr", "contains_ip"})
MAC_ADDRESS = Kind("mac", mac, ORDERED | {"like"})
E_MAIL = Kind("email", formed(MAIL, BAD_EMAIL), ORDERED | {"like"})
LINK = Kind("url", formed(URL, BAD_URL), ORDERED | {"like"})
NUMBER_OF_PHONE = Kind("phone", formed(PHONE, BAD_PHONE), ORDERED | {"like"})
IDS = Kind("ids", ids, frozenset(("like", "is_null", "is_not_null")))
WORDS = Kind("words", words, frozenset(("like", "is_null", "is_not_null")))
LIST = Kind("list", listed, frozenset(("like", "is_null", "is_not_null")))
JSON = Kind("json", anything, frozenset(("like", "is_null", "is_not_null")))
