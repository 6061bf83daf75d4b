"""Days, ages and moments as the rules count them: a day is one in Europe/Oslo, an age changes on its day.

Everything a rule compares becomes a moment in UTC here, so that the rest never meets a local clock.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

OSLO = ZoneInfo("Europe/Oslo")
ALWAYS = datetime.min.replace(tzinfo=UTC)  # a period without a start begins here
NEVER = datetime.max.replace(tzinfo=UTC)  # a period without an end ends here


def moment(value: datetime) -> datetime:
    """The moment in UTC. Raises TypeError for anything but a datetime, ValueError without a zone."""
    if not isinstance(value, datetime):
        raise TypeError("not a datetime")
    if value.utcoffset() is None:
        raise ValueError("a time without a zone")
    return value.astimezone(UTC)


def day(value: datetime) -> date:
    """The day it is in Europe/Oslo at that moment."""
    return value.astimezone(OSLO).date()


def midnight(value: date) -> datetime:
    """The moment that day begins in Europe/Oslo."""
    try:
        return datetime.combine(value, time(), OSLO).astimezone(UTC)
    except OverflowError:
        return ALWAYS


def begins(value: date | datetime | None) -> datetime:
    """The first moment of a period: a date counts from its midnight, None from always."""
    if value is None:
        return ALWAYS
    return moment(value) if isinstance(value, datetime) else midnight(_date(value))


def ceases(value: date | datetime | None) -> datetime:
    """The first moment after a period: a date counts whole, a time ends at itself, None never ends."""
    if value is None:
        return NEVER
    if isinstance(value, datetime):
        return moment(value)
    return NEVER if _date(value) == date.max else midnight(value + timedelta(days=1))


def age(born: date, on: date) -> int:
    """Whole years. Born on 29 February, a year is full on 1 March where there is no 29 February."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def birthday(born: date, years: int) -> date:
    """The day `years` are full."""
    try:
        return born.replace(year=born.year + years)
    except ValueError:  # 29 February
        return date(born.year + years, 3, 1)


def _date(value: date) -> date:
    if not isinstance(value, date):
        raise TypeError("not a date")
    return value
