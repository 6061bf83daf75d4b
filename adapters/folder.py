"""Folder drop: files that a system lays down for us, and files that we lay down for it.

We read `<folder>/inn`: JSON (one record or a list), NDJSON or CSV, one file at a time, oldest first, only
files that have stopped growing (a writer names them `.tmp` or `.part` until they are whole). A file moves to
`inn/mottatt/` when the next call brings its cursor back, so that a crash repeats and never loses; what cannot
be read goes to `inn/feil/` with a report that names line and reason, never content. Rows that are refused are
named there too, with their column. We write one file per record to `<folder>/ut`, whole or not at all: JSON,
or CSV where the system's own files are CSV.

Grade: bronze. Missing for silver: a contract test against someone else's program, and knowing what the
system did with our files (there is no answer, so no version and no Stale).
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from adapters import folder_files, jsontext
from adapters.contract import (
    Finding,
    Incoming,
    Page,
    Record,
    Refusal,
    Refused,
    TakenOver,
    Unavailable,
    Write,
    Written,
)
from adapters.csv_form import CsvForm, Unwritable
from adapters.folder_disk import digest, distinct, is_whole, move, write_whole
from adapters.folder_files import Form, Unreadable
from adapters.folder_reports import Reports, fault

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]")


class Folder:
    """Adapter for one folder. `settle`: seconds a file must have lain unchanged before it is read.
    `snapshot`: each file holds all that the system has; a JSON file may say so itself."""

    def __init__(
        self,
        folder: Path,
        *,
        form: Form = "json",
        csv: CsvForm | None = None,
        settle: float = 2.0,
        snapshot: bool = False,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._inn = folder / "inn"
        self._out = folder / "ut"
        self._reports = Reports(self._inn)
        csv = csv or CsvForm()
        self._read = folder_files.reader(form, csv)
        self._csv = csv if form == "csv" else None
        self._settle = settle
        self._snapshot = snapshot
        self._now = now

    async def prepare(self) -> None:
        """Make the folders where they are missing. Raises Unavailable."""
        await asyncio.to_thread(self._make)

    async def close(self) -> None:
        """Nothing is held open."""

    async def find_person(self, identifiers: tuple[tuple[str, str], ...]) -> str | None:  # noqa: ARG002
        """None: persons come with their log or plan."""
        return None

    async def find_item(self, key: str) -> str | None:  # noqa: ARG002
        """Raises Refused: a folder answers no questions."""
        raise Refused("a folder answers no questions")

    async def create_person(self, person: Record, key: str) -> str:  # noqa: ARG002
        """Raises Refused."""
        raise Refused("a folder has no persons of its own")

    async def read(self, remote_id: str) -> Incoming | None:  # noqa: ARG002
        """None: what we laid down has been taken away, or will be."""
        return None

    async def write(self, write: Write) -> Written:
        """Lay down `ut/<key>.json` or `.csv`. An older file of the same record that nobody took is replaced.
        Raises Refused where the form cannot hold the record."""
        if not write.leave():
            raise TakenOver("the run was taken over")
        await asyncio.to_thread(self._lay_down, write)
        own = write.record_id or write.record.get("id") or write.key.rpartition("/")[2]
        return Written(write.remote_id or str(own), None)

    async def changes(self, cursor: str | None) -> Page:
        """The records of the oldest whole file; the file of the cursor is put away first."""
        return await asyncio.to_thread(self._next, cursor)

    async def tell(self, refusals: tuple[Refusal, ...]) -> None:
        """Add what was refused to the report on its file."""
        try:
            await asyncio.to_thread(self._reports.tell, refusals)
        except OSError as error:
            raise Unavailable(f"the folder cannot be written ({error.strerror})") from error

    async def check(self) -> tuple[Finding, ...]:
        """Whether we may read and write there."""
        return await asyncio.to_thread(self._findings)

    def _make(self) -> None:
        try:
            for folder in (self._inn / "mottatt", self._inn / "feil", self._out):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unavailable(f"the folder cannot be used ({error.strerror})") from error

    def _next(self, cursor: str | None) -> Page:
        self._make()
        try:
            self._put_away(cursor)
            waiting = self._waiting()
            if not waiting:
                return Page((), None)
            return self._taken(waiting[0], more=len(waiting) > 1)
        except OSError as error:
            raise Unavailable(f"the folder cannot be read ({error.strerror})") from error

    def _taken(self, path: Path, *, more: bool) -> Page:
        data = path.read_bytes()
        try:
            content = self._read(data)
        except Unreadable as error:
            self._set_aside(path, data, error)
            return Page((), None, more, ((_place(path.name, error.line), error.reason),))
        records = tuple(
            Incoming(record, _id(record), place=_place(path.name, line)) for line, record in content.records
        )
        unreadable = tuple((_place(path.name, bad.line), bad.reason) for bad in content.unreadable)
        if unreadable:
            self._reports.add(path, data, [fault(bad.line, bad.reason) for bad in content.unreadable])
        cursor = json.dumps([{"name": path.name, "sha256": digest(data)}])
        whole = self._snapshot or content.whole
        return Page(records, cursor, more, unreadable, whole=whole, omitted=content.omitted)

    def _waiting(self) -> list[Path]:
        files = [(p.stat().st_mtime, p) for p in self._inn.iterdir() if p.is_file() and is_whole(p.name)]
        settled = [(changed, path) for changed, path in files if self._now() - changed >= self._settle]
        return [path for _, path in sorted(settled)]

    def _put_away(self, cursor: str | None) -> None:
        """Move what was taken in; a file that has got other content since stays and is read again."""
        for entry in _entries(cursor):
            path = self._inn / Path(entry["name"]).name
            if path.is_file() and digest(path.read_bytes()) == entry["sha256"]:
                move(path, self._inn / "mottatt" / distinct(path, entry["sha256"]))

    def _set_aside(self, path: Path, data: bytes, error: Unreadable) -> None:
        self._reports.add(path, data, [fault(error.line, error.reason)])
        move(path, self._inn / "feil" / distinct(path, digest(data)))

    def _lay_down(self, write: Write) -> None:
        name = f"{_UNSAFE.sub('-', write.key)}.{'csv' if self._csv else 'json'}"
        try:
            data = self._csv.bytes([write.record]) if self._csv else jsontext.encode(write.record)
        except Unwritable as error:
            raise Refused(f"{error.column}: {error.reason}") from error
        try:
            self._out.mkdir(parents=True, exist_ok=True)
            write_whole(self._out / name, data)
        except OSError as error:
            raise Unavailable(f"the folder cannot be written ({error.strerror})") from error

    def _findings(self) -> tuple[Finding, ...]:
        try:
            self._make()
            for folder in (self._inn, self._inn / "mottatt", self._inn / "feil", self._out):
                probe = folder / ".stafettbro-sjekk.tmp"
                probe.write_bytes(b"")
                probe.unlink()
        except (OSError, Unavailable):
            return (Finding("error", "Stafettbro kan ikke lese og skrive i mappen."),)
        return (Finding("ok", "Mappen kan leses og skrives."),)


def _id(record: Record) -> str | None:
    value = record.get("id")
    return value if isinstance(value, str) else None


def _place(name: str, line: int | None) -> str:
    return name if line is None else f"{name}:{line}"


def _entries(cursor: str | None) -> list[dict[str, str]]:
    try:
        entries = json.loads(cursor) if cursor else []
    except ValueError as error:
        raise Unavailable("the cursor cannot be read") from error
    return [entry for entry in entries if isinstance(entry, dict) and {"name", "sha256"} <= entry.keys()]
