"""How far an import has come, on disk: a report with a line per record and a small state file beside it. A
crash at any moment costs at most one batch offered again, which the hub answers as unchanged."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from gateway import jsontext
from gateway.cli.outcome import Impossible


class State(msgspec.Struct):
    """source: what was imported, where to. offset: of the first byte not yet taken in."""

    source: str
    offset: int = 0
    number: int = 0  # records so far
    report_size: int = 0
    counts: dict[str, int] = msgspec.field(default_factory=dict)
    done: bool = False


def digest_of(path: Path, *belonging: str) -> str:
    """What identifies an import: the file's bytes, and where they go."""
    with path.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    return hashlib.sha256("\n".join((content, *belonging)).encode()).hexdigest()


class Journal:
    """The report and the state of one import, held by one process."""

    def __init__(self, report: Path, source: str) -> None:
        self.report = report
        self._state_file = report.with_name(report.name + ".state")
        self._file = report.open("ab")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise Impossible(f"Another import writes to {report} right now.") from None
        self.state = self._read(source)

    def _read(self, source: str) -> State:
        try:
            state = msgspec.json.decode(self._state_file.read_bytes(), type=State)
        except (FileNotFoundError, msgspec.DecodeError):
            return State(source)
        return state if state.source == source else State(source)

    def begin(self) -> None:
        """Cut off what was written after the state was last kept."""
        self._file.truncate(self.state.report_size)
        self._keep()

    def start_over(self) -> None:
        """Forget what was done before."""
        self.state = State(self.state.source)

    def add(self, lines: Iterable[dict[str, Any]], offset: int) -> None:
        """A batch was taken in."""
        for line in lines:
            self._file.write(jsontext.encode(line) + b"\n")
            self.state.number += 1
            status = str(line["status"])
            self.state.counts[status] = self.state.counts.get(status, 0) + 1
        self.state.offset = offset
        self._keep()

    def finish(self) -> None:
        """All records have been offered."""
        self.state.done = True
        self._keep()

    def _keep(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self.state.report_size = os.fstat(self._file.fileno()).st_size
        fresh = self._state_file.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(self.state))
        fresh.replace(self._state_file)

    def lines(self, status: str) -> Iterator[dict[str, Any]]:
        """The report's lines of one status."""
        with self.report.open("rb") as file:
            for line in file:
                record = jsontext.decode(line)
                if record["status"] == status:
                    yield record

    def close(self) -> None:
        """Let others have it."""
        self._file.close()
