"""What the gateway has to know of any hub resource, ours or a stranger's, to decide and to show: its consent
categories, labels, whom it tells about, and the persons, participants and consents in it.

Pure readers: nothing is changed, and what is not understood reads as unknown, which denies.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mappings.canonical import (
    ACT_CODE,
    BELONGS_TO,
    CONFIDENTIALITY,
    ENTRY_KIND,
    JOURNAL_ACCESS,
    THIRD_PERSON,
)
from mappings.ended import is_notice
from mappings.lens.views import is_withdrawn
from mappings.model import Json, Resource
from mappings.narrowing import categories_inside, narrow
from mappings.persons import (
    ParticipantReading,
    PersonReading,
    named,
    participant_of,
    person_of,
)

__all__ = [
    "ParticipantReading",
    "PersonReading",
    "belongs_to",
    "categories_inside",
    "category_of",
    "in_error",
    "kind_of",
    "labels_of",
    "narrow",
    "participant_of",
    "person_of",
    "sensitivity_of",
    "target_of",
    "third_persons_of",
    "without_belonging",
]

UNKNOWN: Final[frozenset[str]] = frozenset()
_NONE: Final[frozenset[str]] = frozenset()
_BY_TYPE: Final = {
    "Goal": "maal",
    "Appointment": "moete",
    "CarePlan": "plan",
    "CareTeam": "plan",
    "PractitionerRole": "plan",
    "Practitioner": "plan",
    "Organization": "plan",
    "RelatedPerson": "plan",
    "Patient": "plan",
    "Consent": "samtykke",
}
_BY_KIND: Final = {
    ("Observation", "evaluering"): "evaluering",
    ("Observation", "effekt"): "evaluering",
    ("Communication", "lysglimt"): "lysglimt",
    ("Communication", "notat"): "notat",
    ("Communication", "melding"): "melding",
    ("Communication", "moetereferat"): "moete",
    ("Communication", "overfoering"): "plan",
    ("Communication", None): "melding",
    ("ServiceRequest", "tiltak"): "tiltak",
    ("ServiceRequest", "henvisning"): "henvisning",
    ("ServiceRequest", None): "tiltak",
}
_REFERRAL: Final = frozenset({"3457005", "103696004", "306206005"})  # SNOMED CT: referrals
_LABELS: Final = frozenset({"NORS", "NORU", "NORN_FORANS", "NORN_UNGDOM"})
_SENSITIVE: Final = frozenset({"PSY", "SDV", "ETH", "HIV", "R", "V"})


def category_of(resource: Resource) -> frozenset[str]:
    """All consent categories that must be permitted for the resource; empty: unknown.

    A Provenance has none of its own: see target_of.
    """
    kind = resource.get("resourceType", "")
    if is_notice(resource):
        return UNKNOWN  # from one gateway to one recipient: nobody's to share
    if kind == "DocumentReference":
        return frozenset({"dokument", "moete"}) if _is_minutes(resource) else frozenset({"dokument"})
    if kind == "ServiceRequest" and kind_of(resource) is None and _is_referral(resource):
        return frozenset({"henvisning"})
    category = _BY_TYPE.get(kind) or _BY_KIND.get((kind, kind_of(resource)))
    return frozenset({category}) if category else UNKNOWN


def kind_of(resource: Resource) -> str | None:
    """Our entry kind in Resource.category ("lysglimt", "henvisning", …); None when it carries none."""
    for system, code in _category_codes(resource):
        if system == ENTRY_KIND:
            return code
    return None


def labels_of(resource: Resource) -> frozenset[str]:
    """sperre: NORS, NORU, NORN_FORANS, NORN_UNGDOM, and any other restriction of Volven 9603."""
    found = _security(resource)
    if not found:
        return _NONE
    return frozenset(
        code for system, code in found if code in _LABELS or (system == JOURNAL_ACCESS and code != "N")
    )


def sensitivity_of(resource: Resource) -> frozenset[str]:
    """Sensitivity labels: PSY, SDV, ETH, HIV, R, and any other that a stranger gave."""
    found = _security(resource)
    if not found:
        return _NONE
    return frozenset(
        code
        for system, code in found
        if code in _SENSITIVE or system == ACT_CODE or (system == CONFIDENTIALITY and code not in "LMNU")
    )


def third_persons_of(resource: Resource) -> frozenset[str]:
    """Participants the resource tells about: hub references, or "system|value" where not resolved."""
    return frozenset(
        named(e.get("valueReference") or {}) or "unknown"
        for e in resource.get("extension") or ()
        if e.get("url") == THIRD_PERSON
    )


def belongs_to(resource: Resource) -> str | None:
    """The log or plan ("CarePlan/…") the resource belongs to, as far as it says so itself."""
    for extension in resource.get("extension") or ():
        if extension.get("url") == BELONGS_TO:
            reference = (extension.get("valueReference") or {}).get("reference")
            return str(reference) if reference else None
    return None


def without_belonging(resource: Resource) -> Resource:
    """The resource without what says which log or plan it belongs to; the same object if none does."""
    found = resource.get("extension") or ()
    kept = [e for e in found if e.get("url") != BELONGS_TO]
    if len(kept) == len(found):
        return resource
    rest = {k: v for k, v in resource.items() if k != "extension"}
    return {**rest, "extension": kept} if kept else rest


def target_of(provenance: Resource) -> str | None:
    """What a Provenance tells about: its category is that of this resource."""
    targets = provenance.get("target") or ()
    return str(targets[0]["reference"]) if targets and targets[0].get("reference") else None


def in_error(resource: Resource) -> bool:
    """Registered in error."""
    return is_withdrawn(resource)


def _security(resource: Resource) -> list[tuple[str, str]]:
    found = (resource.get("meta") or {}).get("security") or ()
    return [(coding.get("system") or "", coding.get("code") or "") for coding in found]


def _category_codes(resource: Resource) -> Iterator[tuple[str, str]]:
    categories: Json = resource.get("category")
    for concept in categories if isinstance(categories, list) else ():
        for coding in concept.get("coding") or ():
            yield coding.get("system") or "", coding.get("code") or ""


def _is_referral(resource: Resource) -> bool:
    codes = (resource.get("code") or {}).get("coding") or ()
    return any(c in _REFERRAL for _, c in _category_codes(resource)) or any(
        c.get("code") in _REFERRAL for c in codes
    )


def _is_minutes(resource: Resource) -> bool:
    """Minutes of a meeting, as far as the document's kind says so ("moetereferat", "Referat …")."""
    kinds = [resource.get("type") or {}, *(resource.get("category") or ())]
    words = [kind.get("text") for kind in kinds]
    words += [c.get(k) for kind in kinds for c in kind.get("coding") or () for k in ("code", "display")]
    return any("referat" in word.lower() for word in words if word)
