"""A named person decides that two persons are one, or that they were not: everything becomes the other's, or
goes back, in one transaction; what had gone out because of a merge that was wrong is told of, and opens
deviations. Sends nothing; the lanes do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from gateway.config import Settings
from gateway.errors import Conflict, NotFound
from gateway.exchange import deviations, disclosures
from gateway.exchange.deviations import Deviation
from gateway.exchange.holders import LEFT, Holder, How
from gateway.exchange.holders import State as Held
from gateway.hub import acts, claims, joining, links, patients, persons, versions
from gateway.hub.claims import Claim
from gateway.hub.joining import Joining, Merge, State
from gateway.hub.journal import Journal
from gateway.hub.store import Store
from gateway.hub.versions import Version
from gateway.intake import Intake, acting
from gateway.intake.merges import noted

WRONG: Final = "feil-person"
NO_MERGE: Final = "No such merge"
NO_QUESTION: Final = "No such question"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a named person asks for. by: their name; client: on whose token; system: which system they act
    for, None for an operator."""

    by: str
    reason: str
    client: str
    system: str | None


@dataclass(frozen=True, slots=True)
class Crossed:
    """One thing that a system was told while two persons stood as one, though it had no log, plan or patient
    of the one it was about."""

    item: str
    system: str
    told: datetime
    state: str
    disclosure: str


@dataclass(frozen=True, slots=True)
class Undone:
    """What became of undoing a merge. crossed: who got what because of it; opened: deviations about that."""

    merge: Merge
    crossed: tuple[Crossed, ...]
    opened: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Merging:
    """Merges and parts persons of one tenant."""

    store: Store
    settings: Settings
    journal: Journal
    intake: Intake
    tenant: str

    def merge(self, kept: str, joined: str, asked: Asked, now: datetime) -> Merge:
        """Make `joined` the same person as `kept`. Questions whether they are one are answered by it, and the
        records that waited for that are taken in. Raises NotFound, Moved, Conflict."""
        with self.store.write(self.tenant) as connection:
            self._demand_own(connection, asked, kept, joined)
            made = Joining(connection, self.store, self.tenant, now).join(
                kept, joined, own=joining.new_id(), client=asked.client, by=asked.by, reason=asked.reason
            )
            answered = self._answer(connection, kept, joined, asked, now)
            self.journal.write(connection, self.tenant, [noted(self.tenant, made)])
        self._take_waiting(answered)
        return made

    def undo(self, person: str, own: str, asked: Asked, now: datetime) -> Undone:
        """Two again. Raises NotFound, Conflict."""
        with self.store.write(self.tenant) as connection:
            found = self._find(connection, person, own)
            self._demand_both(connection, asked, found)
            crossed = _crossed(connection, self.tenant, found, self._systems())
            made, _ = Joining(connection, self.store, self.tenant, now).part(
                found, by=asked.by, reason=asked.reason
            )
            opened = self._open(connection, crossed, asked, now)
            refusing = [
                one
                for one in acts.of_person(connection, self.tenant, found.joined)
                if one.kind in acts.NARROWING
            ]
            notes = [noted(self.tenant, made), *acting.noted(self.tenant, refusing)]
            self.journal.write(connection, self.tenant, notes)
        return Undone(made, tuple(crossed), opened)

    def refuse(self, person: str, own: str, asked: Asked, now: datetime) -> Claim:
        """A named person says that a number does not belong to this log or plan. Raises NotFound and
        Conflict."""
        return self._decide(person, own, claims.State.DIFFERENT, asked, now)

    def accept(self, person: str, own: str, asked: Asked, now: datetime) -> Claim:
        """A named person says that a number somebody had before leads to the same child. Where the question
        is about two people, they are merged instead. Raises NotFound, Conflict."""
        done = self._decide(person, own, claims.State.SAME, asked, now)
        self._take_waiting([done])
        return done

    # --- parts ------------------------------------------------------------------------------------------

    def _systems(self) -> list[str]:
        return [one.id for one in self.settings.systems if one.tenant == self.tenant]

    def _find(self, connection: Connection, person: str, own: str) -> Merge:
        found = joining.one_of(connection, self.tenant, own)
        if found is None or person not in (found.kept, found.joined):
            raise NotFound(NO_MERGE)
        return found

    def _demand_own(
        self, connection: Connection, asked: Asked, *people: str, absent: str = "No such person here"
    ) -> None:
        """A client that acts for a system decides about persons whose logs or plans that system keeps.
        absent: what is said where that which is decided about is not there. Raises NotFound."""
        for who in people if asked.system is not None else ():
            own = persons.resolve(connection, self.tenant, who)
            plans = versions.of_types(connection, self.tenant, own, ["CarePlan"]).values()
            if not any(one.created_by == asked.system for one in plans):
                raise NotFound(absent)

    def _demand_both(self, connection: Connection, asked: Asked, merge: Merge) -> None:
        """Who parts two has a log or plan of each, as they were told apart before. Raises NotFound."""
        if asked.system is None or merge.state is State.UNDONE:
            self._demand_own(connection, asked, merge.kept, merge.joined, absent=NO_MERGE)
            return
        kept = persons.resolve(connection, self.tenant, merge.kept)
        current, sides, group = _apart(connection, self.tenant, kept, merge)
        plans = [v for v in current.values() if v.ref.startswith("CarePlan/")]
        if {sides[v.item] in group for v in plans if v.created_by == asked.system} != {True, False}:
            raise NotFound(NO_MERGE)

    def _answer(
        self, connection: Connection, kept: str, joined: str, asked: Asked, now: datetime
    ) -> list[Claim]:
        both = {kept, joined}
        found = claims.of_persons(connection, self.tenant, both, claims.State.OPEN)
        answered = [one for one in found if {one.person, one.other} == both]
        for one in answered:
            claims.decide(connection, self.tenant, one, claims.State.SAME, asked.by, asked.reason, now)
        return answered

    def _decide(self, person: str, own: str, state: claims.State, asked: Asked, now: datetime) -> Claim:
        with self.store.write(self.tenant) as connection:
            one = claims.one_of(connection, self.tenant, own, hold=True)
            if one is None or person not in (one.person, one.other):
                raise NotFound(NO_QUESTION)
            self._demand_own(connection, asked, person, absent=NO_QUESTION)
            if one.state is not claims.State.OPEN:
                raise Conflict("The question has been answered", code="claim-decided")
            if state is claims.State.SAME and one.other is not None:
                raise Conflict("They are two people here: merge them", code="claim-of-two")
            claims.decide(connection, self.tenant, one, state, asked.by, asked.reason, now)
            found = claims.one_of(connection, self.tenant, own)
        return found or one

    def _take_waiting(self, answered: Iterable[Claim]) -> None:
        by_system: dict[str, list[str]] = {}
        for one in answered:
            by_system.setdefault(one.system, []).append(one.waits)
        for name, waits in by_system.items():
            system = self.settings.system(name)
            if system is not None:
                self.intake.retry_decided(system, waits)

    def _open(
        self, connection: Connection, crossed: Iterable[Crossed], asked: Asked, now: datetime
    ) -> tuple[str, ...]:
        """A deviation for each item: no machine can take it back, so somebody tells those who got it."""
        by_item: dict[str, set[str]] = {}
        for one in crossed:
            by_item.setdefault(one.item, set()).add(one.system)
        heads = versions.of_refs(connection, self.tenant, by_item)
        opened = []
        for item, systems in sorted(by_item.items()):
            head = heads.get(item)
            if head is not None:
                made = _deviation(head, systems, asked, now)
                deviations.begin(connection, self.tenant, made)
                opened.append(made.id)
        return tuple(opened)


def _deviation(head: Version, systems: Iterable[str], asked: Asked, now: datetime) -> Deviation:
    held = tuple(Holder(name, head.ref, How.DELIVERED, Held.BY_HAND) for name in sorted(systems))
    return Deviation(
        id=deviations.new_id(),
        person=head.person,
        item=head.ref,
        source=head.created_by,
        reason=WRONG,
        state=deviations.OPEN,
        client=asked.client,
        opened=now,
        closed=None,
        by=asked.by,
        closed_by=None,
        note=None,
        holders=held,
    )


def _crossed(connection: Connection, tenant: str, merge: Merge, systems: Iterable[str]) -> list[Crossed]:
    """What was told since, across: of each item, to systems with nothing of the child it was about."""
    current, sides, group = _apart(connection, tenant, merge.kept, merge)
    theirs = _at_home(connection, tenant, merge.kept, current, sides, group, systems)
    found: dict[tuple[str, str], Crossed] = {}
    for told in disclosures.of_person(connection, tenant, merge.kept):
        if told["started"] < merge.created or told["state"] not in LEFT:
            continue
        for one in told["items"] if told["channel"] != disclosures.EXEMPT else ():
            head = current.get(one["ref"])
            if head is None or head.ref.startswith("Patient/"):
                continue
            if told["recipient"] not in theirs[sides[head.item] in group]:
                made = Crossed(head.ref, told["recipient"], told["started"], told["state"], told["id"])
                found.setdefault((head.ref, told["recipient"]), made)
    return list(found.values())


def _apart(
    connection: Connection, tenant: str, person: str, merge: Merge
) -> tuple[dict[str, Version], dict[str, str], set[str]]:
    """Everything of the person, the Patient each item is about, and the Patients of the joined one."""
    current = versions.of_person(connection, tenant, person)
    first = patients.first_told_of(connection, tenant, {v.item for v in current.values()})
    group = {merge.joined, *patients.merged_into(connection, tenant, merge.joined)}
    return current, patients.of_items(current, first), group


def _at_home(
    connection: Connection,
    tenant: str,
    person: str,
    current: Mapping[str, Version],
    sides: Mapping[str, str],
    group: set[str],
    systems: Iterable[str],
) -> dict[bool, set[str]]:
    """Systems with a log, plan or patient of either: of the joined one (True) and of the other."""
    home: dict[bool, set[str]] = {True: set(), False: set()}
    for version in current.values():
        if version.ref.startswith("CarePlan/"):
            home[sides[version.item] in group].add(version.created_by)
    for system in systems:
        names, _ = links.names_of_person(connection, tenant, system, person)
        for ref in names:
            if ref.startswith("Patient/"):
                home[ref.partition("/")[2] in group].add(system)
    return home
