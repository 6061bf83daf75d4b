"""Pictures of numbers: each column as high as its number says, all inside the picture, in their order."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.web.chart import LEAST, along, columns

NUMBERS = st.lists(st.none() | st.integers(0, 10**9), max_size=60)


@given(NUMBERS)
def test_every_column_lies_in_the_picture_and_beside_the_next(numbers: list[int | None]) -> None:
    found = columns(numbers)
    assert len(found) == len(numbers)
    end = 0.0
    for one in found:
        assert end <= one.x + 0.02
        end = one.x + one.width
        assert 0 <= one.y <= 100
        assert abs(one.y + one.height - 100) < 0.02
    assert end <= 100


@given(NUMBERS)
def test_heights_are_in_the_order_of_the_numbers_and_nothing_is_flat(numbers: list[int | None]) -> None:
    pairs = [(n, one) for n, one in zip(numbers, columns(numbers), strict=True)]
    for n, one in pairs:
        assert one.known is (n is not None)
        assert (one.height >= LEAST) is bool(n)
    known = sorted(((n, one.height) for n, one in pairs if n is not None), key=lambda pair: pair[0])
    assert [height for _, height in known] == sorted(height for _, height in known)
    assert not any(n for n, _ in known) or known[-1][1] == 100


@given(st.dates(date(2000, 1, 1), date(2030, 1, 1)), st.integers(0, 3000), st.integers(0, 3000))
def test_days_lie_between_the_first_and_the_last(first: date, on: int, more: int) -> None:
    last = first + timedelta(days=on + more)
    assert 5 <= along(first + timedelta(days=on), first, last, 5) <= 100
    assert along(first, first, last, 5) == 5
