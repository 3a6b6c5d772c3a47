"""The bastion's API (seed 001)."""

from appliance.dialects.ptpb import (
    audit,
    grants,
    groups,
    hosts,
    menu,
    roles,
    sessions,
    signing_in,
    terminal,
    users,
    vouchers,
)
from appliance.dialects.ptpb.envelope import ptpb

__all__ = [
    "audit",
    "grants",
    "groups",
    "hosts",
    "menu",
    "ptpb",
    "roles",
    "sessions",
    "signing_in",
    "terminal",
    "users",
    "vouchers",
]
