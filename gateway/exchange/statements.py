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
from consent.model import Circumstance, Consent, Participant
from gateway.config import Settings
from gateway.hub.persons import IdentifierKey
from gateway.hub.versions import Version
from mappings import reading
from mappings.canonical import HPR


def counts(version: Version, settings: Settings) -> bool:
    """Whether what it states of who decides what counts: it was made by a system that may say so."""
    maker = settings.system(version.created_by)
    return maker is not None and (maker.adapter != "fhir" or maker.states_facts)


def consents(versions: Iterable[Version], settings: Settings) -> list[Consent]:
    """What was consented to and refused. A mere correction of a record is no later act: the time of an act is
    that of its first version."""
    return [
        replace(act, id=v.ref, recorded=v.first_recorded, understood=act.understood and counts(v, settings))
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
