"""Chapter 六: hosts and their keys."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, validates_schema

from appliance.dialects.ptpb.envelope import ptpb
from appliance.dialects.ptpb.groups import NOTHING_REMOVED, GroupView
from appliance.dialects.ptpb.ids import Removal, removed
from appliance.dialects.ptpb.vouchers import VoucherView
from appliance.domain import bindings, groups, host_keys, hosts
from appliance.store import Row, Tx
from appliance.web.fields import BLANK, Bool, Id, Ids, Int, Parts, Plain, Text, Time, Wire
from appliance.web.route import Listing, Reply

ADDRESSES = {"ipv4_address": 4, "ipv6_address": 6}
LARGEST_PORT = 65535
DEFAULT_PORT = 22
GROUP_VIEW = GroupView()


class Address(Text):
    """An IP address that a machine can have."""

    def __init__(self, version: int, **rest: Any) -> None:
        super().__init__(none=True, **rest)
        self.version = version

    def _deserialize(self, value: Any, attr: Any, data: Any, **rest: Any) -> str | None:
        text = super()._deserialize(value, attr, data, **rest)
        try:
            return hosts.usable(text, self.version) if text else None
        except ValueError:
            raise ValidationError(f"输入一个有效的 IPv{self.version} 地址。") from None


class Name(Text):
    """A host name."""

    def __init__(self, **rest: Any) -> None:
        super().__init__(none=True, longest=253, form=hosts.NAME_FORM, wrong="无效域名", **rest)


class Addressed(Wire):
    """An address of one kind or of the other."""

    ipv4_address = Address(4, attribute="ipv4")
    ipv6_address = Address(6, attribute="ipv6")
    fewest = 0

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def one_address(self, _: Any, raw: Any, **rest: Any) -> None:
        """Told together with whatever else is wrong."""
        given = [name for name in ADDRESSES if isinstance(raw, Mapping) and raw.get(name) not in (None, "")]
        if not self.fewest <= len(given) <= 1:
            raise ValidationError({"ip": [hosts.ONE_ADDRESS]})


class HostNew(Addressed):
    """A new host."""

    fewest = 1
    name = Text(required=True, longest=128)
    domain = Name()
    group = Id(required=True, attribute="group_id")
    protocol = Id(required="协议为必填项", attribute="protocol_id")
    port = Int(least=1, most=LARGEST_PORT, load_default=DEFAULT_PORT)
    voucher_ids = Ids()
    description = Text(longest=1000, none=True)


class HostEdit(Addressed):
    """Changes of a host."""

    id = Id(required=True, attribute="ident")
    name = Text(longest=128)
    domain = Name()
    group = Id(attribute="group_id")
    protocol = Id(attribute="protocol_id")
    port = Int(least=1, most=LARGEST_PORT)
    voucher_ids = Ids()
    status = Bool(attribute="enabled")
    description = Text(longest=1000, none=True)


class HostFilter(Wire):
    """Which hosts to look for."""

    name = Text(none=True)
    ipv4_address = Text(none=True, attribute="ipv4")
    group = Id(attribute="group_id")
    subtree = Bool()
    status = Bool(attribute="enabled")
    protocol = Id(attribute="protocol_id")


class HostView(Wire):
    """A host as lists show it."""

    id = Plain()
    vouchers = Parts(VoucherView)
    name = Plain()
    status = Plain(attribute="enabled")
    ipv4_address = Plain(attribute="ipv4")
    ipv6_address = Plain(attribute="ipv6")
    domain = Plain()
    port = Plain()
    description = Plain()
    create_date = Time(attribute="created_at")
    update_date = Time(attribute="updated_at")
    group = Plain(attribute="group_id")
    protocol = Plain(attribute="protocol_id")
    host_key = Plain()


class Fingerprint(Text):
    """The fingerprint of a host key; null, but not an empty one, stands for none."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **rest: Any) -> str:
        text = super()._deserialize(value, attr, data, **rest)
        if text is None:
            raise ValidationError(BLANK)
        return text


class HostKeyChoice(Wire):
    """Which of the keys that a host has offered is the right one."""

    id = Id(required=True, attribute="ident")
    fingerprint = Fingerprint(required=True, none=True, longest=64)


@ptpb.post("/resource/resource/add/", needs=hosts.CREATE, takes=HostNew, audit="添加资源", rules=hosts.check_new)
def add_host(tx: Tx, host: dict[str, Any]) -> None:
    hosts.create(tx, **host)


@ptpb.post(
    "/resource/resource/edit/", needs=hosts.UPDATE, takes=HostEdit, audit="编辑资源{id}", rules=hosts.check_change
)
def edit_host(tx: Tx, changes: dict[str, Any]) -> None:
    hosts.change(tx, **changes)


@ptpb.post("/resource/resource/del/", needs=hosts.DELETE, takes=Removal, audit="删除资源")
def remove_hosts(tx: Tx, named: dict[str, Any]) -> Reply:
    return removed(named["ids"], hosts.remove(tx, named["ids"]), NOTHING_REMOVED)


@ptpb.get("/resource/resource/get/", needs=hosts.READ, takes=HostFilter, gives=HostView)
def list_hosts(tx: Tx, filters: dict[str, Any]) -> Listing:
    """查看资源"""
    return Listing(hosts.search(tx, **filters), bindings.attach, whole_trees)


def whole_trees(tx: Tx, rows: list[Row]) -> list[Any]:
    """The trees of the groups that the hosts of a page lie in."""
    return ptpb.completed(groups.trees(tx, {row.group_id for row in rows}), GROUP_VIEW)


@ptpb.post("/resource/resource/hostkey/", needs=hosts.UPDATE, takes=HostKeyChoice, audit="变更资源{id}主机密钥")
def choose_host_key(tx: Tx, choice: dict[str, Any]) -> None:
    host_keys.accept(tx, **choice)
