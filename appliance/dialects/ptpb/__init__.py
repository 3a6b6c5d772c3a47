"""The bastion's API (seed 001)."""
