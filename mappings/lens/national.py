"""National ids: check digits (python-stdnum) on the number as it is, dates after the marks of D-numbers,
H-numbers and synthetic numbers (month +80 Skatteetaten, +65 NHN, +40) are taken away.
"""

from __future__ import annotations

from datetime import date

from stdnum.no.fodselsnummer import calc_check_digit1, calc_check_digit2


def kind_of(number: str) -> str:
    """Which kind a number would be, by its first digit: fnr, dnr or fhn."""
    return "fhn" if number[:1] in ("8", "9") else "dnr" if number[:1] in ("4", "5", "6", "7") else "fnr"


def well_formed(kind: str, number: str) -> bool:
    """Whether the text is a possible number of that kind: fnr, dnr or fhn; person-id: of any."""
    kind = kind_of(number) if kind == "person-id" else kind
    if len(number) != 11 or not (number.isascii() and number.isdigit()):
        return False
    if (calc_check_digit1(number), calc_check_digit2(number)) != (number[9], number[10]):
        return False
    if kind == "fhn":
        return number[0] in "89"
    day = int(number[:2]) - (40 if kind == "dnr" else 0)
    return _is_day(day, _month(int(number[2:4])), int(number[4:6]))


def _month(month: int) -> int:
    for mark in (80, 65, 40):
        if mark < month <= mark + 12:
            return month - mark
    return month


def _is_day(day: int, month: int, year: int) -> bool:
    """A day of some century: 2000 was a leap year, and its last digits are those of every other leap year."""
    try:
        date(2000 + year, month, day)
    except ValueError:
        return False
    return True
