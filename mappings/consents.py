"""A FHIR Consent of the form this project writes (the IHE PCF subset), read as facts. Whatever is beyond
that form makes it `understood=False`: it then permits nothing, while its exceptions still stand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from mappings.canonical import CATEGORY, ENH, code_system, extension, identifier_system
from mappings.lens.times import moment
from mappings.lens.views import IN_ERROR, is_withdrawn
from mappings.model import Json, Resource

_SERVICE: Final = identifier_system("tjeneste")
_PURPOSE: Final = code_system("formaal")
_ROOT: Final = {"type", "period", "actor", "code", "purpose", "dataPeriod", "provision"}
_WITHDRAWN: Final = extension("trukket")
_SCOPE: Final = "patient-privacy"
_LONG_AGO: Final = datetime(1900, 1, 1, tzinfo=UTC)
_EXCEPTION: Final = ({"type", "actor"}, {"type", "data"})
_RECIPIENT: Final = "IRCP"


@dataclass(frozen=True, slots=True)
class ConsentReading:
    """One consent. givers, about and except_items are hub references, or "system|value" where unresolved;
    recipients are tjeneste codes, organization numbers or the like references."""

    frame: str | None
    decision: str  # samtykker, nekter, motsetterSeg
    givers: frozenset[str]
    recipients: frozenset[str]
    categories: frozenset[str]
    except_recipients: frozenset[str] = frozenset()
    except_items: frozenset[str] = frozenset()
    about: str | None = None
    purpose: str = "samordning"
    start: date | datetime | None = None
    end: date | datetime | None = None
    applies_from: date | datetime | None = None
    withdrawn: datetime | None = None
    recorded: datetime | None = None
    labels: frozenset[str] = frozenset()
    in_error: bool = False
    understood: bool = True


def consent_of(resource: Resource) -> ConsentReading | None:
    """The consent as facts; None when the resource is none."""
    if resource.get("resourceType") != "Consent":
        return None
    provision = resource.get("provision") or {}
    period, data_period = provision.get("period") or {}, provision.get("dataPeriod") or {}
    times = {
        "start": _time(period.get("start")),
        "end": _time(period.get("end")),
        "applies_from": _time(data_period.get("start")),
    }
    nested = provision.get("provision") or []
    gjelder = _extension(resource, "gjelder")
    return ConsentReading(
        frame=_frame(resource),
        decision=_decision(resource, provision),
        givers=_names(resource.get("performer")),
        recipients=_actors(provision),
        categories=frozenset(_categories(provision)),
        except_recipients=frozenset(r for p in nested for r in _actors(p)),
        except_items=_names(d.get("reference") for p in nested for d in p.get("data") or ()),
        about=(named(gjelder.get("valueReference") or {}) or "unknown") if gjelder else None,
        purpose=_purpose(provision),
        withdrawn=_withdrawn(resource),
        recorded=moment(resource.get("dateTime") or ""),
        labels=frozenset(c.get("code", "") for c in provision.get("securityLabel") or ()),
        in_error=is_withdrawn(resource),
        understood=_is_ours(resource, provision) and not any(t is _UNCLEAR for t in times.values()),
        **{name: None if value is _UNCLEAR else value for name, value in times.items()},
    )


def named(reference: Json) -> str | None:
    """What a Reference names: a hub reference, or "system|value" of a logical one."""
    if reference.get("reference"):
        return str(reference["reference"])
    identifier = reference.get("identifier") or {}
    value = identifier.get("value")
    return f"{identifier.get('system', '')}|{value}" if value else None


def _names(references: Any) -> frozenset[str]:
    return frozenset(named(r or {}) or "unknown" for r in references or ())


def _actors(provision: Json) -> frozenset[str]:
    return frozenset(_recipient(a.get("reference") or {}) for a in provision.get("actor") or ())


def _recipient(reference: Json) -> str:
    identifier = reference.get("identifier") or {}
    if identifier.get("system") in (_SERVICE, ENH) and identifier.get("value"):
        return str(identifier["value"])
    return named(reference) or "unknown"


def _categories(provision: Json) -> Iterator[str]:
    for concept in provision.get("code") or ():
        for coding in concept.get("coding") or ():
            if coding.get("system") == CATEGORY:
                yield coding.get("code") or ""


def _decision(resource: Resource, provision: Json) -> str:
    """What was decided; anything but a clear permit refuses."""
    said = (_extension(resource, "avgjoerelse") or {}).get("valueCode")
    if provision.get("type") == "permit" and said in (None, "samtykker"):
        return "samtykker"
    return "motsetterSeg" if said == "motsetterSeg" else "nekter"


def _purpose(provision: Json) -> str:
    own = [c.get("code") for c in provision.get("purpose") or () if c.get("system") == _PURPOSE]
    return str(own[0]) if own else "samordning"


def only_permits(resource: Resource) -> bool:
    """Whether this takes nothing back: a consent that is not withdrawn, no refusal and without exceptions, or
    a resource of another type."""
    found = consent_of(resource)
    if found is None:
        return True
    taken_back = found.withdrawn or found.in_error or found.except_recipients or found.except_items
    return found.decision == "samtykker" and not taken_back


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


def _withdrawn(resource: Resource) -> datetime | None:
    """When it was withdrawn. A day counts from its beginning anywhere; an unknown time as always."""
    mark = _extension(resource, "trukket")
    if mark is None and resource.get("status") in ("active", IN_ERROR):
        return None
    parts = (mark or {}).get("extension") or ()
    text = next((p.get("valueDateTime") or "" for p in parts if p.get("url") == "tidspunkt"), "")
    found = moment(text) if len(text) > 10 else moment(f"{text}T00:00:00+14:00")
    return found or _LONG_AGO


_UNCLEAR: Final = datetime(1, 1, 1, tzinfo=UTC)  # a mark, known by identity


def _time(text: str | None) -> date | datetime | None:
    if text is None:
        return None
    if len(text) > 10:
        return moment(text) or _UNCLEAR
    try:
        return date.fromisoformat(text) if len(text) == 10 else _UNCLEAR
    except ValueError:
        return _UNCLEAR


def _extension(resource: Resource, name: str) -> Json:
    url = extension(name)
    return next((e for e in resource.get("extension") or () if e.get("url") == url), None)


def _frame(resource: Resource) -> str | None:
    reference = ((_extension(resource, "belongs-to") or {}).get("valueReference") or {}).get("reference")
    return str(reference) if reference else None


def _is_ours(resource: Resource, provision: Json) -> bool:
    """Whether every part is of the form we write, so that nothing of it is passed over."""
    scopes = {c.get("code") for c in (resource.get("scope") or {}).get("coding") or ()}
    nested = provision.get("provision") or []
    return (
        scopes == {_SCOPE}
        and resource.get("status") in ("active", "inactive", IN_ERROR)
        and not {"policyRule", "modifierExtension", "implicitRules"} & set(resource)
        and provision.get("type") in ("permit", "deny")
        and set(provision) <= _ROOT
        and set(provision.get("dataPeriod") or {}) <= {"start"}
        and all(set(p) in _EXCEPTION and p["type"] == "deny" for p in nested)
        and all(_is_recipient(a) for p in (provision, *nested) for a in p.get("actor") or ())
        and all(d.get("meaning") == "instance" for p in nested for d in p.get("data") or ())
        and all(_codings(c) == {CATEGORY} for c in provision.get("code") or ())
        and all(c.get("system") == _PURPOSE for c in provision.get("purpose") or ())
    )


def _is_recipient(actor: Json) -> bool:
    role = (actor.get("role") or {}).get("coding") or ()
    return any(c.get("code") == _RECIPIENT for c in role)


def _codings(concept: Json) -> set[str | None]:
    return {c.get("system") for c in concept.get("coding") or ()}
