"""The sample children: which files there are, and what each demo system starts with, moved to today.

`samples/` is what everything is explained and tested with; `caseload/` is what the demo adds, so that a
coordinator has more to do than one child: what was written later of the same children, and other children.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from gateway import jsontext
from gateway.demo.shift import days_since_written, shifted
from mappings.canonical import FNR, MIDDLE_NAME

FOLDER = Path(__file__).parent / "samples"
CASELOAD = Path(__file__).parent / "caseload"
AT_BUP = ("emma", "jonas")  # BUP's own patients from the start


def children(system: str) -> list[str]:
    """Names of the sample files of a records system."""
    return sorted(path.stem for path in (FOLDER / system).glob("*.json"))


def records(system: str, child: str, today: date) -> list[dict[str, Any]]:
    """One child's records in one system, as if written around `today`."""
    content = jsontext.decode((FOLDER / system / f"{child}.json").read_bytes())
    moved: list[dict[str, Any]] = shifted(content, days_since_written(today))
    return moved


def everything(system: str, today: date) -> list[dict[str, Any]]:
    """All that a records system starts with, as if written around `today`."""
    found: list[dict[str, Any]] = []
    for child in children(system):
        found += records(system, child, today)
    for path in sorted((CASELOAD / system).glob("*.json")):
        found += shifted(jsontext.decode(path.read_bytes()), days_since_written(today))
    return found


def patients(today: date) -> list[dict[str, Any]]:
    """The FHIR patients that BUP's demo system knows from the start."""
    return [_patient(records("stafettlogg", child, today)[0]["barn"]) for child in AT_BUP]


def _patient(child: dict[str, Any]) -> dict[str, Any]:
    written = child["navn"]
    name: dict[str, Any] = {"family": written["etternavn"], "given": [written["fornavn"]]}
    if written.get("mellomnavn"):
        name["extension"] = [{"url": MIDDLE_NAME, "valueString": written["mellomnavn"]}]
    return {
        "resourceType": "Patient",
        "identifier": [{"system": FNR, "value": child["fnr"]}],
        "name": [name],
        "birthDate": child["foedt"],
    }
