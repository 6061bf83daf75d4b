"""The working list: what somebody who coordinates has to attend to, of all children whose logs or plans they
hold, the most urgent first. The stafettholder, the deputy and the coordinator of a log or plan see the same.
References, codes and times alone, and only of what the reader's system may know of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from gateway.config import Settings
from gateway.consents import caseload
from gateway.consents.caseload import Seat, Who
from gateway.consents.reminding import either
from gateway.consents.visible import Visible
from gateway.exchange import occasions
from gateway.exchange.facts import FactsReader, PersonFacts
from gateway.exchange.occasions import addressees
from gateway.hub import versions
from gateway.hub.conflicts import State
from gateway.hub.notices import COORDINATOR, Kind
from gateway.hub.schema.notices import notice
from gateway.hub.schema.tables import conflict, person, resource
from gateway.hub.seats import UNIT
from mappings import reading

CONFLICT: Final = "conflict"
CHUNK: Final = 500
OTHER: Final = 50
WEIGHTS: Final[Mapping[str, int]] = {
    occasions.Kind.DANGER: 10,
    Kind.WRONG_PERSON: 11,
    Kind.EVALUATION_OVERDUE: 20,
    Kind.MEASURE_OVERDUE: 20,
    Kind.REVISION_OVERDUE: 20,
    Kind.OWNERLESS: 30,
    Kind.SEVERAL_HOLDERS: 30,
    Kind.MEASURE_UNASSIGNED: 35,
    CONFLICT: 40,
    Kind.UNACKNOWLEDGED: OTHER,
    Kind.PERSON_QUESTION: 60,
    occasions.Kind.CONSENT_ENDED: 70,
    occasions.Kind.CONSENT_ENDS: 71,
    occasions.Kind.CONSENT_PARTIAL: 72,
    Kind.EVALUATION_NEAR: 80,
    Kind.MEASURE_NEAR: 80,
    Kind.REVISION_NEAR: 80,
    occasions.Kind.BIRTHDAY: 90,
    occasions.Kind.BIRTHDAY_NEAR: 91,
}  # the most urgent first; what is not named here stands with what nobody has acknowledged
KINDS: Final = frozenset({*occasions.Kind, *Kind, CONFLICT})
Place = tuple[int, datetime, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to attend to. about: "Goal/…", "Consent/…", an age or an id. roles: as what the reader sees
    it."""

    id: str
    person: str
    kind: str
    about: str
    frame: str | None
    at: datetime
    due: datetime
    roles: tuple[str, ...]
    judged: bool  # whether its item is still to be put to the judge

    @property
    def item(self) -> str:
        """What the judge is asked about, also of what is at one recipient: "Goal/…@bup"."""
        return self.about.partition("@")[0]

    @property
    def place(self) -> Place:
        """Its place in the list."""
        return WEIGHTS.get(self.kind, OTHER), self.due, self.id


@dataclass(slots=True)
class WorkList:
    """For one reader. system: what they read through; None: an operator."""

    connection: Connection
    settings: Settings
    facts: FactsReader
    tenant: str
    system: str | None
    now: datetime
    _known: dict[str, frozenset[str]] = field(default_factory=dict)  # by person: what may be known of

    def entries(
        self, who: Who, kinds: frozenset[str] = frozenset(), after: Place | None = None
    ) -> Iterator[Entry]:
        """What they have to attend to, from after a place on. kinds: only these; none: all."""
        taken = caseload.taken(self.connection, self.settings, self.tenant, self.system, who, self.now)
        found = [*self._of(caseload.persons(taken)), *self._unheld(who)]
        once = {one.id: one for one in found if not kinds or one.kind in kinds}
        for one in sorted(once.values(), key=lambda entry: entry.place):
            if (after is None or one.place > after) and self._visible(one, found):
                yield one

    # --- whose --------------------------------------------------------------------------------------------

    def _of(self, mine: Mapping[str, list[Seat]]) -> Iterator[Entry]:
        everyone = sorted(mine)
        for start in range(0, len(everyone), CHUNK):
            chunk = everyone[start : start + CHUNK]
            rows = [*self._told(chunk), *self._conflicts(chunk)]
            facts = self._facts({row.person for row in rows})
            for row in rows:
                roles = self._roles(row, facts[row.person], mine[row.person])
                if roles:
                    yield replace(row, roles=roles)

    def _roles(self, row: Entry, facts: PersonFacts, mine: Iterable[Seat]) -> tuple[str, ...]:
        """As what the reader is to see it; nothing where it is for others."""
        meant = addressees(facts, row.about, COORDINATOR, self.now, row.frame)
        people, frames = {p.id for p in meant}, {p.frame for p in meant} | {row.frame}
        return tuple(
            sorted(
                {one.role for one in mine if (one.frame in frames if one.unit else one.participant in people)}
            )
        )

    def _unheld(self, who: Who) -> Iterator[Entry]:
        """What nobody holds is seen by the tenant's own coordinating unit, whether it takes part or not."""
        if who.unit is None or who.unit != self.settings.tenant(self.tenant).coordinating_unit:
            return
        columns = notice.c
        rows = self.connection.execute(
            select(notice)
            .join(resource, (resource.c.tenant == columns.tenant) & (resource.c.ref == columns.frame))
            .where(
                columns.tenant == self.tenant,
                columns.kind == Kind.OWNERLESS.value,
                columns.settled.is_(None),
                columns.due <= self.now,
                resource.c.created_by == self.system if self.system else columns.tenant == self.tenant,
            )
        )
        for row in rows:
            yield _entry(row, (UNIT,), judged=False)

    # --- what is there ------------------------------------------------------------------------------------

    def _told(self, people: list[str]) -> Iterator[Entry]:
        columns = either.c
        rows = self.connection.execute(
            select(either).where(
                columns.tenant == self.tenant,
                columns.person.in_(people),
                columns.addressee == COORDINATOR,
                columns.settled.is_(None),
                columns.done.is_(None),
                columns.due <= self.now,
            )
        )
        for row in rows:
            yield _entry(row, (), judged=bool(row.noticed) and "/" in row.about)

    def _conflicts(self, people: list[str]) -> Iterator[Entry]:
        columns = conflict.c
        rows = self.connection.execute(
            select(columns.id, columns.person, columns.ref, columns.created).where(
                columns.tenant == self.tenant,
                columns.person.in_(people),
                columns.state == State.OPEN.value,
            )
        ).all()
        heads = versions.of_refs(self.connection, self.tenant, sorted({row.ref for row in rows}))
        for row in rows:
            head = heads.get(row.ref)
            frame = reading.belongs_to(head.resource) if head is not None else None
            own = row.ref if row.ref.startswith("CarePlan/") else frame
            yield Entry(
                row.id, row.person, CONFLICT, row.ref, own, row.created, row.created, roles=(), judged=True
            )

    def _facts(self, people: Iterable[str]) -> dict[str, PersonFacts]:
        rows = self.connection.execute(
            select(person.c.id, person.c.facts_no).where(
                person.c.tenant == self.tenant, person.c.id.in_(sorted(people))
            )
        ).all()
        return {
            row.id: self.facts.read(self.connection, self.tenant, row.id, int(row.facts_no)) for row in rows
        }

    # --- what may be known of -----------------------------------------------------------------------------

    def _visible(self, one: Entry, found: Iterable[Entry]) -> bool:
        if not one.judged:
            return True
        if one.person not in self._known:
            refs = {other.item for other in found if other.person == one.person and other.judged}
            visible = Visible(self.settings, self.facts, self.system, self.now)
            self._known[one.person] = visible.of(self.connection, self.tenant, one.person, refs)
        return one.item in self._known[one.person]


def _entry(row: Any, roles: tuple[str, ...], *, judged: bool) -> Entry:
    return Entry(row.id, row.person, row.kind, row.about, row.frame, row.at, row.due, roles, judged)
