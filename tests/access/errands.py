"""How each route of the contract is asked about Emma: address, body and headers, with the names of things
(`{goal}`) where a request names one. A route that is not here fails the matrix (test_matrix.py)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from gateway import jsontext
from tests.access.town import WHO, Things, Town
from tests.welfare.reporting import report

NAME = re.compile(r"{([\w ]+)}")
FHIR = "application/fhir+json"
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


@dataclass(frozen=True)
class Errand:
    """One request. fresh: makes anew what a request that is let in uses up. about: the one thing in it that
    those who know Emma ask for in vain; else all of it but her."""

    path: str
    body: Any = None
    media: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    fresh: Callable[[Town], Things] | None = None
    about: str | None = None

    @property
    def named(self) -> set[str]:
        """The things it names."""
        return set(NAME.findall(f"{self.path} {self.body}"))

    def sent(self, things: Things) -> tuple[str, bytes | None, dict[str, str]]:
        """Address, body and headers, with these things in them."""
        path, body = filled(self.path, things), filled(self.body, things)
        headers = {name: filled(text, things) for name, text in self.headers.items()}
        if body is None:
            return path, None, headers
        content = urlencode(body).encode() if self.media == FORM else jsontext.encode(body)
        return path, content, {"Content-Type": self.media, **headers}


def filled(value: Any, things: Things) -> Any:
    """The same with things where their names stand; a name with `#` behind is a number."""
    if isinstance(value, dict):
        return {key: filled(one, things) for key, one in value.items()}
    if isinstance(value, list):
        return [filled(one, things) for one in value]
    if isinstance(value, str) and value.endswith("#"):
        return int(filled(value[:-1], things))
    return NAME.sub(lambda found: things[found[1]], value) if isinstance(value, str) else value


GOAL = {
    "resourceType": "Goal", "lifecycleStatus": "active", "description": {"text": "Sove bedre"},
    "subject": {"reference": "Patient/{person}"},
}  # fmt: skip
CREATES = {"request": {"method": "POST", "url": "Goal"}, "resource": GOAL}
READS_ONE = {"request": {"method": "GET", "url": "Goal/{goal}"}}
RECORD = {
    "type": "lysglimt", "id": "e-l77", "logg": "emma-logg", "endret": "2026-11-21T09:00:00+01:00",
    "endretAv": "e-d1", "tekst": "Lekte ute", "tidspunkt": "2026-11-21T09:00:00+01:00",
}  # fmt: skip
DECIDES = {
    "choice": "current", "version": "{version_of_conflict}#", "by": "PractitionerRole/{holder}",
    "reason": "Avtalt i møtet",
}  # fmt: skip
FINDING = {"kind": "finding", **WHO, "recipients": ["lege"], "categories": ["maal"]}
OVERRIDE = {"kind": "override", **WHO, "recipients": ["lege"]}
DANGER = {"kind": "emergency", **WHO, "items": ["Goal/{goal}"], "recipients": ["lege"]}
ASKS_PPT = {"text": "Hun sover dårlig.", "recipient": "ppt", "seen": [], "confirmedBy": WHO["by"]}
HELD = "reader=RelatedPerson/{mother}"

ERRANDS: dict[str, Errand] = {
    "GET /anonymous-discussions/{discussion_id}": Errand("/anonymous-discussions/{discussion}"),
    "GET /conflicts/{conflict_id}": Errand("/conflicts/{conflict}"),
    "GET /conflicts/{conflict_id}/attachments/{sha256}": Errand("/conflicts/{conflict}/attachments/{sha256}"),
    "POST /conflicts/{conflict_id}/decide": Errand(
        "/conflicts/{conflict}/decide", DECIDES, fresh=Town.conflict
    ),
    "POST /consents/{consent_id}/withdraw": Errand(
        "/consents/{consent}/withdraw", {"by": "RelatedPerson/{mother}"}, fresh=Town.consent
    ),
    "POST /consents/{consent_id}/withdraw (by another child's participant)": Errand(
        "/consents/{standing}/withdraw", {"by": "PractitionerRole/{another}"}, about="another"
    ),
    "GET /decisions": Errand("/decisions?patient={person}&recipient=bup"),
    "GET /decisions (of an item)": Errand("/decisions?patient={person}&recipient=bup&item=Goal/{goal}"),
    "GET /decisions (of an item that is hidden)": Errand(
        "/decisions?patient={person}&recipient=bup&item=Communication/{note}"
    ),
    "GET /decisions (towards a system elsewhere)": Errand(
        "/decisions?patient={person}&recipient={abroad}", about="abroad"
    ),
    "GET /deviations": Errand("/deviations"),
    "GET /deviations (after one)": Errand("/deviations?after={deviation}"),
    "GET /deviations/{deviation_id}": Errand("/deviations/{deviation}"),
    "POST /deviations/{deviation_id}/close": Errand(
        "/deviations/{deviation}/close", WHO, fresh=Town.deviation
    ),
    "GET /disclosures": Errand("/disclosures?patient={person}"),
    "POST /fhir": Errand(
        "/fhir", {"resourceType": "Bundle", "type": "transaction", "entry": [CREATES]}, FHIR
    ),
    "POST /fhir (that reads too)": Errand(
        "/fhir", {"resourceType": "Bundle", "type": "transaction", "entry": [CREATES, READS_ONE]}, FHIR
    ),
    "GET /fhir/AuditEvent": Errand("/fhir/AuditEvent"),
    "GET /fhir/AuditEvent (of a person)": Errand("/fhir/AuditEvent?patient={person}"),
    "GET /fhir/AuditEvent/{id}": Errand("/fhir/AuditEvent/{entry}"),
    "GET /fhir/metadata": Errand("/fhir/metadata"),
    "GET /fhir/{type}": Errand("/fhir/Goal?patient={person}"),
    "GET /fhir/{type} (by id)": Errand("/fhir/Goal?_id={goal}"),
    "GET /fhir/{type} (of what is hidden)": Errand("/fhir/Communication?_id={note}"),
    "GET /fhir/{type} (of the person)": Errand("/fhir/Patient?_id={person}"),
    "POST /fhir/{type}": Errand("/fhir/Goal", GOAL, FHIR),
    "POST /fhir/{type} (that points at what is hidden)": Errand(
        "/fhir/Goal", {**GOAL, "addresses": [{"reference": "Communication/{note}"}]}, FHIR
    ),
    "POST /fhir/{type}/_search": Errand(
        "/fhir/Patient/_search", {"identifier": "urn:oid:2.16.578.1.12.4.1.4.1|{number}"}, FORM
    ),
    "GET /fhir/{type}/{id}": Errand("/fhir/Goal/{goal}"),
    "GET /fhir/{type}/{id} (that is hidden)": Errand("/fhir/Communication/{note}"),
    "PUT /fhir/{type}/{id}": Errand(
        "/fhir/Goal/{changing}",
        {**GOAL, "id": "{changing}"},
        FHIR,
        {"If-Match": 'W/"{tag it has}"'},
        Town.changing,
    ),
    "GET /fhir/{type}/{id}/_history": Errand("/fhir/Goal/{goal}/_history"),
    "GET /fhir/{type}/{id}/_history (that is hidden)": Errand("/fhir/Communication/{note}/_history"),
    "GET /fhir/{type}/{id}/_history/{version}": Errand("/fhir/Goal/{goal}/_history/{tag}"),
    "GET /healthz": Errand("/healthz"),
    "GET /lanes": Errand("/lanes"),
    "POST /lanes/{lane_id}/hold": Errand(
        "/lanes/{lane}/hold", {"reason": "agreed-stop"}, fresh=Town.released
    ),
    "POST /lanes/{lane_id}/release": Errand("/lanes/{lane}/release"),
    "POST /lanes/{lane_id}/replay": Errand("/lanes/{lane}/replay"),
    "GET /metrics": Errand("/metrics"),
    "GET /notices": Errand("/notices"),
    "GET /notices (of a person)": Errand("/notices?patient={person}"),
    "GET /notices (after one)": Errand("/notices?after={notice}"),
    "POST /notices/{notice_id}/done": Errand("/notices/{notice}/done", {"by": "PractitionerRole/{holder}"}),
    "GET /people/{person_id}/acts": Errand("/people/{person}/acts"),
    "POST /people/{person_id}/acts": Errand("/people/{person}/acts", FINDING),
    "POST /people/{person_id}/acts (under an id that is taken)": Errand(
        "/people/{person}/acts", {**FINDING, "id": "{act}"}
    ),
    "POST /people/{person_id}/acts (about another child's item)": Errand(
        "/people/{person}/acts", {"kind": "withholding", **WHO, "items": ["Goal/{theirs}"]}
    ),
    "POST /people/{person_id}/acts (about what is hidden)": Errand(
        "/people/{person}/acts", {**OVERRIDE, "items": ["Communication/{note}"]}
    ),
    "POST /people/{person_id}/acts (in danger)": Errand("/people/{person}/acts", DANGER),
    "POST /people/{person_id}/acts/{act_id}/end": Errand("/people/{person}/acts/{act}/end", fresh=Town.act),
    "POST /people/{person_id}/acts/{act_id}/told": Errand(
        "/people/{person}/acts/{act}/told", fresh=Town.danger
    ),
    "GET /people/{person_id}/audit": Errand("/people/{person}/audit?" + HELD),
    "GET /people/{person_id}/audit (for another child's participant)": Errand(
        "/people/{person}/audit?reader=PractitionerRole/{another}"
    ),
    "GET /people/{person_id}/awaiting-release": Errand("/people/{person}/awaiting-release"),
    "GET /people/{person_id}/conflicts": Errand("/people/{person}/conflicts"),
    "GET /people/{person_id}/consents": Errand("/people/{person}/consents"),
    "GET /people/{person_id}/held": Errand("/people/{person}/held?" + HELD),
    "GET /people/{person_id}/held (for another child's participant)": Errand(
        "/people/{person}/held?reader=PractitionerRole/{another}"
    ),
    "POST /people/{person_id}/merge": Errand(
        "/people/{kept}/merge", {"other": "{joined}", **WHO}, fresh=Town.pair
    ),
    "POST /people/{person_id}/merge/{merge_id}/undo": Errand(
        "/people/{merged}/merge/{merge}/undo", WHO, fresh=Town.merged
    ),
    "GET /people/{person_id}/merges": Errand("/people/{person}/merges"),
    "POST /people/{person_id}/questions/{question_id}/{answered}": Errand(
        "/people/{asked}/questions/{question}/{answered}", WHO, fresh=Town.question
    ),
    "POST /people/{person_id}/recall": Errand(
        "/people/{person}/recall",
        {"items": ["Goal/{goal}"], "by": WHO["by"], "reason": "feil-person"},
        fresh=Town.item,
    ),
    "POST /people/{person_id}/recall (of another child's item)": Errand(
        "/people/{person}/recall", {"items": ["Goal/{theirs}"], "by": WHO["by"], "reason": "feil-person"}
    ),
    "GET /people/{person_id}/receipts": Errand("/people/{person}/receipts"),
    "POST /people/{person}/anonymous-check": Errand(
        "/people/{person}/anonymous-check", {"text": "Hun heter Emma."}
    ),
    "POST /people/{person}/anonymous-discussions": Errand(
        "/people/{person}/anonymous-discussions", {"id": "d-77", **ASKS_PPT}
    ),
    "POST /plans/continue": Errand(
        "/plans/continue", {"log": "CarePlan/{closed}", "system": "plan"}, fresh=Town.closed
    ),
    "POST /plans/continue (of whom it keeps no plan)": Errand(
        "/plans/continue", {"log": "CarePlan/{their log}", "system": "plan"}
    ),
    "GET /plans/{plan}/completeness": Errand("/plans/{plan}/completeness"),
    "GET /readyz": Errand("/readyz"),
    "GET /systems/{system}/absences": Errand("/systems/{system}/absences"),
    "POST /systems/{system}/receipts": Errand(
        "/systems/{system}/receipts", [{"id": "Goal/{goal}", "kind": "read"}]
    ),
    "GET /systems/{system}/records": Errand("/systems/{puller}/records"),
    "POST /systems/{system}/records": Errand("/systems/{system}/records", [RECORD]),
    "POST /systems/{system}/records (one's own, about a person here)": Errand(
        "/systems/{own}/records", {**GOAL, "id": "g-77"}
    ),
    "POST /systems/{system}/snapshots": Errand(
        "/systems/{system}/snapshots", {"log": "emma-logg", "ids": ["emma-logg"]}
    ),
    "GET /systems/{system}/unshown": Errand("/systems/{system}/unshown?patient={person}"),
    "GET /systems/{system}/unshown (one's own)": Errand("/systems/{own}/unshown?patient={person}"),
    "POST /systems/{system}/receipts (one's own)": Errand(
        "/systems/{own}/receipts", [{"id": "Goal/{goal}", "kind": "read"}]
    ),
    "GET /timeline/{patient}": Errand("/timeline/{person}"),
    "GET /welfare/deadlines": Errand("/welfare/deadlines"),
    "GET /welfare/deadlines (after one)": Errand("/welfare/deadlines?after={report}"),
    "POST /welfare/reports": Errand("/welfare/reports", report("bm-77")),
    "GET /welfare/reports/{report_id}": Errand("/welfare/reports/{report}"),
    "POST /welfare/reports/{report_id}/feedback": Errand(
        "/welfare/reports/{report}/feedback", {"state": "undersoekes", "time": "{reported}"}
    ),
    "GET /worklist": Errand("/worklist?participant=PractitionerRole/{holder}"),
    "POST /worklist/search": Errand("/worklist/search", {"participant": "PractitionerRole/{holder}"}),
}
