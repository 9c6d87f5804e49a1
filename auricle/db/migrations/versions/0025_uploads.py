"""What was left out of a knowledge document and why, how often its indexing was tried, and whether its file is kept."""

from alembic import op

revision = "0025_uploads"
down_revision = "0019_providers"

COLUMNS = (
    "hidden jsonb not null default '{}'",
    "attempts smallint not null default 0",
    "trouble_code text",
    "file_kept boolean not null default true",
)
# How far it is, is told to watchers; the trail keeps what somebody may ask for later.
UNAUDITED = ("text", "pages", "sections", "percent", "attempts", "trouble_code", "updated_at")


def upgrade() -> None:
    for column in COLUMNS:
        op.execute(f"alter table knowledge_document add column {column}")
    op.execute("drop trigger audit on knowledge_document")
    arguments = ", ".join(f"'{word}'" for word in ("knowledge_document", *UNAUDITED))
    op.execute(
        "create trigger audit after insert or update or delete on knowledge_document "
        f"for each row execute function audit_write({arguments})"
    )
