"""Bodies that are right, by operation: what is mutated before it is sent."""

from __future__ import annotations

from typing import Any

from tests.fuzz.known import FHIR, NEIGHBOURS, Known
from tests.welfare.reporting import report

BY = {"by": "Kari Nordmann", "reason": "Avtalt"}


def records(known: Known, caller: str) -> list[Any]:
    """What a caller's system hands in."""
    if caller in NEIGHBOURS:
        own = known.records["nabologg"]
    elif caller in ("bup", "lege", "leser"):
        own = [{"id": f"r{n}", **one} for n, one in enumerate(known.resources)]
    else:
        own = known.records["plan" if caller == "plan" else "logg"]
    newer = [{**one, "endret": "2026-11-21T10:00:00+01:00"} for one in own if "endret" in one]
    return [*newer, *own, own[:4]]


def resources(known: Known, caller: str, patient: str) -> list[Any]:
    """FHIR to be written, about this patient."""
    if caller in NEIGHBOURS:
        goal = {"resourceType": "Goal", "lifecycleStatus": "active", "description": {"text": "Mål"}}
        return [goal | {"subject": {"reference": f"Patient/{patient}"}}]
    return [about(one, patient) for one in known.resources]


def about(value: Any, patient: str) -> Any:
    if isinstance(value, dict):
        mine = str(value.get("reference", "")).startswith("Patient/")
        return {
            k: f"Patient/{patient}" if mine and k == "reference" else about(v, patient)
            for k, v in value.items()
        }
    return [about(one, patient) for one in value] if isinstance(value, list) else value


def bundle(resources: list[Any]) -> dict[str, Any]:
    """A transaction of these."""
    entries = [
        {"fullUrl": f"urn:uuid:{n:08d}-0000-4000-8000-000000000000", "resource": one}
        | {"request": {"method": "POST", "url": one["resourceType"]}}
        for n, one in enumerate(resources)
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def others(template: str, patient: str, item: str, goal: str, by_whom: str) -> list[Any]:
    """What the rest of the operations are asked with."""
    by = {"by": by_whom}
    told: dict[str, list[Any]] = {
        "/conflicts/{conflict_id}/decide": [{**by, "choice": "current", "reason": "Avtalt", "version": 2}],
        "/consents/{consent_id}/withdraw": [{"by": f"RelatedPerson/{item}"}],
        "/deviations/{deviation_id}/close": [BY],
        "/lanes/{lane_id}/hold": [{"reason": "agreed-stop"}],
        "/notices/{notice_id}/done": [by],
        "/people/{person_id}/acts": [
            {"kind": "emergency", "items": [goal], "recipients": ["bup"], **BY},
            {"kind": "objection", "recipients": ["bup"], **BY},
            {"kind": "release", "keys": [f"ServiceRequest/{item}#description@5f2b1c9d8e7a6b40"], **BY},
            {"kind": "finding", "recipients": ["bup"], "categories": ["maal"], **BY},
            {"kind": "withholding", "items": [goal], **BY},
        ],
        "/people/{person_id}/merge": [{"other": patient, **BY}],
        "/people/{person_id}/merge/{merge_id}/undo": [BY],
        "/people/{person_id}/questions/{question_id}/{answered}": [BY],
        "/people/{person_id}/recall": [{"by": "Kari", "items": [goal], "reason": "feil-person"}],
        "/people/{person}/anonymous-check": [{"text": "En gutt på femten sover dårlig."}],
        "/people/{person}/anonymous-discussions": [
            {
                "confirmedBy": "Kari",
                "id": "droefting-1",
                "recipient": "ppt",
                "seen": [],
                "text": "En gutt sover dårlig.",
            }
        ],
        "/plans/continue": [{"log": f"CarePlan/{item}", "system": "plan"}],
        "/systems/{system}/receipts": [[{"at": "2026-11-22T09:00:00+01:00", "id": item, "kind": "accepted"}]],
        "/systems/{system}/snapshots": [{"ids": ["Fri-logg", "Fri-bup"], "log": "Fri-logg", "omitted": []}],
        "/welfare/reports": [report("bm-2")],
        "/welfare/reports/{report_id}/feedback": [
            {"state": "undersoekes", "time": "2026-11-25T09:00:00+01:00"}
        ],
        "/worklist/search": [{"hpr": "9144900"}, {"bruker": {"utsteder": "x", "subjekt": "y"}}],
    }
    return told.get(template, [{}])


def media(label: str) -> bytes:
    """The content type that an operation wants."""
    if label.endswith("/_search"):
        return b"application/x-www-form-urlencoded"
    return FHIR.encode() if " /fhir" in label else b"application/json"
