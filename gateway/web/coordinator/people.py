"""Who takes part around a child now, and who did before, over all logs and plans, as far as one reader may
see them. No national id, and no place of a protected child, stands in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from consent import active
from consent.days import begins
from gateway.exchange.facts import FAMILY
from gateway.web.consents_shown import Teller
from gateway.web.insight import Insight
from gateway.web.names import phone_of
from gateway.web.standing import CHILD


@dataclass(frozen=True, slots=True)
class Taking:
    """One who takes or took part, in one role."""

    name: str
    role: str
    service: str
    place: str
    phone: str
    start: date | datetime | None
    end: date | datetime | None
    family: bool


def people(insight: Insight, told: Teller) -> tuple[list[Taking], list[Taking]]:
    """Those of now, who coordinates first; those of before, the latest first."""
    now: dict[tuple[str, str, str], Taking] = {}
    before: dict[tuple[str, str, str], Taking] = {}
    for one in insight.here.facts.facts.participants:
        if one.id in insight.seen:
            made = Taking(
                name=told.full_name(one.id),
                role=told.words.of("role", one.role),
                service=told.words.of("service", one.service) if one.service else "",
                place=told.recipient(one.organization) if one.organization else "",
                phone=phone_of(insight.seen[one.id]) or "",
                start=one.start,
                end=one.end,
                family=one.role in FAMILY or one.role == CHILD,
            )
            kept = now if active(one, insight.now) else before
            kept.setdefault((made.name, made.role, made.place), made)
    return (
        sorted(now.values(), key=lambda t: (t.family, t.service, t.name)),
        sorted(before.values(), key=lambda t: (begins(t.end), t.name), reverse=True),
    )
