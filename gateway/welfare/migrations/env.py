"""Alembic's entrance to the store of reports: runs on the connection that `open_store` hands over."""

from alembic import context

from gateway.welfare.schema import VERSION_TABLE
from gateway.welfare.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    transaction_per_migration=False,
    version_table=VERSION_TABLE,
)
context.run_migrations()
