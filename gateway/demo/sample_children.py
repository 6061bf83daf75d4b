"""The sample children: which files there are, and what each demo system starts with, moved to today."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from gateway import jsontext
from gateway.demo.shift import days_since_written, shifted
from mappings.canonical import FNR, MIDDLE_NAME

FOLDER = Path(__file__).parent / "samples"
AT_BUP = ("emma", "jonas")  # BUP's own patients from the start


def children(system: str) -> list[str]:
    """Names of the sample files of a records system."""
    return sorted(path.stem for path in (FOLDER / system).glob("*.json"))


def records(system: str, child: str, today: date) -> list[dict[str, Any]]:
    """One child's records in one system, as if written around `today`."""
    content = jsontext.decode((FOLDER / system / f"{child}.json").read_bytes())
    moved: list[dict[str, Any]] = shifted(content, days_since_written(today))
    return moved


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
