"""Decisions per second on one core: one person with three guardians, five consents and forty items to six
recipients; and a page of five hundred items.

Measured in CPU time of this process (time.process_time), which is what "per core" means: waiting for a core
that others use does not count. The least disturbed round is the figure, the median stands beside it, and a
fixed loop of plain Python in every round (the floor) tells how fast the machine was. Every person's facts
are new to the library each time, so that nothing is remembered from one round to the next.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any

from consent import Consent, Decision, Facts, Item, Participant, Recipient, Request, decide, prepare

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LOG = "CarePlan/log"
SERVICES = ("skole", "ppt", "bup", "helsestasjon", "fastlege", "koordinerendeEnhet")
REGIMES = ("education", "education", "health", "health", "health", "administration")
NUMBERS = tuple(f"9000000{n}{n}" for n in range(len(SERVICES)))
KINDS = ("maal", "tiltak", "evaluering", "lysglimt", "notat", "melding", "moete", "moete dokument")
FLOOR = 20_000  # steps
AIM = {"decisions_per_second": 50_000, "page_of_500_ms": 15.0}


def person() -> Facts:
    """Three who share responsibility, six services, five consents that overlap and except."""
    guardians = [_participant(f"RelatedPerson/{n}", "foresatt", n, responsibility="felles") for n in range(3)]
    staff = [
        _participant(f"PractitionerRole/{n}", "aktoer", None, service=service, organization=NUMBERS[n])
        for n, service in enumerate(SERVICES)
    ]
    return Facts(
        born=date(2016, 5, 4),
        address_protection="ugradert",
        participants=(*guardians, *staff),
        consents=tuple(_consent(n) for n in range(5)),
        regimes=dict(zip(NUMBERS, REGIMES, strict=True)),
    )


def _participant(reference: str, role: str, key: int | None, **more: Any) -> Participant:
    return Participant(reference, LOG, role, person=None if key is None else str(key), **more)


def _consent(number: int) -> Consent:
    return Consent(
        id=f"Consent/{number}",
        frame=LOG,
        decision="samtykker",
        givers=frozenset(f"RelatedPerson/{n}" for n in range(3)),
        recipients=frozenset(SERVICES[number : number + 2]),
        categories=frozenset(KINDS[:6]) if number % 2 else frozenset({"plan", "maal", "moete"}),
        except_items=frozenset({"Item/7"}) if number == 4 else frozenset(),
        start=date(2026, 1, 1),
        end=date(2027, 1, 1),
        recorded=NOW - timedelta(days=200 + number),
    )


def items(count: int) -> list[Item]:
    """Of all kinds, by all authors, written at different times, some marked."""
    return [
        Item(
            id=f"Item/{n}",
            categories=frozenset(KINDS[n % len(KINDS)].split()),
            labels=frozenset({"NORS"} if n % 17 == 3 else ()),
            third_persons=frozenset({"RelatedPerson/0"} if n % 19 == 5 else ()),
            author_organization=NUMBERS[n % 7] if n % 7 < len(NUMBERS) else None,
            frame=LOG,
            recorded=NOW - timedelta(hours=n),
        )
        for n in range(count)
    ]


def recipients() -> list[Recipient]:
    """Each service's own system."""
    return [Recipient(service, frozenset({NUMBERS[n]})) for n, service in enumerate(SERVICES)]


def measure(rounds: int = 200) -> dict[str, Any]:
    """The figures, the reading of the facts included: of the least disturbed round, and medians."""
    questions = [Request(i, None, r, "push", NOW) for i in items(40) for r in recipients()]
    times: dict[str, list[float]] = {}
    works = _works(questions)
    for _ in range(rounds):
        for name, work in works.items():
            times.setdefault(name, []).append(_seconds(work))
    best, middle = ({name: f(found) for name, found in times.items()} for f in (min, median))
    return {
        "decisions_per_second": round(len(questions) / best["single"]),
        "decisions_per_second_median": round(len(questions) / middle["single"]),
        "decisions_per_second_dated": round(len(questions) / best["dated"]),
        "first_decision_us": round(best["first"] * 1e6),
        "page_of_500_ms": round(best["page"] * 1000, 2),
        "page_of_500_ms_median": round(middle["page"] * 1000, 2),
        "floor_steps_per_second": round(FLOOR / best["floor"]),
        "floor_steps_per_decision": round(best["single"] / len(questions) / best["floor"] * FLOOR),
        "questions": len(questions),
        "permitted": sum(d.permitted for d in _decide(questions, person())),
        "aims": AIM,
    }


def _works(questions: list[Request]) -> dict[str, Callable[[], object]]:
    """What is measured. dated: consents that reach only what was written from a day on."""
    known = person()
    dated = replace(
        known, consents=tuple(replace(c, applies_from=date(2026, 11, 20)) for c in known.consents)
    )
    page = [Request(i, None, recipients()[2], "page", NOW) for i in items(500)]
    return {
        "floor": _floor,
        "single": lambda: _decide(questions, known),
        "dated": lambda: _decide(questions, dated),
        "first": lambda: _decide(questions[:1], known),
        "page": lambda: _decide(page, known),
    }


def rows(found: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """What was measured, the figure, the aim: rows of a table."""
    yield "single decisions a CPU second, one core", f"{found['decisions_per_second']:,}", "at least 50,000"
    yield "  median of the rounds", f"{found['decisions_per_second_median']:,}", ""
    yield "  where consents reach only newer items", f"{found['decisions_per_second_dated']:,}", ""
    yield "a person's first decision, facts read, µs", f"{found['first_decision_us']:,}", ""
    yield "a page of 500 items, CPU ms", f"{found['page_of_500_ms']:.2f}", "under 15"
    yield "  median of the rounds", f"{found['page_of_500_ms_median']:.2f}", ""
    yield "floor: steps of plain Python a CPU second", f"{found['floor_steps_per_second']:,}", ""
    yield "one decision, in steps of the floor", f"{found['floor_steps_per_decision']:,}", ""


def _decide(questions: list[Request], known: Facts) -> list[Decision]:
    prepared = prepare(known)
    return [decide(question, prepared) for question in questions]


def _floor() -> dict[int, tuple[int, object]]:
    """What the interpreter does most: looks up, makes a tuple, keeps it."""
    kept: dict[int, tuple[int, object]] = {}
    for step in range(FLOOR):
        kept[step % 97] = (step, kept.get(step % 89) is None)
    return kept


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


if __name__ == "__main__":
    for what, figure, aim in rows(measure()):
        print(f"{what:45} {figure:>12}   {aim}")
