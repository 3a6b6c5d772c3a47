"""The bastion's API (seed 001)."""

from appliance.dialects.ptpb import audit, grants, menu, roles, signing_in, users
from appliance.dialects.ptpb.envelope import ptpb

__all__ = ["audit", "grants", "menu", "ptpb", "roles", "signing_in", "users"]
