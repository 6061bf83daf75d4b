"""Decisions per second on one core: one person with three guardians, five consents and forty items to six
recipients; and a page of five hundred items.

Every person's facts are new to the library each time, so that nothing is remembered from one round to the
next.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any

from consent import Consent, Facts, Item, Participant, Recipient, Request, decide, prepare

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LOG = "CarePlan/log"
SERVICES = ("skole", "ppt", "bup", "helsestasjon", "fastlege", "koordinerendeEnhet")
REGIMES = ("education", "education", "health", "health", "health", "administration")
NUMBERS = tuple(f"9000000{n}{n}" for n in range(len(SERVICES)))
KINDS = ("maal", "tiltak", "evaluering", "lysglimt", "notat", "melding", "moete", "moete dokument")
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


def measure(rounds: int = 60) -> dict[str, Any]:
    """The figures: decisions per second, the reading of the facts included, and milliseconds per page.
    Medians."""
    questions = [Request(i, None, r, "push", NOW) for i in items(40) for r in recipients()]
    page = [Request(i, None, recipients()[2], "page", NOW) for i in items(500)]
    single = median(_seconds(lambda: _decide(questions)) for _ in range(rounds))
    whole = median(_seconds(lambda: _decide(page)) for _ in range(rounds))
    permitted = sum(d.permitted for d in _decide(questions))
    return {
        "decisions_per_second": round(len(questions) / single),
        "page_of_500_ms": round(whole * 1000, 2),
        "questions": len(questions),
        "permitted": permitted,
        "aims": AIM,
    }


def rows(found: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """What was measured, the figure, the aim: rows of a table."""
    yield "single decisions a second, one core", f"{found['decisions_per_second']:,}", "at least 50,000"
    yield "a page of 500 items, ms", f"{found['page_of_500_ms']:.2f}", "under 15"


def _decide(questions: list[Request]) -> list[Any]:
    prepared = prepare(person())
    return [decide(question, prepared) for question in questions]


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    for what, figure, aim in rows(measure()):
        print(f"{what:40} {figure:>12}   {aim}")
