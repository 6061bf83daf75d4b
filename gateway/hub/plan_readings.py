"""What somebody who takes part in a log or plan was shown of it, last and the time before, as digests: from
that a page marks what is new. One row per reader; rows in, rows out. Says nothing of what may be seen."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from gateway.hub import one_each
from gateway.hub.content import digest
from gateway.hub.schema.clinic_tables import plan_reading

Marks = Mapping[str, str]  # item -> digest of what was shown of it


@dataclass(frozen=True, slots=True)
class Reading:
    """now, at: each item as it was shown last, whenever that was, and when that was. before, before_at: the
    same as it stood when this visit began; None: never. visit: a mark of it (a login), so that news stay
    news as long as it lasts. An item that no page has shown is in neither."""

    visit: str
    at: datetime
    now: Marks
    before: Marks = field(default_factory=dict)
    before_at: datetime | None = None

    def shown(self, visit: str, page: Marks, there: Container[str], now: datetime) -> Reading:
        """The reading after a page with these was shown. What is there and not on it stays as it was; what is
        not there any more is forgotten. Another visit counts what was shown before it as seen."""
        marks = {item: mark for item, mark in self.now.items() if item in there} | dict(page)
        if visit == self.visit:
            return replace(self, now=marks, at=now)
        return Reading(visit, now, marks, self.now, self.at)

    def settled(self, now: datetime) -> Reading:
        """The reading after its reader said that all that was shown is known."""
        return replace(self, before=self.now, before_at=now)


def mark(shown: Mapping[str, Any]) -> str:
    """By what it is known again whether an item is shown as it was. shown: resources by reference."""
    return digest([shown[ref] for ref in sorted(shown)])[:32]


def find(connection: Connection, tenant: str, reader: str) -> Reading | None:
    """How far somebody has read; None for who was never shown anything."""
    found = one_each.find(connection, plan_reading, tenant, reader)
    if found is None:
        return None
    said, at = found
    before_at = said["before_at"]
    return Reading(
        said["visit"],
        at,
        said["now"],
        said["before"],
        datetime.fromisoformat(before_at) if before_at else None,
    )


def keep(connection: Connection, tenant: str, person: str, reader: str, read: Reading) -> None:
    """Remember it in the place of what was."""
    said: dict[str, Any] = {
        "visit": read.visit,
        "now": dict(read.now),
        "before": dict(read.before),
        "before_at": read.before_at.isoformat() if read.before_at else None,
    }
    one_each.keep(connection, plan_reading, tenant, person, reader, said, read.at)
