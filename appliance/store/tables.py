"""Every table and column of the appliance, as SQLAlchemy Core metadata; migrations bring a database to this shape."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcTime(TypeDecorator[datetime]):
    """A moment: stored naive in UTC, handed out with its zone."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """To UTC without a zone."""
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Back with its zone."""
        return value.replace(tzinfo=UTC) if value else None


def table(name: str, *rest: Any, comment: str) -> Table:
    """A table whose integer ids are never used twice."""
    return Table(name, metadata, *rest, comment=comment, sqlite_autoincrement=True)


def ident() -> Column[int]:
    """The integer id all dialects count by."""
    return Column("id", Integer, primary_key=True, autoincrement=True)


def uuid() -> Column[str]:
    """The id jumpserver prints, and what sealed secrets of the row are bound to."""
    return Column("uuid", String(36), nullable=False, unique=True)


def made() -> list[Column[Any]]:
    """When the row was made and last changed."""
    return [Column("created_at", UtcTime, nullable=False), Column("updated_at", UtcTime, nullable=False)]


def flag(name: str, default: bool, comment: str) -> Column[bool]:
    """A boolean that is always set."""
    return Column(name, Boolean, nullable=False, default=default, comment=comment)


def link(name: str, target: str, **options: Any) -> Column[int]:
    """A reference that goes with what it points at."""
    options.setdefault("nullable", False)
    return Column(name, Integer, ForeignKey(f"{target}.id", ondelete="CASCADE"), **options)


# --- people ----------------------------------------------------------------------------------------------------------

users = table(
    "users",
    ident(),
    uuid(),
    Column("login", String(64), nullable=False, comment="as typed when made"),
    Column(
        "login_key",
        String(128),
        nullable=False,
        unique=True,
        info={"taken": ("login", "账户以被注册")},
        comment="NFKC and case-folded",
    ),
    Column("name", String(64), nullable=False),
    Column("email", String(254)),
    Column("email_key", String(254), unique=True, info={"taken": ("email", "邮箱已被注册")}, comment="case-folded"),
    Column("phone", String(20), unique=True, info={"taken": ("phone", "具有 电话 的 用户 已存在。")}),
    Column("remark", Text),
    Column("department", String(64), nullable=False, default=""),
    Column("position", String(64), nullable=False, default=""),
    Column("password_hash", String(80), nullable=False),
    Column("password_at", UtcTime, nullable=False),
    flag("must_change_password", False, "a temporary password is in use"),
    Column("password_expires_at", UtcTime, comment="end of a temporary password"),
    flag("enabled", True, "false: may not sign in"),
    flag("pending", False, "self-registered, waiting for a decision"),
    flag("locked", False, "locked by an administrator, without a timer"),
    flag("protected", False, "the first account"),
    Column("expires_at", UtcTime),
    Column("allowed_addresses", JSON, nullable=False, default=list),
    Column("unit_id", Integer, ForeignKey("units.id"), comment="where he works"),
    Column("department_id", Integer, ForeignKey("departments.id")),
    Column("last_login_at", UtcTime),
    Column("login_count", Integer, nullable=False, default=0),
    *made(),
    comment="People, and what they sign in with",
)
password_history = table(
    "password_history",
    ident(),
    link("user_id", "users", index=True),
    Column("password_hash", String(80), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    comment="The last five passwords of each user",
)
roles = table(
    "roles",
    ident(),
    uuid(),
    Column("name", String(128), nullable=False),
    Column(
        "name_key", String(256), nullable=False, unique=True, info={"taken": ("name", "具有 name 的 role 已存在。")}
    ),
    Column("code", String(64), nullable=False),
    Column(
        "code_key", String(128), nullable=False, unique=True, info={"taken": ("code", "具有 code 的 role 已存在。")}
    ),
    Column("description", String(1000)),
    flag("enabled", True, "false: gives no right at all"),
    flag("protected", False, "seeded"),
    *made(),
    comment="Named sets of permissions",
)
user_roles = table(
    "user_roles",
    ident(),
    link("user_id", "users"),
    link("role_id", "roles", index=True),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("user_id", "role_id"),
    comment="Who has which role",
)
permissions = table(
    "permissions",
    ident(),
    Column("code", String(64), nullable=False, unique=True),
    Column("name", String(64), nullable=False),
    Column("scope", String(32), nullable=False),
    Column("object", String(64), nullable=False),
    Column("action", String(64), nullable=False),
    Column("description", String(255), nullable=False, default=""),
    flag("label", False, "a plain word of seed 003 rather than a dotted code"),
    flag("implicit", False, "registered by being granted, not yet described"),
    Column("created_at", UtcTime, nullable=False),
    comment="The catalogue; code decides by code, never by id",
)
role_permissions = table(
    "role_permissions",
    ident(),
    link("role_id", "roles"),
    link("permission_id", "permissions", index=True),
    UniqueConstraint("role_id", "permission_id"),
    comment="Base permissions of roles",
)
groups = table(
    "groups",
    ident(),
    uuid(),
    Column("parent_id", Integer, ForeignKey("groups.id")),
    Column("root_id", Integer, comment="the top group; its own id for a top group"),
    Column("level", Integer, nullable=False, comment="0 for a top group"),
    Column("path", String(255), nullable=False, unique=True, comment="/1/5/9/, so that a prefix is an ancestor"),
    Column("name", String(128), nullable=False),
    Column("description", String(1000)),
    flag("protected", False, "group 1"),
    *made(),
    Index("ix_groups_parent_id", "parent_id"),
    comment="The one tree of groups",
)
grants = table(
    "grants",
    ident(),
    link("role_id", "roles"),
    link("permission_id", "permissions", index=True),
    link("group_id", "groups", index=True),
    flag("protected", False, "of role 1"),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("role_id", "permission_id", "group_id"),
    comment="Permissions of a role on a group and all below it",
)

# --- signing in ------------------------------------------------------------------------------------------------------

sign_ins = table(
    "sign_ins",
    ident(),
    uuid(),
    link("user_id", "users", index=True),
    Column("address", String(64), nullable=False),
    Column("user_agent", String(256), nullable=False, default=""),
    flag("remembered", False, "access lives as long as refresh"),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False, index=True),
    Column("ended_at", UtcTime),
    Column("ended_why", String(32)),
    comment="One row for each sign-in: the chain its tokens hang on",
)
tokens = table(
    "tokens",
    ident(),
    Column("jti", String(32), nullable=False, unique=True),
    link("sign_in_id", "sign_ins", index=True),
    Column("kind", String(8), nullable=False, comment="access or refresh"),
    Column("issued_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("spent_at", UtcTime, comment="renewed into the two named next"),
    Column("next_access", String(32), comment="jti"),
    Column("next_refresh", String(32), comment="jti"),
    comment="Every token that was issued; a token without its row is worth nothing",
)
second_factors = table(
    "second_factors",
    ident(),
    uuid(),
    link("user_id", "users", unique=True),
    Column("secret", LargeBinary, nullable=False, comment="sealed TOTP secret"),
    Column("confirmed_at", UtcTime, comment="null: being enrolled, asks for nothing yet"),
    Column("last_step", Integer, nullable=False, default=0, comment="newest 30-second step whose code was used"),
    Column("created_at", UtcTime, nullable=False),
    comment="Authenticator apps of users",
)
recovery_codes = table(
    "recovery_codes",
    ident(),
    link("user_id", "users", index=True),
    Column("code_hash", String(64), nullable=False),
    Column("used_at", UtcTime),
    comment="One-time codes for those who lost their second factor",
)
role_policies = table(
    "role_policies",
    ident(),
    link("role_id", "roles", unique=True),
    Column("allowed_addresses", JSON, nullable=False, default=list, comment="networks; none: everywhere"),
    Column("denied_addresses", JSON, nullable=False, default=list, comment="networks; these win"),
    Column("hours", JSON, nullable=False, default=list, comment="[{days, from, to}]; none: always"),
    flag("second_factor", False, "members must have a second factor"),
    Column("updated_at", UtcTime, nullable=False),
    comment="From where, when and how members of a role may sign in",
)
strikes = table(
    "strikes",
    ident(),
    Column("kind", String(8), nullable=False, comment="account, address or code"),
    Column("subject", String(128), nullable=False),
    Column("failures", JSON, nullable=False, comment="times (seconds since 1970) of the failures that still count"),
    Column("level", Integer, nullable=False, default=0, comment="how often the address was blocked lately"),
    Column("until", UtcTime, comment="locked or blocked until then"),
    Column("updated_at", UtcTime, nullable=False),
    UniqueConstraint("kind", "subject"),
    comment="Failed sign-ins, counted for all doors together",
)
api_keys = table(
    "api_keys",
    ident(),
    uuid(),
    link("user_id", "users", index=True),
    Column("name", String(64), nullable=False),
    Column("description", String(255), nullable=False, default=""),
    Column("prefix", String(16), nullable=False, comment="what lists show of the key"),
    Column("key_hash", String(64), nullable=False, unique=True, comment="SHA-256"),
    Column("permissions", JSON, nullable=False, comment="labels and codes"),
    Column("allowed_addresses", JSON, nullable=False, default=list),
    flag("enabled", True, "false: switched off"),
    Column("switched_at", UtcTime, comment="on or off"),
    Column("expires_at", UtcTime, nullable=False),
    Column("last_used_at", UtcTime),
    Column("last_address", String(64)),
    *made(),
    comment="Keys for programs, each acting for its owner",
)
api_key_usage = table(
    "api_key_usage",
    ident(),
    Column("key_id", Integer, nullable=False, comment="without a reference: counts outlive their key"),
    Column("hour", UtcTime, nullable=False, index=True),
    Column("endpoint", String(255), nullable=False, comment="path with {id} for what varies"),
    flag("succeeded", True, "false: refused"),
    Column("calls", Integer, nullable=False),
    UniqueConstraint("key_id", "hour", "endpoint", "succeeded"),
    comment="What keys did, by the hour",
)
admissions = table(
    "admissions",
    ident(),
    Column("token_hash", String(64), nullable=False, unique=True),
    link("user_id", "users"),
    link("sign_in_id", "sign_ins"),
    Column("host_id", Integer, nullable=False),
    Column("voucher_id", Integer, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    comment="One-time tickets of the terminal",
)

# --- machines --------------------------------------------------------------------------------------------------------

hosts = table(
    "hosts",
    ident(),
    uuid(),
    Column("name", String(128), nullable=False, unique=True, info={"taken": ("name", "名称已被占用")}),
    Column("cloud_id", Integer, nullable=False, default=0),
    Column("ipv4", String(15)),
    Column("ipv6", String(45)),
    Column("domain", String(253)),
    link("group_id", "groups", index=True),
    Column("protocol_id", Integer, comment="1 SSH; null: speaks none of ours"),
    Column("port", Integer, nullable=False, default=22),
    flag("enabled", True, "false: no connections"),
    Column("description", String(1000)),
    *made(),
    Index("ix_hosts_cloud_id_ipv4", "cloud_id", "ipv4"),
    Index("ix_hosts_cloud_id_ipv6", "cloud_id", "ipv6"),
    comment="Machines one can connect to",
)
host_keys = table(
    "host_keys",
    ident(),
    link("host_id", "hosts"),
    Column("kind", String(64), nullable=False, comment="key type, such as ssh-ed25519"),
    Column("fingerprint", String(64), nullable=False, comment="SHA256:…"),
    Column("public_key", Text, nullable=False, comment="base64"),
    flag("pinned", False, "the one that is accepted; others were merely offered"),
    Column("seen_at", UtcTime, nullable=False),
    UniqueConstraint("host_id", "fingerprint"),
    comment="Host keys seen; at most one of a host is pinned",
)
vouchers = table(
    "vouchers",
    ident(),
    uuid(),
    Column("name", String(128), nullable=False),
    Column("username", String(128), nullable=False),
    Column("kind", String(8), nullable=False, comment="password or key"),
    Column("secret", LargeBinary, comment="sealed password or private key"),
    Column("passphrase", LargeBinary, comment="sealed"),
    link("group_id", "groups", index=True),
    Column("description", String(1000)),
    *made(),
    comment="What is shown to a host to be let in",
)
host_vouchers = table(
    "host_vouchers",
    ident(),
    link("host_id", "hosts"),
    link("voucher_id", "vouchers", index=True),
    UniqueConstraint("host_id", "voucher_id"),
    comment="Which vouchers are bound to which hosts",
)

# --- history: snapshots, without references, because it outlives what it tells of -------------------------------------

sessions = table(
    "sessions",
    ident(),
    uuid(),
    Column("user_id", Integer, nullable=False, index=True),
    Column("user_name", String(64), nullable=False),
    Column("login", String(64), nullable=False),
    Column("address", String(64), nullable=False, comment="of the user"),
    Column("host_id", Integer, nullable=False, index=True),
    Column("host_name", String(128), nullable=False),
    Column("host_address", String(253), nullable=False),
    Column("voucher_id", Integer, nullable=False),
    Column("username", String(128), nullable=False, comment="on the host"),
    Column("started_at", UtcTime, nullable=False, index=True),
    Column("ended_at", UtcTime),
    Column("status", String(8), nullable=False, index=True, comment="active, close or failed"),
    Column("reason", String(255), nullable=False, default="", comment="why it ended"),
    Column("recording", String(255), comment="path below the data directory"),
    Column("recording_hash", String(64), comment="SHA-256 of the closed recording, in hex"),
    comment="SSH terminals, live and past",
)
login_records = table(
    "login_records",
    ident(),
    Column("user_id", Integer, index=True),
    Column("user_name", String(64), nullable=False, comment="or what was typed, cut"),
    Column("login", String(64), nullable=False),
    Column("address", String(64), nullable=False),
    Column("user_agent", String(256), nullable=False, default=""),
    Column("dialect", String(16), nullable=False),
    flag("succeeded", False, "whether a token was given"),
    Column("reason", String(64), nullable=False, default="", comment="the true one, for operators"),
    Column("kind", String(8), nullable=False, default="login", comment="login, logout, register, token or ssh"),
    flag("captcha_used", False, "a captcha was asked for, and right"),
    Column("created_at", UtcTime, nullable=False, index=True),
    Index("ix_login_records_address_created_at", "address", "created_at"),
    comment="Every attempt to sign in, at every door",
)
operations = table(
    "operations",
    ident(),
    Column("user_id", Integer, nullable=False, index=True),
    Column("user_name", String(64), nullable=False),
    Column("login", String(64), nullable=False),
    Column("address", String(64), nullable=False),
    Column("operation", String(255), nullable=False),
    flag("succeeded", True, "false: refused, or nothing done"),
    Column("dialect", String(16), nullable=False),
    Column("details", JSON, nullable=False, default=list, comment="what changed: old and new, secrets masked"),
    Column("request_id", String(32), nullable=False, default=""),
    Column("created_at", UtcTime, nullable=False, index=True),
    comment="Every changing call",
)
options = table(
    "options",
    ident(),
    Column("name", String(64), nullable=False, unique=True),
    Column("value", JSON),
    comment="What is changed at run time, and what the appliance remembers of itself",
)
