"""How ptpb speaks: `code`, `msg`, `detail`, `total`, `extra` (ptpb A, C)."""

import re
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Any

from appliance.errors import Conflict, Denied, Invalid, Missing, Problem, Throttled, TooLarge, Unavailable, Unknown
from appliance.web.dialect import Dialect, Failure, Paging
from appliance.web.fields import INTEGER, Bool, Wire
from appliance.web.route import Reply
from appliance.web.serve import require_positive

OK = {"code": 200, "msg": "OK"}
MESSAGES = {
    400: "参数错误",
    401: "未登录",
    403: "权限错误",
    404: "未找到",
    405: "方法不允许",
    413: "请求体过大",
    429: "请求过于频繁",
    500: "服务器错误",
    503: "服务不可用",
}
STATUS = {
    Unknown: (401, "未登录或Token过期"),
    Denied: (403, "您无当前权限访问"),
    Missing: (404, "未找到。"),
    Throttled: (429, "请求过于频繁,请稍后再试"),
    TooLarge: (413, "请求体超过1MB"),
    Unavailable: (503, "服务暂不可用"),
    Conflict: (400, "数据冲突"),
    Invalid: (400, "参数错误"),
}
SMALLEST_PAGE, LARGEST_PAGE = 10, 100


class Switches(Wire):
    """The booleans every list takes."""

    all = Bool(load_default=False)
    desc = Bool(load_default=False)


class Ptpb(Dialect):
    """The dialect of seed 001."""

    name = "ptpb"
    owns = re.compile(r"/api/(rbac|perm|resource|audit|terminal)/")
    zone: tzinfo = UTC
    switches = Switches()

    def paging(self, query: dict[str, Any]) -> Paging:
        """`page_number` or `page`, `page_size` up to 100, `all`, `desc`."""
        switches = self.switches.read(query)
        name = "page_number" if "page_number" in query else "page"
        page = require_positive(name, query.get(name, 1), INTEGER)
        size = require_positive("page_size", query.get("page_size", SMALLEST_PAGE), INTEGER)
        return Paging(page, None if switches["all"] else min(size, LARGEST_PAGE), switches["desc"])

    def success(self, reply: Reply) -> dict[str, Any]:
        """`detail` only where there is something to say."""
        return OK | ({"detail": reply.data} if reply.data is not None else {}) | reply.keys

    def page(self, rows: list[Any], total: int, paging: Paging, extra: Any) -> dict[str, Any]:
        """A list with its `total`."""
        return OK | {"total": total, "detail": rows, "extra": extra}

    def failure(self, problem: Problem) -> Failure:
        """HTTP status equals `code`."""
        status, sentence = next(told for kind, told in STATUS.items() if isinstance(problem, kind))
        headers = [("Retry-After", str(problem.seconds))] if isinstance(problem, Throttled) else []
        return refusal(status, problem.faults or problem.sentence or sentence, headers)

    def moment(self, moment: datetime) -> str:
        """ISO 8601 in the configured zone."""
        return iso(moment, self.zone)

    def unknown(self, status: int, method: str) -> Failure:
        """Unknown URLs and methods of the family."""
        return refusal(status, "未找到。" if status == 404 else f"方法 “{method}” 不被允许。")

    def broken(self, number: str) -> Failure:
        """A bug, by its number."""
        return refusal(500, number)


def refusal(status: int, detail: Any, headers: list[tuple[str, str]] | None = None) -> Failure:
    """Refusals always carry `code`, `msg`, `detail`."""
    return Failure(status, {"code": status, "msg": MESSAGES[status], "detail": detail}, headers or [])


@lru_cache(maxsize=4096)
def iso(moment: datetime, zone: tzinfo) -> str:
    """Lists show the same moments again and again."""
    return moment.astimezone(zone).isoformat()


ptpb = Ptpb()
