"""Alembic's entrance: runs the migrations on the connection that `migrate` hands over."""

from alembic import context

from gateway.hub.schema.every import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=False)
context.run_migrations()
