"""The mapping of a FHIR server that can only store documents: one DocumentReference per plan, its PDF made
when the record is written. The state keeps what the document says: a new one is made only when that changes.

state.focus: ITEM is the DocumentReference without its bytes, CONTENT a Binary with what it says as JSON.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping as Map
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from gateway import jsontext
from gateway.documents.pdf import pdf
from gateway.documents.sheet import Content
from mappings import derived
from mappings.canonical import DOCUMENT_TYPE
from mappings.fhir import FhirMapping
from mappings.model import ITEM, Ids, Record, Resource, State

CONTENT: Final = "content"
OSLO: Final = ZoneInfo("Europe/Oslo")
PLAN_TYPE: Final = {"system": DOCUMENT_TYPE, "code": "A02-2", "display": "Individuell plan"}
_FHIR: Final = FhirMapping()
_MADE_ANEW: Final = ("date", "content")


def document(plan: Resource, content: Content, at: datetime) -> dict[str, Resource]:
    """The focus of a plan's document. at: when the newest of its content was written."""
    day = at.astimezone(OSLO)
    in_error = plan.get("status") == "entered-in-error"
    item = {
        "resourceType": "DocumentReference",
        "id": plan["id"],
        "meta": {"tag": [derived.DOCUMENT]},
        "status": "entered-in-error" if in_error else "current",
        "type": {"coding": [PLAN_TYPE]},
        "subject": plan["subject"],
        "date": day.isoformat(timespec="seconds"),
        "content": [
            {
                "attachment": {
                    "contentType": "application/pdf",
                    "title": "Individuell plan",
                    "creation": day.isoformat(timespec="seconds"),
                }
            }
        ],
    }
    data = base64.b64encode(jsontext.encode(content)).decode()
    says = {"resourceType": "Binary", "id": plan["id"], "contentType": "application/json", "data": data}
    return {ITEM: item, CONTENT: says}


def onto_held(new: Map[str, Resource], held: Map[str, Resource]) -> dict[str, Resource]:
    """The document as it should stand at a recipient: what its server added stays, and so does its date while
    it says the same."""
    if ITEM not in held:
        return dict(new)
    if held.get(CONTENT) == new[CONTENT] and new[ITEM]["status"] != "entered-in-error":
        return dict(held)
    anew = {name: new[ITEM][name] for name in _MADE_ANEW}
    if new[ITEM]["status"] == "entered-in-error":
        anew["status"] = "entered-in-error"
    return {ITEM: {**held[ITEM], **anew}, CONTENT: new[CONTENT]}


class DocumentMapping(FhirMapping):
    """RecordMapping of FHIR servers that get documents: as any other, save for ours. Holds no state."""

    def slots(self, resource: Resource) -> Map[str, str] | None:
        """The resource alone; the child too, since its name stands in the document."""
        return {ITEM: f"{resource['resourceType']}/{resource['id']}"}

    def get(self, state: State, ids: Ids) -> Record:
        """The DocumentReference with its PDF. Raises NotExpressible."""
        native = _FHIR.get(State({ITEM: state.focus[ITEM]}, state.rest), ids)
        if CONTENT not in state.focus:
            return native
        says = base64.b64decode(state.focus[CONTENT]["data"]).decode()
        made = pdf(says, state.focus[ITEM]["date"][:10])
        attachment: dict[str, Any] = {
            **native["content"][0]["attachment"],
            "data": base64.b64encode(made).decode(),
            "size": len(made),
            "hash": base64.b64encode(hashlib.sha1(made, usedforsecurity=False).digest()).decode(),
        }
        return {**native, "content": [{**native["content"][0], "attachment": attachment}]}

    def put(self, native: Record, state: State, ids: Ids) -> State:
        """The state after the server says `native`. The bytes are ours: where it keeps them is its affair."""
        if CONTENT not in state.focus:
            return _FHIR.put(native, state, ids)
        ours = {"content": state.focus[ITEM]["content"]}
        inner = State({ITEM: state.focus[ITEM]}, state.rest)
        said = _FHIR.put({**native, **ours}, inner, ids)
        return State({**said.focus, CONTENT: state.focus[CONTENT]}, said.rest)
