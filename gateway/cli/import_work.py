"""The working file of an import, a SQLite database beside the report: where each record lies and whose it is
(a log's or plan's own id), and what was answered. Holds nothing of the content. It sorts on the disk, so that
the size of a history does not matter."""

from __future__ import annotations

import fcntl
import sqlite3
import uuid
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, Any

from gateway import jsontext
from gateway.cli.import_sources import Place
from gateway.cli.outcome import Impossible

_SCHEMA = """
CREATE TABLE IF NOT EXISTS about (source TEXT, run TEXT, planned INTEGER, told INTEGER);
CREATE TABLE IF NOT EXISTS piece (
    number INTEGER PRIMARY KEY, file INTEGER, start INTEGER, length INTEGER, part INTEGER, anchor TEXT);
CREATE TABLE IF NOT EXISTS answer (number INTEGER PRIMARY KEY, status TEXT, line BLOB);
"""
_ORDER = "CREATE INDEX IF NOT EXISTS piece_order ON piece (part, anchor, number)"
Found = tuple[int, int, Place, str]  # number, file, place, anchor


class Work:
    """One import's working file, held by one process."""

    def __init__(self, report: Path, source: str, *, again: bool) -> None:
        self.report = report
        self.path = report.with_name(report.name + ".work")
        self._lock = self._locked()
        self._db = sqlite3.connect(self.path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.executescript(_SCHEMA)
        row = self._db.execute("SELECT source, run, planned, told FROM about").fetchone()
        if row is None or row[0] != source or not row[2] or again:
            row = self._start_over(source)
        self.run: str = row[1]
        self.planned = bool(row[2])
        self.done = bool(row[3])

    def _locked(self) -> IO[bytes]:
        file = self.report.open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise Impossible(f"Another import writes to {self.report} right now.") from None
        return file

    def _start_over(self, source: str) -> tuple[Any, ...]:
        row = (source, uuid.uuid4().hex, 0, 0)
        self._db.executescript("DROP INDEX IF EXISTS piece_order; DELETE FROM piece; DELETE FROM answer;")
        self._db.execute("DELETE FROM about")
        self._db.execute("INSERT INTO about VALUES (?, ?, ?, ?)", row)
        return row

    def plan(self, found: Iterable[tuple[int, int, Place, int, str]]) -> None:
        """Note where every record lies: number, file, place, part, anchor."""
        self._db.execute("BEGIN")
        self._db.executemany(
            "INSERT INTO piece VALUES (?, ?, ?, ?, ?, ?)",
            ((n, file, place.start, place.length, part, anchor) for n, file, place, part, anchor in found),
        )
        self._db.execute(_ORDER)
        self._db.execute("UPDATE about SET planned = 1")
        self._db.execute("COMMIT")
        self.planned = True

    def answered(self, lines: Iterable[dict[str, Any]]) -> int:
        """Keep answers; how many are new."""
        before = self._db.total_changes
        self._db.execute("BEGIN")
        self._db.executemany(
            "INSERT OR IGNORE INTO answer VALUES (?, ?, ?)",
            ((line["number"], line["status"], jsontext.encode(line)) for line in lines),
        )
        self._db.execute("COMMIT")
        return self._db.total_changes - before

    def finish(self) -> None:
        """Every record has an answer."""
        self._db.execute("UPDATE about SET told = 1")
        self.done = True

    def counts(self) -> dict[str, int]:
        """How many records, by status."""
        return dict(self._db.execute("SELECT status, count(*) FROM answer GROUP BY status").fetchall())

    def size(self) -> int:
        """How many records there are in all."""
        count: int = self._db.execute("SELECT count(*) FROM piece").fetchone()[0]
        return count

    def parts(self) -> list[int]:
        """The parts with a record that has no answer yet, the largest first."""
        rows = self._db.execute(
            "SELECT part FROM piece LEFT JOIN answer USING (number) WHERE answer.number IS NULL"
            " GROUP BY part ORDER BY count(*) DESC"
        )
        return [row[0] for row in rows]

    def answered_in(self) -> dict[int, int]:
        """How many records of each part have an answer."""
        return dict(
            self._db.execute("SELECT part, count(*) FROM piece JOIN answer USING (number) GROUP BY part")
        )

    def lines(self, status: str | None = None) -> Iterator[dict[str, Any]]:
        """What was answered, in the order of the records."""
        asked = "SELECT line FROM answer WHERE coalesce(status = ?, 1) ORDER BY number"
        with closing(self._db.execute(asked, (status,))) as rows:
            for row in rows:
                yield jsontext.decode(row[0])

    def close(self) -> None:
        """Let others have it."""
        self._db.close()
        self._lock.close()


def pieces_of(path: Path, part: int, after: int) -> Iterator[Found]:
    """The records of one part in their order, without the first `after`; read by any process."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        rows = db.execute(
            "SELECT number, file, start, length, anchor FROM piece WHERE part = ?"
            " ORDER BY anchor, number LIMIT -1 OFFSET ?",
            (part, after),
        )
        for number, file, start, length, anchor in rows.fetchall():
            yield number, file, Place(start, length), anchor
