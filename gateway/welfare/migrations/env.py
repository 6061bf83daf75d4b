"""Alembic's entrance to the store of reports: runs on the connection that `open_store` hands over."""

from alembic import context

from gateway.welfare.schema import VERSION_TABLE
from gateway.welfare.tables import metadata

connection = context.config.attributes["connection"]
if connection.dialect.name == "postgresql":
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7362012)")  # several processes may start at once
context.configure(
    connection=connection,
    target_metadata=metadata,
    transaction_per_migration=False,
    version_table=VERSION_TABLE,
)
context.run_migrations()
