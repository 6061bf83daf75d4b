"""What statistics have been shown, and of which counts: a row for each time it became another. The counts are
de-identified, but some are small, so they stand sealed by the municipality's key; what was shown stands
beside them as it was, whatever a later release would hide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from gateway.hub.content import TENANT, pack, unpack
from gateway.hub.schema.tallies import statistic


@dataclass(frozen=True, slots=True)
class Published:
    """counts: all of them, by cell; told: what is shown of them, as JSON; since: the day they are as of."""

    since: date
    counts: Mapping[str, int]
    told: Any


def of_topic(connection: Connection, tenant: str, topic: str) -> list[Published]:
    """All that was ever shown of a topic, the newest first."""
    columns = statistic.c
    rows = connection.execute(
        select(statistic)
        .where(columns.tenant == tenant, columns.topic == topic)
        .order_by(columns.since.desc())
    ).all()
    return [_published(connection, row) for row in rows]


def publish(connection: Connection, tenant: str, topic: str, made: Published) -> None:
    """Show this from now on; instead of what was shown since the same day."""
    since = made.since.isoformat()
    value = {"counts": dict(made.counts), "told": made.told}
    content = pack(connection, value, TENANT, statistic, tenant, topic, since)
    kind: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = kind.insert(statistic)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant", "topic", "since"], set_={"content": statement.excluded.content}
        ),
        {"tenant": tenant, "topic": topic, "since": since, "content": content},
    )


def _published(connection: Connection, row: Any) -> Published:
    value = unpack(connection, row.content, statistic, row.tenant, row.topic, row.since)
    return Published(date.fromisoformat(row.since), value["counts"], value["told"])
