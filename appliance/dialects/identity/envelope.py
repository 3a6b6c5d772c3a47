"""How identity speaks: `success`, `code`, `message`, `data`, and `errors` by dotted field (identity 1)."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select

from appliance import errors
from appliance.domain import access
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
from appliance.store import Row, Tx
from appliance.web.dialect import Dialect, Failure, Paging
from appliance.web.fields import LARGEST, Int, Wire
from appliance.web.route import Listing, Reply

FOUND = "查询成功"
NO_RIGHT = "权限不足"
LARGEST_PAGE = 100
STATUS: dict[type[Problem], tuple[int, str]] = {  # in the order in which they are tried
    Denied: (403, NO_RIGHT),
    Missing: (404, "对象不存在"),
    Throttled: (429, "请求过于频繁,请稍后再试"),
    TooLarge: (413, "请求体过大"),
    Unavailable: (503, "服务暂不可用"),
    Malformed: (400, "请求体不是有效的JSON"),
    LastAdministrator: (409, "不能移除最后一个管理员"),
    Reserved: (403, "无法操作系统保留项"),
    Taken: (409, "数据冲突"),
    Conflict: (409, "数据冲突,请重试"),
    Invalid: (400, "参数错误"),
}
UNKNOWN = {
    errors.NOTHING: "未提供认证信息",
    errors.BAD_TOKEN: "Token无效",
    errors.OLD_TOKEN: "Token已过期",
    errors.BAD_KEY: "API密钥无效",
    errors.DISABLED_KEY: "API密钥已禁用",
    errors.OLD_KEY: "API密钥已过期",
}
OURS = {
    "账户以被注册": "用户名已存在",
    "具有 电话 的 用户 已存在。": "手机号已被使用",
    "具有 name 的 role 已存在。": "角色名称已存在",
    "密码错误": "当前密码错误",
}
"""What the domain says in the words of seed 001, in the words of this document."""


class Page(Wire):
    """Which part of a list."""

    page = Int(least=1, load_default=1)
    page_size = Int(least=1, load_default=20)


class Search(Page):
    """The filters of a list: what is wrong with the page is told together with them."""

    def read(self, raw: Any) -> dict[str, Any]:
        """The filters alone."""
        found = super().read(raw)
        return {name: value for name, value in found.items() if name not in ("page", "page_size")}


class SignInRefused(Unknown):
    """No token; `data` may say what is asked for."""

    def __init__(self, sentence: str, **data: Any) -> None:
        super().__init__(sentence, why=errors.NOTHING)
        self.data = data


class Identity(Dialect):
    """The dialect of seed 003."""

    name = "identity"
    owns = re.compile(r"/api/v1/auth/")
    prefix = "/api/v1/auth"
    forms = False
    pages = Page()

    def paging(self, query: dict[str, Any]) -> Paging:
        """`page` and `page_size`, up to 100; pages beyond 64 bit are one beyond the end like any other."""
        found = self.pages.read(query)
        return Paging(min(found["page"], LARGEST), min(found["page_size"], LARGEST_PAGE))

    def success(self, reply: Reply) -> dict[str, Any]:
        """`data` is always there."""
        message = reply.keys.get("message", FOUND)
        return {"success": True, "code": 200, "message": message, "data": {} if reply.data is None else reply.data}

    def page(self, rows: list[Any], total: int, paging: Paging, extra: Any) -> dict[str, Any]:
        """A list under its own name, which comes as `extra`."""
        data = {"total": total, "page": paging.page, "page_size": paging.size, extra: rows}
        return self.success(Reply(data))

    def failure(self, problem: Problem) -> Failure:
        """HTTP status equals `code`."""
        if isinstance(problem, Unknown):
            return unknown(problem)
        status, sentence = next(told for kind, told in STATUS.items() if isinstance(problem, kind))
        faults = dict(dotted(problem.faults))
        if isinstance(problem, Denied) and problem.needs:
            return refusal(403, NO_RIGHT, errors={"permission": problem.needs})
        if isinstance(problem, Taken) and faults:
            sentence = next(iter(faults.values()))[0]
        if problem.sentence and not isinstance(problem, Malformed | Reserved):
            sentence = NO_RIGHT if problem.sentence == access.NOT_YOURS else problem.sentence
        headers = [("Retry-After", str(problem.seconds))] if isinstance(problem, Throttled) else []
        return refusal(status, sentence, headers, **({"errors": faults} if faults else {}))

    def moment(self, moment: datetime) -> str:
        """UTC, whole seconds."""
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def unknown(self, status: int, method: str) -> Failure:
        """Unknown URLs and methods of the family."""
        return refusal(status, "接口不存在" if status == 404 else "请求方法不支持")

    def broken(self, number: str) -> Failure:
        """A bug, by its number."""
        return refusal(500, "服务器内部错误", request_id=number)


def refusal(status: int, message: str, headers: list[tuple[str, str]] | None = None, **more: Any) -> Failure:
    """The envelope of a refusal."""
    return Failure(status, {"success": False, "code": status, "message": message, "data": {}, **more}, headers or [])


def unknown(problem: Unknown) -> Failure:
    """401, with the challenge that HTTP asks for."""
    sent = problem.why != errors.NOTHING
    challenge = 'Bearer error="invalid_token"' if sent else "Bearer"
    failure = refusal(401, problem.sentence or UNKNOWN[problem.why], [("WWW-Authenticate", challenge)])
    failure.body["data"] = problem.data or {}
    return failure


def dotted(faults: Any, place: str = "") -> Iterator[tuple[str, list[str]]]:
    """Nested faults with dotted names, in this document's words."""
    for name, fault in faults.items():
        path = place if name == "_schema" else f"{place}.{name}" if place else name
        if isinstance(fault, dict):
            yield from dotted(fault, path)
        else:
            yield path, [OURS.get(sentence, sentence) for sentence in fault]


def said(message: str, data: Any = None) -> Reply:
    """An answer with its own message."""
    return Reply(data, keys={"message": message})


def listed(name: str, select: Select[Any], complete: Callable[[Tx, list[Row]], object] | None = None) -> Listing:
    """A list under its name."""
    return Listing(select, complete, lambda tx, rows: name)


identity = Identity()
