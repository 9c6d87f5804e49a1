"""${message}

Expand only: add before you use, remove a release later. Never `select *`. Every new table: `protect()` or the list of
global tables in `db/tenancy.py`.
"""

from alembic import op

from auricle.db.tenancy import protect

revision = "${up_revision}"
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}
