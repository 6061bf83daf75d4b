"""The report to child welfare (G5): what it must say, its deadlines, and who may see a trace of it. Consent
is never asked. Pure rules; the report itself lives in a store of its own and is in no timeline, search or
export.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from consent.days import OSLO, day, midnight, moment

_MUST: Final = ("barn", "melder", "grunn", "beskrivelse", "tidspunkt")
_MELDER: Final = ("navn", "tjeneste")


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Moments after which it is too late, in Europe/Oslo: the day of arrival does not count."""

    assess: datetime  # 7 days
    answer: datetime  # 3 weeks: feedback to the one who reported
    investigate: datetime  # 3 months from the assessment


@dataclass(frozen=True, slots=True)
class Trace:
    """hidden: guardians are to find nothing. author_organization, recipient_organization: who reported, and
    the child welfare service."""

    hidden: bool
    author_organization: str
    recipient_organization: str


def missing(report: Mapping[str, Any]) -> tuple[str, ...]:
    """Fields a report must still get before it can be sent, as paths. Guardians not informed need a reason,
    save where violence or abuse is suspected."""
    out = [name for name in _MUST if not report.get(name)]
    melder = report.get("melder")
    out += [f"melder.{n}" for n in _MELDER if isinstance(melder, Mapping) and not melder.get(n)]
    told = report.get("foresatteInformert")
    informed = told if isinstance(told, Mapping) else {}
    if not isinstance(report.get("mistankeVoldOvergrep"), bool):
        out.append("mistankeVoldOvergrep")
    if informed.get("ja") is not True and not informed.get("hvorforIkke") and not suspects(report):
        out.append("foresatteInformert.hvorforIkke")
    return tuple(out)


def suspects(report: Mapping[str, Any]) -> bool:
    """Whether violence or abuse is suspected; anything but a clear no is a yes."""
    return report.get("mistankeVoldOvergrep") is not False


def hidden(report: Mapping[str, Any]) -> bool:
    """Whether guardians are to find no trace: violence or abuse is suspected, or they have not been told, for
    a reason that stands in the report. Anything but a clear yes to having told them is a no."""
    told = report.get("foresatteInformert")
    return suspects(report) or not (isinstance(told, Mapping) and told.get("ja") is True)


def deadlines(received: datetime) -> Deadlines:
    """The deadlines of a report received at that moment. Raises TypeError or ValueError when it is no
    moment."""
    first = day(moment(received))
    assessed = first + timedelta(days=7)
    ends = (assessed, first + timedelta(weeks=3), _months_later(assessed, 3))
    return Deadlines(*((midnight(d + timedelta(days=1))).astimezone(OSLO) for d in ends))


def trace(report: Mapping[str, Any], author_organization: str, recipient_organization: str) -> Trace:
    """Who may see that there is a report."""
    return Trace(hidden(report), author_organization, recipient_organization)


def may_see(found: Trace, *, organization: str | None, guardian: bool, child: bool) -> bool:
    """Whether a reader may see any trace of the report: its text, its receipt, its line in the disclosure
    log.

    The two organizations may. A guardian may, where there is nothing to hide from them; the child as little
    as the guardians, who can read over its shoulder. Nobody else.
    """
    if guardian or child:
        return not found.hidden
    return organization is not None and organization in (
        found.author_organization,
        found.recipient_organization,
    )


def must_inform_guardians(report: Mapping[str, Any]) -> bool:
    """Whether guardians are to be told: always, unless violence or abuse is suspected."""
    return not suspects(report)


def _months_later(start: date, months: int) -> date:
    year, month = divmod(start.month - 1 + months, 12)
    for last in (start.day, 30, 29, 28):
        try:
            return date(start.year + year, month + 1, last)
        except ValueError:
            continue
    raise ValueError("no such day")
