"""Synthetic national numbers of any kind, with sound check digits."""

from __future__ import annotations

from datetime import date

from bench.children import national_id


def d_number(born: date, first: int = 500) -> str:
    """A synthetic D-number (day +40, month +80) of somebody born that day."""
    from stdnum.no.fodselsnummer import calc_check_digit1, calc_check_digit2

    for tried in range(first, first + 400):
        head = f"{born.day + 40:02}{born.month + 80:02}{born.year % 100:02}{tried:03}"
        number = head + str(calc_check_digit1(head + "00"))
        number += str(calc_check_digit2(number + "0"))
        if len(number) == 11:
            return number
    raise AssertionError("no such number")


def birth_number(born: date, first: int = 500) -> str:
    """A synthetic birth number of somebody born that day."""
    found = (national_id(born, tried) for tried in range(first, first + 400))
    return next(one for one in found if one)
