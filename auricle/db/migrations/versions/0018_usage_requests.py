"""Requests that a vendor bills, beside tokens, seconds and characters: what reranking is priced by."""

from alembic import op

revision = "0018_usage_requests"
down_revision = "0017_turn_errors"


def upgrade() -> None:
    op.execute("alter table usage_record add column requests bigint")
