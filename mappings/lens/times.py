"""Times and dates as texts: RFC 3339 as the native formats write them, and as FHIR takes them. Digits are
never changed where FHIR accepts them as written.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Final

_TIME: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:)(\d\d)(?:\.(\d+))?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)"
)
_PARTIAL_DATE: Final = re.compile(r"\d{4}(-(0[1-9]|1[0-2]))?")
_INSTANT: Final = re.compile(
    r"[1-9]\d{3}-\d\d-\d\dT\d\d:\d\d:[0-5]\d(\.\d+)?(Z|[+-]((0\d|1[0-3]):[0-5]\d|14:00))"
)


def moment(text: str) -> datetime | None:
    """An RFC 3339 time as an aware datetime; None if it is none. A leap second counts as the one before."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    day, minute, second, fraction, zone = match.groups()
    second = "59" if second == "60" else second
    zone = "+00:00" if zone in "Zz" else zone
    try:
        return datetime.fromisoformat(f"{day}T{minute}{second}.{(fraction or '0')[:6]:0<6}{zone}")
    except ValueError:
        return None


def is_date(text: str) -> bool:
    """A calendar date, or a year or month alone as FHIR knows them."""
    if _PARTIAL_DATE.fullmatch(text):
        return text[:4] != "0000"
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def fhir_time(text: str) -> str | None:
    """A native date or time as FHIR takes it: as written where it can be, else the same instant in UTC."""
    if len(text) <= 10 or _INSTANT.fullmatch(text):
        return text
    instant = moment(text)
    if instant is None or instant.year < 1000:
        return None
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
