"""The order of providers counts its changes, so that of two who change it at once the second is told."""

from alembic import op

revision = "0048_order_version"
down_revision = "0047_alerts"


def upgrade() -> None:
    op.execute("alter table provider_order add column version integer not null default 1")
