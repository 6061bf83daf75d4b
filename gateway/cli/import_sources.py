"""What an import reads: one file, or all in a folder, of JSON, NDJSON or the system's own CSV. Finds where
each record lies, and reads one from there again; so nothing of the content is kept anywhere else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from adapters.csv_form import CsvForm, Unreadable
from gateway import jsontext
from gateway.cli.outcome import Impossible
from gateway.cli.record_file import BOM, pieces
from mappings.model import Problem, RecordRefused

ENDINGS = (".json", ".ndjson", ".jsonl", ".csv")
NOT_JSON = Problem("", "Posten er ikke lesbar JSON.", "not-json")
_QUOTE = b'"'


@dataclass(frozen=True, slots=True)
class Place:
    """Where one record lies."""

    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Source:
    """One file. header: of a CSV file, its first row as bytes."""

    path: Path
    csv: CsvForm | None = None
    header: bytes = b""

    def places(self) -> Iterator[tuple[Place, bytes]]:
        """Every record with its place, in order. Raises Impossible."""
        if self.csv is None:
            for piece in pieces(self.path):
                yield Place(piece.start, len(piece.text)), piece.text
            return
        with self.path.open("rb") as file:
            rows = _rows(file)
            next(rows, None)
            yield from rows

    def read(self, file: IO[bytes], place: Place) -> bytes:
        """The bytes of a record, as `places` gave them."""
        file.seek(place.start)
        return file.read(place.length)

    def record(self, text: bytes) -> Any:
        """The record that these bytes are. Raises RecordRefused."""
        if self.csv is not None:
            return self._row(text)
        try:
            return jsontext.decode(text)
        except (jsontext.DecodeError, UnicodeDecodeError, RecursionError):
            raise RecordRefused(None, (NOT_JSON,)) from None

    def _row(self, text: bytes) -> Any:
        assert self.csv is not None
        try:
            found = list(self.csv.lines(self.csv.text(self.header + text)))
        except Unreadable as error:
            raise RecordRefused(None, (Problem("", error.reason, "not-csv"),)) from None
        reason = "Linjen er ikke gyldig CSV." if len(found) != 1 else found[0][2]
        if len(found) != 1 or found[0][1] is None:
            raise RecordRefused(None, (Problem("", reason, "not-csv"),))
        return found[0][1]


def sources(path: Path, csv: CsvForm | None) -> list[Source]:
    """The files to read: this one, or those in this folder by name. Raises Impossible."""
    if not path.is_dir():
        return [_source(path, csv)]
    found = sorted(p for p in path.iterdir() if p.suffix.lower() in ENDINGS and p.is_file())
    if not found:
        raise Impossible(f"{path}: there is no file to import ({', '.join(ENDINGS)}).")
    return [_source(one, csv) for one in found]


def digest_of(found: list[Source], *belonging: str) -> str:
    """What identifies an import: the bytes of its files, and where they go."""
    whole = hashlib.sha256("\n".join(belonging).encode())
    for source in found:
        with source.path.open("rb") as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()


def _source(path: Path, csv: CsvForm | None) -> Source:
    with path.open("rb") as file:
        start = file.read(4096).removeprefix(BOM).lstrip()[:1]
        if path.suffix.lower() != ".csv" and (csv is None or start in (b"[", b"{", b"")):
            return Source(path)
        file.seek(0)
        form = csv or CsvForm()
        header = next(_rows(file), (Place(0, 0), b""))[1]
    try:
        list(form.lines(form.text(header)))
    except Unreadable as error:
        raise Impossible(f"{path}: line {error.line}: {error.reason}") from error
    return Source(path, form, header)


def _rows(file: IO[bytes]) -> Iterator[tuple[Place, bytes]]:
    """The rows of a CSV file as bytes; a quoted cell may hold line ends."""
    row, start, offset = b"", 0, 0
    for line in file:
        row, offset = row + line, offset + len(line)
        if row.count(_QUOTE) % 2:
            continue
        if row.strip():
            yield Place(start, len(row)), row
        row, start = b"", offset
    if row.strip():
        yield Place(start, len(row)), row
