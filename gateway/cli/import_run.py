"""An import: the records of files go in by the front door's own way (`Intake`), log by log, each person in
transactions of its own, in one process or several. Sends nothing; the lanes it wakes are the worker's, and
wait behind live traffic."""

from __future__ import annotations

import hashlib
import os
import queue
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from sqlalchemy import select

from gateway import config, jsontext
from gateway.cli.import_part import Job, Taker, Voice, work
from gateway.cli.import_sources import Source, digest_of, sources
from gateway.cli.import_view import Bar, reading, taking
from gateway.cli.import_work import Work
from gateway.cli.outcome import Impossible
from gateway.config import System
from gateway.file_form import csv_of
from gateway.hub.schema.tables import waiting_record
from gateway.intake.history import Elsewhere, Part
from gateway.service import Service, build
from mappings.model import RecordRefused

PARTS = 32  # more than processes, so that none is left with much when the others have ended
PATIENCE = 0.2  # seconds between two looks whether the processes live


@dataclass(slots=True)
class Result:
    """How an import ended. rejected: where the rejected records are listed. still_waiting: records that refer
    to something that has not come."""

    report: Path
    counts: dict[str, int]
    total: int
    rejected: Path | None = None
    already_done: bool = False
    stopped: bool = False
    still_waiting: int = 0


@dataclass(slots=True)
class Stop:
    """Whether someone asked to stop: the transactions under way are finished first."""

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


def run(
    config_file: Path, system_id: str, path: Path, report: Path | None, *, again: bool, processes: int | None
) -> Result:
    """Import, or go on with an import. Raises Impossible, ConfigurationError."""
    settings = config.load(config_file)
    system = settings.system(system_id)
    if system is None:
        known = ", ".join(s.id for s in settings.systems)
        raise Impossible(f"There is no system {system_id} in {config_file}. There are: {known}.")
    if processes and processes > 1 and settings.database_url.startswith("sqlite"):
        raise Impossible("On SQLite one process writes; --processes is for PostgreSQL.")
    report = report or path.with_name(f"{path.name}.{system_id}.report.jsonl")
    service = build(settings)
    try:
        found = sources(path, csv_of(service.mappings[system_id]))
        digest = digest_of(found, system.tenant, system_id, settings.database_url)
        whole = Work(report, digest, again=again)
        try:
            job = Job(config_file, system_id, path, whole.path, whole.run)
            return _Import(service, system, found, whole, job, _processes(service, processes)).run()
        finally:
            whole.close()
    finally:
        service.close()


def _processes(service: Service, wanted: int | None) -> int:
    """As many as were asked for; by default one on SQLite, else one per core, at most four."""
    return wanted or (1 if service.store.sqlite else min(4, os.cpu_count() or 1))


@dataclass(slots=True)
class _Import:
    service: Service
    system: System
    sources: list[Source]
    work: Work
    job: Job
    processes: int

    def run(self) -> Result:
        self._demand_kept()
        if self.work.done:
            return self._result(already_done=True)
        with Stop().listening() as stop:
            if not self.work.planned:
                self.work.plan(self._found(stop))
            if not stop.asked:
                with taking(self.work.size(), sum(self.work.counts().values())) as bar:
                    self._take(stop, bar)
        self._write_report()
        if stop.asked:
            return self._result(stopped=True)
        if left := self.work.parts():
            raise Impossible(
                f"{len(left)} parts of the import have not ended; the same command goes on there."
            )
        self.work.finish()
        return self._result()

    def _demand_kept(self) -> None:
        """What the working file has answers to is in the hub. Raises Impossible where it is not: an older
        database was put back since."""
        tenant, run = self.system.tenant, self.work.run
        with self.service.store.read(tenant) as connection:
            for number, answered in self.work.answered_in().items():
                if Part(tenant, run, number).stands(connection)[0] < answered:
                    raise Impossible(
                        "The database does not hold all that this import has taken in: an older one was put"
                        " back since. Say --again: everything is offered once more, and nothing becomes two."
                    )

    def _found(self, stop: Stop) -> Iterator[tuple[int, int, Any, int, str]]:
        """Where each record lies and whose it is. Raises Stopped where someone asked to stop."""
        number = 0
        size = sum(source.path.stat().st_size for source in self.sources)
        with reading(size) as bar:
            for index, source in enumerate(self.sources):
                for place, text in source.places():
                    number += 1
                    anchor = self._anchor(source, text) or f"\x00{number}"
                    yield number, index, place, _part(anchor), anchor
                    bar.add(place.length)
                    if stop.asked:
                        raise KeyboardInterrupt

    def _anchor(self, source: Source, text: bytes) -> str | None:
        """The native id of the log, plan or person it belongs to; None for one that will be rejected."""
        try:
            heading = self.service.mappings[self.system.id].describe(source.record(text))
        except RecordRefused:
            return None
        return heading.frame or heading.subject or heading.id

    def _take(self, stop: Stop, bar: Bar) -> None:
        if self.processes > 1:
            self._take_beside(stop, bar)
            return
        taker = Taker(self.service, self.system, self.job)
        for part in self.work.parts():
            try:
                for lines in taker.take(part):
                    bar.add(self.work.answered(lines))
                    if stop.asked:
                        return
            except Elsewhere:
                raise Impossible("Another process takes this import in right now.") from None

    def _take_beside(self, stop: Stop, bar: Bar) -> None:
        context = get_context("spawn")
        parts, told, halt = context.SimpleQueue(), context.Queue(), context.Event()
        written = [context.Semaphore(0) for _ in range(self.processes)]
        for part in [*self.work.parts(), *[None] * self.processes]:
            parts.put(part)
        started = [
            context.Process(target=work, args=(self.job, parts, Voice(own, told, one), halt), daemon=True)
            for own, one in enumerate(written)
        ]
        for one in started:
            one.start()
        alive = True
        while alive or not told.empty():
            alive = any(one.is_alive() for one in started)
            if stop.asked:
                halt.set()
            try:
                own, lines = told.get(timeout=PATIENCE)
            except queue.Empty:
                continue
            if lines is None:
                raise Impossible("Another process takes this import in right now.")
            bar.add(self.work.answered(lines))
            written[own].release()
        for one in started:
            one.join()

    # --- the end -----------------------------------------------------------------------------------------

    def _write_report(self) -> None:
        """What became of each record so far, a line each; and of the rejected ones alone, with field and
        reason. Ids and codes; never content."""
        _write(self.work.report, self.work.lines())
        if self.work.counts().get("rejected"):
            _write(self._rejected(), self.work.lines("rejected"))

    def _rejected(self) -> Path:
        return self.work.report.with_name(f"{self.work.report.name}.rejected.jsonl")

    def _result(self, *, already_done: bool = False, stopped: bool = False) -> Result:
        counts = self.work.counts()
        return Result(
            report=self.work.report,
            counts=counts,
            total=sum(counts.values()),
            rejected=self._rejected() if counts.get("rejected") else None,
            already_done=already_done,
            stopped=stopped,
            still_waiting=0 if stopped else self._still_waiting(),
        )

    def _still_waiting(self) -> int:
        waited = dict.fromkeys(line["id"] for line in self.work.lines("waiting"))
        return sum(self._count_waiting(chunk) for chunk in _chunks(waited, 500))

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


def _part(anchor: str) -> int:
    """The part that all records of one log are in."""
    return int.from_bytes(hashlib.blake2b(anchor.encode(), digest_size=4).digest()) % PARTS


def _chunks(values: Iterable[str], size: int) -> Iterator[list[str]]:
    source = iter(values)
    while chunk := list(islice(source, size)):
        yield chunk


def _write(path: Path, lines: Iterable[dict[str, Any]]) -> None:
    with path.open("wb") as file:
        file.writelines(jsontext.encode(line) + b"\n" for line in lines)
