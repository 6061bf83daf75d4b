"""Keeps the notices of deadlines, of measures without anybody responsible and of logs that nobody holds:
worked out when a durable timer falls due or a record changes them. Sends nothing. All is one transaction per
few persons: a worker that dies in it leaves the timers due."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Integer, bindparam, delete, select, update
from sqlalchemy.engine import Row

from gateway.config import Settings
from gateway.exchange import timers
from gateway.exchange.deadlines import KINDS, STATES, Committed, Due, Frame, Watch
from gateway.exchange.facts import FactsReader, PersonFacts
from gateway.hub import seats, versions
from gateway.hub.notices import raise_notice
from gateway.hub.persons import IdentifierKey
from gateway.hub.review import DEADLINES
from gateway.hub.schema.notices import notice
from gateway.hub.schema.tables import person, timer
from gateway.hub.versions import Version
from mappings import commitments, reading
from mappings.commitments import Commitment, What

MOST = 25  # persons in one transaction

# Statements of every review are built once: building them costs more than running them.
_DUE = (
    select(timer.c.subject)
    .where(timer.c.tenant == bindparam("tenant"), timer.c.kind == DEADLINES, timer.c.due <= bindparam("now"))
    .order_by(timer.c.due)
    .limit(bindparam("most", Integer))
    .with_for_update(skip_locked=True)
)
_FACTS_NO = select(person.c.facts_no).where(
    person.c.tenant == bindparam("tenant"), person.c.id == bindparam("person")
)
_STANDING = select(notice).where(
    notice.c.tenant == bindparam("tenant"),
    notice.c.person == bindparam("person"),
    notice.c.settled.is_(None),
    notice.c.kind.in_(sorted(KINDS)),
)
Key = tuple[str, str, str | None, datetime | None, datetime | None]


@dataclass(frozen=True, slots=True)
class Watcher:
    """One worker's. Workers beside each other take different persons."""

    settings: Settings
    facts: FactsReader
    key: IdentifierKey

    def review(self, connection: Connection, tenant: str, now: datetime, most: int = MOST) -> int:
        """Work out what is due for persons whose timer is, and set their next. Returns how many persons."""
        subjects = connection.execute(_DUE, {"tenant": tenant, "now": now, "most": most}).all()
        for row in subjects:
            self._review(connection, tenant, row.subject, now)
        return len(subjects)

    def watch(self, connection: Connection, tenant: str, person_id: str, now: datetime) -> Watch:
        """What is known of a person that notices rest on."""
        facts_no = connection.execute(_FACTS_NO, {"tenant": tenant, "person": person_id}).scalar_one()
        facts = self.facts.read(connection, tenant, person_id, int(facts_no))
        found = versions.of_types(connection, tenant, person_id, commitments.TYPES)
        days = self.settings.tenant(tenant).deadline_days
        open_ones = {v.ref: made for v in found.values() if (made := _open(v)) is not None}
        done = _evaluations(connection, tenant, open_ones, now + timedelta(days=max(days, default=0)))
        return Watch(
            facts=facts,
            frames=frames_of(facts, found),
            committed=tuple(
                self._committed(found[ref], made, done.get(ref, ())) for ref, made in open_ones.items()
            ),
            days=days,
        )

    def _committed(
        self, version: Version, made: Commitment, evaluated: Iterable[date | datetime]
    ) -> Committed:
        system = self.settings.system(version.created_by)
        plan = made.what is What.REVISION
        return Committed(
            ref=version.ref,
            frame=version.ref if plan else reading.belongs_to(version.resource),
            commitment=made,
            done=(version.recorded or version.stored,) if plan else tuple(evaluated),
            ours=system is not None and system.adapter != "fhir",
        )

    def _review(self, connection: Connection, tenant: str, person_id: str, now: datetime) -> None:
        watch = self.watch(connection, tenant, person_id, now)
        wanted = watch.dues(now)
        standing = _standing(connection, tenant, person_id)
        keys = {_key(one) for one in wanted}
        over = [row.id for row in standing if _key_of(row) not in keys]
        if over:
            connection.execute(
                update(notice).where(notice.c.tenant == tenant, notice.c.id.in_(over)).values(settled=now)
            )
        known = {_key_of(row) for row in standing}
        for one in wanted:
            if _key(one) not in known:
                raise_notice(
                    connection, tenant, one.kind, person_id, one.about, now,
                    frame=one.frame, due=one.due, at=one.at,
                )  # fmt: skip
        if self._seated(connection, tenant, person_id):
            _wait(connection, tenant, person_id, watch.next(now))

    def _seated(self, connection: Connection, tenant: str, person_id: str) -> bool:
        """See to it that whoever coordinates is found. False while somebody else writes about the person:
        then the timer stays due. (To wait here for those who may wait for the timer would be a deadlock.)"""
        if not seats.stale(connection, tenant, self.key, people_of(connection, tenant, person_id)):
            return True
        mine = connection.execute(
            select(person.c.id)
            .where(person.c.tenant == tenant, person.c.id == person_id)
            .with_for_update(skip_locked=True)
        ).first()
        if mine is not None:
            seats.keep(connection, tenant, self.key, people_of(connection, tenant, person_id))
        return mine is not None


def frames_of(facts: PersonFacts, found: Mapping[str, Version]) -> dict[str, Frame]:
    """The logs and plans among these."""
    return {v.ref: _frame(v) for v in found.values() if v.ref in facts.frames}


def _frame(version: Version) -> Frame:
    plan = version.resource
    return Frame(version.ref, commitments.standing_of(plan), commitments.holders_of(plan))


def _open(version: Version) -> Commitment | None:
    made = commitments.commitment_of(version.resource)
    return made if made is not None and made.open else None


def _evaluations(
    connection: Connection, tenant: str, made: Mapping[str, Commitment], until: datetime
) -> dict[str, list[date | datetime]]:
    """When goals with a deadline up to that time were evaluated."""
    goals = [
        ref
        for ref, one in made.items()
        if one.what is What.EVALUATION and any(_day(d) <= until.date() for d in one.deadlines)
    ]
    out: dict[str, list[date | datetime]] = {}
    for version in versions.of_items(connection, tenant, goals).values():
        when = commitments.evaluated(version.resource)
        if when is not None:
            out.setdefault(version.item, []).append(when)
    return out


def _day(deadline: date | datetime) -> date:
    return deadline.date() if isinstance(deadline, datetime) else deadline


def people_of(connection: Connection, tenant: str, person_id: str) -> Iterable[Version]:
    """Who takes part."""
    return versions.of_types(connection, tenant, person_id, ("PractitionerRole", "RelatedPerson")).values()


def _standing(connection: Connection, tenant: str, person_id: str) -> list[Row[Any]]:
    return list(connection.execute(_STANDING, {"tenant": tenant, "person": person_id}).all())


def _key(one: Due) -> Key:
    return one.kind.value, one.about, one.frame, one.at, one.due


def _key_of(row: Row[Any]) -> Key:
    """Of what lasts, it is the same one whenever it was first seen."""
    lasts = row.kind in STATES
    return row.kind, row.about, row.frame, None if lasts else row.at, None if lasts else row.due


def _wait(connection: Connection, tenant: str, person_id: str, due: datetime | None) -> None:
    if due is not None:
        timers.put(connection, tenant, DEADLINES, person_id, due)
        return
    key = timer.c.tenant == tenant, timer.c.kind == DEADLINES, timer.c.subject == person_id
    connection.execute(delete(timer).where(*key))
