"""A batch of records from one system comes in, in one transaction: persons are found and locked, each record
waits, is refused or is taken by itself, and what waited for it is taken too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.sql import ColumnElement

from gateway.config import Settings, System
from gateway.hub import persons
from gateway.hub.content import digest, pack, unpack
from gateway.hub.persons import IdentifierKey
from gateway.hub.schema.tables import link, waiting_record
from gateway.hub.store import Store
from gateway.hub.wake import open_lanes
from gateway.intake.answer import Answer, Status, rejected
from gateway.intake.entry import Entry
from gateway.intake.workspace import Workspace
from mappings.model import Heading, Problem, Record, RecordMapping, RecordRefused

ATTEMPTS = 4  # two transactions may create the same person at once; the second then finds it


@dataclass(frozen=True, slots=True)
class Offered:
    """One record as a system offers it, with the system's version of it where it has one."""

    record: Record
    version: str | None = None


@dataclass(slots=True)
class _Arrival:
    """A described record and where its answer belongs (None: it had been waiting)."""

    index: int | None
    offered: Offered
    heading: Heading
    waiting: tuple[str, str] | None = None  # native id and digest of its waiting row


@dataclass(slots=True)
class _Batch:
    polled: bool = False
    answers: dict[int, Answer] = field(default_factory=dict)
    arrivals: list[_Arrival] = field(default_factory=list)

    def answer(self, arrival: _Arrival, answer: Answer) -> None:
        if arrival.index is not None:
            self.answers[arrival.index] = answer


class Intake:
    """The way in for all systems. `woken` is called after a commit that gave lanes something to do."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        mappings: Mapping[str, RecordMapping],
        key: IdentifierKey,
        clock: Callable[[], datetime],
        woken: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._settings = settings
        self._mappings = mappings
        self._key = key
        self._clock = clock
        self._woken = woken

    def take(self, system: System, offered: Sequence[Offered], *, polled: bool = False) -> list[Answer]:
        """Take a batch in. One answer per record, in order; a bad record never harms the rest.

        polled: read from a FHIR server by ourselves. Then what we are just writing there is left for the next
        time (answered as busy), since its ids are not known before the write is answered."""
        batch = self._describe(system, offered, polled=polled)
        if batch.arrivals:
            self._store_all(system, batch)
        return [batch.answers[i] for i in range(len(offered))]

    def retry_waiting(self, system: System) -> int:
        """Take in what waits for something that has come by another way than intake (a delivery of ours).
        Returns how many records were tried."""
        with self._store.read() as connection:
            rows = connection.execute(_COME, {"tenant": system.tenant, "system": system.id}).all()
        batch = _Batch(arrivals=self._arrivals(system.id, rows))
        if batch.arrivals:
            self._store_all(system, batch)
        return len(batch.arrivals)

    def _describe(self, system: System, offered: Sequence[Offered], *, polled: bool) -> _Batch:
        batch = _Batch(polled=polled)
        mapping = self._mappings[system.id]
        for index, one in enumerate(offered):
            try:
                batch.arrivals.append(_Arrival(index, one, mapping.describe(one.record)))
            except RecordRefused as refusal:
                batch.answers[index] = rejected(one.record, *refusal.problems)
        return batch

    def _store_all(self, system: System, batch: _Batch) -> None:
        for attempt in range(ATTEMPTS):
            try:
                with self._store.write() as connection:
                    moved = self._run(connection, system, batch)
                break
            except (IntegrityError, OperationalError):
                if attempt == ATTEMPTS - 1:
                    raise
        if moved:
            self._woken()

    def _run(self, connection: Connection, system: System, batch: _Batch) -> bool:
        ws = Workspace(connection, self._store, system.tenant, system.id, self._clock())
        arrivals = list(batch.arrivals)
        owners = self._find_persons(ws, arrivals)
        if batch.polled:
            arrivals = _set_busy_aside(ws, system, batch, arrivals, owners)
        _learn(ws, arrivals)
        known = set(ws.names)
        while arrivals:
            left = self._pass(ws, system, batch, arrivals, owners)
            self._wait(ws, batch, left)
            appeared = set(ws.names) - known
            known |= appeared
            arrivals = self._waited_for(ws, appeared) if appeared else []
            self._find_more(ws, arrivals, owners)
        ws.flush()
        return bool(ws.moved)

    # --- whose it is -------------------------------------------------------------------------------------

    def _find_persons(self, ws: Workspace, arrivals: list[_Arrival]) -> dict[str, str]:
        """native id of a log, plan or patient -> person, for all that are known; their rows are locked."""
        anchors = {_anchor(a.heading) for a in arrivals}
        ws.learn_names(anchors)
        owners = {n: ws.names[n].person for n in anchors if n in ws.names}
        fresh = [a.heading for a in arrivals if a.heading.is_frame and a.heading.id not in owners]
        hashes = {h.id: self._hashes(h) for h in fresh}
        found = persons.find(ws.connection, ws.tenant, [x for hs in hashes.values() for x in hs])
        for native_id, own in hashes.items():
            matches = {found[h] for h in own if h in found}
            if len(matches) == 1:
                owners[native_id] = matches.pop()
        ws.lock(owners.values())
        for heading in fresh:
            if heading.id not in owners and not (set(hashes[heading.id]) & set(found)):
                owners[heading.id] = self._create(ws, hashes[heading.id], owners, hashes)
        return owners

    def _hashes(self, heading: Heading) -> list[str]:
        if heading.person is None:
            return []
        return [self._key.hash(system, value) for system, value in heading.person.identifiers]

    def _create(
        self, ws: Workspace, own: list[str], owners: dict[str, str], hashes: dict[str, list[str]]
    ) -> str:
        for other, theirs in hashes.items():  # the same person twice in one batch
            if other in owners and set(theirs) & set(own):
                return owners[other]
        person_id = persons.create(ws.connection, ws.tenant, own, ws.now)
        ws.lock([person_id])
        recipients = {r.recipient for r in self._settings.routes if r.open}
        here = [s.id for s in self._settings.systems if s.tenant == ws.tenant and s.id in recipients]
        open_lanes(ws.connection, ws.tenant, person_id, here)
        return person_id

    def _find_more(self, ws: Workspace, arrivals: list[_Arrival], owners: dict[str, str]) -> None:
        """For records that had been waiting: only persons that are locked already."""
        ws.learn_names({_anchor(a.heading) for a in arrivals})
        for arrival in arrivals:
            name = ws.names.get(_anchor(arrival.heading))
            if name is not None and name.person in ws.people:
                owners[_anchor(arrival.heading)] = name.person
        _learn(ws, [a for a in arrivals if _anchor(a.heading) in owners])

    # --- one after the other -----------------------------------------------------------------------------

    def _pass(
        self,
        ws: Workspace,
        system: System,
        batch: _Batch,
        arrivals: list[_Arrival],
        owners: dict[str, str],
    ) -> list[tuple[_Arrival, str]]:
        """Take all whose needs are met, until no more are; the rest with what each of them lacks."""
        pending = sorted(arrivals, key=lambda a: (not a.heading.is_frame, a.heading.changed))
        while True:
            left: list[tuple[_Arrival, str]] = []
            for arrival in pending:
                lacks = _lacks(ws, arrival.heading, owners)
                if lacks is None:
                    self._take_one(ws, system, batch, arrival, owners)
                else:
                    left.append((arrival, lacks))
            if len(left) == len(pending) or not left:
                return left
            pending = [arrival for arrival, _ in left]

    def _take_one(
        self, ws: Workspace, system: System, batch: _Batch, arrival: _Arrival, owners: dict[str, str]
    ) -> None:
        heading = arrival.heading
        person = owners[_anchor(heading)]
        name = ws.names.get(heading.id)
        if name is not None and name.person != person:
            problem = Problem("id", "Denne id-en er allerede i bruk for en annen person.", "other-person")
            batch.answer(arrival, rejected(arrival.offered.record, problem))
        else:
            entry = Entry(
                arrival.offered.record, heading, arrival.offered.version, person, system,
                self._mappings[system.id],
            )  # fmt: skip
            try:
                batch.answer(arrival, entry.take(ws))
            except RecordRefused as refusal:
                batch.answer(arrival, rejected(arrival.offered.record, *refusal.problems))
        if arrival.waiting is not None:
            _forget(ws, arrival.waiting)

    # --- what waits --------------------------------------------------------------------------------------

    def _wait(self, ws: Workspace, batch: _Batch, left: Iterable[tuple[_Arrival, str]]) -> None:
        for arrival, lacks in left:
            heading = arrival.heading
            if heading.subject is not None or heading.is_frame:
                batch.answer(arrival, rejected(arrival.offered.record, _unknown_person(heading)))
                continue
            _keep_waiting(ws, arrival, lacks)
            answer = Answer(
                Status.WAITING, heading.type, heading.id, waits_for=lacks, problems=heading.warnings
            )
            batch.answer(arrival, answer)

    def _waited_for(self, ws: Workspace, appeared: set[str]) -> list[_Arrival]:
        """Records that waited for what has just arrived."""
        given = {"tenant": ws.tenant, "system": ws.system, "wanted": sorted(appeared)}
        rows = ws.connection.execute(_WAITED_FOR, given).all()
        return self._arrivals(ws.system, rows)

    def _arrivals(self, system: str, rows: Iterable[Any]) -> list[_Arrival]:
        out = []
        for row in rows:
            stored = unpack(row.content)
            offered = Offered(stored["record"], stored["version"])
            heading = self._mappings[system].describe(offered.record)
            out.append(_Arrival(None, offered, heading, (row.native_id, row.digest)))
        return out


_COME = (
    select(waiting_record.c.native_id, waiting_record.c.digest, waiting_record.c.content)
    .join(
        link,
        (link.c.tenant == waiting_record.c.tenant)
        & (link.c.system == waiting_record.c.system)
        & (link.c.native_id == waiting_record.c.waits_for),
    )
    .where(waiting_record.c.tenant == bindparam("tenant"), waiting_record.c.system == bindparam("system"))
    .limit(200)
)
_WAITED_FOR = select(waiting_record.c.native_id, waiting_record.c.digest, waiting_record.c.content).where(
    waiting_record.c.tenant == bindparam("tenant"),
    waiting_record.c.system == bindparam("system"),
    waiting_record.c.waits_for.in_(bindparam("wanted", expanding=True)),
)


def _set_busy_aside(
    ws: Workspace, system: System, batch: _Batch, arrivals: list[_Arrival], owners: dict[str, str]
) -> list[_Arrival]:
    busy = ws.busy(system)
    left = []
    for arrival in arrivals:
        heading = arrival.heading
        if owners.get(_anchor(heading)) in busy:
            batch.answer(arrival, Answer(Status.BUSY, heading.type, heading.id))
        else:
            left.append(arrival)
    return left


def _anchor(heading: Heading) -> str:
    """The native id that tells whose record it is."""
    return heading.frame or heading.subject or heading.id


def _ours(heading: Heading) -> str:
    """What a record is in the hub if it is one of ours that the system has just been given."""
    return heading.ours or f"{heading.resource_type}/{heading.id}"


def _lacks(ws: Workspace, heading: Heading, owners: dict[str, str]) -> str | None:
    if _anchor(heading) not in owners:
        return _anchor(heading)
    return next((n for n in heading.needs if n not in ws.names and n != heading.id), None)


def _learn(ws: Workspace, arrivals: list[_Arrival]) -> None:
    wanted: set[str] = set()
    for arrival in arrivals:
        wanted.update((arrival.heading.id, *arrival.heading.needs, *arrival.heading.mentions))
    ws.learn_names(wanted)
    ws.adopt({a.heading.id: _ours(a.heading) for a in arrivals if a.heading.id not in ws.names})
    own = [ws.names[a.heading.id].ref for a in arrivals if a.heading.id in ws.names]
    patients = [f"Patient/{p}" for p in ws.people] if any(a.heading.is_frame for a in arrivals) else []
    ws.learn_items([*own, *patients])


def _unknown_person(heading: Heading) -> Problem:
    if heading.is_frame:
        text = "Personens numre peker på to ulike personer; ingenting er slått sammen."
        return Problem("", text, "ambiguous-person")
    return Problem("subject", "Personen er ikke kjent her.", "unknown-person")


def _keep_waiting(ws: Workspace, arrival: _Arrival, lacks: str) -> None:
    if arrival.waiting is not None:
        native_id, known = arrival.waiting
        ws.connection.execute(
            update(waiting_record).where(*_waiting_key(ws, native_id, known)).values(waits_for=lacks)
        )
        return
    content = {"record": arrival.offered.record, "version": arrival.offered.version}
    dialect = sqlite if ws.store.sqlite else postgresql
    ws.connection.execute(
        dialect.insert(waiting_record).on_conflict_do_nothing(),
        {
            "tenant": ws.tenant,
            "system": ws.system,
            "native_id": arrival.heading.id,
            "digest": digest(arrival.offered.record),
            "waits_for": lacks,
            "received": ws.now,
            "content": pack(content),
        },
    )


def _forget(ws: Workspace, waiting: tuple[str, str]) -> None:
    ws.connection.execute(delete(waiting_record).where(*_waiting_key(ws, *waiting)))


def _waiting_key(ws: Workspace, native_id: str, known: str) -> tuple[ColumnElement[bool], ...]:
    columns = waiting_record.c
    return (
        columns.tenant == ws.tenant,
        columns.system == ws.system,
        columns.native_id == native_id,
        columns.digest == known,
    )
