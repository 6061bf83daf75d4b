"""The sample children as the consent library sees them: their records through the mappings into FHIR, their
consents read from that FHIR, and each record as an item."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from consent import Consent, Facts, Item, Participant, fhir_consent, places_in
from mappings import jsontext, load, reading
from mappings.convert import to_bundle
from tests.consent.worlds import NUMBERS, REGIMES

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
FILES = {
    "emma": ("stafettlogg/emma", "individuell-plan/emma"),
    "jonas": ("stafettlogg/jonas",),
    "amina": ("stafettlogg/amina", "individuell-plan/amina"),
}
OTHERS = {"318625271": "education", "360189554": "education"}
here = pytest.mark.skipif(not DATA.is_dir(), reason="the sample data in ../shared/data is not here")


@dataclass(frozen=True)
class Child:
    """One child. resources: by reference; items: by the id its record has at its source."""

    facts: Facts
    resources: dict[str, dict[str, Any]]
    items: dict[str, Item]


@cache
def child(name: str) -> Child:
    """A sample child, from the log and the plan."""
    found: dict[str, dict[str, Any]] = {}
    for file in FILES[name]:
        found |= _resources(file)
    people = [p for r in found.values() for p in _participant(r)]
    patient = next(r for r in found.values() if r["resourceType"] == "Patient")
    person = reading.person_of(patient)
    facts = Facts(
        born=person.born,
        address_protection=person.address_protection,
        participants=tuple(people),
        consents=tuple(c for r in found.values() for c in _consents(r)),
        regimes={**REGIMES, **OTHERS},
        patient=f"Patient/{patient['id']}",
        places=places_in(found.values()),
    )
    organizations = {p.id.partition("/")[2]: p.organization for p in people}
    items = {r["id"]: _item(r, found, organizations) for r in found.values() if _is_item(r)}
    return Child(facts, found, items)


def _resources(file: str) -> dict[str, dict[str, Any]]:
    """The FHIR of one file, with references by type and id."""
    system = file.partition("/")[0]
    natives = jsontext.decode((DATA / f"{file}.json").read_bytes())
    bundle, refused = to_bundle(load(system), system, natives)
    assert refused == ()
    text = json.dumps(bundle, default=str)
    for entry in bundle["entry"]:
        own = entry["resource"]
        text = text.replace(entry["fullUrl"], f"{own['resourceType']}/{own['id']}")
    resources = [e["resource"] for e in json.loads(text)["entry"]]
    return {f"{r['resourceType']}/{r['id']}": r for r in resources if r["resourceType"] != "Binary"}


def _participant(resource: dict[str, Any]) -> list[Participant]:
    found = reading.participant_of(resource)
    if found is None:
        return []
    one = Participant(
        id=f"{resource['resourceType']}/{resource['id']}",
        frame=reading.belongs_to(resource) or "",
        role=found.role,
        service=found.service,
        organization=found.organization,
        responsibility=found.responsibility,
        start=found.start,
        end=found.end,
        person=found.identifiers[0][1] if found.identifiers else None,
    )
    return [one]


def _consents(resource: dict[str, Any]) -> tuple[Consent, ...]:
    return fhir_consent.read(resource)


def _is_item(resource: dict[str, Any]) -> bool:
    return resource["resourceType"] not in ("Patient", "Provenance")


def _item(resource: dict[str, Any], found: dict[str, Any], organizations: dict[str, str | None]) -> Item:
    provenance = found.get(f"Provenance/{resource['id']}-provenance", {})
    who = (provenance.get("agent") or [{}])[0].get("who", {}).get("identifier", {}).get("value")
    kind, own = resource["resourceType"], resource["id"]
    return Item(
        id=f"{kind}/{own}",
        categories=reading.category_of(resource),
        labels=reading.labels_of(resource),
        sensitivity=reading.sensitivity_of(resource),
        third_persons=reading.third_persons_of(resource),
        author_organization=organizations.get(who or ""),
        frame=reading.belongs_to(resource),
        consent_id=f"Consent/{own}" if kind == "Consent" else None,
        type=kind,
    )


def number(service: str) -> str:
    """The organization number of a service in the samples."""
    return NUMBERS[service]
