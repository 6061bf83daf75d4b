"""What is known of a person that decisions rest on, read from the hub's current resources: participants,
consents, birth date, protection. Kept until the person's facts change; never decides anything."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, select

import consent
from consent.model import Consent, Emergency, Facts, Participant, Recipient
from consent.model import Settings as Choices
from gateway.config import Settings, System, Tenant
from gateway.exchange import sides, statements
from gateway.exchange.sides import Sides
from gateway.hub import acts, links, past, versions
from gateway.hub.acts import Act
from gateway.hub.persons import IdentifierKey
from gateway.hub.schema.tables import link
from gateway.hub.versions import FACTS, Version
from mappings import continuing, reading
from mappings.canonical import identifier_system

RECORD = identifier_system("record/")
PROTECTED = frozenset({"fortrolig", "strengtFortrolig"})
FAMILY = frozenset({"foresatt", "fosterforelder", "verge"})
STATING = (*FACTS, "Observation")  # types that state facts; of Observations the circumstances do
KEPT = 1_000  # persons whose facts stay in memory


@dataclass(frozen=True, slots=True)
class Continues:
    """A closed log that goes on as a plan. prepared: the facts for the plan's items: what was consented to in
    the log holds for the log; what was refused there stands."""

    log: str
    prepared: consent.Prepared


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """One person's facts at one change number.

    frames: log or plan -> the system it was made in. authors: (system, native id) -> participant.
    twins: participant -> others that are the same natural person in another log or plan.
    """

    tenant: str
    person: str
    facts: Facts
    prepared: consent.Prepared
    frames: Mapping[str, str] = field(default_factory=dict)
    authors: Mapping[tuple[str, str], str] = field(default_factory=dict)
    twins: Mapping[str, frozenset[str]] = field(default_factory=dict)
    organizations: Mapping[str, str] = field(default_factory=dict)  # participant -> organization number
    health_personnel: frozenset[str] = frozenset()  # participants with an authorization
    professions: Mapping[str, frozenset[str]] = field(default_factory=dict)  # participant -> Volven 9060
    patients: tuple[str, ...] = ()  # references; more than one after a merge, the person's own first
    subjects: Mapping[str, str | None] = field(default_factory=dict)  # log or plan -> id of its Patient
    sides: Sides = field(default_factory=Sides)
    continues: Mapping[str, Continues] = field(default_factory=dict)  # plan -> the closed log it continues
    emergencies: Mapping[tuple[str, str], tuple[Emergency, Act]] = field(default_factory=dict)
    closed_to: frozenset[str] = frozenset()  # organizations that said that this is none of their patients

    def emergency(self, item: str, system: str, now: datetime) -> Emergency | None:
        """A named person's act in danger on this item for this system, if one stands now (G4)."""
        found = self.emergencies.get((item, system))
        if found is None or (found[1].ends is not None and found[1].ends <= now):
            return None
        return found[0]

    def prepared_for(self, frame: str | None, patient: str | None = None) -> consent.Prepared:
        """What decisions about an item of this log or plan rest on. patient: id of the Patient that the item
        names itself; it counts where no log or plan does."""
        known = self.continues.get(frame or "")
        if known is not None:
            return known.prepared
        return self.sides.of(self.subjects.get(frame or "") or patient) or self.prepared

    def frame_in(self, system: str) -> str | None:
        """The log or plan this system keeps for the person, if it keeps exactly one that is newest known."""
        own = [frame for frame, owner in self.frames.items() if owner == system]
        return own[-1] if own else None

    def recipient(self, system: System, now: datetime) -> Recipient:
        """The system with everyone who can read there (its audience for this person)."""
        if system.audience == "organization":
            return Recipient(
                system.id, frozenset({system.organization}), frozenset(), frozenset(system.honours)
            )
        organizations, readers = set(), set()
        for one in self.facts.participants:
            if self.frames.get(one.frame) != system.id or not consent.active(one, now):
                continue
            if one.organization:
                organizations.add(one.organization)
            elif one.role == "barn":
                readers |= {one.id} if "child" in system.readers else set()
            elif one.role in FAMILY:
                readers |= {one.id} if "guardians" in system.readers else set()
            else:
                readers.add(one.id)  # staff whose organization nobody stated: decided as a single reader
        return Recipient(system.id, frozenset(organizations), frozenset(readers), frozenset(system.honours))


class FactsReader:
    """Reads facts, and keeps those of recently seen persons."""

    def __init__(self, settings: Settings, key: IdentifierKey) -> None:
        self._settings = settings
        self.key = key
        self._kept: OrderedDict[tuple[str, str, int], PersonFacts] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, connection: Connection, tenant: str, person: str, facts_no: int) -> PersonFacts:
        """The facts as of a change number (the person's row says which is the newest)."""
        place = (tenant, person, facts_no)
        with self._lock:
            if place in self._kept:
                self._kept.move_to_end(place)
                return self._kept[place]
        facts, whole = self._load(connection, tenant, person)
        if not whole:  # what an exception means may arrive any time, without being a fact itself
            return facts
        with self._lock:
            self._kept[place] = facts
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return facts

    def at(
        self, connection: Connection, tenant: str, person: str, at: datetime
    ) -> tuple[PersonFacts, dict[str, Version]]:
        """The facts as they were known at an earlier time, and what they were read from. For explaining; what
        leaves rests on `read`."""
        everything = past.of_person(connection, tenant, person, at)
        decided = acts.open_at(acts.of_person(connection, tenant, person), at)
        stated = [v for v in everything.values() if v.ref.partition("/")[0] in STATING]
        return self._of(connection, tenant, person, stated, decided, everything, at)[0], everything

    def _load(self, connection: Connection, tenant: str, person: str) -> tuple[PersonFacts, bool]:
        """The facts, and whether everything they name is here."""
        stated = list(versions.of_types(connection, tenant, person, STATING).values())
        decided = acts.open_at(acts.of_person(connection, tenant, person), None)
        return self._of(connection, tenant, person, stated, decided)

    def _of(
        self,
        connection: Connection,
        tenant: str,
        person: str,
        found: list[Version],
        decided: list[Act],
        everything: Mapping[str, Version] | None = None,
        at: datetime | None = None,
    ) -> tuple[PersonFacts, bool]:
        settings = self._settings
        participants = list(statements.participants(found, settings, self.key))
        participants = sides.one_child(connection, tenant, person, participants)
        own = f"Patient/{person}"
        everyone = sorted((v for v in found if v.ref.startswith("Patient/")), key=lambda v: v.ref != own)
        patient = everyone[0] if everyone else None
        known = sides.person_of(everyone, own)
        consents, whole = _resolved(connection, tenant, statements.consents(found, settings))
        protected = known is not None and known.address_protection in PROTECTED
        facts = Facts(
            born=known.born if known else None,
            address_protection=known.address_protection if known else None,
            participants=tuple(participants),
            consents=tuple(consents),
            regimes={o.number: o.regime for o in settings.organizations},
            agencies={o.number: o.agency for o in settings.organizations if o.agency},
            settings=choices(self._tenant(tenant)),
            patient=patient.ref if patient else None,
            circumstances=tuple(statements.circumstances(found, settings)),
            findings=statements.findings(decided),
            objections=statements.objections(decided),
            overrides=statements.overrides(decided),
            withheld=statements.withheld(decided),
            places=self._places(connection, tenant, person, everything) if protected else frozenset(),
            released=statements.released(decided),
        )
        frames = [v for v in found if v.ref.startswith("CarePlan/")]
        frames.sort(key=lambda v: (v.resource.get("status") == "active", v.change_no))
        patients = tuple(v.ref for v in everyone)
        subjects = {v.ref: sides.patient_of(v) for v in frames}
        about = {v.ref: _about(v, subjects) for v in found if v.ref.startswith("Consent/")}
        apart = _sides(connection, tenant, facts, patients, decided, about, at)
        known_of = PersonFacts(
            tenant=tenant,
            person=person,
            facts=facts,
            prepared=consent.prepare(facts),
            frames={v.ref: v.created_by for v in frames},
            authors=_authors(connection, tenant, person, [p.id for p in participants]),
            twins=_twins(participants),
            organizations={p.id: p.organization for p in participants if p.organization},
            health_personnel=statements.health_personnel(found),
            professions=statements.professions(found),
            patients=patients,
            subjects=subjects,
            sides=apart,
            continues=_continues(
                connection, tenant, frames, lambda ref: apart.facts.get(subjects.get(ref)) or facts
            ),
            emergencies=statements.emergencies(decided),
            closed_to=statements.closed_to(decided),
        )
        return known_of, whole and not protected  # any new item may name a place

    def _places(
        self, connection: Connection, tenant: str, person: str, everything: Mapping[str, Version] | None
    ) -> frozenset[str]:
        """Words that reveal where a protected person lives or goes, as far as anything here tells."""
        if everything is None:
            everything = versions.of_person(connection, tenant, person)
        return consent.places_in(v.resource for v in everything.values()) | {self._tenant(tenant).name}

    def _tenant(self, tenant: str) -> Tenant:
        return next(t for t in self._settings.tenants if t.id == tenant)


def choices(tenant: Tenant) -> Choices:
    """What a municipality has chosen where the law lets it."""
    return Choices(
        consent_age=tenant.consent_age,
        demands_writing=tenant.demands_writing,
        ordinary=frozenset(tenant.ordinary),
    )


def _sides(
    connection: Connection,
    tenant: str,
    facts: Facts,
    found: tuple[str, ...],
    decided: list[Act],
    about: Mapping[str, str | None],
    at: datetime | None,
) -> Sides:
    """What was agreed to before a merge permits only what it was about."""
    if len(found) < 2:
        return Sides()
    ids = [ref.partition("/")[2] for ref in found]
    return sides.sides(facts, ids, sides.partings(connection, tenant, ids, at), decided, about)


def _about(consent_made: Version, subjects: Mapping[str, str | None]) -> str | None:
    """Whose Patient a consent is about, by itself or by its log or plan; None where nobody says."""
    frame = reading.belongs_to(consent_made.resource) or ""
    return sides.patient_of(consent_made) or subjects.get(frame)


def _continues(
    connection: Connection, tenant: str, frames: list[Version], facts_for: Callable[[str], Facts]
) -> dict[str, Continues]:
    closed = {v.ref for v in frames if v.resource.get("status") in continuing.CLOSED}
    found: dict[str, Continues] = {}
    for plan in frames:
        for system, native in continuing.replaced(plan.resource) if closed else ():
            name = links.names(connection, tenant, system, [native]).get(native)
            if name is not None and name.ref in closed:
                facts = facts_for(plan.ref)
                own = [
                    replace(c, recipients=frozenset()) if c.frame == name.ref else c for c in facts.consents
                ]
                prepared = consent.prepare(replace(facts, consents=tuple(own)))
                found[plan.ref] = Continues(name.ref, prepared)
    return found


def _resolved(connection: Connection, tenant: str, consents: list[Consent]) -> tuple[list[Consent], bool]:
    """The consents with the items they name by their hub references. One that was named before it arrived
    stands in its consent as "identifier system|native id"."""
    logical = {item for one in consents for item in one.except_items | one.items if RECORD in item}
    known: dict[str, str] = {}
    for item in logical:
        system, _, native = item.removeprefix(RECORD).partition("|")
        name = links.names(connection, tenant, system, [native]).get(native)
        if name is not None:
            known[item] = name.ref
    if not logical:
        return consents, True
    named = [
        replace(c, except_items=_here(c.except_items, known), items=_here(c.items, known)) for c in consents
    ]
    return named, len(known) == len(logical)


def _here(items: frozenset[str], known: Mapping[str, str]) -> frozenset[str]:
    return frozenset(known.get(item, item) for item in items)


_PARTICIPANTS: BindParameter[Any] = bindparam("participants", expanding=True)
_AUTHORS = select(link.c.system, link.c.native_id, link.c.ref).where(
    link.c.tenant == bindparam("tenant"),
    link.c.person == bindparam("person"),
    link.c.ref.in_(_PARTICIPANTS),
)


def _authors(
    connection: Connection, tenant: str, person: str, participants: list[str]
) -> dict[tuple[str, str], str]:
    if not participants:
        return {}
    given = {"tenant": tenant, "person": person, "participants": participants}
    rows = connection.execute(_AUTHORS, given).all()
    return {(r.system, r.native_id): r.ref for r in rows if r.native_id}


def _twins(participants: list[Participant]) -> dict[str, frozenset[str]]:
    same: dict[str, set[str]] = {}
    for one in participants:
        if one.person:
            same.setdefault(one.person, set()).add(one.id)
    return {ref: frozenset(group) for group in same.values() for ref in group}
