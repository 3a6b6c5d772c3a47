"""The tables of the address book: areas, subnets, addresses, and the organisation around them."""

from typing import Any

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, UniqueConstraint, text

from appliance.store.tables import UtcTime, flag, ident, link, made, table

KEY_LENGTH = 33
"""A sortable address: `4` or `6`, then 32 hex digits."""
STATES = ("available", "allocated", "reserved", "dhcp", "pending", "quarantine", "disabled")
COUNTED = (*STATES, "online", "conflict")
"""What subnets count among their addresses, in the transaction of each change."""


def marks() -> list[Column[Any]]:
    """What every row of the address book carries: version, who, when, custom fields."""
    return [
        Column("version", Integer, nullable=False, default=1, comment="grows with each change"),
        *made(),
        Column("created_by", Integer, comment="user id, not a reference: outlives him"),
        Column("updated_by", Integer),
        Column("custom_fields", JSON, nullable=False, default=dict),
    ]


def named(name_length: int = 64) -> list[Column[Any]]:
    """A name, and the key it is unique under where it is."""
    return [
        Column("name", String(name_length), nullable=False),
        Column("name_key", String(2 * name_length), nullable=False, comment="NFKC and case-folded"),
    ]


def coded() -> list[Column[Any]]:
    """A code that is unique when present."""
    return [Column("code", String(64)), Column("code_key", String(128), unique=True, comment="folded; null without")]


def optional(name: str, target: str) -> Column[int]:
    """A reference that may be empty; what is referred to cannot be removed."""
    return Column(name, Integer, ForeignKey(f"{target}.id"), index=True)


def described() -> list[Column[Any]]:
    """The ends most collections share."""
    return [Column("status", String(16), nullable=False, default="active"), Column("description", String(500))]


areas = table(
    "areas",
    ident(),
    *named(),
    *coded(),
    Column("type", String(16), nullable=False, default="office"),
    Column("security_level", Integer, nullable=False, default=1),
    Column("sort_order", Integer, nullable=False, default=0),
    flag("protected", False, "area 1"),
    *described(),
    *marks(),
    UniqueConstraint("name_key"),
    comment="Separate address spaces",
)
units = table(
    "units",
    ident(),
    *named(),
    *coded(),
    Column("level", Integer, nullable=False, comment="1 province to 5 village"),
    optional("parent_id", "units"),
    Column("path", String(255), nullable=False, default="", comment="/1/5/9/"),
    Column("short_name", String(64)),
    Column("region_code", String(64)),
    Column("leader", String(64)),
    Column("phone", String(64)),
    Column("address", String(255)),
    Column("sort_order", Integer, nullable=False, default=0),
    *described(),
    *marks(),
    UniqueConstraint("name_key"),
    comment="Administrative units",
)
departments = table(
    "departments",
    ident(),
    *named(),
    *coded(),
    optional("unit_id", "units"),
    optional("parent_id", "departments"),
    Column("leader", String(64)),
    Column("phone", String(64)),
    Column("sort_order", Integer, nullable=False, default=0),
    *described(),
    *marks(),
    comment="Departments of units",
)
Index("uq_departments_name_key", text("coalesce(unit_id, 0)"), departments.c.name_key, unique=True)
contacts = table(
    "contacts",
    ident(),
    *named(),
    Column("employee_no", String(64), unique=True),
    Column("phone", String(64)),
    Column("mobile", String(64)),
    Column("email", String(254)),
    optional("unit_id", "units"),
    optional("department_id", "departments"),
    Column("position", String(64)),
    *described(),
    *marks(),
    comment="People who use addresses, with or without an account",
)
projects = table(
    "projects",
    ident(),
    *named(),
    *coded(),
    optional("unit_id", "units"),
    optional("department_id", "departments"),
    optional("contact_id", "contacts"),
    Column("leader", String(64)),
    Column("start_date", String(10)),
    Column("end_date", String(10)),
    *described(),
    *marks(),
    UniqueConstraint("name_key"),
    comment="Projects that addresses are for",
)
gateways = table(
    "gateways",
    ident(),
    Column("area_id", Integer, ForeignKey("areas.id"), nullable=False),
    Column("ip", String(45), nullable=False),
    Column("ip_key", String(KEY_LENGTH), nullable=False),
    Column("mac_address", String(17)),
    Column("name", String(64)),
    Column("device_name", String(64)),
    Column("device_model", String(64)),
    Column("location", String(255)),
    Column("interface", String(64)),
    Column("is_online", Boolean, comment="null: never checked"),
    Column("last_seen", UtcTime),
    Column("rtt_ms", Integer),
    *described(),
    *marks(),
    UniqueConstraint("area_id", "ip_key"),
    comment="Routers of subnets",
)
subnets = table(
    "subnets",
    ident(),
    *named(),
    Column("area_id", Integer, ForeignKey("areas.id"), nullable=False),
    Column("cidr", String(49), nullable=False),
    Column("ip_version", Integer, nullable=False),
    Column("prefix_length", Integer, nullable=False),
    Column("first_key", String(KEY_LENGTH), nullable=False, comment="network address"),
    Column("last_key", String(KEY_LENGTH), nullable=False),
    optional("parent_id", "subnets"),
    optional("gateway_id", "gateways"),
    Column("vlan_id", Integer),
    Column("vlan_name", String(64)),
    optional("unit_id", "units"),
    optional("department_id", "departments"),
    optional("project_id", "projects"),
    flag("is_pool", False, "network and broadcast address are handed out too"),
    flag("is_full", False, "shown as full whatever it holds"),
    flag("allow_nested", False, "may hold child subnets"),
    flag("sparse", False, "rows of addresses exist only when touched"),
    flag("complete", True, "false while its rows are being made"),
    Column("next_key", String(KEY_LENGTH), comment="sparse: no untouched address lies below this one"),
    Column("dns_servers", JSON, nullable=False, default=list),
    Column("dhcp_ranges", JSON, nullable=False, default=list),
    flag("allow_request", True, "people may apply for addresses"),
    flag("auto_approve", False, "and get them without a decision"),
    Column("approver_group_id", Integer),
    Column("release_cooldown_hours", Integer, nullable=False, default=0),
    Column("alert_threshold", Integer, nullable=False, default=0),
    flag("scan_enabled", False, "probes look at it"),
    Column("scan_methods", JSON, nullable=False, default=list),
    Column("scan_interval", Integer, nullable=False, default=300),
    Column("probe_client_id", Integer),
    flag("auto_register_discovered", False, "what answers unregistered is allocated"),
    Column("last_scan_at", UtcTime),
    *[Column(f"{name}_count", Integer, nullable=False, default=0) for name in COUNTED],
    *described(),
    *marks(),
    UniqueConstraint("area_id", "name_key"),
    UniqueConstraint("area_id", "first_key", "prefix_length"),
    comment="Managed networks",
)
addresses = table(
    "addresses",
    ident(),
    Column("area_id", Integer, ForeignKey("areas.id"), nullable=False),
    Column("subnet_id", Integer, ForeignKey("subnets.id"), nullable=False, comment="the most specific one"),
    Column("ip", String(45), nullable=False),
    Column("ip_key", String(KEY_LENGTH), nullable=False),
    Column("status", String(16), nullable=False, default="available"),
    Column("is_online", Boolean, comment="null: never checked"),
    Column("last_seen", UtcTime),
    Column("offline_at", UtcTime),
    Column("mac_address", String(17)),
    Column("mac_source", String(8)),
    Column("observed_mac", String(17)),
    Column("hostname", String(253)),
    Column("hostname_source", String(8)),
    Column("dns_name", String(253)),
    Column("device_name", String(64)),
    Column("device_type", String(16)),
    Column("os_name", String(64)),
    Column("open_ports", JSON),
    Column("contact_id", Integer, ForeignKey("contacts.id")),
    Column("unit_id", Integer, ForeignKey("units.id")),
    Column("department_id", Integer, ForeignKey("departments.id")),
    Column("project_id", Integer, ForeignKey("projects.id")),
    Column("purpose", String(255)),
    Column("description", String(500)),
    flag("is_gateway", False, "of its subnet"),
    flag("is_locked", False, "refuses everything but unlocking"),
    flag("exclude_scan", False, "probes leave it alone"),
    Column("allocated_at", UtcTime),
    Column("allocated_by", Integer),
    Column("allocate_type", String(16)),
    Column("expires_at", UtcTime),
    Column("released_at", UtcTime),
    Column("release_after", UtcTime),
    Column("source", String(8), nullable=False, default="subnet"),
    Column("conflict_type", String(24)),
    Column("conflict_detail", String(255)),
    Column("conflict_at", UtcTime),
    Column("conflict_ack_by", Integer),
    Column("request_id", Integer),
    *marks(),
    UniqueConstraint("area_id", "ip_key"),
    Index("ix_addresses_subnet_id_ip_key", "subnet_id", "ip_key"),
    Index("ix_addresses_subnet_id", "subnet_id"),
    Index("ix_addresses_subnet_id_status", "subnet_id", "status"),
    Index("ix_addresses_status_ip_key", "status", "ip_key"),
    Index("ix_addresses_status", "status"),
    Index("ix_addresses_ip_key", "ip_key"),
    comment="Addresses: each once in its area",
)
Index(
    "ix_addresses_free",
    addresses.c.subnet_id,
    addresses.c.ip_key,
    sqlite_where=addresses.c.status == "available",
)
Index("ix_addresses_online", addresses.c.subnet_id, sqlite_where=text("is_online = 1"))
Index("ix_addresses_conflict", addresses.c.subnet_id, sqlite_where=addresses.c.conflict_type.is_not(None))
# Most addresses are nobody's: what few rows have is indexed for these alone.
FEW = ("contact_id", "unit_id", "department_id", "project_id", "hostname", "mac_address", "release_after", "expires_at")
for owner in (*FEW, "request_id"):
    Index(
        f"ix_addresses_{owner}",
        addresses.c[owner],
        sqlite_where=addresses.c[owner].is_not(None),
    )
address_hosts = table(
    "address_hosts",
    ident(),
    link("address_id", "addresses"),
    link("host_id", "hosts", index=True),
    UniqueConstraint("address_id", "host_id"),
    comment="Which hosts use which addresses",
)
address_history = table(
    "address_history",
    ident(),
    Column("address_id", Integer, index=True),
    Column("area_id", Integer, nullable=False),
    Column("ip", String(45), nullable=False),
    Column("ip_key", String(KEY_LENGTH), nullable=False),
    Column("event", String(24), nullable=False),
    Column("old", JSON),
    Column("new", JSON),
    Column("source", String(16), nullable=False),
    Column("actor_id", Integer),
    Column("actor_name", String(64), nullable=False, default=""),
    Column("note", String(255)),
    Column("created_at", UtcTime, nullable=False, index=True),
    Index("ix_address_history_area_id_ip_key", "area_id", "ip_key"),
    comment="What happened to addresses; outlives row and subnet",
)
user_groups = table(
    "user_groups",
    ident(),
    *named(),
    *coded(),
    Column("area_ids", JSON, nullable=False, default=list),
    Column("unit_ids", JSON, nullable=False, default=list),
    Column("subnet_ids", JSON, nullable=False, default=list),
    *described(),
    *marks(),
    UniqueConstraint("name_key"),
    comment="Groups of users, and the part of the address book they see",
)
user_group_members = table(
    "user_group_members",
    ident(),
    link("user_group_id", "user_groups"),
    link("user_id", "users", index=True),
    UniqueConstraint("user_group_id", "user_id"),
    comment="Who is in which user group",
)
field_definitions = table(
    "field_definitions",
    ident(),
    Column("resource_type", String(32), nullable=False),
    Column("name", String(64), nullable=False),
    Column("label", String(64), nullable=False),
    Column("field_type", String(16), nullable=False),
    Column("options", JSON, nullable=False, default=list),
    Column("default_value", JSON),
    flag("required", False, "must be given"),
    flag("unique", False, "no two rows may have the same"),
    Column("regex", String(200)),
    Column("min", JSON),
    Column("max", JSON),
    Column("max_length", Integer),
    Column("placeholder", String(255)),
    Column("help_text", String(255)),
    Column("group_name", String(64)),
    Column("sort_order", Integer, nullable=False, default=0),
    flag("show_in_list", False, "a column of lists"),
    flag("show_in_form", True, "an input of forms"),
    flag("searchable", False, "keyword looks here too"),
    flag("editable", True, "may be changed once set"),
    flag("is_active", True, "false: neither shown nor checked"),
    *marks(),
    UniqueConstraint("resource_type", "name"),
    comment="Custom fields of collections",
)
applications = table(
    "applications",
    ident(),
    Column("request_no", String(24), nullable=False, unique=True),
    Column("apply_type", String(8), nullable=False, default="new"),
    Column("status", String(10), nullable=False, default="pending", index=True),
    Column("applicant_id", Integer, nullable=False, index=True),
    Column("applicant_name", String(64), nullable=False),
    optional("contact_id", "contacts"),
    optional("unit_id", "units"),
    optional("department_id", "departments"),
    optional("project_id", "projects"),
    Column("area_id", Integer),
    Column("subnet_id", Integer),
    Column("ip", String(45), index=True),
    Column("ip_count", Integer, nullable=False, default=1),
    Column("hostname", String(253)),
    Column("mac_address", String(17)),
    Column("device_name", String(64)),
    Column("device_type", String(16)),
    Column("purpose", String(255)),
    Column("expires_at", UtcTime),
    Column("description", String(500)),
    Column("approver_id", Integer),
    Column("approved_at", UtcTime),
    Column("approve_comment", String(255)),
    Column("reject_reason", String(255)),
    Column("allocated_ids", JSON, nullable=False, default=list),
    Column("allocated_ips", JSON, nullable=False, default=list),
    Column("cancelled_at", UtcTime),
    Column("events", JSON, nullable=False, default=list, comment="the timeline"),
    *marks(),
    comment="Requests for addresses, and what became of them",
)
saved_views = table(
    "saved_views",
    ident(),
    link("user_id", "users"),
    Column("collection", String(32), nullable=False),
    *named(),
    Column("query", JSON, nullable=False),
    *marks(),
    UniqueConstraint("user_id", "collection", "name_key"),
    comment="Queries that users keep by name",
)
idempotency_keys = table(
    "idempotency_keys",
    ident(),
    Column("user_id", Integer, nullable=False),
    Column("key_hash", String(64), nullable=False),
    Column("body_hash", String(64), nullable=False),
    Column("answer", JSON, nullable=False),
    Column("created_at", UtcTime, nullable=False, index=True),
    UniqueConstraint("user_id", "key_hash"),
    comment="Answers given, so that a repeated call gets the same one",
)
