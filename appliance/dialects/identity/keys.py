"""Chapter 6: API keys."""

from typing import Any

from marshmallow.validate import OneOf

from appliance.dialects.identity.envelope import Search, identity, listed, said
from appliance.dialects.identity.shapes import Networks, Whole, Word, Words
from appliance.domain import keys, usage
from appliance.errors import Missing
from appliance.store import Row, Tx
from appliance.web.fields import Plain, Text, TextId, Time, Wire
from appliance.web.route import SIGNED_IN, Listing, Reply

NOT_FOUND = "API密钥不存在"
BAD_STATUS = "状态须为active、inactive或expired。"


class KeyFilter(Search):
    """Which keys to look for."""

    name = Text()
    status = Text(validate=OneOf([keys.ACTIVE, keys.INACTIVE, keys.EXPIRED], error=BAD_STATUS))


class KeyNew(Wire):
    """What a key is for."""

    name = Word(required=True, longest=64)
    description = Word(longest=255, none=True, load_default=None)
    permissions = Words(required=True, empty=False)
    expires_in_days = Whole(least=1, most=3650, attribute="days", load_default=365)
    allowed_ips = Networks(attribute="allowed_addresses", load_default=list)


class KeyMade(Wire):
    """A key, shown this once."""

    id = TextId()
    name = Plain()
    key = Plain()
    permissions = Plain()
    created_at = Time()
    expires_at = Time()


class KeyView(Wire):
    """A key as lists show it."""

    id = TextId()
    name = Plain()
    key_prefix = Plain(attribute="prefix")
    status = Plain()
    permissions = Plain()
    created_by = Plain(attribute="login")
    created_at = Time()
    expires_at = Time()
    last_used_at = Time()
    description = Plain()
    allowed_ips = Plain(attribute="allowed_addresses")


class Disabled(Wire):
    """Since when a key is off."""

    id = TextId()
    status = Plain()
    disabled_at = Time()


class Enabled(Wire):
    """Since when a key is on again."""

    id = TextId()
    status = Plain()
    enabled_at = Time()


class Span(Wire):
    """The window of statistics."""

    time_range = Text(attribute="span", load_default="7d")


class UsageView(Wire):
    """What a key did."""

    total_requests = Plain()
    success_requests = Plain()
    error_requests = Plain()
    daily_stats = Plain()
    top_endpoints = Plain()
    last_used_at = Time()
    last_ip = Plain(attribute="last_address")


def named(tx: Tx, key: str) -> Row:
    """The key of a path, if it is the caller's own, or he administers."""
    known = key.isdecimal() and key.isascii() and len(key) < 19
    try:
        return keys.get(tx, int(key) if known else 0)
    except Missing:
        raise Missing(NOT_FOUND) from None


@identity.get("/api-keys", needs=SIGNED_IN, takes=KeyFilter, gives=KeyView, by_key=False)
def list_keys(tx: Tx, filters: dict[str, Any]) -> Listing:
    """获取API密钥列表"""
    return listed("api_keys", keys.search(tx, **filters), keys.describe)


@identity.get("/api-keys/<key>", needs=SIGNED_IN, gives=KeyView, by_key=False)
def show_key(tx: Tx, key: str) -> Row:
    """获取API密钥详情"""
    row = named(tx, key)
    keys.describe(tx, [row])
    return row


@identity.post("/api-keys", needs=SIGNED_IN, takes=KeyNew, gives=KeyMade, audit="创建API密钥", by_key=False)
def add_key(tx: Tx, key: dict[str, Any]) -> Reply:
    """创建API密钥"""
    row, secret = keys.create(tx, **key | {"description": key["description"] or ""})
    return said("API密钥创建成功", row | {"key": secret})


@identity.post("/api-keys/<key>/disable", needs=SIGNED_IN, gives=Disabled, audit="禁用API密钥{key}", by_key=False)
def disable_key(tx: Tx, key: str) -> Reply:
    """禁用API密钥"""
    ident = named(tx, key).id
    moment = keys.switch(tx, ident, enabled=False)
    return said("API密钥已禁用", {"id": ident, "status": keys.INACTIVE, "disabled_at": moment})


@identity.post("/api-keys/<key>/enable", needs=SIGNED_IN, gives=Enabled, audit="启用API密钥{key}", by_key=False)
def enable_key(tx: Tx, key: str) -> Reply:
    """启用API密钥"""
    ident = named(tx, key).id
    moment = keys.switch(tx, ident, enabled=True)
    return said("API密钥已启用", {"id": ident, "status": keys.ACTIVE, "enabled_at": moment})


@identity.delete("/api-keys/<key>", needs=SIGNED_IN, audit="删除API密钥{key}", by_key=False)
def remove_key(tx: Tx, key: str) -> Reply:
    """删除API密钥"""
    keys.remove(tx, named(tx, key).id)
    return said("API密钥已删除")


@identity.get("/api-keys/<key>/stats", needs=SIGNED_IN, takes=Span, gives=UsageView, by_key=False)
def show_usage(tx: Tx, wanted: dict[str, Any], key: str) -> dict[str, Any]:
    """获取API密钥使用统计"""
    start = usage.beginning(wanted["span"])
    return usage.statistics(tx, named(tx, key), start)
