"""Saved views, and the index by which applications for an address are found."""

import sqlalchemy as sa
from alembic import op

from appliance.store.tables import UtcTime

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Saved views, and applications by their address."""
    op.create_table(
        "saved_views",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("collection", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("name_key", sa.String(length=128), nullable=False, comment="NFKC and case-folded"),
        sa.Column("query", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, comment="grows with each change"),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True, comment="user id, not a reference: outlives him"),
        sa.Column("updated_by", sa.Integer(), nullable=True),
        sa.Column("custom_fields", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_saved_views_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
        sa.UniqueConstraint(
            "user_id", "collection", "name_key", name=op.f("uq_saved_views_user_id_collection_name_key")
        ),
        comment="Queries that users keep by name",
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_applications_ip"), "applications", ["ip"], unique=False)
