"""Moves the sample data in time, so that what was written around 21 November 2026 happens around today.

Only whole values that are dates or date-times are moved, by whole days: written form, time of day and offset
stay as they are. Birth dates move along, so that everyone is as old as they were; national ids stay.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any, Final

WRITTEN: Final = date(2026, 11, 21)  # the day the samples are about
DATE: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}.*)?")


def shifted(value: Any, days: int) -> Any:
    """A copy of the JSON value with every date in it moved by so many days."""
    if isinstance(value, dict):
        return {key: shifted(member, days) for key, member in value.items()}
    if isinstance(value, list):
        return [shifted(member, days) for member in value]
    return _moved(value, days) if isinstance(value, str) else value


def days_since_written(today: date) -> int:
    """How far the samples have to be moved."""
    return (today - WRITTEN).days


def _moved(text: str, days: int) -> str:
    found = DATE.fullmatch(text)
    if found is None:
        return text
    try:
        day = date.fromisoformat(found[1]) + timedelta(days=days)
    except (ValueError, OverflowError):
        return text  # looks like a date and is none
    return day.isoformat() + (found[2] or "")
