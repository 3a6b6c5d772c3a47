"""The bastion's API (seed 001)."""

from appliance.dialects.ptpb import audit, menu, signing_in
from appliance.dialects.ptpb.envelope import ptpb

__all__ = ["audit", "menu", "ptpb", "signing_in"]
