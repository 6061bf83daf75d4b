"""A circumstance ("forhold") read from its Observation: care order, competence, guardianship, hearing.

Reading never raises: a record that does not clearly say yes or no says neither, and that denies (W9).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

from consent.model import Circumstance, Kind
from consent.names import OURS, Names

_YES: Final = frozenset({"ja", "true", "yes"})
_NO: Final = frozenset({"nei", "false", "no", "mangler"})


def read(resource: Any, names: Names = OURS) -> Circumstance | None:
    """The circumstance; None when the resource is none, or registered in error."""
    if not isinstance(resource, dict) or resource.get("resourceType") != "Observation":
        return None
    kind = _kind(resource, names)
    if kind is None or resource.get("status") in ("entered-in-error", "cancelled"):
        return None
    try:
        start, end = _period(resource)
        return Circumstance(kind, _holds(resource, kind), _about(resource), start, end)
    except (TypeError, ValueError, AttributeError, IndexError):
        return Circumstance(kind, None)


def _kind(resource: dict[str, Any], names: Names) -> Kind | None:
    code = resource.get("code")
    codings = code.get("coding") if isinstance(code, dict) else None
    for coding in codings if isinstance(codings, list) else ():
        if isinstance(coding, dict) and coding.get("system") == names.codes("forhold"):
            said = coding.get("code")
            return next((kind for kind in Kind if kind == said), None)
    return None


def _holds(resource: dict[str, Any], kind: Kind) -> bool | None:
    """A hearing that is recorded has taken place; of anything else the record must say whether it is so."""
    said = resource.get("valueBoolean", resource.get("valueString"))
    if isinstance(said, bool):
        return said
    if isinstance(said, str):
        word = said.strip().casefold()
        return True if word in _YES else False if word in _NO else None
    values = [key for key in resource if key.startswith("value")]
    return True if kind is Kind.HEARD and not values else None


def _about(resource: dict[str, Any]) -> str | None:
    focus = (resource.get("focus") or [{}])[0]
    found = focus.get("reference")
    return None if found is None else str(found)


def _period(resource: dict[str, Any]) -> tuple[date | datetime | None, date | datetime | None]:
    period = resource.get("effectivePeriod") or {}
    return _time(period.get("start") or resource.get("effectiveDateTime")), _time(period.get("end"))


def _time(text: str | None) -> date | datetime | None:
    if text is None:
        return None
    if len(text) == len("2026-11-21"):
        return date.fromisoformat(text)
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("a time without a zone")
    return found
