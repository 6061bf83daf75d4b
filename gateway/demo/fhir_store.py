"""What BUP's demo FHIR server holds: every version of every resource, as raw JSON, in one SQLite file."""

from __future__ import annotations

import sqlite3
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gateway import jsontext
from gateway.demo.database import Database

Resource = dict[str, Any]

SCHEMA = """
CREATE TABLE IF NOT EXISTS version (
  seq INTEGER PRIMARY KEY, type TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL,
  updated TEXT NOT NULL, shared INTEGER NOT NULL, newest INTEGER NOT NULL, body BLOB NOT NULL,
  UNIQUE (type, id, version));
CREATE INDEX IF NOT EXISTS version_newest ON version (type, updated) WHERE newest;
"""


class VersionDiffers(Exception):
    """The version named is not the current one."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version. updated: RFC 3339 in UTC with milliseconds; shared: written by Stafettbro."""

    seq: int
    type: str
    id: str
    version: int
    updated: str
    shared: bool
    resource: Resource

    @property
    def deleted(self) -> bool:
        """Whether it says that the resource is deleted: it has no content."""
        return not self.resource

    @property
    def reference(self) -> str:
        """Type/id."""
        return f"{self.type}/{self.id}"


class FhirStore:
    """The file. Times only ever grow, so that whoever polls by time misses nothing."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, SCHEMA)

    def create(self, resource: Resource, *, shared: bool) -> Version:
        """Store a new resource under an id of ours."""
        with self._database.write() as connection:
            return _append(connection, {**resource, "id": str(uuid.uuid4())}, 1, shared)

    def update(self, resource: Resource, *, expected: int | None, shared: bool) -> Version | None:
        """A new version, or the current one when nothing differs; None when there is no such resource.

        expected: the version it replaces; None for whichever. Raises VersionDiffers.
        """
        with self._database.write() as connection:
            current = _newest(connection, resource["resourceType"], resource["id"])
            if current is None or current.deleted:
                return None
            if expected is not None and expected != current.version:
                raise VersionDiffers
            if _content(resource) == _content(current.resource):
                return current
            connection.execute("UPDATE version SET newest = 0 WHERE seq = ?", (current.seq,))
            return _append(connection, resource, current.version + 1, shared)

    def delete(self, kind: str, resource_id: str) -> Version | None:
        """A version that says it is deleted; None when there is no such resource."""
        with self._database.write() as connection:
            current = _newest(connection, kind, resource_id)
            if current is None or current.deleted:
                return None
            connection.execute("UPDATE version SET newest = 0 WHERE seq = ?", (current.seq,))
            return _append_deletion(connection, current)

    def read(self, kind: str, resource_id: str, version: int | None = None) -> Version | None:
        """The current version, or the one named."""
        which, values = ("newest", ()) if version is None else ("version = ?", (version,))
        row = self._database.row(
            f"SELECT * FROM version WHERE type = ? AND id = ? AND {which}",  # noqa: S608
            kind,
            resource_id,
            *values,
        )
        return None if row is None else _version(row)

    def current(self, kind: str) -> list[Version]:
        """All resources of a type as they are now, the one changed longest ago first."""
        rows = self._database.rows("SELECT * FROM version WHERE newest AND type = ? ORDER BY seq", kind)
        return [one for one in map(_version, rows) if not one.deleted]

    def history(self, kind: str | None = None, resource_id: str | None = None) -> list[Version]:
        """Every version of everything, of a type or of one resource, newest first."""
        rows = self._database.rows(
            "SELECT * FROM version WHERE (?1 IS NULL OR type = ?1) AND (?2 IS NULL OR id = ?2) "
            "ORDER BY seq DESC",
            kind,
            resource_id,
        )
        return [_version(row) for row in rows]

    def change(self) -> int:
        """A number that grows with every change."""
        return self._database.number("SELECT max(seq) FROM version")


def _append(connection: sqlite3.Connection, resource: Resource, version: int, shared: bool) -> Version:
    last = connection.execute("SELECT updated FROM version ORDER BY seq DESC LIMIT 1").fetchone()
    updated = _after(last[0] if last else None)
    meta = {**resource.get("meta", {}), "versionId": str(version), "lastUpdated": updated}
    stored = {**resource, "meta": meta}
    kind, own = stored["resourceType"], stored["id"]
    cursor = connection.execute(
        "INSERT INTO version (type, id, version, updated, shared, newest, body) VALUES (?,?,?,?,?,1,?)",
        (kind, own, version, updated, shared, jsontext.encode(stored)),
    )
    return Version(cursor.lastrowid or 0, kind, own, version, updated, shared, stored)


def _append_deletion(connection: sqlite3.Connection, current: Version) -> Version:
    last = connection.execute("SELECT updated FROM version ORDER BY seq DESC LIMIT 1").fetchone()
    updated, number = _after(last[0]), current.version + 1
    cursor = connection.execute(
        "INSERT INTO version (type, id, version, updated, shared, newest, body) VALUES (?,?,?,?,0,1,?)",
        (current.type, current.id, number, updated, b""),
    )
    return Version(cursor.lastrowid or 0, current.type, current.id, number, updated, False, {})


def _after(last: str | None) -> str:
    now = datetime.now(UTC)
    if last is not None:
        now = max(now, datetime.fromisoformat(last) + timedelta(milliseconds=1))
    return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _newest(connection: sqlite3.Connection, kind: str, resource_id: str) -> Version | None:
    row = connection.execute(
        "SELECT * FROM version WHERE type = ? AND id = ? AND newest", (kind, resource_id)
    ).fetchone()
    return None if row is None else _version(row)


def _content(resource: Resource) -> Resource:
    """The resource without what the server itself sets."""
    set_here = ("versionId", "lastUpdated")
    meta = {key: value for key, value in resource.get("meta", {}).items() if key not in set_here}
    bare = {key: value for key, value in resource.items() if key != "meta"}
    return {**bare, "meta": meta} if meta else bare


def _version(row: sqlite3.Row) -> Version:
    body = jsontext.decode(row["body"]) if row["body"] else {}
    return Version(
        row["seq"], row["type"], row["id"], row["version"], row["updated"], bool(row["shared"]), body
    )
