"""Chapter 四: grants of roles on groups."""

from typing import Any

from marshmallow import ValidationError

from appliance.dialects.ptpb.envelope import ptpb
from appliance.dialects.ptpb.ids import Sought
from appliance.domain import effective, grants
from appliance.errors import Invalid, Misshapen
from appliance.store import Row, Tx
from appliance.web.fields import Id, Ids, Parts, Plain, Time, Wire, listed


class RoleSought(Wire):
    """Whose grants."""

    role_id = Sought(required=True)


class OnGroup(Wire):
    """What a role is to hold on one group."""

    id = Id(required=True, attribute="group_id")
    permission = Ids(required=True, attribute="permission_ids")


class EachGroup(Parts):
    """What is in order of each group goes on to the rules, also where something else is not."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **rest: Any) -> list[dict[str, Any]]:
        try:
            return super()._deserialize(value, attr, data, **rest)
        except ValidationError as error:
            if isinstance(error.messages, dict):
                error.valid_data = [self.in_order(one) for one in listed(value)]
            raise

    def in_order(self, one: Any) -> dict[str, Any]:
        """As much of one as has the right form."""
        try:
            return self.shape.read(one)
        except Invalid as fault:
            return fault.right if isinstance(fault, Misshapen) else {}


class RoleGrants(Wire):
    """What a role is to hold on some groups."""

    role_id = Id(required=True)
    groups = EachGroup(OnGroup, required=True)


class GrantView(Wire):
    """One grant."""

    id = Plain()
    protected = Plain()
    create_date = Time(attribute="created_at")
    role = Plain(attribute="role_id")
    permission = Plain(attribute="permission_id")
    resource_group = Plain(attribute="group_id")


@ptpb.get("/perm/group-auth/get/", needs="system.permission.read", takes=RoleSought, gives=GrantView)
def list_grants(tx: Tx, sought: dict[str, int]) -> list[Row]:
    """查看角色资源组权限"""
    return grants.of_role(tx, sought["role_id"])


@ptpb.post(
    "/perm/group-auth/edit/",
    needs="system.permission.update",
    takes=RoleGrants,
    audit="授权角色{role_id}资源组权限",
    rules=grants.check,
)
def set_grants(tx: Tx, wanted: dict[str, Any]) -> None:
    """授权角色资源组权限"""
    grants.replace(tx, wanted["role_id"], wanted["groups"])


class WhoWhere(Wire):
    """Whose access to which host."""

    user_id = Sought(required=True)
    resource_id = Sought(required=True, attribute="host_id")


@ptpb.get("/perm/effective/", needs="system.permission.read", takes=WhoWhere)
def explain_access(tx: Tx, asked: dict[str, int]) -> dict[str, Any]:
    """查看有效访问权限"""
    return effective.explain(tx, **asked)
