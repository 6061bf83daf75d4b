"""What the configuration was when a process started, where it is not what it was at the last start: by a
digest of each table, so that the audit tells what was changed, and when, and nothing of what stands in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, literal_column, select

from gateway.config import Settings
from gateway.hub.audit import entries
from gateway.hub.audit.entries import Entry, Kind
from gateway.hub.content import digest, unpack
from gateway.hub.schema.audit import audit
from gateway.hub.store import Store


def note(store: Store, settings: Settings, now: datetime) -> None:
    """Say in each tenant's audit what of the configuration is new."""
    found = digests(settings)
    for tenant in settings.tenant_ids:
        with store.write(tenant) as connection:
            before = _last(connection, tenant)
            if before != found:
                changed = sorted(name for name in {*found, *before} if found.get(name) != before.get(name))
                details = {"changed": changed if before else ["all"], "tables": dict(found)}
                said = Entry(Kind.CONFIGURATION, now, action="configuration", details=details)
                entries.write(connection, tenant, [said])


def digests(settings: Settings) -> Mapping[str, str]:
    """Of each key of the file, as it was read. Secrets are not in it, only where they are kept."""
    said = settings.model_dump(mode="json")
    return {name: digest(_ordered(value)) for name, value in said.items()}


def _ordered(value: object) -> object:
    """The same value whatever the order in which a set was gone through."""
    if isinstance(value, dict):
        return {name: _ordered(value[name]) for name in sorted(value)}
    if isinstance(value, list):
        return sorted((_ordered(one) for one in value), key=repr)
    return value


def _last(connection: Connection, tenant: str) -> Mapping[str, str]:
    row = connection.execute(
        select(audit.c.content)
        .where(audit.c.tenant == tenant, literal_column("kind = 'configuration'"))
        .order_by(audit.c.number.desc())
        .limit(1)
    ).first()
    if row is None:
        return {}
    tables: Mapping[str, str] = unpack(connection, row.content, audit, tenant)["tables"]
    return tables
