"""An answer to whoever coordinates a plan: what is checked of it, to whom it goes, and how it becomes an
entry of the log or plan. Written like any entry (gateway/intake/writing.py); nothing is sent from here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from unicodedata import category

from gateway.hub.answer_drafts import Draft
from gateway.intake import writing
from gateway.intake.writing import Writer
from gateway.service import Service
from gateway.web.clinic.plan_shown import coordinator_refs
from gateway.web.clinic.shared import SharedPlan
from mappings import reading, telling
from mappings.canonical import identifier_system
from mappings.model import Resource

SUBJECT: Final = 120  # characters
LONGEST: Final = 5_000  # what fits in a form, whatever letters it is written in
THREAD: Final = identifier_system("thread")


def answerable(plan: SharedPlan) -> list[str]:
    """The messages that can be answered."""
    return [
        ref
        for ref, one in plan.seen.items()
        if ref in plan.marks and reading.kind_of(one.resource) == "melding"
    ]


def subject_of(plan: SharedPlan, message: str | None) -> str:
    """What an answer to a message is called before somebody has said otherwise."""
    said = telling.title_of(plan.seen[message].resource) if message else None
    if not said:
        return ""
    return said if said.upper().startswith("SV:") else f"SV: {said}"[:SUBJECT]


def words_of(given: str) -> str:
    """What somebody typed, lines kept, without the control characters that no FHIR text may hold."""
    lined = given.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return "".join(one for one in lined if one == "\n" or category(one) not in ("Cc", "Cs")).strip()


def faults_of(draft: Draft) -> dict[str, str]:
    """What is wrong with it: field -> key of the catalogs."""
    found = {}
    if len(draft.subject) > SUBJECT:
        found["emne"] = "clinic.answer.subject_long"
    if not draft.text:
        found["tekst"] = "clinic.answer.empty"
    elif len(draft.text) > LONGEST:
        found["tekst"] = "clinic.answer.long"
    return found


def recipients(plan: SharedPlan, message: str | None) -> list[str]:
    """To whom it goes: whoever coordinates, and who wrote what is answered, of those the reader may see."""
    found = coordinator_refs(plan)
    entry = next((one for one in plan.entries if one.resource == message), None)
    author = entry.author.participant if entry is not None and entry.author is not None else None
    if author is not None and author not in plan.insight.here.mine and author not in found:
        found.append(author)
    return found


def send(service: Service, plan: SharedPlan, draft: Draft, now: datetime) -> str:
    """Take it in as a message of the log or plan; its reference. Doing it twice writes once. Raises as
    `Writer.write` does."""
    here, message = plan.insight.here, draft.answers if draft.answers in plan.seen else None
    fields: dict[str, Any] = {
        "emne": draft.subject,
        "tekst": draft.text,
        "mottakere": recipients(plan, message),
        "tidspunkt": now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
    }
    if message is not None:
        fields["svarPaa"] = message
        fields |= _thread(plan.seen[message].resource)
    writer = Writer(service.store, service.journal, service.key, here.tenant, here.person)
    entry = writing.Draft("melding", {k: v for k, v in fields.items() if v}, draft.key, stamped="sent")
    written = writer.write(here.frame, here.me.id, here.facts_no, entry, now)
    if written.new:
        service.woken()
    return written.ref


def _thread(message: Resource) -> Mapping[str, str]:
    found = (one for one in message.get("identifier") or () if one.get("system") == THREAD)
    value = next((one.get("value") for one in found), None)
    return {"traad": str(value)} if value else {}
