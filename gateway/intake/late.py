"""An older edition of a consent that arrives after a newer one, and takes something back: it is not merely
history. What it withdraws is withdrawn, what it excepts is excepted, until a later act lifts it; and a person
is asked to look, since the newer edition did not say so.

Source: shared law.md, "Evaluating" (only a later act by that giver lifts an exception; unclear: deny).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mappings.consents import ConsentReading, consent_of, withdrawn
from mappings.model import Resource


def taken_back(late: Resource, current: Resource, at: datetime) -> Resource:
    """The current consent without what an older edition takes back; the very `current` where it takes
    nothing. at: when the older edition was written."""
    said, stands = consent_of(late), consent_of(current)
    if said is None or stands is None or stands.in_error:
        return current
    made = _with_exceptions(late, current, said, stands)
    if _ends(said) and not (stands.withdrawn or stands.decision != "samtykker"):
        by = next((r for r in sorted(said.givers)), "unknown")
        made = withdrawn(made, said.withdrawn or at, by)
    return made


def same_will(one: Resource, other: Resource) -> bool:
    """Whether two editions of a consent say the same to those who decide by them."""
    return consent_of(one) == consent_of(other)


def _ends(said: ConsentReading) -> bool:
    return said.withdrawn is not None or said.in_error or said.decision != "samtykker"


def _with_exceptions(
    late: Resource, current: Resource, said: ConsentReading, stands: ConsentReading
) -> Resource:
    new = said.except_recipients <= stands.except_recipients and said.except_items <= stands.except_items
    if new:
        return current
    provision: dict[str, Any] = current.get("provision") or {}
    nested = list(provision.get("provision") or ())
    nested += [one for one in (late.get("provision") or {}).get("provision") or () if one not in nested]
    return {**current, "provision": {**provision, "provision": nested}}
