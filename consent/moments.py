"""The moments at which a decision about a person may change by itself: what durable timers wait for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from consent.days import OSLO, begins, birthday, ceases, midnight, moment
from consent.model import Facts
from consent.rules import RULES

AGES = (12, 15, 16, 18)


def edges(facts: Facts, after: datetime) -> datetime | None:
    """The next moment later than `after` when any decision may change, in Europe/Oslo; None if none is known.

    Consents' and participants' starts and ends, birthdays, and the days rules come and go. An end named by
    its day comes the midnight after. Raises on facts that cannot be read (decide denies on those).
    """
    since = moment(after)
    later = [m for m in _moments(facts) if m > since and m.year < date.max.year]
    return min(later).astimezone(OSLO) if later else None


def _moments(facts: Facts) -> Iterator[datetime]:
    for participant in facts.participants:
        yield begins(participant.start)
        yield ceases(participant.end)
    for consent in facts.consents:
        yield begins(consent.start)
        yield ceases(consent.end)
        yield from (moment(t) for t in (consent.recorded, consent.withdrawn) if t is not None)
    dated = (facts.circumstances, facts.findings, facts.objections, facts.overrides, facts.withheld)
    for known in dated:
        for one in known:
            yield begins(one.start)
            yield ceases(one.end)
    if facts.born is not None:
        ages = {*AGES, facts.settings.consent_age, facts.settings.joint_age}
        yield from (midnight(birthday(facts.born, years)) for years in ages)
    for rule in RULES:
        yield begins(rule.valid_from)
        yield ceases(rule.valid_to)
