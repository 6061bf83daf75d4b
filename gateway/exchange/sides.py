"""Two persons that were found to be one: what each had agreed to before that permits nothing of the other's.
Refusals, withdrawals and objections of both count for both at once; a new consent counts for all of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from sqlalchemy import Connection

import consent
from consent.model import Consent, Facts, Participant
from gateway.exchange import statements
from gateway.hub import identities, joining, patients
from gateway.hub.acts import Act
from gateway.hub.joining import Merge
from gateway.hub.versions import Version
from mappings import reading
from mappings.persons import PersonReading

PERMIT = "samtykker"
_STRICT = ("ugradert", "klientadresse", "fortrolig", "strengtFortrolig")


@dataclass(frozen=True, slots=True)
class Parting:
    """One standing merge. joined: the Patients that came with the person who became a signpost."""

    merge: Merge
    joined: frozenset[str]

    def apart(self, one: str, other: str | None) -> bool:
        """Whether two Patients (None: nobody knows which) were two people's until then."""
        return other is None or (one in self.joined) is not (other in self.joined)


@dataclass(frozen=True, slots=True)
class Sides:
    """How decisions about what each Patient is about are prepared. Empty for a person never merged."""

    prepared: Mapping[str | None, consent.Prepared] = field(default_factory=dict)  # by id of the Patient
    facts: Mapping[str | None, Facts] = field(default_factory=dict)

    def of(self, patient: str | None) -> consent.Prepared | None:
        """For what is about this Patient; the strictest where nobody knows; None where there is one alone."""
        return self.prepared.get(patient) or self.prepared.get(None)


def partings(
    connection: Connection, tenant: str, found: Iterable[str], at: datetime | None = None
) -> list[Parting]:
    """The merges among these Patients that stand. at: that stood then."""
    merges = joining.of_person(connection, tenant, *found)
    return [
        Parting(one, frozenset({one.joined, *patients.merged_into(connection, tenant, one.joined)}))
        for one in merges
        if (one.undone is None if at is None else one.created <= at and not (one.undone and one.undone <= at))
    ]


def sides(
    facts: Facts,
    found: Sequence[str],
    merges: Sequence[Parting],
    decided: Sequence[Act],
    about: Mapping[str, str | None] | None = None,
) -> Sides:
    """What holds on each side. found: ids of the Patients; about: consent -> the one that it is about (None:
    nobody knows), for those that were given before a merge and came after it."""
    own: dict[str | None, Facts] = {
        side: _on(facts, side, merges, decided, about or {}) for side in (*found, None)
    }
    return Sides({side: consent.prepare(one) for side, one in own.items()}, own)


def _on(
    facts: Facts,
    side: str | None,
    merges: Sequence[Parting],
    decided: Sequence[Act],
    about: Mapping[str, str | None],
) -> Facts:
    """The facts without what was agreed to on another side before the two were one."""
    consents: set[str] = set()
    acts: set[str] = set()
    for one in merges:
        for patient, refs in one.merge.consents.items():
            consents.update(refs if one.apart(patient, side) else ())
        for late in facts.consents:
            before = late.recorded is None or late.recorded < one.merge.created
            if late.id in about and before and _apart(one, about[late.id], side):
                consents.add(late.id)
        for person, ids in one.merge.acts.items():
            acts.update(ids if one.apart(person, side) else ())
    left = [act for act in decided if act.id not in acts]
    return replace(
        facts,
        consents=tuple(_silent(c) if c.id in consents else c for c in facts.consents),
        findings=statements.findings(left),
        overrides=statements.overrides(left),
    )


def _apart(one: Parting, patient: str | None, side: str | None) -> bool:
    return patient is None or one.apart(patient, side)


def _silent(one: Consent) -> Consent:
    """A consent that permits nothing; what it takes back, excepts or refuses stands."""
    return replace(one, categories=frozenset()) if one.decision == PERMIT else one


def person_of(found: Sequence[Version], own: str) -> PersonReading | None:
    """The child as its Patients together tell: what they contradict each other about is unknown, and the
    strictest protection counts. own: the Patient whose numbers count."""
    known = {v.ref: reading.person_of(v.resource) for v in found}
    if len(known) < 2:
        return next(iter(known.values()), None)
    first = known.get(own) or next(iter(known.values()))
    return replace(first, born=_agreed(known.values()), address_protection=_strictest(known.values()))


def _agreed(found: Iterable[PersonReading]) -> date | None:
    said = {one.born for one in found}
    return said.pop() if len(said) == 1 else None


def _strictest(found: Iterable[PersonReading]) -> str | None:
    said = [one.address_protection for one in found]
    known = [one for one in said if one in _STRICT]
    return max(known, key=_STRICT.index) if len(known) == len(said) else None


def one_child(
    connection: Connection, tenant: str, person: str, participants: list[Participant]
) -> list[Participant]:
    """The participants, the child by one number: a D-number and the birth number that took its place are the
    same child where this person is found by both."""
    if len({p.person for p in participants if p.role == "barn" and p.person}) < 2:
        return participants
    own = identities.of_person(connection, tenant, person)
    first = min(own, default=None)
    return [replace(p, person=first) if p.person in own else p for p in participants]


def patient_of(frame: Version) -> str | None:
    """Whose Patient a log or plan is about."""
    return patients.stated_by(frame.resource)
