"""Addresses and the organisation around them (seed 004)."""

from appliance.dialects.ipam import collections, signing_in, users
from appliance.dialects.ipam.envelope import ipam

__all__ = ["collections", "ipam", "signing_in", "users"]
