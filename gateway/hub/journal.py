"""Consents that were withdrawn, refused or narrowed, written beside the database too and before it: an older
backup that is restored must not share anew. Appended and flushed to the disk, never changed; ids and codes.

Source: shared law.md, "Withdrawal" (a restore stays closed until the journal is replayed).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from gateway import jsontext
from gateway.errors import ConfigurationError
from gateway.hub import journal_marks
from gateway.hub.store import Store
from mappings.model import Resource

FILE = "consents.ndjson"


@dataclass(frozen=True, slots=True)
class Note:
    """One version of a consent that permits less than the one before it."""

    tenant: str
    person: str
    ref: str
    source: str  # the system that told of it
    recorded: datetime | None
    resource: Resource

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "tenant": self.tenant,
            "person": self.person,
            "ref": self.ref,
            "source": self.source,
            "recorded": self.recorded.isoformat() if self.recorded else None,
            "resource": self.resource,
        }


class Journal:
    """One file that every process of the installation appends to."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def write(self, connection: Connection, tenant: str, notes: Iterable[Note]) -> None:
        """Append what a tenant's transaction narrows; on the disk when this returns. The last thing that the
        transaction does. Raises OSError, and then nothing may be committed."""
        lines = b"".join(jsontext.encode(note.plain()) + b"\n" for note in notes)
        if lines:
            journal_marks.note(connection, tenant, self._append(lines))

    def _append(self, lines: bytes) -> int:
        """Where the file ends then."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.truncate(_end_of_last_line(file))  # a line whose writing was cut off was never committed
            file.seek(0, os.SEEK_END)
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())
            return file.tell()

    def open(self, store: Store, tenants: Iterable[str]) -> None:
        """Begin it with the database; from then on it has to be there, and to hold every line that the
        database knows of. Raises ConfigurationError where it does not."""
        known = journal_marks.reached(store, tenants)
        if known is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.touch(mode=0o600)
            journal_marks.begin(store, tenants)
        elif not self.path.is_file() or self.path.stat().st_size < known:
            raise ConfigurationError(
                f"{self.path}: the journal is missing, or ends before what the database knows of it: it was"
                " lost, or an older one was put back. Put the newest one back; where there is none, see"
                " docs/operations.md"
            )

    def newest(self) -> list[Note]:
        """The last note of each consent, in the order they were written. Raises ConfigurationError where a
        line cannot be read: what it closed is then unknown."""
        if not self.path.exists():
            return []
        found: dict[tuple[str, str], Note] = {}
        *lines, _cut_off = self.path.read_bytes().split(b"\n")
        for number, line in enumerate(lines, 1):
            try:
                note = _note(jsontext.decode(line))
            except (jsontext.DecodeError, KeyError, TypeError, ValueError) as error:
                raise ConfigurationError(f"{self.path}: line {number} cannot be read") from error
            found.pop((note.tenant, note.ref), None)
            found[note.tenant, note.ref] = note
        return list(found.values())


def _note(value: dict[str, Any]) -> Note:
    recorded = value["recorded"]
    return Note(
        tenant=value["tenant"],
        person=value["person"],
        ref=value["ref"],
        source=value["source"],
        recorded=datetime.fromisoformat(recorded) if recorded else None,
        resource=value["resource"],
    )


def _end_of_last_line(file: Any) -> int:
    end: int = file.seek(0, os.SEEK_END)
    while end > 0:
        start = max(0, end - 4096)
        file.seek(start)
        at = file.read(end - start).rfind(b"\n")
        if at >= 0:
            return start + int(at) + 1
        end = start
    return 0
