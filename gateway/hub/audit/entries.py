"""Entries of the audit: written in the transaction of what they tell, so that neither is there without the
other. One for each person. Added, never changed; ids and codes alone, and nothing of anybody's records.

Source: shared law.md, "Logging" (pasientjournalloven § 22 a); the kinds follow IHE BALP.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import Connection, Executable, bindparam, func, insert, select

from gateway.hub.audit import occasion
from gateway.hub.content import TENANT, pack
from gateway.hub.schema.audit import audit


class Kind(StrEnum):
    """What sort of event it is."""

    READ = "read"  # something that was named was read
    SEARCH = "search"  # something was looked for
    DISCLOSURE = "disclosure"  # sent or handed out to another system
    CLOSED = "closed"  # how a disclosure ended
    MOVED = "moved"  # a disclosure is about another person since a merge, or again about its own
    DECISION = "decision"  # a consent, an act of a named person, who is who, what counts
    EMERGENCY = "emergency"  # danger to life or health
    LOGIN = "login"
    CONFIGURATION = "configuration"
    OPERATION = "operation"  # lanes steered, items recalled, a copy made or put back


class Outcome(StrEnum):
    """How it went."""

    DONE = "done"
    REFUSED = "refused"  # not permitted, or not there for who asked
    FAILED = "failed"


TOLD = frozenset({Kind.READ, Kind.SEARCH, Kind.DISCLOSURE, Kind.CLOSED, Kind.MOVED})  # of those with a pin


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. action: what was done; empty: what the request at hand is. client, system: whose doing it
    was; None: whose the request at hand is. subject: what it is about. pin: of a disclosure. details: ids
    and codes."""

    kind: Kind
    at: datetime
    person: str | None = None
    action: str = ""
    outcome: Outcome = Outcome.DONE
    client: str | None = None
    system: str | None = None
    subject: str | None = None
    pin: bytes | None = None
    details: dict[str, Any] | None = None


def write(connection: Connection, tenant: str, entries: Iterable[Entry]) -> None:
    """Write entries of a tenant's transaction."""
    here = occasion.at_hand()
    rows: list[dict[str, Any]] = [
        {
            "in_tenant": tenant,
            "at": one.at,
            "kind": one.kind,
            "action": (one.action or here.action)[:80],
            "outcome": one.outcome,
            "source": here.source,
            "person": one.person,
            "client": (one.client or here.client or "")[:255] or None,
            "system": one.system or here.system,
            "subject": one.subject,
            "pin": one.pin,
            "content": pack(connection, one.details, TENANT, audit, tenant) if one.details else None,
        }
        for one in entries
    ]
    if rows:
        connection.execute(_add(connection.dialect.name), rows)
        occasion.told(row["person"] for row in rows if row["kind"] != Kind.CLOSED)


@cache
def _add(dialect: str) -> Executable:
    """PostgreSQL numbers by itself; on SQLite, where one writes at a time, the next number is the next."""
    added = insert(audit).values(tenant=bindparam("in_tenant"))
    if dialect == "postgresql":
        return added
    last = select(func.coalesce(func.max(audit.c.number), 0) + 1).where(
        audit.c.tenant == bindparam("in_tenant")
    )
    return added.values(number=last.scalar_subquery(), transaction=0)
