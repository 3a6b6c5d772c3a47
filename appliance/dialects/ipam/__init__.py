"""Addresses and the organisation around them (seed 004)."""

from appliance.dialects.ipam import collections
from appliance.dialects.ipam.envelope import ipam

__all__ = ["collections", "ipam"]
