"""Who did or saw what in the store of reports: one line each, in the same store and nowhere else."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, insert

from gateway.welfare.tables import reading

Act = Literal["reported", "read", "answered", "deadlines"]


@dataclass(frozen=True, slots=True)
class Reader:
    """Who comes: the client of a system, and the organization that runs it."""

    tenant: str
    client: str
    system: str
    organization: str


def note(connection: Connection, reader: Reader, act: Act, report: str | None, now: datetime) -> None:
    """Write one line."""
    connection.execute(
        insert(reading),
        {
            "tenant": reader.tenant,
            "id": str(uuid.uuid4()),
            "report": report,
            "client": reader.client[:255],
            "system": reader.system,
            "organization": reader.organization,
            "act": act,
            "at": now,
        },
    )
