"""What a coordinator or the young person should be told of a person's consents and birthdays, worked out from
the facts at a moment. Values only: nothing is stored and nobody is told here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from consent.days import OSLO, begins, birthday, ceases, midnight, moment
from consent.life import BIRTHDAYS, NOTICE, REMIND, Event, moments, signing
from consent.model import Consent, Participant
from consent.people import active
from gateway.exchange.facts import PersonFacts
from gateway.hub.acts import Act
from gateway.hub.acts import Kind as ActKind

COORDINATORS = frozenset({"stafettholder", "stedfortreder", "koordinator", "barnekoordinator"})
CHILD = "barn"
PERMIT = "samtykker"


class Kind(StrEnum):
    """What a reminder tells of."""

    CONSENT_ENDS = "consent-ends"  # soon
    CONSENT_ENDED = "consent-ended"
    CONSENT_PARTIAL = "consent-partial"  # for longer than the municipality wants
    BIRTHDAY_NEAR = "birthday-near"  # one that moves who decides
    BIRTHDAY = "birthday"
    DANGER = "danger"  # somebody shared because of danger to life or health: those concerned are to be told


class Addressee(StrEnum):
    """Whom it is for."""

    COORDINATOR = "coordinator"
    YOUNG_PERSON = "young-person"


@dataclass(frozen=True, slots=True)
class Occasion:
    """One thing to tell. at: when it happens. due: from when to tell of it. about: "Consent/…" or the age."""

    kind: Kind
    about: str
    addressee: Addressee
    at: datetime
    due: datetime


def occasions(facts: PersonFacts, now: datetime, since: datetime) -> list[Occasion]:
    """All that have come or will come by themselves, whatever is due now. What had happened before `since`
    (when the person became known here) is not told of. Empty for facts that cannot be read, and for a person
    in no log or plan."""
    if not facts.frames:
        return []
    try:
        return [*_endings(facts, now, since), *_birthdays(facts, now, since)]
    except (TypeError, ValueError):  # then nothing is shared either; whoever mends the facts is told anew
        return []


def _endings(facts: PersonFacts, now: datetime, since: datetime) -> Iterator[Occasion]:
    ends = {m.subject: m.at for m in moments(facts.facts) if m.event == Event.ENDS}
    for one in _permits(facts):
        end = ends.get(one.id)
        if end is None or _renewed(one, facts, end):
            continue
        if now < end:
            due = (moment(end) - REMIND).astimezone(OSLO)
            yield Occasion(Kind.CONSENT_ENDS, one.id, Addressee.COORDINATOR, end, due)
        if end >= since:
            yield Occasion(Kind.CONSENT_ENDED, one.id, Addressee.COORDINATOR, end, end)


def _birthdays(facts: PersonFacts, now: datetime, since: datetime) -> Iterator[Occasion]:
    born = facts.facts.born
    if born is None:
        return
    for age in BIRTHDAYS:
        at = midnight(birthday(born, age)).astimezone(OSLO)
        if now < at:
            due = midnight((at - NOTICE).date())
            yield Occasion(Kind.BIRTHDAY_NEAR, str(age), Addressee.COORDINATOR, at, due)
        if at >= since:
            yield from (Occasion(Kind.BIRTHDAY, str(age), who, at, at) for who in Addressee)


def _permits(facts: PersonFacts) -> Iterator[Consent]:
    """The consents that count, or would if all had signed."""
    for one in facts.facts.consents:
        if one.decision == PERMIT and one.understood and not one.in_error and one.withdrawn is None:
            yield one


def _renewed(one: Consent, facts: PersonFacts, end: datetime) -> bool:
    """Whether another of the same givers reaches at least as far and goes on after its end."""
    return any(
        other.id != one.id
        and other.frame == one.frame
        and other.about == one.about
        and other.givers >= one.givers
        and other.recipients >= one.recipients
        and other.categories >= one.categories
        and begins(other.start) <= moment(end) < ceases(other.end)
        for other in _permits(facts)
    )


def dangers(found: Iterable[Act]) -> Iterator[Occasion]:
    """Acts in danger that nobody has told those concerned of (law.md G4)."""
    for one in found:
        if one.kind is ActKind.EMERGENCY and one.told is None:
            yield Occasion(Kind.DANGER, one.id, Addressee.COORDINATOR, one.created, one.created)


def partial(facts: PersonFacts, now: datetime) -> frozenset[str]:
    """The consents in their period that somebody must still sign, or of which it is unknown who must."""
    return frozenset(
        one.id
        for one in _permits(facts)
        if one.about is None
        and begins(one.start) <= moment(now) < ceases(one.end)
        and not signing(one, facts.prepared_for(one.frame), now).complete
    )


def addressees(
    facts: PersonFacts, about: str, addressee: str, now: datetime, frame: str | None = None
) -> list[Participant]:
    """Who it is for, among those who take part now: of something of one log or plan (`frame`) its own; of a
    consent those of its log or plan, where there are any; of a birthday all."""
    roles = COORDINATORS if addressee == Addressee.COORDINATOR else {CHILD}
    found = [p for p in facts.facts.participants if p.role in roles and active(p, now)]
    if frame is not None:
        return [p for p in found if p.frame == frame]
    of_consent = next((c.frame for c in facts.facts.consents if c.id == about), None)
    return [p for p in found if p.frame == of_consent] or found
