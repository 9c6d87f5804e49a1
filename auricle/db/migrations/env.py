"""Alembic's environment: it runs inside the connection and transaction that `db/migrate.py` opened."""

from alembic import context

from auricle.db.base import Base

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, transactional_ddl=True
)
context.run_migrations()
