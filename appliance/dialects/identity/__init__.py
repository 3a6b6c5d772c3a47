"""Sign-in, people, roles, API keys and permissions (seed 003)."""

from appliance.dialects.identity import (
    keys,
    mfa,
    passwords,
    permissions,
    policies,
    roles,
    sign_ins,
    signing_in,
    users,
)
from appliance.dialects.identity.envelope import identity

__all__ = [
    "identity",
    "keys",
    "mfa",
    "passwords",
    "permissions",
    "policies",
    "roles",
    "sign_ins",
    "signing_in",
    "users",
]
