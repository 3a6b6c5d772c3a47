"""People, machines, sessions and their history."""

import sqlalchemy as sa
from alembic import op

from appliance.store.tables import UtcTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    """People, machines, sessions and their history."""
    op.create_table(
        "api_key_usage",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("key_id", sa.Integer(), nullable=False, comment="without a reference: counts outlive their key"),
        sa.Column("hour", UtcTime(), nullable=False),
        sa.Column("endpoint", sa.String(length=255), nullable=False, comment="path with {id} for what varies"),
        sa.Column("succeeded", sa.Boolean(), nullable=False, comment="false: refused"),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key_usage")),
        sa.UniqueConstraint(
            "key_id", "hour", "endpoint", "succeeded", name=op.f("uq_api_key_usage_key_id_hour_endpoint_succeeded")
        ),
        comment="What keys did, by the hour",
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_api_key_usage_hour"), "api_key_usage", ["hour"], unique=False)
    op.create_table(
        "groups",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("root_id", sa.Integer(), nullable=True, comment="the top group; its own id for a top group"),
        sa.Column("level", sa.Integer(), nullable=False, comment="0 for a top group"),
        sa.Column("path", sa.String(length=255), nullable=False, comment="/1/5/9/, so that a prefix is an ancestor"),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("description", sa.String(length=1000), nullable=True),
        sa.Column("protected", sa.Boolean(), nullable=False, comment="group 1"),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["groups.id"], name=op.f("fk_groups_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_groups")),
        sa.UniqueConstraint("path", name=op.f("uq_groups_path")),
        sa.UniqueConstraint("uuid", name=op.f("uq_groups_uuid")),
        comment="The one tree of groups",
        sqlite_autoincrement=True,
    )
    op.create_index("ix_groups_parent_id", "groups", ["parent_id"], unique=False)
    op.create_table(
        "login_records",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("user_name", sa.String(length=64), nullable=False, comment="or what was typed, cut"),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("user_agent", sa.String(length=256), nullable=False),
        sa.Column("dialect", sa.String(length=16), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False, comment="whether a token was given"),
        sa.Column("reason", sa.String(length=64), nullable=False, comment="the true one, for operators"),
        sa.Column("kind", sa.String(length=8), nullable=False, comment="login, logout, register, token or ssh"),
        sa.Column("captcha_used", sa.Boolean(), nullable=False, comment="a captcha was asked for, and right"),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_records")),
        comment="Every attempt to sign in, at every door",
        sqlite_autoincrement=True,
    )
    op.create_index("ix_login_records_address_created_at", "login_records", ["address", "created_at"], unique=False)
    op.create_index(op.f("ix_login_records_created_at"), "login_records", ["created_at"], unique=False)
    op.create_index(op.f("ix_login_records_user_id"), "login_records", ["user_id"], unique=False)
    op.create_table(
        "operations",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("user_name", sa.String(length=64), nullable=False),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("operation", sa.String(length=255), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False, comment="false: refused, or nothing done"),
        sa.Column("dialect", sa.String(length=16), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False, comment="what changed: old and new, secrets masked"),
        sa.Column("request_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operations")),
        comment="Every changing call",
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_operations_created_at"), "operations", ["created_at"], unique=False)
    op.create_index(op.f("ix_operations_user_id"), "operations", ["user_id"], unique=False)
    op.create_table(
        "options",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_options")),
        sa.UniqueConstraint("name", name=op.f("uq_options_name")),
        comment="What is changed at run time, and what the appliance remembers of itself",
        sqlite_autoincrement=True,
    )
    op.create_table(
        "permissions",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=32), nullable=False),
        sa.Column("object", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("label", sa.Boolean(), nullable=False, comment="a plain word of seed 003 rather than a dotted code"),
        sa.Column("implicit", sa.Boolean(), nullable=False, comment="registered by being granted, not yet described"),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_permissions")),
        sa.UniqueConstraint("code", name=op.f("uq_permissions_code")),
        comment="The catalogue; code decides by code, never by id",
        sqlite_autoincrement=True,
    )
    op.create_table(
        "roles",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("name_key", sa.String(length=256), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("code_key", sa.String(length=128), nullable=False),
        sa.Column("description", sa.String(length=1000), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False, comment="false: gives no right at all"),
        sa.Column("protected", sa.Boolean(), nullable=False, comment="seeded"),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roles")),
        sa.UniqueConstraint("code_key", name=op.f("uq_roles_code_key")),
        sa.UniqueConstraint("name_key", name=op.f("uq_roles_name_key")),
        sa.UniqueConstraint("uuid", name=op.f("uq_roles_uuid")),
        comment="Named sets of permissions",
        sqlite_autoincrement=True,
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("user_name", sa.String(length=64), nullable=False),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False, comment="of the user"),
        sa.Column("host_id", sa.Integer(), nullable=False),
        sa.Column("host_name", sa.String(length=128), nullable=False),
        sa.Column("host_address", sa.String(length=253), nullable=False),
        sa.Column("voucher_id", sa.Integer(), nullable=False),
        sa.Column("username", sa.String(length=128), nullable=False, comment="on the host"),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.Column("status", sa.String(length=8), nullable=False, comment="active, close or failed"),
        sa.Column("reason", sa.String(length=255), nullable=False, comment="why it ended"),
        sa.Column("recording", sa.String(length=255), nullable=True, comment="path below the data directory"),
        sa.Column(
            "recording_hash", sa.String(length=64), nullable=True, comment="SHA-256 of the closed recording, in hex"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("uuid", name=op.f("uq_sessions_uuid")),
        comment="SSH terminals, live and past",
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_sessions_host_id"), "sessions", ["host_id"], unique=False)
    op.create_index(op.f("ix_sessions_started_at"), "sessions", ["started_at"], unique=False)
    op.create_index(op.f("ix_sessions_status"), "sessions", ["status"], unique=False)
    op.create_index(op.f("ix_sessions_user_id"), "sessions", ["user_id"], unique=False)
    op.create_table(
        "strikes",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False, comment="account, address or code"),
        sa.Column("subject", sa.String(length=128), nullable=False),
        sa.Column(
            "failures", sa.JSON(), nullable=False, comment="times (seconds since 1970) of the failures that still count"
        ),
        sa.Column("level", sa.Integer(), nullable=False, comment="how often the address was blocked lately"),
        sa.Column("until", UtcTime(), nullable=True, comment="locked or blocked until then"),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_strikes")),
        sa.UniqueConstraint("kind", "subject", name=op.f("uq_strikes_kind_subject")),
        comment="Failed sign-ins, counted for all doors together",
        sqlite_autoincrement=True,
    )
    op.create_table(
        "grants",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("role_id", sa.Integer(), nullable=False),
        sa.Column("permission_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("protected", sa.Boolean(), nullable=False, comment="of role 1"),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_grants_group_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["permission_id"], ["permissions.id"], name=op.f("fk_grants_permission_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["role_id"], ["roles.id"], name=op.f("fk_grants_role_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
        sa.UniqueConstraint(
            "role_id", "permission_id", "group_id", name=op.f("uq_grants_role_id_permission_id_group_id")
        ),
        comment="Permissions of a role on a group and all below it",
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_grants_group_id"), "grants", ["group_id"], unique=False)
    op.create_index(op.f("ix_grants_permission_id"), "grants", ["permission_id"], unique=False)
    op.create_table(
        "hosts",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("cloud_id", sa.Integer(), nullable=False),
        sa.Column("ipv4", sa.String(length=15), nullable=True),
        sa.Column("ipv6", sa.String(length=45), nullable=True),
        sa.Column("domain", sa.String(length=253), nullable=True),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("protocol_id", sa.Integer(), nullable=True, comment="1 SSH; null: speaks none of ours"),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False, comment="false: no connections"),
        sa.Column("description", sa.String(length=1000), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_hosts_group_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hosts")),
        sa.UniqueConstraint("name", name=op.f("uq_hosts_name")),
        sa.UniqueConstraint("uuid", name=op.f("uq_hosts_uuid")),
        comment="Machines one can connect to",
        sqlite_autoincrement=True,
    )
    op.create_index("ix_hosts_cloud_id_ipv4", "hosts", ["cloud_id", "ipv4"], unique=False)
    op.create_index("ix_hosts_cloud_id_ipv6", "hosts", ["cloud_id", "ipv6"], unique=False)
    op.create_index(op.f("ix_hosts_group_id"), "hosts", ["group_id"], unique=False)
    op.create_table(
        "role_permissions",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("role_id", sa.Integer(), nullable=False),
        sa.Column("permission_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["permission_id"], ["permissions.id"], name=op.f("fk_role_permissions_permission_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["role_id"], ["roles.id"], name=op.f("fk_role_permissions_role_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_permissions")),
        sa.UniqueConstraint("role_id", "permission_id", name=op.f("uq_role_permissions_role_id_permission_id")),
        comment="Base permissions of roles",
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_role_permissions_permission_id"), "role_permissions", ["permission_id"], unique=False)
    op.create_table(
        "role_policies",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("role_id", sa.Integer(), nullable=False),
        sa.Column("allowed_addresses", sa.JSON(), nullable=False, comment="networks; none: everywhere"),
        sa.Column("denied_addresses", sa.JSON(), nullable=False, comment="networks; these win"),
        sa.Column("hours", sa.JSON(), nullable=False, comment="[{days, from, to}]; none: always"),
        sa.Column("second_factor", sa.Boolean(), nullable=False, comment="members must have a second factor"),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["role_id"], ["roles.id"], name=op.f("fk_role_policies_role_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_policies")),
        sa.UniqueConstraint("role_id", name=op.f("uq_role_policies_role_id")),
        comment="From where, when and how members of a role may sign in",
        sqlite_autoincrement=True,
    )
    op.create_table(
        "vouchers",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("username", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False, comment="password or key"),
        sa.Column("secret", sa.LargeBinary(), nullable=True, comment="sealed password or private key"),
        sa.Column("passphrase", sa.LargeBinary(), nullable=True, comment="sealed"),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("description", sa.String(length=1000), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_vouchers_group_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vouchers")),
        sa.UniqueConstraint("uuid", name=op.f("uq_vouchers_uuid")),
        comment="What is shown to a host to be let in",
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_vouchers_group_id"), "vouchers", ["group_id"], unique=False)
    op.create_table(
        "host_keys",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("host_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False, comment="key type, such as ssh-ed25519"),
        sa.Column("fingerprint", sa.String(length=64), nullable=False, comment="SHA256:…"),
        sa.Column("public_key", sa.Text(), nullable=False, comment="base64"),
        sa.Column(
            "pinned", sa.Boolean(), nullable=False, comment="the one that is accepted; others were merely offered"
        ),
        sa.Column("seen_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["host_id"], ["hosts.id"], name=op.f("fk_host_keys_host_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_host_keys")),
        sa.UniqueConstraint("host_id", "fingerprint", name=op.f("uq_host_keys_host_id_fingerprint")),
        comment="Host keys seen; at most one of a host is pinned",
        sqlite_autoincrement=True,
    )
    op.create_table(
        "host_vouchers",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("host_id", sa.Integer(), nullable=False),
        sa.Column("voucher_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["host_id"], ["hosts.id"], name=op.f("fk_host_vouchers_host_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["voucher_id"], ["vouchers.id"], name=op.f("fk_host_vouchers_voucher_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_host_vouchers")),
        sa.UniqueConstraint("host_id", "voucher_id", name=op.f("uq_host_vouchers_host_id_voucher_id")),
        comment="Which vouchers are bound to which hosts",
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_host_vouchers_voucher_id"), "host_vouchers", ["voucher_id"], unique=False)
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("login", sa.String(length=64), nullable=False, comment="as typed when made"),
        sa.Column("login_key", sa.String(length=128), nullable=False, comment="NFKC and case-folded"),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("email_key", sa.String(length=254), nullable=True, comment="case-folded"),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("department", sa.String(length=64), nullable=False),
        sa.Column("position", sa.String(length=64), nullable=False),
        sa.Column("password_hash", sa.String(length=80), nullable=False),
        sa.Column("password_at", UtcTime(), nullable=False),
        sa.Column("must_change_password", sa.Boolean(), nullable=False, comment="a temporary password is in use"),
        sa.Column("password_expires_at", UtcTime(), nullable=True, comment="end of a temporary password"),
        sa.Column("enabled", sa.Boolean(), nullable=False, comment="false: may not sign in"),
        sa.Column("pending", sa.Boolean(), nullable=False, comment="self-registered, waiting for a decision"),
        sa.Column("locked", sa.Boolean(), nullable=False, comment="locked by an administrator, without a timer"),
        sa.Column("protected", sa.Boolean(), nullable=False, comment="the first account"),
        sa.Column("expires_at", UtcTime(), nullable=True),
        sa.Column("allowed_addresses", sa.JSON(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True, comment="where he works"),
        sa.Column("department_id", sa.Integer(), nullable=True),
        sa.Column("last_login_at", UtcTime(), nullable=True),
        sa.Column("login_count", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["department_id"], ["departments.id"], name=op.f("fk_users_department_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_users_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email_key", name=op.f("uq_users_email_key")),
        sa.UniqueConstraint("login_key", name=op.f("uq_users_login_key")),
        sa.UniqueConstraint("phone", name=op.f("uq_users_phone")),
        sa.UniqueConstraint("uuid", name=op.f("uq_users_uuid")),
        comment="People, and what they sign in with",
        sqlite_autoincrement=True,
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("prefix", sa.String(length=16), nullable=False, comment="what lists show of the key"),
        sa.Column("key_hash", sa.String(length=64), nullable=False, comment="SHA-256"),
        sa.Column("permissions", sa.JSON(), nullable=False, comment="labels and codes"),
        sa.Column("allowed_addresses", sa.JSON(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False, comment="false: switched off"),
        sa.Column("switched_at", UtcTime(), nullable=True, comment="on or off"),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("last_used_at", UtcTime(), nullable=True),
        sa.Column("last_address", sa.String(length=64), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_api_keys_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_keys_key_hash")),
        sa.UniqueConstraint("uuid", name=op.f("uq_api_keys_uuid")),
        comment="Keys for programs, each acting for its owner",
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_api_keys_user_id"), "api_keys", ["user_id"], unique=False)
    op.create_table(
        "password_history",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("password_hash", sa.String(length=80), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_password_history_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_password_history")),
        comment="The last five passwords of each user",
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_password_history_user_id"), "password_history", ["user_id"], unique=False)
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("used_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_recovery_codes_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
        comment="One-time codes for those who lost their second factor",
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_recovery_codes_user_id"), "recovery_codes", ["user_id"], unique=False)
    op.create_table(
        "second_factors",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False, comment="sealed TOTP secret"),
        sa.Column("confirmed_at", UtcTime(), nullable=True, comment="null: being enrolled, asks for nothing yet"),
        sa.Column("last_step", sa.Integer(), nullable=False, comment="newest 30-second step whose code was used"),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_second_factors_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_factors")),
        sa.UniqueConstraint("user_id", name=op.f("uq_second_factors_user_id")),
        sa.UniqueConstraint("uuid", name=op.f("uq_second_factors_uuid")),
        comment="Authenticator apps of users",
        sqlite_autoincrement=True,
    )
    op.create_table(
        "sign_ins",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("user_agent", sa.String(length=256), nullable=False),
        sa.Column("remembered", sa.Boolean(), nullable=False, comment="access lives as long as refresh"),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.Column("ended_why", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sign_ins_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ins")),
        sa.UniqueConstraint("uuid", name=op.f("uq_sign_ins_uuid")),
        comment="One row for each sign-in: the chain its tokens hang on",
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_sign_ins_expires_at"), "sign_ins", ["expires_at"], unique=False)
    op.create_index(op.f("ix_sign_ins_user_id"), "sign_ins", ["user_id"], unique=False)
    op.create_table(
        "user_roles",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("role_id", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["role_id"], ["roles.id"], name=op.f("fk_user_roles_role_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_roles_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_roles")),
        sa.UniqueConstraint("user_id", "role_id", name=op.f("uq_user_roles_user_id_role_id")),
        comment="Who has which role",
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_user_roles_role_id"), "user_roles", ["role_id"], unique=False)
    op.create_table(
        "admissions",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("sign_in_id", sa.Integer(), nullable=False),
        sa.Column("host_id", sa.Integer(), nullable=False),
        sa.Column("voucher_id", sa.Integer(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sign_in_id"], ["sign_ins.id"], name=op.f("fk_admissions_sign_in_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_admissions_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admissions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_admissions_token_hash")),
        comment="One-time tickets of the terminal",
        sqlite_autoincrement=True,
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("jti", sa.String(length=32), nullable=False),
        sa.Column("sign_in_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False, comment="access or refresh"),
        sa.Column("issued_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("spent_at", UtcTime(), nullable=True, comment="renewed into the two named next"),
        sa.Column("next_access", sa.String(length=32), nullable=True, comment="jti"),
        sa.Column("next_refresh", sa.String(length=32), nullable=True, comment="jti"),
        sa.ForeignKeyConstraint(["sign_in_id"], ["sign_ins.id"], name=op.f("fk_tokens_sign_in_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("jti", name=op.f("uq_tokens_jti")),
        comment="Every token that was issued; a token without its row is worth nothing",
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_tokens_sign_in_id"), "tokens", ["sign_in_id"], unique=False)
