"""One part of an import: the records of some logs and plans, one log after the other, a few in each
transaction. Runs in the process that imports or in one beside it; where it stands is kept in the hub
(gateway/intake/history.py)."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import groupby, islice
from multiprocessing import parent_process
from multiprocessing.queues import Queue, SimpleQueue
from multiprocessing.synchronize import Event, Semaphore
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection

from gateway import config
from gateway.cli.import_sources import Source, sources
from gateway.cli.import_work import Found, pieces_of
from gateway.config import System
from gateway.file_form import csv_of
from gateway.intake import Answer, Offered, rejected
from gateway.intake.history import Elsewhere, Line, Part
from gateway.service import Service, build
from mappings.model import RecordRefused

MOST = 60  # records in one transaction: none of ours lives longer than a few seconds


@dataclass(frozen=True, slots=True)
class Job:
    """What a process needs to know of an import."""

    config: Path
    system: str
    path: Path
    work: Path
    run: str


@dataclass(frozen=True, slots=True)
class Taker:
    """Takes parts in."""

    service: Service
    system: System
    job: Job

    def take(self, number: int) -> Iterator[list[Line]]:
        """One part, from where it stands: what was answered, transaction by transaction."""
        part = Part(self.system.tenant, self.job.run, number)
        with self.service.store.read(self.system.tenant) as connection:
            position, last = part.stands(connection)
        yield last  # in the hub, but maybe not yet in the working file
        csv = csv_of(self.service.mappings[self.system.id])
        with ExitStack() as stack:
            files = [(one, stack.enter_context(one.path.open("rb"))) for one in sources(self.job.path, csv)]
            waiting = pieces_of(self.job.work, number, position)
            for _, own in groupby(waiting, key=lambda piece: piece[3]):
                while chunk := list(islice(own, MOST)):
                    yield self._chunk(part, position, chunk, files)
                    position += len(chunk)

    def _chunk(
        self, part: Part, position: int, chunk: list[Found], files: Sequence[tuple[Source, IO[bytes]]]
    ) -> list[Line]:
        answers: list[Answer | None] = [None] * len(chunk)
        offered: list[Offered] = []
        lines: list[Line] = []
        for index, (_, file, place, _) in enumerate(chunk):
            source, opened = files[file]
            try:
                offered.append(Offered(source.record(source.read(opened, place))))
            except RecordRefused as refusal:
                answers[index] = rejected(None, *refusal.problems)

        def keep(connection: Connection, given: list[Answer]) -> None:
            told = iter(given)
            lines[:] = [
                {"number": number, **(answer or next(told)).plain()}
                for (number, *_), answer in zip(chunk, answers, strict=True)
            ]
            now = self.service.clock()
            part.move(connection, position, position + len(chunk), lines, now)

        self.service.intake.take(self.system, offered, within=keep)
        self.service.intake.refused(self.system, sum(answer is not None for answer in answers))
        return lines


@dataclass(frozen=True, slots=True)
class Voice:
    """How a process of its own tells the one that started it what was answered. written: it stands in the
    working file; the hub keeps the last answers only, so the next ones wait for that."""

    own: int
    told: Queue[Any]
    written: Semaphore

    def say(self, lines: list[Line]) -> bool:
        """Tell of a chunk, and wait until it is written. False where nobody listens any more: asked of
        the one that started it, since one that was killed before we ran is no parent by number."""
        self.told.put((self.own, lines))
        listener = parent_process()
        while not self.written.acquire(timeout=1.0):
            if listener is None or not listener.is_alive():
                self.told.cancel_join_thread()  # what was not read by then is read by nobody
                return False
        return True


def work(job: Job, parts: SimpleQueue[int | None], voice: Voice, stop: Event) -> None:
    """A process of its own: part after part until there are no more, or it is told to stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one that started it stops it
    settings = config.load(job.config)
    service = build(settings)
    try:
        system = settings.system(job.system)
        assert system is not None
        taker = Taker(service, system, job)
        while (part := parts.get()) is not None:
            for lines in taker.take(part):
                if not voice.say(lines) or stop.is_set():
                    return
    except Elsewhere:
        voice.told.put((voice.own, None))
    finally:
        service.close()
