"""Whose access has been ended: an employee by everything they are known by, or a client that calls. Read from
the database at every request, so that it counts in all processes at once. Never about children and their
families: what they may see follows from the child's own records, and nobody who operates a gateway takes it.

Source: OWASP ASVS 5.0, 7.4.2 and 8.3.2 (what is taken away counts at once)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from gateway.access.callers import Caller, Holder
from gateway.access.ending_reasons import Why
from gateway.hub.audit import entries
from gateway.hub.audit.entries import Entry, Kind
from gateway.hub.content import TENANT, pack, unpack
from gateway.hub.persons import IdentifierKey
from gateway.hub.schema.access_tables import ended_access
from gateway.hub.store import Store

CODE: Final = "access-ended"  # why somebody is refused, in the log and the audit
Called = Mapping[str, str]  # what a person or client is called: name, hpr, user; client, issuer, organization


class Of(StrEnum):
    """Whose access it is."""

    PERSON = "person"
    CLIENT = "client"


@dataclass(frozen=True, slots=True)
class Ending:
    """One, of all by which the person or client is known. by: as the audit names who did it."""

    id: str
    of: Of
    at: datetime
    by: str
    why: str
    called: Called


class Endings:
    """Those of one installation. Safe to share between threads."""

    def __init__(self, store: Store, key: IdentifierKey) -> None:
        self._store = store
        self._key = key

    def marks(self, hashes: Iterable[str]) -> frozenset[str]:
        """As endings know an employee's identities (keyed hashes): not as the index of participants does, so
        that the tables cannot be laid side by side."""
        return frozenset(self._key.hash("ended access", one) for one in hashes)

    def mark_of(self, holder: Holder) -> str:
        """As endings know a client."""
        return self._key.hash("ended client", "\n".join(part or "" for part in holder))

    def ends(self, connection: Connection, tenant: str, hashes: Iterable[str]) -> bool:
        """Whether an employee with these identities is let in no more."""
        return bool(self._found(connection, tenant, self.marks(hashes)))

    def refuses(self, caller: Caller) -> bool:
        """Whether a client is let in no more where it calls."""
        if caller.holder is None:
            return False
        with self._store.read(caller.tenant) as connection:
            return bool(self._found(connection, caller.tenant, [self.mark_of(caller.holder)]))

    def end(
        self,
        connection: Connection,
        tenant: str,
        of: Of,
        marks: Iterable[str],
        called: Called,
        why: Why,
        now: datetime,
        *,
        by: str,
        sessions: int = 0,
    ) -> bool:
        """From now on. marks: as `marks` or `mark_of` gives them; sessions: how many ended with it. False
        where access by all of these has ended before. Written in the audit without who it is, but for a
        client."""
        wanted = frozenset(marks)
        new = sorted(wanted - self._found(connection, tenant, wanted).keys())
        if not new:
            return False
        own = str(uuid.uuid4())
        rows = [
            {
                "tenant": tenant,
                "identity": mark,
                "ending": own,
                "kind": of,
                "at": now,
                "ended_by": by[:255],
                "why": why,
                "content": pack(connection, dict(called), TENANT, ended_access, tenant, mark),
            }
            for mark in new
        ]
        dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(dialect.insert(ended_access).on_conflict_do_nothing(), rows)
        said = {"of": of.value, "why": why.value, "sessions": str(sessions), **_named(of, called)}
        entries.write(connection, tenant, [_entry("access ended", own, now, by, said)])
        return True

    def give_back(self, connection: Connection, tenant: str, own: str, now: datetime, *, by: str) -> bool:
        """An ending counts no more; False where there is none such."""
        columns = ended_access.c
        here = (columns.tenant == tenant, columns.ending == own)
        row = connection.execute(select(ended_access).where(*here).limit(1)).first()
        if row is None:
            return False
        found = _ending(connection, row)
        connection.execute(delete(ended_access).where(*here))
        said = {"of": found.of.value, "why": found.why, **_named(found.of, found.called)}
        entries.write(connection, tenant, [_entry("access given back", own, now, by, said)])
        return True

    def all(self, connection: Connection, tenant: str) -> list[Ending]:
        """Every ending that counts, newest first."""
        columns = ended_access.c
        rows = connection.execute(
            select(ended_access).where(columns.tenant == tenant).order_by(columns.at.desc(), columns.identity)
        )
        first: dict[str, Row[Any]] = {}
        for row in rows:
            first.setdefault(row.ending, row)
        return [_ending(connection, row) for row in first.values()]

    def by_mark(self, connection: Connection, tenant: str) -> dict[str, str]:
        """The id of the ending by which each identity is refused."""
        columns = ended_access.c
        rows = connection.execute(select(columns.identity, columns.ending).where(columns.tenant == tenant))
        return {row.identity: row.ending for row in rows}

    def _found(self, connection: Connection, tenant: str, marks: Iterable[str]) -> dict[str, str]:
        columns = ended_access.c
        rows = connection.execute(
            select(columns.identity, columns.ending).where(
                columns.tenant == tenant, columns.identity.in_(sorted(marks))
            )
        )
        return {row.identity: row.ending for row in rows}


def state(connection: Connection, tenant: str) -> tuple[int, datetime | None]:
    """What is another as soon as an access has ended: how many identities, and when the last."""
    columns = ended_access.c
    row = connection.execute(select(func.count(), func.max(columns.at)).where(columns.tenant == tenant)).one()
    return int(row[0]), row[1]


def _ending(connection: Connection, row: Row[Any]) -> Ending:
    called = unpack(connection, row.content, ended_access, row.tenant, row.identity)
    return Ending(row.ending, Of(row.kind), row.at, row.ended_by, row.why, called)


def _named(of: Of, called: Called) -> dict[str, str]:
    return {"client": called.get("client", "")} if of == Of.CLIENT else {}


def _entry(action: str, own: str, now: datetime, by: str, details: dict[str, str]) -> Entry:
    return Entry(Kind.CONFIGURATION, now, None, action, client=by, subject=f"access/{own}", details=details)
