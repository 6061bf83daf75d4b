"""An import: records from a file go in by the front door's own way (`Intake`), batch by batch, each person in
a transaction of its own. Sends nothing; the lanes it wakes are the worker's."""

from __future__ import annotations

import itertools
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy import select

from gateway import config, jsontext
from gateway.cli import screen
from gateway.cli.import_state import Journal, digest_of
from gateway.cli.outcome import Impossible
from gateway.cli.record_file import Piece, pieces
from gateway.config import System
from gateway.hub.schema.tables import waiting_record
from gateway.intake import Answer, Offered, rejected
from gateway.service import Service, build
from mappings.model import Problem, RecordRefused

BATCH = 200
NOT_JSON = Problem("", "Posten er ikke lesbar JSON.", "not-json")


@dataclass(slots=True)
class Result:
    """How an import ended. still_waiting: records that refer to something that has not come."""

    journal: Journal
    already_done: bool = False
    stopped: bool = False
    still_waiting: int = 0


@dataclass(slots=True)
class Stop:
    """Whether someone asked to stop: the batch under way is finished first."""

    asked: bool = field(default=False)

    @contextmanager
    def listening(self) -> Iterator[Stop]:
        """Take Ctrl-C and SIGTERM as a wish, the second one as an order."""
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self._hear) for number in numbers}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _hear(self, number: int, _frame: Any) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        signal.signal(number, signal.default_int_handler)


def run(config_file: Path, system_id: str, path: Path, report: Path | None, *, again: bool) -> Result:
    """Import, or go on with an import. Raises Impossible, ConfigurationError."""
    settings = config.load(config_file)
    system = settings.system(system_id)
    if system is None:
        known = ", ".join(s.id for s in settings.systems)
        raise Impossible(f"There is no system {system_id} in {config_file}. There are: {known}.")
    report = report or path.with_name(f"{path.name}.{system_id}.report.jsonl")
    journal = Journal(report, digest_of(path, system.tenant, system_id, settings.database_url))
    try:
        if again:
            journal.start_over()
        if journal.state.done:
            return Result(journal, already_done=True)
        journal.begin()
        service = build(settings)
        try:
            return _Import(service, system, path, journal).run()
        finally:
            service.close()
    finally:
        journal.close()


@dataclass(slots=True)
class _Import:
    service: Service
    system: System
    path: Path
    journal: Journal

    def run(self) -> Result:
        source = pieces(self.path, self.journal.state.offset)
        with Stop().listening() as stop, _progress(self.path) as bar:
            task = bar.add_task("", total=self.path.stat().st_size, completed=self.journal.state.offset)
            while batch := list(itertools.islice(source, BATCH)):
                self.journal.add(self._take(batch), batch[-1].end)
                bar.update(task, completed=batch[-1].end, description=f"{self.journal.state.number} records")
                if stop.asked:
                    return Result(self.journal, stopped=True)
        self.journal.finish()
        return Result(self.journal, still_waiting=self._still_waiting())

    def _take(self, batch: list[Piece]) -> Iterator[dict[str, Any]]:
        """The report's lines of a batch, in the file's order."""
        answers: list[Answer | None] = [None] * len(batch)
        by_person: dict[str, list[tuple[int, Offered]]] = {}
        for index, piece in enumerate(batch):
            try:
                record = _decoded(piece)
                anchor = self._anchor(record)
            except RecordRefused as refusal:
                answers[index] = rejected(_named(piece), *refusal.problems)
            else:
                by_person.setdefault(anchor, []).append((index, Offered(record)))
        for offered in by_person.values():
            taken = self.service.intake.take(self.system, [one for _, one in offered])
            for (index, _), answer in zip(offered, taken, strict=True):
                answers[index] = answer
        first = self.journal.state.number
        for index, given in enumerate(answers):
            if given is not None:
                yield {"number": first + index + 1, "endsAt": batch[index].end, **given.plain()}

    def _anchor(self, record: Any) -> str:
        """The native id of the log, plan or person it belongs to. Raises RecordRefused."""
        heading = self.service.mappings[self.system.id].describe(record)
        return heading.frame or heading.subject or heading.id

    def _still_waiting(self) -> int:
        waited = (line["id"] for line in self.journal.lines("waiting"))
        return sum(self._count_waiting(chunk) for chunk in _chunks(dict.fromkeys(waited), 500))

    def _count_waiting(self, native_ids: list[str]) -> int:
        columns = waiting_record.c
        with self.service.store.read(self.system.tenant) as connection:
            found = connection.execute(
                select(columns.native_id)
                .where(
                    columns.tenant == self.system.tenant,
                    columns.system == self.system.id,
                    columns.native_id.in_(native_ids),
                )
                .distinct()
            )
            return len(found.all())


def _decoded(piece: Piece) -> Any:
    try:
        return jsontext.decode(piece.text)
    except (jsontext.DecodeError, UnicodeDecodeError, RecursionError):
        raise RecordRefused(None, (NOT_JSON,)) from None


def _named(piece: Piece) -> Any:
    try:
        return _decoded(piece)
    except RecordRefused:
        return None


def _chunks(values: Iterable[str], size: int) -> Iterator[list[str]]:
    source = iter(values)
    while chunk := list(itertools.islice(source, size)):
        yield chunk


def _progress(path: Path) -> Progress:
    console = screen.beside()
    return Progress(
        TextColumn(path.name, markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %  {task.description}"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
