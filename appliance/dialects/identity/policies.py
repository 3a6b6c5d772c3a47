"""Ours, beside the document: the sign-in policy of a role."""

from typing import Any

from marshmallow import ValidationError, fields

from appliance.dialects.identity.envelope import identity, said
from appliance.dialects.identity.roles import named
from appliance.dialects.identity.shapes import NOT_EMPTY, Networks, Switch, Whole, Word
from appliance.domain import policies
from appliance.store import Tx
from appliance.web.fields import LIST, Parts, Plain, Wire, wordings
from appliance.web.route import Reply

BAD_TIME = "时间格式须为HH:MM"
CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"


class Days(fields.Field[Any]):
    """Days of the week, 1 for Monday to 7 for Sunday, each once."""

    def __init__(self) -> None:
        super().__init__(**wordings(True))
        self.day = Whole(least=1, most=7)

    def _deserialize(self, value: Any, attr: Any, data: Any, **rest: Any) -> list[int]:
        if not isinstance(value, list):
            raise ValidationError(LIST)
        if not value:
            raise ValidationError(NOT_EMPTY)
        return sorted({self.day.deserialize(day) or 0 for day in value})


class Span(Wire):
    """From when to when on which days, in the zone of the appliance; past midnight when it ends before it begins."""

    days = Days()
    begin = Word(required=True, form=CLOCK, wrong=BAD_TIME, data_key="from", attribute="from")
    end = Word(required=True, form=f"{CLOCK}|{policies.MIDNIGHT}", wrong=BAD_TIME, data_key="to", attribute="to")


class PolicyChange(Wire):
    """What is absent stays."""

    allowed_addresses = Networks()
    denied_addresses = Networks()
    hours = Parts(Span)
    mfa_required = Switch(attribute="second_factor")


class PolicyView(Wire):
    """From where, when and how members of a role may sign in; empty lists mean everywhere and always."""

    allowed_addresses = Plain()
    denied_addresses = Plain()
    hours = Plain()
    mfa_required = Plain(attribute="second_factor")


@identity.get("/roles/<role>/policy", needs="system.role.read", gives=PolicyView)
def show_policy(tx: Tx, role: str) -> dict[str, Any]:
    """获取角色登录策略"""
    return policies.of_role(tx, named(tx, role).id)


@identity.put(
    "/roles/<role>/policy",
    needs="system.role.update",
    takes=PolicyChange,
    gives=PolicyView,
    audit="修改角色{role}的登录策略",
)
def change_policy(tx: Tx, policy: dict[str, Any], role: str) -> Reply:
    """修改角色登录策略"""
    ident = named(tx, role).id
    policies.set_for_role(tx, ident, **policy)
    return said("登录策略更新成功", policies.of_role(tx, ident))
