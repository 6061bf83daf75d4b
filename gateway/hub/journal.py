"""Consents that were withdrawn, refused or narrowed, written beside the database too and before it: an older
backup that is restored must not share anew. Appended and flushed to the disk; sealed by the tenant's key,
which outlives everyone: what was taken back stays so, whoever is erased.

Source: shared law.md, "Withdrawal" (a restore stays closed until the journal is replayed).
"""

from __future__ import annotations

import base64
import fcntl
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection

from gateway import jsontext
from gateway.errors import ConfigurationError, StafettbroError
from gateway.hub import journal_marks
from gateway.hub.content import TENANT
from gateway.hub.names import keys_of
from gateway.hub.store import Store
from gateway.keys.keyring import Keyring, SealBroken
from mappings.model import Resource

FILE = "consents.ndjson"
_PLACE: Final = b"journal"  # what its lines are sealed for


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
        keys = keys_of(connection.dialect)
        lines = b"".join(_line(note, keys) for note in notes)
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

    def newest(self, keys: Keyring | None) -> list[Note]:
        """The last note of each consent, in the order they were written. Raises ConfigurationError where a
        line cannot be read: what it closed is then unknown."""
        found: dict[tuple[str, str], Note] = {}
        for note in self._notes(keys):
            found.pop((note.tenant, note.ref), None)
            found[note.tenant, note.ref] = note
        return list(found.values())

    def seal(self, store: Store, tenants: Iterable[str]) -> None:
        """Seal the lines of before, once the database is. Only while nobody works on it: the file is made
        anew. Raises ConfigurationError where a line cannot be read."""
        if store.keys is None or not store.keys.seals or not self.path.exists():
            return
        whole = b"".join(_line(note, store.keys) for note in self._notes(store.keys))
        made = self.path.with_suffix(".new")
        made.touch(mode=0o600)
        with made.open("wb") as file:
            file.write(whole)
            file.flush()
            os.fsync(file.fileno())
        made.replace(self.path)
        for tenant in tenants:
            with store.write(tenant) as connection:
                journal_marks.note(connection, tenant, len(whole))

    def _notes(self, keys: Keyring | None) -> Iterator[Note]:
        """Every line, but for one whose writing was cut off."""
        *lines, _cut_off = self.path.read_bytes().split(b"\n") if self.path.exists() else [b""]
        for number, line in enumerate(lines, 1):
            try:
                yield _note(line, keys)
            except (jsontext.DecodeError, KeyError, TypeError, ValueError, StafettbroError) as error:
                raise ConfigurationError(f"{self.path}: line {number} cannot be read") from error


def _line(note: Note, keys: Keyring | None) -> bytes:
    """A note as it stands in the file; in clear only where the database does too."""
    plain = jsontext.encode(note.plain())
    if keys is None:
        raise SealBroken("nothing personal is written without keys")
    if not keys.seals:
        return plain + b"\n"
    sealed = base64.b64encode(keys.seal(note.tenant, TENANT, _PLACE, plain)).decode("ascii")
    return jsontext.encode({"tenant": note.tenant, "sealed": sealed}) + b"\n"


def _note(line: bytes, keys: Keyring | None) -> Note:
    value = jsontext.decode(line)
    if "sealed" in value:
        if keys is None:
            raise ValueError("a sealed line, and no keys are given")
        value = jsontext.decode(keys.open(value["tenant"], _PLACE, base64.b64decode(value["sealed"])))
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
