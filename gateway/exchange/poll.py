"""Asks a system for changes, where it does not call us: one worker at a time per system, in batches through
the ordinary way in. The cursor moves only after what it covers is taken in; a record that cannot be taken in
just now is remembered by its id and read by itself in the next turn.

A server that answers for one patient at a time (another Stafettbro) is asked about each person it knows. A
system whose list or file is a whole is compared with what it has told of before."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol, runtime_checkable

import msgspec

from adapters.contract import Adapter, AdapterError, Incoming, Page, Refusal, Told
from gateway.config import System
from gateway.events import Event, log
from gateway.exchange import timers
from gateway.hub import links
from gateway.hub.store import Store
from gateway.intake import Answer, Intake, Offered, Status, rejected
from gateway.intake.fhir_faults import faults
from gateway.intake.snapshots import Whole, compare
from gateway.intake.vanished import deleted, note_vanished, unflagged
from mappings.model import Problem

TURN = timedelta(seconds=25)  # after this another worker may ask, should this one have died in it
BATCH = 50
PAGES = 20  # per turn; a system with more goes on in the next
WHOLE = timedelta(days=1)  # after this each patient, or a whole list, is read from the beginning
WHOLE_TURN = timedelta(minutes=30)  # for reading a whole list
AGAIN = timedelta(hours=1)  # after this a whole list that broke off is read once more
READ: Final = ""  # in the place of a patient's cursor: it has been read once, from the beginning
MOST_REMEMBERED: Final = 500  # ids; with more than that to read again the cursor stays


class TurnOver(Exception):
    """Another worker has the turn by now: this one was stopped for long. Nothing more is taken in by it."""


class Memory(msgspec.Struct, frozen=True):
    """Where the next turn goes on. again: ids of records to read once more. patients: a cursor for each, and
    since when they count: what a server lets us see later has an old time."""

    cursor: str | None
    again: tuple[str, ...] = ()
    patients: dict[str, str | None] = {}
    began: datetime | None = None


@runtime_checkable
class ByPatient(Protocol):
    """An adapter that can ask about one patient."""

    async def changes_about(self, patient: str, cursor: str | None) -> Page:
        """As `changes`."""


@dataclass(slots=True)
class Poller:
    """Polls one system."""

    system: System
    store: Store
    adapter: Adapter
    intake: Intake
    clock: Callable[[], datetime]
    _until: datetime | None = None  # how long the turn is ours; each page makes it longer
    _asked: datetime | None = None  # when what is being taken in was asked for
    _cursor: str | None = None
    _again: dict[str, None] = field(default_factory=dict)
    _patients: dict[str, str | None] = field(default_factory=dict)
    _began: datetime | None = None
    _untold: list[Refusal] = field(default_factory=list)
    _due_whole: bool = False
    _whole: Whole | None = None  # what is being read, where that is all the system has

    def my_turn(self) -> bool:
        """Claim the turn, if it is due."""
        now = self.clock()
        self._until = now + TURN
        with self.store.write(self.system.tenant) as connection:
            mine, kept = timers.claim_poll(connection, self.system.tenant, self.system.id, now, self._until)
        memory = _memory(kept)
        self._cursor, self._again = memory.cursor, dict.fromkeys(memory.again)
        whole = memory.began is None or now - memory.began > WHOLE
        self._patients = {} if whole and self.system.poll_by == "patient" else dict(memory.patients)
        self._began = now if whole else memory.began
        self._due_whole = mine and whole and self.system.snapshot and self.system.folder is None
        return mine

    async def poll(self) -> None:
        """Ask, take in, note how far; the next turn follows after the configured pause."""
        try:
            await self._read_again()
            if self.system.poll_by == "patient" and isinstance(self.adapter, ByPatient):
                await self._ask_about_each(self.adapter)
            elif self._due_whole:
                await self._ask_for_all()
            else:
                await self._ask(self.adapter.changes, self._cursor, self._go_on)
                if isinstance(self.adapter, ByPatient):
                    await self._ask_about_new(self.adapter)
        except AdapterError as error:
            log(Event.POLL_FAILED, level=logging.WARNING, system=self.system.id, reason=error.detail)
        except TurnOver:
            log(Event.POLL_FAILED, level=logging.WARNING, system=self.system.id, reason="turn-over")
        except Exception:  # noqa: BLE001 - a fault in one page must not end the worker; the cursor stays
            log(Event.POLL_FAILED, level=logging.ERROR, system=self.system.id, trace=True)
        await asyncio.to_thread(self._end)

    def _go_on(self, cursor: str | None) -> None:
        self._cursor = cursor

    async def _ask(
        self,
        changes: Callable[[str | None], Awaitable[Page]],
        cursor: str | None,
        go_on: Callable[[str | None], None],
    ) -> bool:
        """Page after page; after each one that is taken in, where to go on. Whether the end was reached."""
        for _ in range(PAGES):
            self._asked = self.clock()
            page = await changes(cursor)
            whole = await asyncio.to_thread(self._take_in, page)
            await self._vanish(page.gone)
            await self._tell()
            if not whole:
                break
            cursor = page.cursor
            go_on(cursor)
            if not page.more:
                return True
        return False

    async def _ask_about_each(self, adapter: ByPatient) -> None:
        for patient in await asyncio.to_thread(self._known):
            changes = functools.partial(adapter.changes_about, patient)
            go_on = functools.partial(self._patients.__setitem__, patient)
            await self._ask(changes, self._patients.get(patient), go_on)

    async def _ask_for_all(self) -> None:
        """The whole list from its beginning. One that breaks off is noted, flags nothing, and is read again
        later; the next turn goes on from where the one before it was."""
        whole = self._whole = Whole(self.clock())
        cursor, more = None, True
        try:
            await asyncio.to_thread(self._end, WHOLE_TURN)
            while more:
                self._asked = self.clock()
                page = await self.adapter.changes(cursor)
                whole.broken |= not await asyncio.to_thread(self._take_in, page)
                cursor, more = page.cursor, page.more
            self._cursor = cursor
        except BaseException:  # the system, our database, the turn or the lock: whatever broke it off
            whole.broken, self._began = True, self.clock() - WHOLE + AGAIN
            raise
        finally:
            await asyncio.to_thread(self._compare)

    def _compare(self) -> None:
        whole, self._whole = self._whole, None
        if whole is not None:
            compare(self.store, self.system, whole, self.clock())

    async def _ask_about_new(self, adapter: ByPatient) -> None:
        """What a patient had there before we knew who that is: it was a stranger's then."""
        for patient in await asyncio.to_thread(self._known):
            if self._patients.get(patient) == READ:
                continue
            changes = functools.partial(adapter.changes_about, patient)
            go_on = functools.partial(self._patients.__setitem__, patient)
            if await self._ask(changes, self._patients.get(patient), go_on):
                self._patients[patient] = READ

    def _known(self) -> list[str]:
        """The patients there whom we know."""
        with self.store.read(self.system.tenant) as connection:
            return links.patients(connection, self.system.tenant, self.system.id)

    async def _read_again(self) -> None:
        """What could not be taken in last time, as it is now; what is gone since is nothing to take in."""
        found: list[Incoming] = []
        self._asked = self.clock()
        for own in list(self._again):
            one = await self.adapter.read(own)
            await asyncio.to_thread(self._hold)
            if one is not None:
                found.append(one)
        remembered, self._again = self._again, {}
        try:
            await asyncio.to_thread(self._take_in, Page(tuple(found), None))
        except Exception:
            self._again = remembered
            raise

    def _take_in(self, page: Page) -> bool:
        """Take a page in; False if all of it must be read again."""
        busy: list[str | None] = []
        if page.whole:
            self._whole = Whole(self.clock(), broken=bool(page.unreadable))
        for start in range(0, len(page.records), BATCH):
            batch = page.records[start : start + BATCH]
            self._hold()
            for one, answer in zip(batch, self._answers(batch, page.gone), strict=True):
                if self._whole is not None:
                    self._whole.names(answer.id)
                if answer.status is Status.BUSY:
                    busy.append(one.remote_id)
                elif answer.status is Status.REJECTED:
                    self._refused(one, answer)
        if self._whole is not None:
            self._whole.reasons |= dict(page.omitted)
        if page.whole:
            self._compare()
        known = [own for own in busy if own is not None]
        if len(known) < len(busy) or len(self._again) + len(known) > MOST_REMEMBERED:
            return False
        self._again |= dict.fromkeys(known)
        return True

    async def _vanish(self, gone: tuple[str, ...]) -> None:
        """Flag what was deleted there. A history tells of it long after: what is there again is not gone."""
        known = await asyncio.to_thread(self._unflagged, gone) if gone else []
        really = [own for own in known if await self.adapter.read(own) is None]
        if really:
            await asyncio.to_thread(self._flag, tuple(really))

    def _unflagged(self, gone: tuple[str, ...]) -> list[str]:
        with self.store.read(self.system.tenant) as connection:
            return unflagged(connection, self.system, gone)

    def _flag(self, gone: tuple[str, ...]) -> None:
        self._hold()
        with self.store.write(self.system.tenant) as connection:
            count = note_vanished(connection, self.system, deleted(gone), self.clock())
        if count:
            log(Event.POLL_VANISHED, level=logging.WARNING, system=self.system.id, count=count)

    def _answers(self, batch: Iterable[Incoming], gone: tuple[str, ...]) -> list[Answer]:
        """One answer per record, in order; of a FHIR server only what is R4 reaches intake."""
        polled = self.system.adapter == "fhir"
        wrong = [faults(one.record) if polled else [] for one in batch]
        fit = [
            Offered(one.record, one.version, gone=one.remote_id in gone)
            for one, bad in zip(batch, wrong, strict=True)
            if not bad
        ]
        taken = iter(self.intake.take(self.system, fit, polled=polled, asked=self._asked))
        self.intake.refused(self.system, sum(map(bool, wrong)))
        return [
            rejected(one.record, *(Problem(at, "Dette er ikke gyldig FHIR R4.", "not-r4") for at, _ in bad))
            if bad
            else next(taken)
            for one, bad in zip(batch, wrong, strict=True)
        ]

    async def _tell(self) -> None:
        """Tell a system that lays down files what of them was refused."""
        refusals, self._untold = tuple(self._untold), []
        if refusals and isinstance(self.adapter, Told):
            await self.adapter.tell(refusals)

    def _refused(self, one: Incoming, answer: Answer) -> None:
        """Someone else's patients are no news."""
        if one.place is not None:
            self._untold += [Refusal(one.place, p.field, p.text) for p in answer.problems]
        codes = {problem.code for problem in answer.problems}
        if "unknown-person" not in codes:
            log(
                Event.POLL_REFUSED,
                level=logging.WARNING,
                system=self.system.id,
                codes=",".join(sorted(codes)),
            )

    def _hold(self) -> None:
        """The turn lasts on. Raises TurnOver where it has become another's."""
        longer = self.clock() + TURN
        with self.store.write(self.system.tenant) as connection:
            held = self._until is not None and timers.hold_poll(
                connection, self.system.tenant, self.system.id, self._until, longer
            )
        if not held:
            raise TurnOver
        self._until = longer

    def _end(self, pause: timedelta | None = None) -> None:
        pause = pause or timedelta(seconds=self.system.poll_seconds or 60.0)
        memory = Memory(self._cursor, tuple(self._again), self._patients, self._began)
        kept = msgspec.json.encode(memory).decode()
        if self._until is None:
            return
        due = self.clock() + pause
        with self.store.write(self.system.tenant) as connection:
            if timers.end_poll(connection, self.system.tenant, self.system.id, self._until, due, kept):
                self._until = due


def _memory(kept: str | None) -> Memory:
    """What the last turn left; before there was anything to remember, that was the cursor alone."""
    try:
        return Memory(None) if kept is None else msgspec.json.decode(kept, type=Memory)
    except msgspec.DecodeError:
        return Memory(kept)
