"""Dates and times as a system writes them ("dd.MM.yyyy HH:mm", Europe/Oslo), to FHIR's form and back.

A time in the hour that occurs twice in autumn is the first of the two; one in the hour that spring leaves out
is the same span later, as clocks show it. What FHIR cannot tell apart the rest keeps as written.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mappings.lens.times import moment

_PARTS: Final = {
    "yyyy": ("year", 4, 4), "MM": ("month", 2, 2), "M": ("month", 1, 2),
    "dd": ("day", 2, 2), "d": ("day", 1, 2),
    "HH": ("hour", 2, 2), "H": ("hour", 1, 2), "mm": ("minute", 2, 2), "ss": ("second", 2, 2),
}  # fmt: skip
_PART: Final = re.compile(r"yyyy|MM?|dd?|HH?|mm|ss")
_FIRST_YEAR: Final = 1000  # FHIR writes four digits, and takes them to mean it


class BadForm(ValueError):
    """The text is no form of a date or time, or the zone is unknown."""


class DateForm:
    """One form. `fhir` reads what the system writes, `native` writes it; None where it cannot be said."""

    def __init__(self, form: str, zone: str | None) -> None:
        self._zone = _zone(zone)
        self._words = _PART.findall(form)
        self._between = _PART.split(form)
        named = [_PARTS[word][0] for word in self._words]
        if not {"year", "month", "day"} <= set(named) or len(set(named)) != len(named):
            raise BadForm(f"{form!r} must hold yyyy, MM and dd once each, and perhaps HH, mm and ss")
        if any(c.isalpha() for sign in self._between for c in sign):
            raise BadForm(f"{form!r} holds letters that are no part of a date or time")
        self.has_time = "hour" in named
        if self.has_time and self._zone is None:
            raise BadForm("times without a zone need `zone`, for example Europe/Oslo")
        groups = (rf"(\d{{{_PARTS[w][1]},{_PARTS[w][2]}}})" for w in self._words)
        signs = map(re.escape, self._between)
        self._pattern = re.compile(
            "".join(s + g for s, g in zip(signs, [*groups, ""], strict=True)), re.ASCII
        )
        self._named = named

    def fhir(self, text: str) -> str | None:
        """ "20.11.2026 14:05" -> "2026-11-20T14:05:00+01:00"; a form without hours gives a day."""
        match = self._pattern.fullmatch(text)
        if match is None:
            return None
        numbers = dict(zip(self._named, map(int, match.groups()), strict=True))
        try:
            if not self.has_time:
                day = date(**numbers)
                return day.isoformat() if day.year >= _FIRST_YEAR else None
            local = datetime(**numbers, tzinfo=self._zone)
            known = local.astimezone(UTC).astimezone(self._zone)  # out of the hour that spring leaves out
        except (ValueError, OverflowError):
            return None
        return known.isoformat(timespec="seconds") if known.year >= _FIRST_YEAR else None

    def native(self, text: str) -> str | None:
        """The other way. A day alone is its midnight where the form has hours; a month alone is not said."""
        found = self._local(text)
        if found is None or found.year < _FIRST_YEAR:
            return None
        said = [f"{getattr(found, _PARTS[word][0]):0{_PARTS[word][1]}}" for word in self._words]
        return "".join(sign + part for sign, part in zip(self._between, [*said, ""], strict=True))

    def _local(self, text: str) -> datetime | None:
        try:
            if len(text) <= len("2026-11-20"):
                return datetime.fromisoformat(f"{date.fromisoformat(text).isoformat()}T00:00:00")
            found = moment(text)
            return found.astimezone(self._zone) if found and self._zone else found
        except (ValueError, OverflowError):
            return None


@lru_cache(maxsize=64)
def date_form(form: str, zone: str | None) -> DateForm:
    """The form, compiled once. Raises BadForm."""
    return DateForm(form, zone)


def _zone(name: str | None) -> tzinfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadForm(f"{name!r} is no time zone; one is Europe/Oslo") from error
