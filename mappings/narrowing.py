"""A copy of a resource without the elements that fall under a consent category which is not permitted, and
without what never travels with `plan`: national ids of relatives and who someone is at a login.

Source of the categories: the domain's table of consent categories. Never changes what it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from mappings import canonical
from mappings.canonical import NATIONAL_IDS, OBSERVATION_VALUE, code_system, extension
from mappings.model import Json, Resource

Without = Callable[[Resource], Resource]  # the same object when there was nothing to take away

REDACTED: Final = {"system": OBSERVATION_VALUE, "code": "REDACTED"}


@dataclass(frozen=True, slots=True)
class Inside:
    """Elements of a resource type that fall under a category of their own."""

    category: str
    without: Without


def narrow(resource: Resource, permitted: frozenset[str]) -> Resource:
    """The resource as someone may see it who is permitted these categories (the resource's own among them).
    Marked REDACTED in meta.security when something was taken away, and without the narrative, which may tell
    of it; the same object when not."""
    kept = resource
    for inside in _INSIDE.get(resource["resourceType"], ()):
        if inside.category not in permitted:
            kept = inside.without(kept)
    return resource if kept is resource else _marked({k: v for k, v in kept.items() if k != "text"})


def categories_inside(resource: Resource) -> frozenset[str]:
    """Categories, besides its own, that elements of the resource fall under."""
    return frozenset(
        inside.category
        for inside in _INSIDE.get(resource["resourceType"], ())
        if inside.category != NEVER and inside.without(resource) is not resource
    )


NEVER: Final = "never"  # no category permits it


def _extensions(*urls: str) -> Without:
    """Without these extensions."""

    def without(resource: Resource) -> Resource:
        return _filtered(resource, "extension", lambda e: e.get("url") not in urls)

    return without


def _reasons(resource: Resource) -> Resource:
    """Without the reasons in the level history."""
    found = resource.get("extension") or []
    kept = [
        _filtered(e, "extension", lambda part: part.get("url") != "begrunnelse")
        if e.get("url") == canonical.LEVEL_HISTORY
        else e
        for e in found
    ]
    return (
        resource if all(a is b for a, b in zip(found, kept, strict=True)) else {**resource, "extension": kept}
    )


def _members(*names: str) -> Without:
    """Without these elements."""

    def without(resource: Resource) -> Resource:
        if not any(name in resource for name in names):
            return resource
        return {k: v for k, v in resource.items() if k not in names}

    return without


def _references(name: str, kind: str) -> Without:
    """Without the references of one element to one type of resource."""

    def without(resource: Resource) -> Resource:
        return _filtered(resource, name, lambda r: not str(r.get("reference", "")).startswith(f"{kind}/"))

    return without


def _inline(plan: Resource) -> Resource:
    """Without measures that a stranger's plan tells of itself; what only points at one follows from that."""
    return _filtered(plan, "activity", lambda a: a.keys() <= {"reference"})


def _inner_goals(plan: Resource) -> Resource:
    """Without goals that stand inside a stranger's plan."""
    outer = _filtered(plan, "goal", lambda g: not str(g.get("reference", "")).startswith("#"))
    return _filtered(outer, "contained", lambda c: c.get("resourceType") != "Goal")


def _identities(resource: Resource) -> Resource:
    """Without national ids and login identities."""
    return _filtered(
        resource, "identifier", lambda i: i.get("system") not in NATIONAL_IDS and not _is_login(i)
    )


def _is_login(identifier: Json) -> bool:
    codings = (identifier.get("type") or {}).get("coding") or ()
    return any(c.get("system") == code_system("identifikator") for c in codings)


def _attachments(resource: Resource) -> Resource:
    """Without payloads that are documents."""
    return _filtered(
        resource, "payload", lambda p: "contentReference" not in p and "contentAttachment" not in p
    )


def _filtered(node: dict[str, Json], name: str, keep: Callable[[Json], bool]) -> dict[str, Json]:
    found = node.get(name)
    if not found:
        return node
    kept = [e for e in found if keep(e)]
    if len(kept) == len(found):
        return node
    rest = {k: v for k, v in node.items() if k != name}
    return {**rest, name: kept} if kept else rest


def _marked(resource: Resource) -> Resource:
    meta = resource.get("meta") or {}
    security = meta.get("security") or []
    if any(c.get("code") == REDACTED["code"] for c in security):
        return resource
    return {**resource, "meta": {**meta, "security": [*security, REDACTED]}}


_PARTICIPANT: Final = (Inside("tiltak", _extensions(extension("bidrag"))), Inside(NEVER, _identities))
_INSIDE: Final[Mapping[str, tuple[Inside, ...]]] = {
    "CarePlan": (
        Inside("bekymring", _extensions(canonical.CONCERNS, canonical.SEVERITY)),
        Inside("bekymring", _reasons),
        Inside("bekymring", _members("addresses", "supportingInfo", "note", "text", "contained")),
        Inside("maal", _extensions(extension("ressurser"), extension("behov"))),
        Inside("tiltak", _extensions(extension("samarbeidsbehov"))),
        Inside("samtykke", _extensions(extension("samtykketekst"))),
        Inside("tiltak", _inline),
        Inside("maal", _inner_goals),
    ),
    "Goal": (Inside("evaluering", _members("outcomeReference", "outcomeCode")),),
    "ServiceRequest": (Inside("evaluering", _references("supportingInfo", "Observation")),),
    "Appointment": (Inside("dokument", _references("supportingInformation", "DocumentReference")),),
    "Communication": (Inside("dokument", _attachments),),
    "PractitionerRole": _PARTICIPANT,
    "RelatedPerson": _PARTICIPANT,
}
