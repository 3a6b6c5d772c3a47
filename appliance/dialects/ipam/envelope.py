"""How ipam speaks: `code`, `message`, `data`; refusals with `error.code` and `error.details` (ipam 1)."""

import re
from datetime import UTC, datetime
from typing import Any

from appliance import errors
from appliance.errors import (
    Conflict,
    Denied,
    Invalid,
    LastAdministrator,
    Malformed,
    Missing,
    Problem,
    Reserved,
    Taken,
    Throttled,
    TooLarge,
    Unavailable,
    Unknown,
)
from appliance.web.dialect import Dialect, Failure, Paging
from appliance.web.fields import Plain, Wire
from appliance.web.route import Reply

DONE, LISTED = "操作成功", "success"
NO_JSON = "请求体不是有效的JSON"
CODES: dict[str, tuple[int, str]] = {
    "INVALID_PARAMETER": (400, "请求参数错误"),
    "ALREADY_EXISTS": (400, "资源已存在"),
    "NAME_EXISTS": (400, "名称已存在"),
    "CODE_EXISTS": (400, "编码已存在"),
    "INVALID_LEVEL": (400, "行政级别无效"),
    "INVALID_PARENT": (400, "上级单位无效"),
    "PARENT_NOT_FOUND": (400, "上级单位不存在"),
    "PROVINCE_HAS_PARENT": (400, "省级单位不能有上级"),
    "MISSING_PARENT": (400, "缺少上级单位"),
    "ID_NOT_FOUND": (404, "ID不存在"),
    "NOT_FOUND": (404, "资源不存在"),
    "UNAUTHORIZED": (401, "未授权"),
    "FORBIDDEN": (403, "禁止访问"),
    "INTERNAL_ERROR": (500, "内部服务器错误"),
    "CAPTCHA_INVALID": (400, "验证码错误或已过期"),
    "IP_NOT_IN_SUBNET": (400, "地址不在子网内"),
    "SUBNET_OVERLAP": (400, "网段重叠"),
    "IP_NOT_AVAILABLE": (409, "地址不可分配"),
    "SUBNET_FULL": (409, "子网已无可用地址"),
    "RESOURCE_IN_USE": (409, "资源正在使用"),
    "INVALID_STATE": (409, "当前状态不允许该操作"),
    "VERSION_CONFLICT": (409, "数据已被他人修改"),
    "PROBE_NOT_APPROVED": (403, "探针未批准"),
    "SQL_NOT_ALLOWED": (403, "不允许执行的语句"),
    "CONFIRM_REQUIRED": (403, "需要重新验证身份"),
    "METHOD_NOT_ALLOWED": (405, "请求方法不支持"),
    "PROBE_REVOKED": (410, "探针已注销"),
    "PAYLOAD_TOO_LARGE": (413, "请求体过大"),
    "RATE_LIMITED": (429, "请求过于频繁"),
    "UNAVAILABLE": (503, "服务暂不可用"),
}
KINDS: dict[type[Problem], str] = {  # in the order in which they are tried
    Unknown: "UNAUTHORIZED",
    Denied: "FORBIDDEN",
    Missing: "NOT_FOUND",
    Throttled: "RATE_LIMITED",
    TooLarge: "PAYLOAD_TOO_LARGE",
    Unavailable: "UNAVAILABLE",
    LastAdministrator: "INVALID_STATE",
    Reserved: "FORBIDDEN",
    Taken: "ALREADY_EXISTS",
    Conflict: "INVALID_STATE",
    Invalid: "INVALID_PARAMETER",
}


class Query(Wire):
    """What lists are asked with; parameters named like a field of theirs as well."""

    page = Plain()
    page_size = Plain()
    order = Plain()
    order_by = Plain()
    filters = Plain()
    keyword = Plain()
    fields_ = Plain(data_key="fields")
    ids = Plain()
    limit = Plain()

    def read(self, raw: Any) -> dict[str, Any]:
        """All of it: names of fields differ from list to list."""
        return dict(raw)


class Body(Wire):
    """An object, read by the rules of what it is for."""

    def read(self, raw: Any) -> Any:
        """The object as it came."""
        if not isinstance(raw, dict):
            raise Malformed(NO_JSON)
        return raw


class Bodies(Body):
    """An object, or a list of several."""

    def read(self, raw: Any) -> Any:
        """The object or the list as it came; objects inside are looked at one by one."""
        return raw if isinstance(raw, list) else super().read(raw)


class Ipam(Dialect):
    """The dialect of seed 004: the last of those that share `/api`."""

    name = "ipam"
    owns = re.compile(r"/(?:api|probe|exports|swagger)/")
    prefix = ""
    forms = False

    def paging(self, query: dict[str, Any]) -> Paging:
        """Lists here page themselves."""
        raise NotImplementedError

    def page(self, rows: list[Any], total: int, paging: Paging, extra: Any) -> dict[str, Any]:
        """Lists here page themselves."""
        raise NotImplementedError

    def success(self, reply: Reply) -> dict[str, Any]:
        """`data` is always there; `code` is the HTTP status."""
        data = {} if reply.data is None else timed(reply.data)
        return {"code": reply.status, "message": reply.keys.get("message", DONE), "data": data}

    def failure(self, problem: Problem) -> Failure:
        """The code's own status and sentence, unless the refusal brings one."""
        code = problem.code or next(code for kind, code in KINDS.items() if isinstance(problem, kind))
        status, sentence = CODES[code]
        details = {name: joined(fault) for name, fault in problem.faults.items()}
        if isinstance(problem, Malformed):
            details = {"body": NO_JSON}
        elif problem.sentence:
            sentence = problem.sentence
        failure = refusal(code, sentence, details, headers(problem), status)
        if problem.data is not None:
            failure.body["data"] = problem.data
        return failure

    def moment(self, moment: datetime) -> str:
        """UTC, whole seconds."""
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def unknown(self, status: int, method: str) -> Failure:
        """Unknown URLs and methods of the family."""
        return refusal("METHOD_NOT_ALLOWED" if status == 405 else "NOT_FOUND")

    def broken(self, number: str) -> Failure:
        """A bug, by its number."""
        return refusal("INTERNAL_ERROR", details={"request_id": number})


def refusal(
    code: str, message: str = "", details: Any = None, more: list[tuple[str, str]] | None = None, status: int = 0
) -> Failure:
    """The envelope of a refusal."""
    usual, sentence = CODES[code]
    error = {"code": code, "details": details or {}}
    status = status or usual
    return Failure(status, {"code": status, "message": message or sentence, "error": error}, more or [])


def headers(problem: Problem) -> list[tuple[str, str]]:
    """When to come back, and the challenge that HTTP asks for."""
    if isinstance(problem, Throttled):
        return [("Retry-After", str(problem.seconds))]
    if isinstance(problem, Unknown):
        sent = problem.why != errors.NOTHING
        return [("WWW-Authenticate", 'Bearer error="invalid_token"' if sent else "Bearer")]
    return []


def joined(fault: Any) -> Any:
    """Sentences about one field as one; lists of faults and figures as they are."""
    if isinstance(fault, list) and all(isinstance(one, str) for one in fault):
        return ";".join(dict.fromkeys(fault))
    return fault


def timed(data: Any) -> Any:
    """Data with its times as this dialect writes them."""
    if isinstance(data, datetime):
        return ipam.moment(data)
    if isinstance(data, dict):
        return {name: timed(value) for name, value in data.items()}
    return [timed(one) for one in data] if isinstance(data, list) else data


def said(message: str, data: Any = None, status: int = 200) -> Reply:
    """An answer with its own message."""
    return Reply(data, keys={"message": message}, status=status)


ipam = Ipam()
