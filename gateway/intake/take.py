"""A batch of records from one system comes in, in one transaction: persons are found and locked, each record
waits, is refused or is taken by itself, and what waited for it is taken too."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError, OperationalError

from gateway.config import Settings, System
from gateway.errors import Moved
from gateway.hub import absences
from gateway.hub.journal import Journal
from gateway.hub.persons import IdentifierKey
from gateway.hub.store import Store
from gateway.intake import aside, waiting
from gateway.intake.answer import Answer, Status, rejected
from gateway.intake.arrival import Arrival, Batch, Offered, anchor
from gateway.intake.entry import Entry
from gateway.intake.feedback import heard
from gateway.intake.history import Within
from gateway.intake.owners import OwnerFinder, Owners
from gateway.intake.renaming import stated_before, take_numbers
from gateway.intake.workspace import Workspace
from mappings.model import Heading, Problem, RecordMapping, RecordRefused

MOVES = 25
ATTEMPTS = 4  # two transactions may create the same person at once; the second then finds it
_HUB_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Intake:
    """The way in for all systems. `woken` is called after a commit that gave lanes something to do, `refused`
    with how many records of a system were refused, here or by whoever read them for us."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        mappings: Mapping[str, RecordMapping],
        key: IdentifierKey,
        clock: Callable[[], datetime],
        journal: Journal,
        woken: Callable[[], None] = lambda: None,
        refused: Callable[[System, int], None] = lambda _system, _number: None,
    ) -> None:
        self._store = store
        self._mappings = mappings
        self._owners = OwnerFinder(settings, key)
        self._clock = clock
        self._journal = journal
        self._woken = woken
        self._settings = settings
        self.refused = refused

    def take(
        self,
        system: System,
        offered: Sequence[Offered],
        *,
        polled: bool = False,
        asked: datetime | None = None,
        within: Within | None = None,
    ) -> list[Answer]:
        """Take a batch in. One answer per record, in order; a bad record never harms the rest.

        polled: read from a FHIR server by ourselves. Then what we are just writing there is left for the next
        time (answered as busy), since its ids are not known before the write is answered;
        so is what we have written since we asked: the answer is older than that.
        within: this is history that is imported: its lanes wait behind live traffic, and this is called
        before the commit, with every answer, even where nothing can be taken in."""
        batch = self._describe(system, offered, polled=polled)
        batch.asked, batch.within = asked, within
        if batch.arrivals or within is not None:
            self._store_all(system, batch)
        self.refused(system, sum(_counts(one, polled=polled) for one in batch.answers.values()))
        return [batch.answers[i] for i in range(len(offered))]

    def retry_waiting(self, system: System) -> int:
        """Take in what waits for something that has come by another way than intake (a delivery of ours).
        Returns how many records were tried."""
        with self._store.read(system.tenant) as connection:
            batch = Batch(
                arrivals=waiting.come(connection, system.tenant, system.id, self._mappings[system.id])
            )
        if batch.arrivals:
            self._store_all(system, batch)
        return len(batch.arrivals)

    def retry_decided(self, system: System, claims_decided: Iterable[str]) -> int:
        """Take in what waited for a person to decide whose it is. Returns how many records were tried."""
        wanted = sorted(claims_decided)
        with self._store.read(system.tenant) as connection:
            mapping = self._mappings[system.id]
            batch = Batch(arrivals=waiting.waiting_for(connection, system.tenant, system.id, wanted, mapping))
        if batch.arrivals:
            self._store_all(system, batch)
        return len(batch.arrivals)

    def _describe(self, system: System, offered: Sequence[Offered], *, polled: bool) -> Batch:
        batch = Batch(polled=polled)
        mapping = self._mappings[system.id]
        for index, one in enumerate(offered):
            try:
                batch.arrivals.append(Arrival(index, one, mapping.describe(one.record)))
            except RecordRefused as refusal:
                label = mapping.label(one.record)
                batch.answers[index] = rejected(one.record, *refusal.problems, label=label)
        return batch

    def _store_all(self, system: System, batch: Batch) -> None:
        failed = 0
        for attempt in range(MOVES):
            try:
                with self._store.write(system.tenant) as connection:
                    moved = self._run(connection, system, batch)
                break
            except Moved:  # merged, or parted again, between being found and being locked
                if attempt == MOVES - 1:
                    raise
            except (IntegrityError, OperationalError):
                failed += 1
                if failed == ATTEMPTS:
                    raise
        if moved:
            self._woken()

    def _run(self, connection: Connection, system: System, batch: Batch) -> bool:
        ws = Workspace(connection, self._store, system.tenant, system.id, self._clock(), self._owners.key)
        arrivals = list(batch.arrivals)
        owners = self._owners.find(ws, arrivals)
        arrivals = aside.asked(ws, batch, arrivals)
        ws.learn_patients(owners)
        if batch.polled:
            arrivals = aside.busy(ws, system, batch, arrivals, owners)
        _learn(ws, arrivals)
        if system.ids == "theirs" and system.adapter != "fhir":
            arrivals = aside.unsure(ws, system, batch, arrivals, owners)
        known = set(ws.names)
        while arrivals:
            left = self._pass(ws, system, batch, arrivals, owners)
            _wait(ws, batch, left)
            appeared = set(ws.names) - known
            known |= appeared
            arrivals = waiting.waited_for(ws, appeared, self._mappings[system.id]) if appeared else []
            self._owners.find_locked(ws, arrivals, owners)
            _learn(ws, [a for a in arrivals if anchor(a.heading) in owners])
        _back(ws, system, batch)
        ws.flush(backfill=batch.within is not None)
        if batch.within is not None:
            batch.within(connection, [batch.answers[i] for i in sorted(batch.answers)])
        self._journal.write(connection, system.tenant, ws.narrowed)  # before the commit: so it stays closed
        return bool(ws.moved)

    def _pass(
        self, ws: Workspace, system: System, batch: Batch, arrivals: list[Arrival], owners: Owners
    ) -> list[tuple[Arrival, str]]:
        """Take all whose needs are met, until no more are; the rest with what each of them lacks."""
        pending = sorted(arrivals, key=lambda a: (not a.heading.is_frame, a.heading.changed))
        while True:
            left: list[tuple[Arrival, str]] = []
            for arrival in pending:
                lacks = _lacks(ws, arrival.heading, owners)
                if lacks is None:
                    batch.answer(arrival, self._take_one(ws, system, arrival, owners))
                    waiting.forget(ws, arrival)
                else:
                    left.append((arrival, lacks))
            if len(left) == len(pending) or not left:
                return left
            pending = [arrival for arrival, _ in left]

    def _take_one(self, ws: Workspace, system: System, arrival: Arrival, owners: Owners) -> Answer:
        heading, offered = arrival.heading, arrival.offered
        person = owners[anchor(heading)]
        name = ws.names.get(heading.id)
        if name is not None and name.person != person:
            problem = Problem("id", "Denne id-en er allerede i bruk for en annen person.", "other-person")
            return rejected(offered.record, problem, label=(heading.type, heading.id))
        mapping = self._mappings[system.id]
        known = stated_before(self._owners.key, ws.links.get(name.ref) if name else None)
        try:
            version = offered.version or heading.version
            known_as = (offered.now, offered.doubted)
            answer = Entry(offered.record, heading, version, person, system, mapping, *known_as).take(ws)
        except RecordRefused as refusal:
            return rejected(offered.record, *refusal.problems, label=(heading.type, heading.id))
        if heading in ws.stated:
            take_numbers(ws, heading, person, known, late=answer.late)
        return heard(ws, system, answer, self._settings)


def _back(ws: Workspace, system: System, batch: Batch) -> None:
    """What the system tells of is not missing there, unless it has deleted it since."""
    gone = {arrival.index for arrival in batch.arrivals if arrival.offered.gone}
    told = [
        one.ref
        for index, one in batch.answers.items()
        if one.ref is not None and not one.late and index not in gone
    ]
    absences.lift(ws.connection, system.tenant, system.id, told, ws.now)


def _wait(ws: Workspace, batch: Batch, left: Iterable[tuple[Arrival, str]]) -> None:
    for arrival, lacks in left:
        heading = arrival.heading
        if heading.subject is not None or heading.is_frame:
            label = (heading.type, heading.id)
            batch.answer(arrival, rejected(arrival.offered.record, _unknown_person(heading), label=label))
            continue
        waiting.keep(ws, arrival, lacks)
        answer = Answer(Status.WAITING, heading.type, heading.id, waits_for=lacks, problems=heading.warnings)
        batch.answer(arrival, answer)


def _counts(one: Answer, *, polled: bool) -> bool:
    """Whether it was refused; what a server that we ask tells of strangers is no news."""
    stranger = polled and any(problem.code == "unknown-person" for problem in one.problems)
    return one.status is Status.REJECTED and not stranger


def _unknown_person(heading: Heading) -> Problem:
    if heading.is_frame:
        text = "Personens numre peker på to ulike personer; ingenting er slått sammen."
        return Problem("", text, "ambiguous-person")
    return Problem("subject", "Personen er ikke kjent her.", "unknown-person")


def _lacks(ws: Workspace, heading: Heading, owners: Owners) -> str | None:
    if anchor(heading) not in owners:
        return anchor(heading)
    return next((n for n in heading.needs if n not in ws.names and n != heading.id), None)


def _learn(ws: Workspace, arrivals: list[Arrival]) -> None:
    """Read what these records name, and the items they already are."""
    wanted: set[str] = set()
    for arrival in arrivals:
        wanted.update((arrival.heading.id, *arrival.heading.needs, *arrival.heading.mentions))
    ws.learn_names(wanted)
    ours = {a.heading.id: _ours(a.heading) for a in arrivals if a.heading.id not in ws.names}
    ws.adopt({native_id: ref for native_id, ref in ours.items() if ref is not None})
    own = [ws.names[a.heading.id].ref for a in arrivals if a.heading.id in ws.names]
    people = {*ws.people, *ws.subjects.values()} if any(a.heading.is_frame for a in arrivals) else ()
    patients = [f"Patient/{p}" for p in sorted(people)]
    ws.learn_items([*own, *patients])


def _ours(heading: Heading) -> str | None:
    """What a record is in the hub if it is one of ours that the system has just been given; None for one that
    has nothing of our ids."""
    if heading.ours is None and _HUB_ID.fullmatch(heading.id) is None:
        return None
    return heading.ours or f"{heading.resource_type}/{heading.id}"
