"""The life of a consent: who must sign, what is still missing, withdrawal, and the moments at which somebody
must be told or asked (expiry, birthdays). Pure: nothing is sent, and the time comes from outside.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from consent.acts import CATEGORIES
from consent.days import NEVER, OSLO, birthday, ceases, midnight, moment
from consent.deciders import Deciders, Matter
from consent.evaluate import Prepared
from consent.model import Consent, Facts
from consent.people import CHILD
from consent.standing import Standing

BIRTHDAYS = (12, 15, 16, 18)
REMIND = timedelta(days=30)  # before a consent ends
NOTICE = timedelta(days=60)  # before a birthday that moves who decides
HEAR_AGE, WEIGH_AGE = 7, 12  # pbrl § 4-4


@dataclass(frozen=True, slots=True)
class Signing:
    """Who must sign so that a consent counts, as references: one group for each person (any reference of the
    group is that person's). one_of: of these groups one suffices. signed: groups that have. missing: groups
    that are still needed. unknown: it cannot be told who must (W9), so nothing counts. hear, weigh: the child
    must be heard, with great weight (W6)."""

    must: tuple[tuple[str, ...], ...]
    one_of: tuple[tuple[str, ...], ...]
    missing: tuple[tuple[str, ...], ...]
    signed: tuple[tuple[str, ...], ...]
    unknown: bool
    hear: bool
    weigh: bool

    @property
    def complete(self) -> bool:
        """Whether all have signed; until then the consent is partial and permits nothing."""
        return not self.unknown and not self.missing


def signing(consent: Consent, prepared: Prepared, time: datetime) -> Signing:
    """Who must sign a consent, by age and responsibility, and who has: on this record or, towards the same
    recipients and categories, on others. Raises TypeError or ValueError when `time` is no moment."""
    standing = prepared.at(time)
    deciders = _asked(consent, standing)
    everyone = {key: _references(key, standing) for key in sorted(deciders.everyone)}
    signed = {key for key in everyone if _has_signed(key, consent, standing)}
    one_of = tuple(everyone[key] for key in sorted(deciders.one_of))
    lacking = set(deciders.keys or ()) - signed
    if deciders.one_of and deciders.one_of.isdisjoint(signed):
        lacking |= deciders.one_of
    return Signing(
        must=tuple(everyone[key] for key in sorted(deciders.keys or ())),
        one_of=one_of,
        missing=tuple(everyone[key] for key in sorted(lacking)),
        signed=tuple(everyone[key] for key in sorted(signed)),
        unknown=deciders.keys is None or standing.fault is not None,
        hear=HEAR_AGE <= standing.age < 16,
        weigh=WEIGH_AGE <= standing.age < 16,
    )


def _asked(consent: Consent, standing: Standing) -> Deciders:
    """Of all its recipients the most that any asks. One not known to be outside health care may be in it."""
    numbers = _organizations(consent, standing)
    health = not numbers or any(map(standing.health, numbers))
    one = bool(consent.categories) and consent.categories <= standing.world.settings.ordinary
    return standing.deciders(Matter.LOG_HEALTH if health else Matter.LOG, hidden=False, one=one)


def _organizations(consent: Consent, standing: Standing) -> frozenset[str]:
    members = [m for m in standing.world.people.members if m.active(standing.time) and m.organization]
    named = {
        m.organization
        for m in members
        if m.organization and not consent.recipients.isdisjoint({m.id, m.service, m.organization})
    }
    return frozenset(named | {r for r in consent.recipients if r.isdecimal()})


def _has_signed(key: str, consent: Consent, standing: Standing) -> bool:
    """Whether this giver permits every recipient every category of the consent, by whatever records."""
    if key in {standing.world.people.keys.get(giver) for giver in consent.givers}:
        return consent.withdrawn is None and not consent.in_error
    wills = [standing.will(key, name, consent.purpose) for name in _organizations(consent, standing)]
    categories = consent.categories & CATEGORIES
    return bool(wills) and all(
        categories <= frozenset[str]().union(*(p.categories for p in w.permits)) for w in wills
    )


def _references(key: str, standing: Standing) -> tuple[str, ...]:
    return standing.world.people.references(key) or (standing.named(key),)


def withdraw(consent: Consent, by: str, at: datetime, prepared: Prepared) -> Consent:
    """The consent withdrawn by one who must decide, or who gave it: one is enough. Already withdrawn, it
    stays as it was. Its exceptions stand on. Raises ValueError when `by` may not, or `at` has no zone."""
    if consent.withdrawn is not None:
        return consent
    standing = prepared.at(at)
    key = standing.world.people.keys.get(by)
    may = _asked(consent, standing).everyone | {standing.world.people.keys.get(g) for g in consent.givers}
    if key is None or (key not in may and key != CHILD):
        raise ValueError("only those who must decide, or who gave it, may withdraw a consent")
    return replace(consent, withdrawn=moment(at), withdrawn_by=by)


class Event(StrEnum):
    """What happens at a moment."""

    STARTS = "starts"  # a consent begins to count
    REMIND = "remind"  # a consent ends soon: ask again
    ENDS = "ends"  # a consent has ended
    NOTICE = "notice"  # a birthday that moves who decides is near: tell the coordinator
    BIRTHDAY = "birthday"  # it is there: weigh everything anew, ask the young person


@dataclass(frozen=True, slots=True)
class Moment:
    """at: in Europe/Oslo. subject: the consent's id, or the age."""

    at: datetime
    event: Event
    subject: str


def moments(facts: Facts) -> tuple[Moment, ...]:
    """Every moment of the consents and birthdays at which somebody must be told or asked, in order. Raises
    TypeError or ValueError on facts that cannot be read."""
    found = [m for consent in facts.consents for m in _of_consent(consent)]
    if facts.born is not None:
        ages = sorted({*BIRTHDAYS, facts.settings.consent_age, facts.settings.joint_age})
        found += [m for age in ages for m in _of_birthday(facts.born, age)]
    return tuple(sorted(found, key=lambda m: (m.at, m.event, m.subject)))


def _of_consent(consent: Consent) -> Iterator[Moment]:
    if consent.decision != "samtykker" or consent.in_error or consent.withdrawn is not None:
        return
    if consent.start is not None:
        start = moment(consent.start) if isinstance(consent.start, datetime) else midnight(consent.start)
        yield Moment(start.astimezone(OSLO), Event.STARTS, consent.id)
    end = ceases(consent.end)
    if end < NEVER:
        yield Moment((end - REMIND).astimezone(OSLO), Event.REMIND, consent.id)
        yield Moment(end.astimezone(OSLO), Event.ENDS, consent.id)


def _of_birthday(born: date, age: int) -> Iterator[Moment]:
    at = midnight(birthday(born, age)).astimezone(OSLO)
    yield Moment(midnight((at - NOTICE).date()).astimezone(OSLO), Event.NOTICE, str(age))
    yield Moment(at, Event.BIRTHDAY, str(age))
