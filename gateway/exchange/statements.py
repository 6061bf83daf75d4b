"""What a person's resources in the hub state: who takes part, what was consented to, under which
circumstances. Values for the consent library; nothing is decided here, and no database is read.

What counts is what the system that keeps the log or plan says. A FHIR server of others could otherwise name
itself a participant and permit itself everything: of what it says only refusals count, unless the
configuration says that it `states_facts`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from consent import fhir_circumstance, fhir_consent
from consent.model import (
    Basis,
    Circumstance,
    Consent,
    Emergency,
    Finding,
    Objection,
    Override,
    Participant,
    Withholding,
)
from gateway.config import Route, Settings
from gateway.hub.acts import Act, Kind
from gateway.hub.persons import IdentifierKey
from gateway.hub.versions import Version
from mappings import reading
from mappings.canonical import HPR
from mappings.referrals import professions_of


def counts(version: Version, settings: Settings) -> bool:
    """Whether what it states of who decides what counts: it was made by a system that may say so."""
    maker = settings.system(version.created_by)
    return maker is not None and (maker.adapter != "fhir" or maker.states_facts)


def consents(versions: Iterable[Version], settings: Settings) -> list[Consent]:
    """What was consented to and refused. A mere correction of a record is no later act, so that it lifts
    nothing: as a permit, its time is that of its first version. What it refuses may have been added since: as
    a refusal, its time is that of its newest."""
    return [
        replace(
            act,
            id=v.ref,
            recorded=v.first_recorded,
            changed=v.recorded,
            understood=act.understood and counts(v, settings),
        )
        for v in versions
        for act in fhir_consent.read(v.resource)
    ]


def circumstances(versions: Iterable[Version], settings: Settings) -> Iterator[Circumstance]:
    """Care orders, competence, guardianship, hearings."""
    for version in versions:
        found = fhir_circumstance.read(version.resource)
        if found is not None and counts(version, settings):
            yield found


def participants(
    versions: Iterable[Version], settings: Settings, key: IdentifierKey
) -> Iterator[Participant]:
    """Who takes part in which log or plan."""
    for version in versions:
        found = reading.participant_of(version.resource)
        if found is None or not counts(version, settings):
            continue
        identifiers = [*found.identifiers, *([(HPR, found.hpr)] if found.hpr else [])]
        yield Participant(
            id=version.ref,
            frame=reading.belongs_to(version.resource) or "",
            role=found.role or "",
            service=found.service,
            organization=found.organization,
            responsibility=found.responsibility,
            start=found.start,
            end=found.end,
            person=key.hash(*identifiers[0]) if identifiers else None,
        )


def health_personnel(versions: Iterable[Version]) -> frozenset[str]:
    """Participants with an authorization as health personnel (an HPR number)."""
    found = ((v.ref, reading.participant_of(v.resource)) for v in versions)
    return frozenset(ref for ref, one in found if one is not None and one.hpr)


def professions(versions: Iterable[Version]) -> dict[str, frozenset[str]]:
    """What participants are by profession, of those who say it."""
    found = ((v.ref, professions_of(v.resource)) for v in versions)
    return {ref: codes for ref, codes in found if codes}


def released(acts: Iterable[Act]) -> frozenset[str]:
    """What was let go though the person's address is protected."""
    return frozenset(key for one in acts if one.kind is Kind.RELEASE for key in one.keys)


def objections(acts: Iterable[Act]) -> tuple[Objection, ...]:
    """The person's objections, presumed ones too."""
    return tuple(
        Objection(one.recipients, one.categories, one.presumed, one.created, one.ends)
        for one in acts
        if one.kind is Kind.OBJECTION
    )


def overrides(acts: Iterable[Act]) -> tuple[Override, ...]:
    """Objections that a named person set aside."""
    return tuple(
        Override(one.by, one.reason, one.items, one.recipients, one.created, one.ends)
        for one in acts
        if one.kind is Kind.OVERRIDE
    )


def findings(acts: Iterable[Act]) -> tuple[Finding, ...]:
    """Findings of a qualified professional that care is necessary."""
    return tuple(
        Finding(one.by, one.recipients, one.categories, one.created, one.ends)
        for one in acts
        if one.kind is Kind.FINDING
    )


def withheld(acts: Iterable[Act]) -> tuple[Withholding, ...]:
    """What is withheld from guardians."""
    return tuple(
        Withholding(one.items, one.weighty, one.created, one.ends)
        for one in acts
        if one.kind is Kind.WITHHOLDING
    )


def closed_to(acts: Iterable[Act]) -> frozenset[str]:
    """Organizations that have said that this is none of their patients: until somebody resolves that."""
    return frozenset(number for one in acts if one.kind is Kind.WRONG_PERSON for number in one.recipients)


def emergencies(acts: Iterable[Act]) -> dict[tuple[str, str], tuple[Emergency, Act]]:
    """Acts in danger to life or health, by (item, system)."""
    return {
        (item, system): (Emergency(one.by, one.reason, item, system), one)
        for one in acts
        if one.kind is Kind.EMERGENCY
        for item in one.items
        for system in one.recipients
    }


def bases(route: Route) -> tuple[Basis, ...]:
    """The grounds beside consent on which a route may carry items."""
    return tuple(Basis(g.rule, frozenset(g.categories), g.reason, g.role, g.limb) for g in route.grounds)
