"""What somebody who coordinates has to attend to, child by child and the most urgent first: the working list
of the API (gateway/consents/work.py) as this reader may see it. What is about an item is told only where the
judge lets the reader's organization see that item."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection

from gateway.access.login_sessions import Session
from gateway.consents.caseload import Who
from gateway.consents.work import CONFLICT, Entry, WorkList
from gateway.exchange import occasions
from gateway.exchange.selection import by_item
from gateway.hub import seats, versions
from gateway.hub.notices import Kind
from gateway.web.desk import WebDesk
from gateway.web.insight import Insight
from gateway.web.seats import Office
from gateway.web.seats import seats as open_to
from gateway.web.standing import Place
from mappings import reading

NOTHING: Final = (1_000, datetime.max.replace(tzinfo=UTC), "")  # the place of a child that asks for nothing
GROUPS: Final[dict[str, frozenset[str]]] = {  # what a reader may ask for alone
    "fare": frozenset({occasions.Kind.DANGER}),
    "forfalt": frozenset({Kind.EVALUATION_OVERDUE, Kind.MEASURE_OVERDUE, Kind.REVISION_OVERDUE}),
    "ingen": frozenset({Kind.OWNERLESS, Kind.SEVERAL_HOLDERS, Kind.MEASURE_UNASSIGNED}),
    "uenige": frozenset({CONFLICT, Kind.PERSON_QUESTION}),
    "ubekreftet": frozenset({Kind.UNACKNOWLEDGED, Kind.VANISHED, Kind.REFERRAL_RETURNED, Kind.WRONG_PERSON}),
    "samtykke": frozenset(
        {occasions.Kind.CONSENT_ENDED, occasions.Kind.CONSENT_ENDS, occasions.Kind.CONSENT_PARTIAL}
    ),
    "snart": frozenset({Kind.EVALUATION_NEAR, Kind.MEASURE_NEAR, Kind.REVISION_NEAR}),
    "alder": frozenset({occasions.Kind.BIRTHDAY, occasions.Kind.BIRTHDAY_NEAR}),
}


@dataclass(frozen=True, slots=True)
class Child:
    """One child of a caseload. insight: what of the child is looked at here, which is little. places: every
    log and plan the reader takes part in, the one they coordinate in front."""

    insight: Insight
    places: tuple[Place, ...]
    entries: tuple[Entry, ...]

    @property
    def urgency(self) -> tuple[int, datetime, str]:
        """Its place among the children."""
        return self.entries[0].place if self.entries else NOTHING


@dataclass(frozen=True, slots=True)
class Caseload:
    """Everything of one reader. unheld: logs in the municipality that nobody holds, where the reader's unit
    is to see to that and takes part in none of them."""

    children: tuple[Child, ...]
    unheld: int


def caseload(connection: Connection, desk: WebDesk, session: Session, now: datetime) -> Caseload:
    """All children of staff of the municipality, as they may be seen now."""
    places = _by_person(open_to(connection, desk, session, now, Office.COORDINATOR))
    mine = [one for own in places.values() for one in own]
    entries = _entries(connection, desk, session, mine, now)
    wanted = {ref for own in places.values() for one in own for ref in (f"Patient/{one.person}", one.frame)}
    wanted |= {one.item for one in entries if one.judged and one.person in places}
    found = by_item(versions.of_items(connection, session.tenant, sorted(wanted)))
    children = []
    for person, own in places.items():
        parts = {i: p for i, p in found.items() if i in p and p[i].person == person}
        own = _logs_first(own, parts)
        insight = Insight(own[0], now, parts, desk.service.settings)
        insight.look()
        told = [e for e in entries if e.person == person and (not e.judged or e.item in insight.seen)]
        children.append(Child(insight, own, tuple(sorted(told, key=lambda e: e.place))))
    unheld = [e for e in entries if e.kind == Kind.OWNERLESS and e.person not in places]
    return Caseload(tuple(children), len(unheld))


@dataclass(frozen=True, slots=True)
class Unheld:
    """A log or plan that nobody holds. kind: a key of the catalogs; where: whose system keeps it; since: when
    that was noticed. Nothing of whom it is about: the reader takes no part there."""

    kind: str
    where: str
    since: datetime


def unheld(
    connection: Connection, desk: WebDesk, session: Session, now: datetime
) -> tuple[Unheld, ...] | None:
    """Those in the tenant, the longest first, for staff of its coordinating unit; None for everybody else."""
    settings = desk.service.settings
    mine = open_to(connection, desk, session, now, Office.COORDINATOR)
    unit = settings.tenant(session.tenant).coordinating_unit
    if unit is None or not any(p.me.service == seats.UNIT and p.me.organization == unit for p in mine):
        return None
    persons = {p.person for p in mine}
    found = [
        one
        for one in _entries(connection, desk, session, mine, now)
        if one.kind == Kind.OWNERLESS and one.person not in persons and one.frame is not None
    ]
    heads = versions.of_refs(connection, session.tenant, sorted({one.frame for one in found if one.frame}))
    names = {one.number: one.name for one in settings.organizations}
    out = []
    for one in found:
        head = heads.get(one.frame or "")
        system = settings.system(head.created_by) if head is not None else None
        if head is not None and system is not None:
            where = names.get(system.organization, system.organization)
            out.append(Unheld(reading.kind_of(head.resource) or "plan", where, one.at))
    return tuple(sorted(out, key=lambda one: (one.since, one.kind, one.where)))


def _entries(
    connection: Connection, desk: WebDesk, session: Session, mine: Iterable[Place], now: datetime
) -> list[Entry]:
    """The working list of whoever coordinates or acts for a coordinating unit; nothing for others."""
    service = desk.service
    units = {p.me.organization for p in mine if p.me.service == seats.UNIT and p.me.organization}
    known = session.hashes | {p.me.id for p in mine if p.me.role in seats.COORDINATORS}
    asking = [Who(known), *(Who(known | {seats.unit(number)}, number) for number in sorted(units))]
    found: dict[str, Entry] = {}
    for who in asking:
        held = WorkList(connection, service.settings, service.facts, session.tenant, None, now)
        found |= {one.id: one for one in held.entries(who)}
    return list(found.values())


def _by_person(places: Sequence[Place]) -> dict[str, tuple[Place, ...]]:
    """By child; where the reader coordinates comes first."""
    out: dict[str, tuple[Place, ...]] = {}
    for one in sorted(places, key=lambda p: (p.me.role not in seats.COORDINATORS, p.frame)):
        out[one.person] = (*out.get(one.person, ()), one)
    return dict(sorted(out.items()))


def _logs_first(
    own: Sequence[Place], parts: Mapping[str, Mapping[str, versions.Version]]
) -> tuple[Place, ...]:
    """The same, with a log before a plan among those they coordinate, and among the others: it has a form for
    everything that they may write."""

    def place(one: Place) -> tuple[bool, bool]:
        head = parts.get(one.frame, {}).get(one.frame)
        is_log = head is not None and reading.kind_of(head.resource) == "stafettlogg"
        return one.me.role not in seats.COORDINATORS, not is_log

    return tuple(sorted(own, key=place))


def group_of(kind: str) -> str:
    """The group that an entry of this kind belongs to."""
    return next((name for name, kinds in GROUPS.items() if kind in kinds), "ubekreftet")
