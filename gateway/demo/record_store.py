"""What a demo records system holds: its records with a version each, and the outbox to Stafettbro.

A record saved by a person goes to the outbox in the same transaction; one written by the gateway does not.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway import jsontext
from gateway.demo.database import Database

Record = dict[str, Any]

SCHEMA = """
CREATE TABLE IF NOT EXISTS record (
  id TEXT PRIMARY KEY, type TEXT NOT NULL, frame TEXT NOT NULL, version INTEGER NOT NULL,
  seq INTEGER NOT NULL UNIQUE, source TEXT, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS record_frame ON record (frame, type);
CREATE TABLE IF NOT EXISTS outbox (
  seq INTEGER PRIMARY KEY, record TEXT NOT NULL, version INTEGER NOT NULL, body BLOB NOT NULL,
  status TEXT NOT NULL DEFAULT 'new', reason TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS outbox_record ON outbox (record, seq);
CREATE INDEX IF NOT EXISTS outbox_new ON outbox (seq) WHERE status = 'new';
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
INSERT OR IGNORE INTO counter VALUES ('seq', 0), ('change', 0);
"""


class VersionDiffers(Exception):
    """Someone else has changed the record since the version named. current: that of now, 0 if none."""

    def __init__(self, current: int) -> None:
        self.current = current
        super().__init__("version")


@dataclass(frozen=True, slots=True)
class Stored:
    """One record as it stands. source: the system it was shared from, None when written here."""

    id: str
    version: int
    seq: int
    source: str | None
    body: Record


@dataclass(frozen=True, slots=True)
class Sending:
    """One entry of the outbox. status: new, or what the gateway answered."""

    seq: int
    record: str
    body: Record
    status: str
    reason: str


class RecordStore:
    """The file of one demo system."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, SCHEMA)

    def get(self, record_id: str) -> Stored | None:
        """One record."""
        row = self._database.row("SELECT * FROM record WHERE id = ?", record_id)
        return None if row is None else _stored(row)

    def frames(self) -> list[Stored]:
        """The logs or plans."""
        return [_stored(r) for r in self._database.rows("SELECT * FROM record WHERE id = frame ORDER BY id")]

    def of_frame(self, frame: str) -> list[Stored]:
        """A log or plan and everything in it, oldest first."""
        rows = self._database.rows("SELECT * FROM record WHERE frame = ? ORDER BY rowid", frame)
        return [_stored(row) for row in rows]

    def after(self, seq: int, limit: int) -> list[Stored]:
        """Records changed after a sequence number, in order of change."""
        rows = self._database.rows("SELECT * FROM record WHERE seq > ? ORDER BY seq LIMIT ?", seq, limit)
        return [_stored(row) for row in rows]

    def save(self, record: Record, *, expected: int | None, source: str | None, push: bool) -> Stored:
        """Store a record, with its new version in `versjon`, as whoever reads it elsewhere needs it.

        expected: the version it replaces, 0 for none, None for whichever. Raises VersionDiffers.
        """
        frame = record.get("logg") or record.get("plan") or record["id"]
        with self._database.write() as connection:
            row = connection.execute("SELECT version FROM record WHERE id = ?", (record["id"],)).fetchone()
            current = int(row[0]) if row else 0
            if expected is not None and expected != current:
                raise VersionDiffers(current)
            seq = _next(connection, "seq")
            version = current + 1 if row else _first_version(record)
            record = {**record, "versjon": version}
            body = jsontext.encode(record)
            values = (record["id"], record["type"], frame, version, seq, source, body)
            connection.execute(
                "INSERT INTO record (id, type, frame, version, seq, source, body) VALUES (?,?,?,?,?,?,?) "
                "ON CONFLICT (id) DO UPDATE SET version = excluded.version, seq = excluded.seq, "
                "source = coalesce(record.source, excluded.source), body = excluded.body",
                values,
            )
            if push:
                connection.execute(
                    "INSERT INTO outbox (record, version, body) VALUES (?,?,?)",
                    (record["id"], version, body),
                )
            _next(connection, "change")
        return Stored(record["id"], version, seq, source, record)

    def seed(self, records: Sequence[Record]) -> None:
        """Take in the first records, as if people had written them here; only into an empty store."""
        if self._database.number("SELECT count(*) FROM record"):
            return
        for record in records:
            self.save(record, expected=0, source=None, push=True)

    def unsent(self, limit: int) -> list[Sending]:
        """The oldest entries the gateway has not answered."""
        rows = self._database.rows("SELECT * FROM outbox WHERE status = 'new' ORDER BY seq LIMIT ?", limit)
        return [_sending(row) for row in rows]

    def settle(self, answers: Sequence[tuple[int, str, str]]) -> None:
        """The gateway answered these entries: (number, status, reason)."""
        with self._database.write() as connection:
            connection.executemany(
                "UPDATE outbox SET status = ?, reason = ? WHERE seq = ?", [(s, r, n) for n, s, r in answers]
            )
            _next(connection, "change")

    def last_sendings(self, frame: str) -> dict[str, Sending]:
        """Record id -> its newest entry in the outbox, for one log or plan."""
        rows = self._database.rows(
            "SELECT outbox.* FROM outbox JOIN record ON record.id = outbox.record "
            "WHERE record.frame = ? ORDER BY outbox.seq",
            frame,
        )
        return {row["record"]: _sending(row) for row in rows}

    def waiting(self) -> int:
        """How many entries the gateway has not answered."""
        return self._database.number("SELECT count(*) FROM outbox WHERE status = 'new'")

    def change(self) -> int:
        """A number that grows with every change a page would show."""
        return self._database.number("SELECT value FROM counter WHERE name = 'change'")


def _first_version(record: Record) -> int:
    """A record moved here from elsewhere goes on from the version it had."""
    given = record.get("versjon")
    return given if isinstance(given, int) and 0 < given < 2**31 else 1


def _next(connection: sqlite3.Connection, name: str) -> int:
    connection.execute("UPDATE counter SET value = value + 1 WHERE name = ?", (name,))
    return int(connection.execute("SELECT value FROM counter WHERE name = ?", (name,)).fetchone()[0])


def _stored(row: sqlite3.Row) -> Stored:
    return Stored(row["id"], row["version"], row["seq"], row["source"], jsontext.decode(row["body"]))


def _sending(row: sqlite3.Row) -> Sending:
    return Sending(row["seq"], row["record"], jsontext.decode(row["body"]), row["status"], row["reason"])
