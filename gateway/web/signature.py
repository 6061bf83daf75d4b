"""A signed draft as the FHIR Consent it becomes: as the consent library writes it, with the giver's own words
of the purpose, and the label that keeps it from the guardians where the young person chose so. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from consent.fhir_writing import write as write_consent
from gateway.web.consent_form import Draft
from mappings.canonical import JOURNAL_ACCESS, extension
from mappings.model import Resource

FROM_GUARDIANS = "NORN_FORANS"


def write(draft: Draft, own: str, person: str, now: datetime) -> Resource:
    """The resource. own: its id."""
    said = replace(draft.consent(f"Consent/{own}"), recorded=now)
    made: Resource = write_consent(said, f"Patient/{person}")
    if draft.purpose:
        made["extension"] = [
            *made.get("extension", []), {"url": extension("formaal"), "valueString": draft.purpose}
        ]  # fmt: skip
    if draft.hidden:
        made["meta"] = {"security": [{"system": JOURNAL_ACCESS, "code": FROM_GUARDIANS}]}
    return made
