"""Addresses and the organisation around them (seed 004)."""

from appliance.dialects.ipam import applications, collections, exchange, ips, signing_in, subnets, users
from appliance.dialects.ipam.envelope import ipam

__all__ = ["applications", "collections", "exchange", "ipam", "ips", "signing_in", "subnets", "users"]
