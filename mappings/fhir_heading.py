"""What intake needs to know of a peer's resource before it is put: who it is about, when it changed.

Checks only what the gateway itself stands on; whether it is valid R4 is checked at the boundary.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any, Final

from mappings.canonical import MARK, NATIONAL_IDS, identifier_system
from mappings.lens.checks import unstorable
from mappings.model import Heading, PersonKey, Problem, Record, RecordRefused
from mappings.references import is_literal, references

OURS: Final = identifier_system("item")
_TYPE: Final = re.compile(r"[A-Z][A-Za-z]{1,63}")
_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_LEAP: Final = re.compile(r"(T\d\d:\d\d:)60")  # FHIR allows the second that is put in; Python does not
_SUBJECT: Final = ("subject", "patient", "for", "beneficiary", "individual")
_STATUS: Final = ("status", "lifecycleStatus")


def describe(native: Record) -> Heading:
    """The heading. Raises RecordRefused with every problem found."""
    problems = _problems(native)
    if problems:
        known = native.get("id") if isinstance(native.get("id"), str) else None
        raise RecordRefused(known, tuple(problems))
    kind = native["resourceType"]
    own = f"{kind}/{native['id']}"
    return Heading(
        type=kind,
        id=own,
        frame=None,
        changed=_time(native["meta"]["lastUpdated"]),
        resource_type=kind,
        mentions=tuple(sorted(references(native) - {own})),
        person=_person(native) if kind == "Patient" else None,
        withdrawn=_withdrawn(native),
        standalone=True,
        ours=_ours(native, kind),
        subject=own if kind == "Patient" else subject_of(native),
    )


def _ours(native: Record, kind: str) -> str | None:
    """Our id of the resource, if it carries one: the last, since another Stafettbro's stands before it."""
    listed = native.get("identifier", [])
    for one in reversed(listed) if isinstance(listed, list) else [listed]:
        if one.get("system") == OURS and isinstance(one.get("value"), str):
            return f"{kind}/{one['value']}"
    return None


def _problems(native: Record) -> list[Problem]:
    found = list(unstorable(native))
    if not _matches(_TYPE, native.get("resourceType")):
        found.append(Problem("resourceType", "Ressursen sier ikke hvilken type den er.", "missing"))
    if not _matches(_ID, native.get("id")):
        found.append(Problem("id", "Ressursen har ikke en gyldig id.", "missing"))
    meta = native.get("meta", {})
    updated = meta.get("lastUpdated") if isinstance(meta, dict) else None
    if updated is None:
        found.append(Problem("meta.lastUpdated", "Tidspunktet for siste endring mangler.", "missing"))
    elif not _is_time(updated):
        found.append(Problem("meta.lastUpdated", "Tidspunktet for siste endring er ugyldig.", "not-a-time"))
    for name in ("identifier", "extension"):
        value = native.get(name, [])
        members = value if isinstance(value, list) else [value]
        if not all(isinstance(member, dict) for member in members):
            found.append(Problem(name, "Elementet har feil form.", "invalid"))
    return found


def _matches(pattern: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _time(text: str) -> datetime:
    return datetime.fromisoformat(_LEAP.sub(r"\g<1>59", text))


def _is_time(value: Any) -> bool:
    try:
        return isinstance(value, str) and _time(value).tzinfo is not None
    except ValueError:
        return False


def subject_of(native: Record) -> str | None:
    """The one patient it is about; None when it names none, or several."""
    for name in _SUBJECT:
        found = _patients(native.get(name))
        if found:
            return found.pop() if len(found) == 1 else None
    actors = [part.get("actor") for part in native.get("participant", []) if isinstance(part, dict)]
    found = set().union(*(_patients(actor) for actor in actors)) if actors else set()
    return found.pop() if len(found) == 1 else None


def _patients(value: Any) -> set[str]:
    if isinstance(value, list):
        return set().union(*(_patients(part) for part in value)) if value else set()
    reference = str(value.get("reference")) if isinstance(value, dict) else ""
    return {reference} if is_literal(reference) and reference.startswith("Patient/") else set()


def _withdrawn(native: Record) -> bool:
    if any(native.get(name) == "entered-in-error" for name in _STATUS):
        return True
    marks = [*native["meta"].get("tag", []), *_codings(native.get("verificationStatus"))]
    return any(
        isinstance(mark, dict)
        and (
            (mark.get("system"), mark.get("code")) == (MARK, "withdrawn")
            or mark.get("code") == "entered-in-error"
        )
        for mark in marks
    )


def _codings(value: Any) -> list[Any]:
    return list(value.get("coding", [])) if isinstance(value, dict) else []


def _person(patient: Record) -> PersonKey:
    """Identifiers that can be matched, national ids first."""
    listed = patient.get("identifier", [])
    pairs = [
        (entry["system"], entry["value"])
        for entry in (listed if isinstance(listed, list) else [listed])
        if isinstance(entry.get("system"), str) and isinstance(entry.get("value"), str)
    ]
    return PersonKey(tuple(sorted(pairs, key=lambda p: p[0] not in NATIONAL_IDS)), _born(patient))


def _born(patient: Record) -> date | None:
    try:
        return date.fromisoformat(str(patient.get("birthDate")))
    except ValueError:
        return None
