"""National ids at the edges of their months, days and kinds; the check digits are python-stdnum's."""

from __future__ import annotations

import pytest
from stdnum.no.fodselsnummer import calc_check_digit1, calc_check_digit2

from mappings.lens.national import kind_of, well_formed


def numbered(start: str) -> str:
    """The first number that begins so and has both check digits."""
    wanted = 9 - len(start)
    for serial in range(10**wanted):
        nine = f"{start}{serial:0{wanted}}"
        first = calc_check_digit1(nine)
        second = calc_check_digit2(nine + first)
        if len(first + second) == 2:  # either may come out as ten
            return nine + first + second
    raise AssertionError(start)


@pytest.mark.parametrize("mark", [0, 40, 65, 80])
@pytest.mark.parametrize(("month", "fits"), [(0, False), (1, True), (12, True), (13, False)])
def test_a_month_is_one_of_twelve_after_its_mark(mark: int, month: int, fits: bool) -> None:
    assert well_formed("fnr", numbered(f"05{mark + month:02}10")) is fits
    assert well_formed("dnr", numbered(f"45{mark + month:02}10")) is fits


@pytest.mark.parametrize(
    ("start", "kind", "fits"),
    [
        ("310110", "fnr", True),
        ("320110", "fnr", False),
        ("000110", "fnr", False),
        ("310410", "fnr", False),
        ("290200", "fnr", True),
        ("290210", "fnr", False),
        ("290212", "fnr", True),
        ("2902121", "fnr", True),
        ("2902996", "fnr", False),
        ("710110", "dnr", True),
        ("720110", "dnr", False),
        ("400110", "dnr", False),
        ("410110", "dnr", True),
        ("410110", "fnr", False),
        ("010110", "dnr", False),
        ("820110", "fhn", True),
        ("999999", "fhn", True),
        ("790110", "fhn", False),
        ("820110", "fnr", False),
    ],
)
def test_the_day_says_which_kind_it_may_be(start: str, kind: str, fits: bool) -> None:
    assert well_formed(kind, numbered(start)) is fits


@pytest.mark.parametrize("start", ["050110", "450110", "850110"])
def test_either_check_digit_may_be_wrong(start: str) -> None:
    number = numbered(start)
    assert well_formed("person-id", number) is True
    for at in (9, 10):
        for digit in set("0123456789") - {number[at]}:
            assert well_formed("person-id", number[:at] + digit + number[at + 1 :]) is False


@pytest.mark.parametrize(
    "text", ["", "1", "1510869508", "151086950888", "1510869508x", "15108 69508", "²5108695088"]
)
def test_what_is_no_eleven_digits_is_no_number(text: str) -> None:
    for kind in ("fnr", "dnr", "fhn", "person-id"):
        assert well_formed(kind, text) is False


def test_the_kind_shows_in_the_first_digit() -> None:
    kinds = ["fnr"] * 4 + ["dnr"] * 4 + ["fhn"] * 2
    assert [kind_of(f"{digit}0000000000") for digit in range(10)] == kinds
    assert kind_of("") == "fnr"
