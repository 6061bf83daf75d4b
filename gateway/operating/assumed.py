"""What decisions about pasted records of a child nobody here knows rest on: what the records say themselves,
and for what they do not say, what whoever tries them assumes. In memory alone; decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, Literal

import consent
from consent.model import Consent, Facts, Participant
from gateway.config import Settings, System, Tenant
from gateway.exchange import statements
from gateway.exchange.facts import FAMILY, PROTECTED, RECORD, PersonFacts, choices
from gateway.hub.persons import IdentifierKey
from gateway.hub.versions import Version
from gateway.operating.pasted import Pasted
from mappings import reading

OLDEST: Final = 24  # years: who is older is no child of a log
PROTECTIONS: Final = ("ugradert", "klientadresse", "fortrolig", "strengtFortrolig")
CONSENT: Final = "Consent/assumed"
WRITER: Final = "PractitionerRole/assumed-writer"
CHILD: Final = "barn"
Source = Literal["records", "assumed", "unknown"]


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What counts where the records do not say. age: full years. protection: None: unknown. writer: number of
    the organization of whoever wrote. to: recipients that everybody who decides has consented to; categories:
    what that consent is about."""

    age: int | None = None
    protection: str | None = None
    writer: str | None = None
    to: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Basis:
    """The facts, and where each of them is from, for the page to tell."""

    facts: PersonFacts
    born: Source
    protection: Source
    participants: Source
    consents: Source


@dataclass(frozen=True, slots=True)
class Assuming:
    """Makes the facts of one set of pasted records."""

    settings: Settings
    key: IdentifierKey
    source: System
    recipients: tuple[System, ...]
    assumed: Assumptions
    now: datetime

    def basis(self, pasted: Pasted, person: str) -> Basis:
        """What the records say, filled in."""
        found = list(pasted.versions.values())
        child = next((reading.person_of(v.resource) for v in found if v.ref == f"Patient/{person}"), None)
        frame = pasted.frame or ""
        stated = list(statements.participants(found, self.settings, self.key))
        participants = [replace(p, person=p.person or f"person of {p.id}") for p in stated]
        participants = participants or list(_family(frame))
        said = statements.consents(found, self.settings)
        writers = self._writers(found, pasted.refs, someone=not stated)
        there = [one for system in self.recipients for one in self._there(system, participants)]
        everyone = [*participants, *there]
        if not stated:
            everyone.append(Participant(WRITER, frame, "deltaker", organization=self.assumed.writer))
        agreed = said or self._consents(frame, participants, there)
        born = child.born if child is not None and child.born else self._born()
        protection = child.address_protection if child is not None else None
        facts = self._facts(found, everyone, agreed, born, protection or self.assumed.protection, person)
        return Basis(
            facts=self._person(person, facts, pasted, found, writers),
            born="records" if child is not None and child.born else _assumed(self.assumed.age),
            protection="records" if protection else _assumed(self.assumed.protection),
            participants="records" if stated else "assumed",
            consents="records" if said else "assumed",
        )

    def _born(self) -> date | None:
        age = self.assumed.age
        return None if age is None else date(self.now.year - age, 1, 1)

    def _facts(
        self,
        found: list[Version],
        participants: Iterable[Participant],
        consents: Iterable[Consent],
        born: date | None,
        protection: str | None,
        person: str,
    ) -> Facts:
        tenant = self._tenant
        settings = self.settings
        places = consent.places_in(v.resource for v in found) | {tenant.name}
        return Facts(
            born=born,
            address_protection=protection,
            participants=tuple(participants),
            consents=tuple(consents),
            regimes={o.number: o.regime for o in settings.organizations},
            agencies={o.number: o.agency for o in settings.organizations if o.agency},
            settings=choices(tenant),
            patient=f"Patient/{person}",
            circumstances=tuple(statements.circumstances(found, settings)),
            places=places if protection in PROTECTED else frozenset(),
        )

    def _person(
        self,
        person: str,
        facts: Facts,
        pasted: Pasted,
        found: list[Version],
        writers: Mapping[tuple[str, str], str],
    ) -> PersonFacts:
        frames = {ref: self.source.id for ref in pasted.versions if ref.startswith("CarePlan/")}
        if pasted.frame is not None:
            frames.setdefault(pasted.frame, self.source.id)
        frames |= {_frame_at(system): system.id for system in self.recipients if system.adapter != "fhir"}
        return PersonFacts(
            tenant=self.source.tenant,
            person=person,
            facts=facts,
            prepared=consent.prepare(facts),
            frames=frames,
            authors=writers,
            organizations={p.id: p.organization for p in facts.participants if p.organization},
            health_personnel=statements.health_personnel(found),
            professions=statements.professions(found),
            patients=(f"Patient/{person}",),
        )

    def _writers(
        self, found: Iterable[Version], refs: Mapping[str, str], *, someone: bool
    ) -> dict[tuple[str, str], str]:
        """Who has written: a participant among the records; where they have none, somebody of the
        organization that is assumed."""
        out = {(self.source.id, native): ref for native, ref in refs.items()}
        if not someone:
            return out
        for name in {name for one in found for name in one.writers}:
            system, bar, value = name.partition("|")
            if bar and system == f"{RECORD}{self.source.id}":
                out.setdefault((self.source.id, value), WRITER)
        return out

    def _there(self, system: System, known: Iterable[Participant]) -> Iterator[Participant]:
        """Who reads at a recipient whose readers are those who take part there: somebody of the organization
        that runs it, and those of the family whom it lets in."""
        if system.audience == "organization":
            return
        frame, staff = _frame_at(system), f"PractitionerRole/{system.id}"
        yield Participant(staff, frame, "deltaker", organization=system.organization)
        for one in known:
            guardian = one.role in FAMILY and "guardians" in system.readers
            child = one.role == CHILD and "child" in system.readers
            if guardian or child:
                yield replace(one, id=f"{one.id}-{system.id}", frame=frame)

    def _consents(
        self, frame: str, participants: Iterable[Participant], there: Iterable[Participant]
    ) -> list[Consent]:
        """One that everybody who may have to decide has given: guardians and the child."""
        assumed = self.assumed
        if not assumed.to or not assumed.categories:
            return []
        to = [one for one in self.recipients if one.id in assumed.to]
        frames = {_frame_at(one) for one in to}
        readers = {one.id for one in there if one.frame in frames and not one.organization}
        return [
            Consent(
                id=CONSENT,
                frame=frame,
                decision="samtykker",
                givers=frozenset(p.id for p in participants if p.role in FAMILY | {CHILD}),
                recipients=frozenset({one.organization for one in to} | readers),
                categories=assumed.categories,
                start=self.now,
                recorded=self.now,
                form="skriftlig",
            )
        ]

    @property
    def _tenant(self) -> Tenant:
        return next(one for one in self.settings.tenants if one.id == self.source.tenant)


def _frame_at(system: System) -> str:
    return f"CarePlan/assumed-{system.id}"


def _family(frame: str) -> Iterator[Participant]:
    """Two guardians who share the responsibility, and the child."""
    for name in ("one", "other"):
        yield Participant(
            f"RelatedPerson/assumed-{name}", frame, "foresatt", responsibility="felles", person=name
        )
    yield Participant("RelatedPerson/assumed-child", frame, CHILD, person="child")


def _assumed(value: object) -> Source:
    return "unknown" if value is None else "assumed"
