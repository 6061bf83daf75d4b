"""No count below five can be known: by somebody who knows how it is done, all that is shown, and how many
there are in all; nor by subtracting what is shown at one time from what is shown at another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise, product

from hypothesis import example, given
from hypothesis import strategies as st

from gateway.operating import suppression
from gateway.operating.suppression import APART, MANY, NEAREST, SMALL, changed, settled, shown, times

CELLS = ("a", "b", "c", "d")
SIZES = st.one_of(st.integers(0, 6), st.integers(0, 14))
COUNTS = st.integers(2, 4).flatmap(lambda k: st.tuples(*[SIZES] * k))


def counts(numbers: tuple[int, ...]) -> dict[str, int]:
    return dict(zip(CELLS, numbers, strict=False))


def possible(told: suppression.Shown, whole: int) -> Iterator[tuple[int, ...]]:
    """All that may stand behind what is shown, for somebody who knows the sum from elsewhere: every way to
    fill what is hidden that would be shown just so."""
    hidden = [cell for cell, number in told.cells.items() if number is None]
    left = whole - sum(n for n in told.cells.values() if n is not None)
    for some in product(range(left + 1), repeat=max(0, len(hidden) - 1)):
        if sum(some) > left:
            continue
        filled = dict(zip(hidden, (*some, left - sum(some)), strict=False)) if hidden else {}
        found = {cell: filled.get(cell, n if n is not None else 0) for cell, n in told.cells.items()}
        if sum(found.values()) == whole and shown(found) == told:
            yield tuple(found.values())


@given(COUNTS)
@example((4, 6))
@example((0, 10))
@example((4, 4, 4, 4))
@example((0, 0, 0, 10))
@example((4, 5, 5, 9))
@example((9, 0, 9, 0))
@example((2, 5, 4, 4))
@example((0, 5, 5, 20))
def test_a_hidden_small_count_may_be_any_below_five(numbers: tuple[int, ...]) -> None:
    told = shown(counts(numbers))
    worlds = list(possible(told, sum(numbers)))
    assert numbers in worlds
    for place, (cell, number) in enumerate(told.cells.items()):
        if numbers[place] >= SMALL:
            continue
        assert number is None, cell
        if told.whole is not None:  # else nothing is shown that would tell
            assert {world[place] for world in worlds} >= set(range(SMALL)), (cell, worlds)


@given(COUNTS)
def test_where_all_together_are_few_nothing_is_shown(numbers: tuple[int, ...]) -> None:
    told = shown(counts(numbers))
    few = sum(numbers) < suppression.TOGETHER and min(numbers) < SMALL
    assert (told.whole is None) is few
    if few:
        assert set(told.cells.values()) == {None}
        same = [shown(counts(other)) for other in product(range(3), repeat=len(numbers))]
        assert all(one == told for one in same)  # fewer than ten all look the same, one child or none too


@given(COUNTS)
def test_what_is_shown_is_true(numbers: tuple[int, ...]) -> None:
    told = shown(counts(numbers))
    assert told.whole in (None, sum(numbers))
    assert all(n is None or n == counts(numbers)[cell] for cell, n in told.cells.items())
    if min(numbers) >= SMALL:
        assert None not in told.cells.values()


# --- over time ---------------------------------------------------------------------------------------------

CHILD = st.sampled_from([None, *CELLS])  # in which cell; None: not in the table
STEPS = st.lists(st.lists(st.tuples(st.integers(0, 24), CHILD), max_size=9), min_size=1, max_size=12)


def history(
    start: list[str | None], steps: list[list[tuple[int, str | None]]]
) -> Iterator[Mapping[str, int]]:
    """The counts at each time, of children who come, go and move."""
    now = list(start)
    yield {cell: now.count(cell) for cell in CELLS}
    for step in steps:
        for child, cell in step:
            now[child] = cell
        yield {cell: now.count(cell) for cell in CELLS}


def published(states: Iterator[Mapping[str, int]]) -> list[Mapping[str, int]]:
    """What is shown of at each time."""
    ever: list[Mapping[str, int]] = []
    out: list[Mapping[str, int]] = []
    for state in states:
        out.append(settled(state, reversed(ever)))
        if out[-1] not in ever:
            ever.append(out[-1])
    return out


THERE: list[tuple[int, str | None]] = [(child, "b") for child in range(5)]
BACK: list[tuple[int, str | None]] = [*((child, "a") for child in range(5)), (24, "b")]


@given(st.lists(CHILD, min_size=25, max_size=25), STEPS)
@example([*"a" * 18, *"b" * 5, None, None], [THERE, BACK])  # as at first, but for one who is new
def test_any_two_that_are_ever_shown_are_the_same_or_five_children_apart(
    start: list[str | None], steps: list[list[tuple[int, str | None]]]
) -> None:
    found = published(history(start, steps))
    for one in found:
        for other in found:
            assert one == other or changed(one, other) >= APART


@given(st.lists(CHILD, min_size=25, max_size=25), st.lists(st.tuples(st.integers(0, 24), CHILD), max_size=4))
def test_what_fewer_than_five_children_do_changes_nothing_that_is_shown(
    start: list[str | None], few: list[tuple[int, str | None]]
) -> None:
    """One child that comes, goes or moves is not seen, whoever looks before and after."""
    before, after = published(history(start, [few]))
    assert shown(before) == shown(after)


@given(STEPS)
def test_what_is_shown_is_never_far_from_what_is(steps: list[list[tuple[int, str | None]]]) -> None:
    states = list(history([None] * 25, steps))
    for state, told in zip(states, published(iter(states)), strict=True):
        assert changed(state, told) < APART


@given(st.lists(CHILD, min_size=25, max_size=25), st.lists(CHILD, min_size=25, max_size=25))
def test_as_many_have_changed_as_must_have(start: list[str | None], end: list[str | None]) -> None:
    one, other = ({cell: each.count(cell) for cell in CELLS} for each in (start, end))
    found = changed(one, other)
    assert found == changed(other, one) <= sum(a != b for a, b in zip(start, end, strict=True))
    assert (found == 0) is (one == other)


# --- times -------------------------------------------------------------------------------------------------

DAYS = st.lists(st.integers(0, 1000), max_size=60)


@given(DAYS)
def test_times_are_of_many_and_rounded(days: list[int]) -> None:
    told = times({str(on): days.count(on) for on in days})
    assert (told is None) is (len(days) < MANY)
    if told is not None:
        inner = (told.low, told.median, told.high)
        assert all(day % NEAREST == 0 for day in inner)
        assert all(a <= b for a, b in pairwise((0, *inner, 1000)))
        assert abs(told.median - sorted(days)[(len(days) - 1) // 2]) <= NEAREST / 2


def test_a_share_is_of_all_and_hidden_with_what_it_is_of() -> None:
    told = shown({"overdue": 10, "in-time": 30})
    assert (told.share("overdue"), told.share("in-time")) == (25, 75)
    assert shown({"overdue": 4, "in-time": 30}).share("in-time") is None
