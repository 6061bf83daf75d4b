"""Stretches of days: they follow each other without a gap, today is in the last, and each day counts once."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.hub.tallies import Kind
from gateway.operating.periods import VIEWS, View, periods, summed

DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))


@given(st.sampled_from(VIEWS), DAYS)
def test_they_follow_each_other_and_today_is_in_the_last(view: View, today: date) -> None:
    found = periods(view, today)
    assert len(found) == {"dager": 14, "uker": 12, "maaneder": 12}[view]
    assert all(one.last + timedelta(days=1) == after.first for one, after in pairwise(found))
    assert [one for one in found if one.running] == [found[-1]]
    assert found[-1].first <= today <= found[-1].last


@given(st.sampled_from(VIEWS), DAYS, st.dictionaries(st.integers(0, 400), st.integers(0, 50), max_size=20))
def test_each_day_counts_once_where_it_belongs(view: View, today: date, by_age: dict[int, int]) -> None:
    days = {(today - timedelta(days=age), Kind.TAKEN): n for age, n in by_age.items()}
    over = periods(view, today)
    within = sum(n for (on, _), n in days.items() if on >= over[0].first)
    assert sum(n or 0 for n in summed(days, Kind.TAKEN, over, date.min)) == within


def test_months_and_weeks_are_whole() -> None:
    months = periods("maaneder", date(2026, 3, 31))
    assert (months[0].first, months[-1].last) == (date(2025, 4, 1), date(2026, 3, 31))
    assert all(one.first.day == 1 for one in months)
    assert all(one.first.isoweekday() == 1 for one in periods("uker", date(2026, 3, 31)))


def test_what_tells_the_longest_is_not_added_up() -> None:
    today = date(2026, 11, 22)
    days = {(today, Kind.WAIT): 60, (today - timedelta(days=1), Kind.WAIT): 90}
    assert summed(days, Kind.WAIT, periods("uker", today), date.min)[-1] == 90


@pytest.mark.parametrize(
    ("since", "known"), [(date(2026, 11, 20), 3), (date(2026, 11, 30), 0), (date.min, 14)]
)
def test_what_was_before_the_counting_is_not_nothing_but_not_known(since: date, known: int) -> None:
    found = summed({}, Kind.REFUSED_IN, periods("dager", date(2026, 11, 22)), since)
    assert found == [None] * (14 - known) + [0] * known
