"""Alembic's entrance: runs the migrations on the connection that `migrate` hands over."""

from alembic import context

from gateway.hub.schema.every import metadata

connection = context.config.attributes["connection"]
if connection.dialect.name == "postgresql":
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7362011)")  # several processes may start at once
context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=False)
context.run_migrations()
