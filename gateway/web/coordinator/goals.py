"""Goals with how far they have come and by when, and measures by the service that is responsible: values for
a picture and for tables, from what one reader may see. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from consent.days import day
from gateway.web.chart import along
from gateway.web.consents_shown import Teller
from gateway.web.insight import Insight
from mappings import commitments, reading, telling
from mappings.canonical import extension
from mappings.commitments import commitment_of
from mappings.model import Resource

OWN_WORDS: Final = extension("egne-ord")
MEASURE: Final = frozenset({"tiltak"})
REACHED: Final = {"naadd": 100, "delvisNaadd": 50}  # percent: as far as the evaluation says
LEFT: Final = 4.0  # percent of the picture, for the numbers
MOST: Final = 100  # on a page, the most urgent first; the timeline has all
DRAWN: Final = 20  # in the picture


@dataclass(frozen=True, slots=True)
class Goal:
    """One goal. due: the next deadline of one that is open, else the last. late: it has passed and the goal
    is open. x, width: of its time in the picture, in percent; None where its days are not known."""

    title: str
    own_words: str
    status: str
    result: str
    reached: int
    start: date | None
    due: date | None
    late: bool
    open: bool
    x: float | None = None
    width: float | None = None


@dataclass(frozen=True, slots=True)
class Goals:
    """The most urgent. count: of all. today: where it is in the picture, in percent; None where nothing is
    drawn."""

    goals: list[Goal]
    count: int
    today: float | None
    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure. who: whoever is responsible, "" for nobody."""

    title: str
    text: str
    status: str
    who: str
    start: date | None
    due: date | None
    late: bool
    open: bool


def goals(insight: Insight, told: Teller) -> Goals:
    """The goals, the nearest deadline first, those that are over last. Noted as told."""
    today = day(insight.now)
    found = {ref: _goal(ref, insight, told, today) for ref in _of_type(insight, "Goal")}
    order = sorted(found, key=lambda ref: (not found[ref].open, found[ref].due or date.max, ref))
    shown = [found[ref] for ref in order[:MOST]]
    insight.tell(order[:MOST])
    dated = [one for one in shown[:DRAWN] if one.start and one.due and one.start <= one.due]
    if not dated:
        return Goals(shown, len(found), None, None, None)
    first = min(today, *(one.start or today for one in dated))
    last = max(today, *(one.due or today for one in dated))
    placed = [_placed(one, first, last) for one in shown]
    return Goals(placed, len(found), along(today, first, last, LEFT), first, last)


@dataclass(frozen=True, slots=True)
class Measures:
    """By service in words, nobody's first ("" as the service). count: of all."""

    by_service: dict[str, list[Measure]]
    count: int


def measures(insight: Insight, told: Teller) -> Measures:
    """The measures, those that are open and soon due first. Noted as told."""
    of_type = _of_type(insight, "ServiceRequest")
    found = {
        ref: _measure(ref, insight, told)
        for ref in of_type
        if reading.category_of(insight.seen[ref]) == MEASURE
    }
    order = sorted(found, key=lambda ref: (not found[ref][1].open, found[ref][1].due or date.max, ref))
    insight.tell(order[:MOST])
    out: dict[str, list[Measure]] = {}
    for service, one in (found[ref] for ref in order[:MOST]):
        out.setdefault(service, []).append(one)
    return Measures(dict(sorted(out.items(), key=lambda pair: pair[0].casefold())), len(found))


def _of_type(insight: Insight, kind: str) -> Iterable[str]:
    return [
        ref
        for ref, resource in insight.seen.items()
        if resource["resourceType"] == kind and not reading.in_error(resource)
    ]


def _goal(ref: str, insight: Insight, told: Teller, today: date) -> Goal:
    resource, words = insight.seen[ref], told.words
    made = commitment_of(resource)
    dues = [_day(one) for one in made.deadlines] if made else []
    open_ = made is not None and made.open
    due = next((one for one in dues if one >= today), dues[-1] if dues else None)
    result = _coded(resource.get("achievementStatus"))
    return Goal(
        title=telling.title_of(resource) or "",
        own_words=own_words(resource),
        status=words.texts.get(f"standing.{resource.get('lifecycleStatus')}", ""),
        result=words.texts.get(f"result.{result}", ""),
        reached=REACHED.get(result, 0),
        start=_read(resource.get("startDate")),
        due=due,
        late=open_ and due is not None and due < today,
        open=open_,
    )


def _measure(ref: str, insight: Insight, told: Teller) -> tuple[str, Measure]:
    resource, words = insight.seen[ref], told.words
    made = commitment_of(resource)
    responsible = made.responsible if made else None
    people = {p.id: p for p in insight.here.facts.facts.participants}
    who = people.get(responsible or "")
    service = words.of("service", who.service) if who is not None and responsible in insight.seen else ""
    period = resource.get("occurrencePeriod") or {}
    due = _day(made.deadlines[-1]) if made and made.deadlines else None
    return service, Measure(
        title=telling.title_of(resource) or "",
        text=telling.text_of(resource) or "",
        status=words.texts.get(f"standing.{resource.get('status')}", ""),
        who=told.full_name(responsible) if responsible in insight.seen else "",
        start=_read(period.get("start")),
        due=due,
        late=made is not None and made.open and due is not None and due < day(insight.now),
        open=made is not None and made.open,
    )


# --- the picture -----------------------------------------------------------------------------------------


def _placed(one: Goal, first: date, last: date) -> Goal:
    if not (one.start and one.due and one.start <= one.due):
        return one
    x, end = along(one.start, first, last, LEFT), along(one.due, first, last, LEFT)
    return replace(one, x=x, width=max(0.5, round(end - x, 2)))


# --- reading ---------------------------------------------------------------------------------------------


def _day(value: commitments.Deadline) -> date:
    return day(value) if isinstance(value, datetime) else value


def _read(text: Any) -> date | None:
    try:
        return date.fromisoformat(str(text)[: len("2026-11-21")]) if text else None
    except ValueError:
        return None


def _coded(concept: Any) -> str:
    codings = concept.get("coding") or () if isinstance(concept, dict) else ()
    return next((str(c["code"]) for c in codings if isinstance(c, dict) and c.get("code")), "")


def own_words(resource: Resource) -> str:
    """What the child said of a goal, in the child's words; "" where nothing is said."""
    return _extension(resource, OWN_WORDS)


def _extension(resource: Resource, url: str) -> str:
    found = (e.get("valueString") for e in resource.get("extension") or () if e.get("url") == url)
    return next((text for text in found if isinstance(text, str)), "")
