"""Chapter 七: vouchers."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, validates_schema

from appliance.dialects.ptpb.envelope import ptpb
from appliance.dialects.ptpb.groups import NOTHING_REMOVED
from appliance.dialects.ptpb.ids import Removal, removed
from appliance.domain import vouchers
from appliance.store import Tx
from appliance.web.fields import Bool, Id, Plain, Secret, Text, Time, Wire
from appliance.web.route import Listing, Reply
from appliance.web.serve import Desk

ONE_SECRET = "password与private_key必须二选一"  # noqa: S105 -- a sentence
EITHER = ("password", "private_key")
LONGEST_KEY = 32 * 1024


class Secretive(Wire):
    """A password, or a private key with its passphrase."""

    password = Secret(none=True, longest=1024, load_default=None)
    private_key = Secret(none=True, longest=LONGEST_KEY, load_default=None)
    passphrase = Secret(none=True, longest=1024, load_default=None)
    fewest = 0

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def one_secret(self, _: Any, raw: Any, **rest: Any) -> None:
        """Told together with whatever else is wrong."""
        given = [name for name in EITHER if isinstance(raw, Mapping) and raw.get(name) not in (None, "")]
        if not self.fewest <= len(given) <= 1:
            raise ValidationError({name: [ONE_SECRET] for name in EITHER})


class VoucherNew(Secretive):
    """A new voucher."""

    fewest = 1
    name = Text(required=True, longest=128)
    username = Text(required=True, longest=128)
    group = Id(required=True, attribute="group_id")
    description = Text(longest=1000, none=True)


class VoucherEdit(Secretive):
    """Changes of a voucher; without a secret it keeps the one it has."""

    id = Id(required=True, attribute="ident")
    name = Text(longest=128)
    username = Text(longest=128)
    group = Id(attribute="group_id")
    description = Text(longest=1000, none=True)


class VoucherFilter(Wire):
    """Which vouchers to look for."""

    name = Text(none=True)
    username = Text(none=True)
    group = Id(attribute="group_id")
    subtree = Bool()


class VoucherView(Wire):
    """A voucher as lists show it; its secret is in none of them."""

    id = Plain()
    name = Plain()
    username = Plain()
    description = Plain()
    create_date = Time(attribute="created_at")
    update_date = Time(attribute="updated_at")
    group = Plain(attribute="group_id")


@ptpb.post(
    "/resource/voucher/add/",
    needs=vouchers.CREATE,
    takes=VoucherNew,
    audit="添加凭证",
    outside=True,
    rules=vouchers.check_new,
)
def add_voucher(desk: Desk, voucher: dict[str, Any]) -> None:
    facts = examined(voucher)
    with desk.writing() as tx:
        vouchers.create(tx, **facts)


@ptpb.post(
    "/resource/voucher/edit/",
    needs=vouchers.UPDATE,
    takes=VoucherEdit,
    audit="编辑凭证{id}",
    outside=True,
    rules=vouchers.check_change,
)
def edit_voucher(desk: Desk, changes: dict[str, Any]) -> None:
    facts = examined(changes)
    with desk.writing() as tx:
        vouchers.change(tx, **facts)


def examined(facts: dict[str, Any]) -> dict[str, Any]:
    """The facts with the secret in one piece; reading a key takes its time."""
    secret = vouchers.examine(**{name: facts.pop(name) for name in (*EITHER, "passphrase")})
    return facts | {"secret": secret}


@ptpb.post("/resource/voucher/del/", needs=vouchers.DELETE, takes=Removal, audit="删除凭证")
def remove_vouchers(tx: Tx, named: dict[str, Any]) -> Reply:
    return removed(named["ids"], vouchers.remove(tx, named["ids"]), NOTHING_REMOVED)


@ptpb.get("/resource/voucher/get/", needs=vouchers.READ, takes=VoucherFilter, gives=VoucherView)
def list_vouchers(tx: Tx, filters: dict[str, Any]) -> Listing:
    """查看凭证"""
    return Listing(vouchers.search(tx, **filters))
