"""People read from hub resources: the child, and who takes part. Facts for the consent library; dates that
are not certain are read so that they permit less."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from mappings.canonical import (
    ADDRESS_CONFIDENTIALITY,
    ENH,
    HPR,
    NATIONAL_IDS,
    PARENTAL_RESPONSIBILITY,
    ROLE,
    TJENESTE,
    code_system,
    extension,
)
from mappings.lens.times import moment
from mappings.lens.views import is_withdrawn
from mappings.model import Json, Resource

__all__ = [
    "ParticipantReading",
    "PersonReading",
    "day_of",
    "named",
    "participant_of",
    "person_of",
]

_PROTECTION: Final = ("ugradert", "klientadresse", "fortrolig", "strengtFortrolig")
_PROTECTION_SYSTEMS: Final = (
    ADDRESS_CONFIDENTIALITY,
    ADDRESS_CONFIDENTIALITY.replace("/CodeSystem/", "/ValueSet/"),
)
_ONESELF: Final = "ONESELF"
_IDENTIFIER_TYPE: Final = code_system("identifikator")


@dataclass(frozen=True, slots=True)
class PersonReading:
    """The child. address_protection None: unknown. identifiers: (system, value), national ids first."""

    born: date | None
    address_protection: str | None
    identifiers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ParticipantReading:
    """One who takes part. identifiers: national ids only. users: (issuer, subject) at a login."""

    role: str
    service: str | None
    organization: str | None
    responsibility: str | None
    start: date | None
    end: date | None
    identifiers: tuple[tuple[str, str], ...]
    hpr: str | None
    users: tuple[tuple[str, str], ...] = ()


def named(reference: Json) -> str | None:
    """What a Reference names: a hub reference, or "system|value" of a logical one."""
    if reference.get("reference"):
        return str(reference["reference"])
    identifier = reference.get("identifier") or {}
    value = identifier.get("value")
    return f"{identifier.get('system', '')}|{value}" if value else None


def person_of(patient: Resource) -> PersonReading:
    """What is known of the child."""
    found = _identifiers(patient)
    return PersonReading(
        born=day_of(patient.get("birthDate")),
        address_protection=_protection(patient),
        identifiers=tuple(sorted(found, key=lambda pair: pair[0] not in NATIONAL_IDS)),
    )


def participant_of(resource: Resource) -> ParticipantReading | None:
    """The participant; None when the resource is none, is registered in error, or says no role we know."""
    kind = resource.get("resourceType")
    if kind not in ("PractitionerRole", "RelatedPerson") or is_withdrawn(resource):
        return None
    role = _role(resource, family=kind == "RelatedPerson")
    period = resource.get("period") or {}
    if role is None or (period.get("end") and day_of(period["end"], first=True) is None):
        return None
    everyone = [
        *_identifiers(resource),
        *(i for c in resource.get("contained") or () for i in _identifiers(c)),
    ]
    return ParticipantReading(
        role=role,
        service=_code(resource.get("specialty"), TJENESTE) or _service(resource),
        organization=_organization(resource),
        responsibility=_code(resource.get("relationship"), PARENTAL_RESPONSIBILITY),
        start=day_of(period.get("start"), first=False),
        end=day_of(period.get("end"), first=True),
        identifiers=tuple(pair for pair in everyone if pair[0] in NATIONAL_IDS),
        hpr=next((value for system, value in everyone if system == HPR), None),
        users=tuple(_users(resource)),
    )


def _role(resource: Resource, *, family: bool) -> str | None:
    if not family:
        return _code(resource.get("code"), ROLE) or "aktoer"
    concepts = resource.get("relationship") or ()
    own = any(c.get("code") == _ONESELF for r in concepts for c in r.get("coding") or ())
    return _code(concepts, ROLE) or ("barn" if own else None)


def _service(resource: Resource) -> str | None:
    """A relative's service stands in an extension."""
    extensions = resource.get("extension") or ()
    found = next((e.get("valueCode") for e in extensions if e.get("url") == extension("tjeneste")), None)
    return None if found is None else str(found)


def _organization(resource: Resource) -> str | None:
    """A relative's organization stands in an extension."""
    unit = extension("enhet")
    extensions = resource.get("extension") or ()
    reference = resource.get("organization") or next(
        (e.get("valueReference") for e in extensions if e.get("url") == unit), None
    )
    identifier = (reference or {}).get("identifier") or {}
    return str(identifier["value"]) if identifier.get("system") == ENH and "value" in identifier else None


def _code(concepts: Json, system: str) -> str | None:
    for concept in concepts or ():
        for coding in concept.get("coding") or ():
            if coding.get("system") == system:
                return str(coding.get("code"))
    return None


def _identifiers(resource: Resource) -> list[tuple[str, str]]:
    return [
        (i["system"], i["value"])
        for i in resource.get("identifier") or ()
        if i.get("system") and i.get("value")
    ]


def _users(resource: Resource) -> Iterator[tuple[str, str]]:
    """Who this is at a login: identifiers that say so of themselves."""
    for one in resource.get("identifier") or ():
        codes = (one.get("type") or {}).get("coding") or ()
        if any((c.get("system"), c.get("code")) == (_IDENTIFIER_TYPE, "bruker") for c in codes) and (
            one.get("system") and one.get("value")
        ):
            yield str(one["system"]), str(one["value"])


def _protection(patient: Resource) -> str | None:
    """The strictest that is stated; a code we do not know makes it unknown."""
    codes = [
        c.get("code")
        for c in (patient.get("meta") or {}).get("security") or ()
        if c.get("system") in _PROTECTION_SYSTEMS
    ]
    if not codes or any(code not in _PROTECTION for code in codes):
        return None
    return str(max(codes, key=_PROTECTION.index))


def day_of(text: str | None, *, first: bool = True) -> date | None:
    """The day of a FHIR date or dateTime, as written; of a year or month alone its first or last day."""
    if not text:
        return None
    try:
        if len(text) > 10:
            return date.fromisoformat(text[:10]) if moment(text) else None
        if len(text) == 10:
            return date.fromisoformat(text)
        year, month = int(text[:4]), int(text[5:7] or (1 if first else 12))
    except ValueError:
        return None
    return date(year, month, 1) if first else _last_day(year, month)


def _last_day(year: int, month: int) -> date:
    following = datetime(year + month // 12, month % 12 + 1, 1)  # noqa: DTZ001 (a calendar day, no instant)
    return date.fromordinal(following.toordinal() - 1)
