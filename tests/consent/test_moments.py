"""The moments timers wait for: no decision changes between two of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent import (
    Circumstance,
    Facts,
    Finding,
    Kind,
    Objection,
    Override,
    Request,
    Withholding,
    active,
    decide,
    edges,
)
from consent.days import age, birthday
from tests.consent.many_worlds import Dice, asked, world
from tests.consent.random_worlds import QUESTIONS, worlds
from tests.consent.worlds import BOTH, NOW, PARENTS, facts, staff


def test_each_edge_follows_the_one_before() -> None:
    known = facts(
        *PARENTS,
        staff("bup", start=date(2026, 9, 14), end=date(2027, 1, 31)),
        replace(BOTH, withdrawn=datetime(2027, 3, 1, 12, tzinfo=UTC), recorded=None),
    )
    seen, time = [], datetime(2026, 8, 1, tzinfo=UTC)
    while (found := edges(known, time)) is not None:
        seen.append(found.isoformat())
        time = found
    assert seen == [
        "2026-09-01T00:00:00+02:00",
        "2026-09-14T00:00:00+02:00",
        "2027-02-01T00:00:00+01:00",
        "2027-03-01T13:00:00+01:00",
        "2027-06-19T00:00:00+02:00",
        "2029-03-14T00:00:00+01:00",
        "2032-03-14T00:00:00+01:00",
        "2033-03-14T00:00:00+01:00",
        "2035-03-14T00:00:00+01:00",
    ]


@settings(max_examples=200)
@given(worlds(), st.sampled_from(QUESTIONS), st.floats(0, 1))
def test_no_answer_changes_between_two_edges(known: Facts, request: Request, part: float) -> None:
    following = edges(known, request.time) or request.time + timedelta(days=4000)
    later = request.time + (following - request.time) * part
    assume_before = min(later, following - timedelta(microseconds=1))
    assert decide(request, known).permitted == decide(replace(request, time=assume_before), known).permitted


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**63), st.floats(0, 1))
def test_no_answer_changes_between_two_edges_of_any_fact(seed: int, part: float) -> None:
    dice = Dice(seed)
    known, request = world(dice), asked(dice)
    following = edges(known, request.time) or request.time + timedelta(days=4000)
    later = min(request.time + (following - request.time) * part, following - timedelta(microseconds=1))
    assert decide(request, known).outcome == decide(replace(request, time=later), known).outcome


def test_circumstances_and_whatever_else_has_a_period_have_edges() -> None:
    period = {"start": date(2026, 12, 1), "end": date(2026, 12, 24)}
    some: tuple[dict[str, Any], ...] = (
        {"circumstances": (Circumstance(Kind.CARE_ORDER, True, **period),)},
        {"findings": (Finding("x", frozenset(), frozenset(), **period),)},
        {"objections": (Objection(**period),)},
        {"overrides": (Override("x", "x", frozenset(), frozenset(), **period),)},
        {"withheld": (Withholding(frozenset(), True, **period),)},
    )
    for more in some:
        known = facts(**more)
        first = edges(known, NOW)
        assert first is not None
        second = edges(known, first)
        assert [e.isoformat() for e in (first, second) if e] == [
            "2026-12-01T00:00:00+01:00",
            "2026-12-25T00:00:00+01:00",
        ], more


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        edges(facts(), NOW.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("born", "day", "years"),
    [
        ((2010, 11, 21), (2026, 11, 20), 15),
        ((2010, 11, 21), (2026, 11, 21), 16),
        ((2012, 2, 29), (2027, 2, 28), 14),
        ((2012, 2, 29), (2027, 3, 1), 15),
        ((2012, 2, 29), (2024, 2, 28), 11),
        ((2012, 2, 29), (2024, 2, 29), 12),
        ((2012, 2, 29), (2028, 2, 28), 15),
        ((2012, 2, 29), (2028, 2, 29), 16),
        ((2012, 2, 29), (2030, 2, 28), 17),
        ((2012, 2, 29), (2030, 3, 1), 18),
    ],
)
def test_an_age_changes_on_the_birthday(
    born: tuple[int, int, int], day: tuple[int, int, int], years: int
) -> None:
    assert age(date(*born), date(*day)) == years


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.integers(1, 100))
def test_a_birthday_is_the_first_day_of_that_age(born: date, years: int) -> None:
    on = birthday(born, years)
    assert (age(born, on), age(born, on - timedelta(days=1))) == (years, years - 1)


def test_first_and_last_day_of_taking_part_count_whole() -> None:
    one = staff("bup", start=date(2026, 9, 14), end=date(2026, 9, 14))
    inside = [datetime(2026, 9, 13, 22, tzinfo=UTC), datetime(2026, 9, 14, 21, 59, tzinfo=UTC)]
    outside = [datetime(2026, 9, 13, 21, 59, tzinfo=UTC), datetime(2026, 9, 14, 22, tzinfo=UTC)]
    assert [active(one, t) for t in inside + outside] == [True, True, False, False]
