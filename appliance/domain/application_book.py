"""The collection of applications: its fields, and what clients send of them (ipam 7)."""

from collections.abc import Mapping
from typing import Any

from appliance.domain import application_decisions, applications, custom_fields, incoming, values, writing
from appliance.domain.address_book import ASSIGNED, told
from appliance.domain.collections import DESCRIPTION, Collection, Field, refers, register
from appliance.domain.findings import Findings
from appliance.errors import Invalid
from appliance.store import Row, Tx
from appliance.store.address_tables import applications as table

PLAIN = tuple(field for field in ASSIGNED if field.name != "purpose")
APPLICATIONS = register(
    Collection(
        name="registerIps",
        title="IP注册申请",
        table=table,
        own_fields=(
            told("request_no", searchable=True),
            Field("apply_type", default="new", choices=applications.TYPES),
            told("status", choices=applications.STATUSES),
            told("applicant_id", values.REFERENCE),
            told("applicant_name", searchable=True),
            refers("network_area_id", "network_areas", column="area_id"),
            refers("subnet_id", "subnets"),
            Field("ip", values.ADDRESS, aliases=("ip_address", "address"), searchable=True),
            Field("ip_count", values.INTEGER, default=1, low=1, high=applications.MOST, aliases=("count",)),
            *PLAIN,
            Field("purpose", searchable=True, aliases=("reason", "usage")),
            DESCRIPTION,
            told("approver_id", values.REFERENCE),
            told("approved_at", values.MOMENT),
            told("approve_comment"),
            told("reject_reason"),
            told("allocated_ips", values.LIST),
            told("allocated_ip_ids", values.LIST, column="allocated_ids"),
            told("cancelled_at", values.MOMENT),
        ),
        label="request_no",
        computed=("may_decide",),
        complete=application_decisions.mark,
        scope=applications.visible,
    )
)


def new(tx: Tx, body: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of an application that is to be, or every fault of its form."""
    findings = Findings()
    facts = incoming.given(APPLICATIONS, body, findings)
    incoming.defaults(APPLICATIONS, body, facts, findings)
    facts["custom_fields"] = custom_fields.merged(tx, APPLICATIONS, None, body.get("custom_fields") or {}, findings)
    writing.check_references(tx, APPLICATIONS, facts, findings)
    findings.settle()
    return facts


def changed(tx: Tx, before: Row, body: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that become others, or every fault of their form."""
    findings = Findings()
    facts = incoming.given(APPLICATIONS, body, findings)
    if "custom_fields" in body:
        fresh = body["custom_fields"] or {}
        facts["custom_fields"] = custom_fields.merged(tx, APPLICATIONS, before, fresh, findings)
    if not facts and not findings.coded:
        raise Invalid(writing.NO_KEY)
    writing.check_references(tx, APPLICATIONS, facts, findings)
    findings.settle()
    return facts
