"""A consent as FHIR R4: the IHE PCF subset, a root type, named recipients and at most one nested level of
exceptions.

The counterpart of fhir_consent: what is written here reads back as the same act.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from consent.blocks import SENSITIVE
from consent.model import Consent
from consent.names import (
    ACT_CODE,
    CONFIDENTIALITY,
    ENH,
    LOINC,
    OURS,
    PARTICIPATION,
    PRIVACY_CONSENT,
    SCOPE,
    Names,
)

Json = dict[str, Any]


def write(consent: Consent, patient: str, names: Names = OURS) -> Json:
    """The Consent resource. patient: the reference of the person. Raises ValueError for what the subset
    cannot say without another meaning: labels as a limit, or something that was not understood when it was
    read."""
    if consent.only_labelled or not consent.understood:
        raise ValueError("a consent of this kind cannot be written")
    out: Json = {
        "resourceType": "Consent",
        "id": consent.id.rpartition("/")[2],
        "extension": list(_extensions(consent, names)),
        "status": _status(consent),
        "scope": {"coding": [{"system": SCOPE, "code": "patient-privacy"}]},
        "category": [{"coding": [{"system": LOINC, "code": PRIVACY_CONSENT}]}],
        "patient": {"reference": patient},
        "dateTime": _text(consent.recorded),
        "performer": [{"reference": giver} for giver in sorted(consent.givers)],
        "policy": [{"uri": names.policy("samtykke")}],
        "provision": _provision(consent, names),
    }
    return {key: value for key, value in out.items() if value}


def _status(consent: Consent) -> str:
    return "entered-in-error" if consent.in_error else "inactive" if consent.withdrawn else "active"


def _extensions(consent: Consent, names: Names) -> Iterator[Json]:
    if consent.frame:
        yield {"url": names.extension("belongs-to"), "valueReference": {"reference": consent.frame}}
    if consent.about:
        yield {"url": names.extension("gjelder"), "valueReference": {"reference": consent.about}}
    if consent.decision != "samtykker":
        yield {"url": names.extension("avgjoerelse"), "valueCode": consent.decision}
    if consent.form:
        yield {"url": names.extension("form"), "valueCode": consent.form}
    for label in sorted(consent.labels):
        system = CONFIDENTIALITY if label == "R" else ACT_CODE
        if label not in SENSITIVE:
            raise ValueError(f"{label} is no label that can be consented to")
        yield {
            "url": names.extension("samtykke-sensitivitet"),
            "valueCoding": {"system": system, "code": label},
        }
    if consent.withdrawn:
        yield {"url": names.extension("trukket"), "extension": list(_withdrawal(consent))}


def _withdrawal(consent: Consent) -> Iterator[Json]:
    yield {"url": "tidspunkt", "valueDateTime": _text(consent.withdrawn)}
    if consent.withdrawn_by:
        yield {"url": "av", "valueReference": {"reference": consent.withdrawn_by}}


def _provision(consent: Consent, names: Names) -> Json:
    period = {"start": _text(consent.start), "end": _text(consent.end)}
    nested = [{"type": "deny", "actor": [_actor(r, names)]} for r in sorted(consent.except_recipients)]
    if consent.except_items:
        nested.append({"type": "deny", "data": _data(consent.except_items)})
    out: Json = {
        "type": "permit" if consent.decision == "samtykker" else "deny",
        "period": {key: value for key, value in period.items() if value},
        "actor": [_actor(r, names) for r in sorted(consent.recipients)],
        "purpose": [{"system": names.codes("formaal"), "code": consent.purpose}],
        "code": [
            {"coding": [{"system": names.codes("consent-category"), "code": c}]}
            for c in sorted(consent.categories)
        ],
        "dataPeriod": {"start": _text(consent.applies_from)} if consent.applies_from else None,
        "data": _data(consent.items),
        "provision": nested,
    }
    return {key: value for key, value in out.items() if value}


def _actor(recipient: str, names: Names) -> Json:
    role = {"coding": [{"system": PARTICIPATION, "code": "IRCP"}]}
    if "/" in recipient:
        return {"role": role, "reference": {"reference": recipient}}
    system = ENH if recipient.isdecimal() else names.ids("tjeneste")
    identifier = {"system": system, "value": recipient}
    return {"role": role, "reference": {"type": "Organization", "identifier": identifier}}


def _data(items: Iterable[str]) -> list[Json]:
    return [{"meaning": "instance", "reference": _item(i)} for i in sorted(items)]


def _item(item: str) -> Json:
    system, _, value = item.partition("|")
    return {"identifier": {"system": system, "value": value}} if value else {"reference": item}


def _text(value: date | datetime | None) -> str | None:
    return value.isoformat() if value else None
