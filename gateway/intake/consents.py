"""What a Consent says, as far as the way in has to know it: whether it takes anything back, and how it looks
once it is withdrawn. Read by the consent library, as decisions read it; decides nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from consent import fhir_consent
from consent.model import Consent
from mappings.canonical import extension
from mappings.model import Resource

PERMIT: Final = "samtykker"
_WITHDRAWN: Final = extension("trukket")


def consent_of(resource: Resource) -> Consent | None:
    """The consent itself, without exceptions that are acts of their own; None when the resource is none, or
    only a draft."""
    return next(iter(fhir_consent.read(resource)), None)


def only_permits(resource: Resource) -> bool:
    """Whether this takes nothing back: a consent that is not withdrawn, no refusal and without exceptions, or
    a resource of another type."""
    return not any(map(_takes_back, fhir_consent.read(resource)))


def ends(act: Consent) -> bool:
    """Whether it permits nothing, by what somebody did to it or said in it."""
    return act.withdrawn is not None or act.in_error or act.decision != PERMIT


def withdrawn(resource: Resource, at: datetime, by: str) -> Resource:
    """A copy of the consent, withdrawn at a time by a participant (hub reference)."""
    mark = {
        "url": _WITHDRAWN,
        "extension": [
            {"url": "tidspunkt", "valueDateTime": at.isoformat()},
            {"url": "av", "valueReference": {"reference": by}},
        ],
    }
    others = [e for e in resource.get("extension") or () if e.get("url") != _WITHDRAWN]
    return {**resource, "status": "inactive", "extension": [*others, mark]}


def _takes_back(act: Consent) -> bool:
    return ends(act) or bool(act.except_recipients or act.except_items)
