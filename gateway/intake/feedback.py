"""What a record that has just come in means beside itself: a referral by somebody who may not refer is
answered so; a Task of a recipient acknowledges the item it is about, and says how far a referral has come
there, which is then a change of the referral like any other. Decides nothing about who may see it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from consent.days import day
from gateway.config import Settings, System
from gateway.hub import receipts, versions
from gateway.hub.concerned import frame_of
from gateway.hub.notices import Kind, clear_notice, raise_notice
from gateway.hub.receipts import Saying
from gateway.hub.versions import Version
from gateway.intake import referring
from gateway.intake.answer import Answer, Status
from gateway.intake.referring import Referrer
from gateway.intake.workspace import Workspace
from mappings import reading
from mappings.canonical import ENH
from mappings.model import Problem, Resource
from mappings.referrals import (
    Referral,
    Step,
    focus_of,
    moment_of,
    professions_of,
    reason_of,
    referral_of,
    step_of,
    step_of_request,
    with_step,
)

SAYING: Final = ("status", "focus", "statusReason", "businessStatus", "lastModified")
MAY_NOT_REFER: Final = "may-not-refer"
HEARD: Final = (Status.STORED, Status.UNCHANGED, Status.CONFLICT)
_SAID: Final = {
    "received": receipts.Kind.ACCEPTED,
    "accepted": receipts.Kind.ACCEPTED,
    "ready": receipts.Kind.ACCEPTED,
    "in-progress": receipts.Kind.ACCEPTED,
    "on-hold": receipts.Kind.ACCEPTED,
    "completed": receipts.Kind.ACCEPTED,
    "rejected": receipts.Kind.REJECTED,
}


def heard(ws: Workspace, system: System, answer: Answer, settings: Settings) -> Answer:
    """The answer to a record, with what it means beside itself done."""
    head = ws.heads.get(answer.ref or "") if answer.status in HEARD and not answer.late else None
    if head is None:
        return answer
    if head.ref.startswith("Task/") and answer.status is Status.STORED:
        _task(ws, system, head, settings)
    referral = referral_of(head.resource) if head.ref.startswith("ServiceRequest/") else None
    if referral is None:
        return answer
    if head.source == system.id != head.created_by and answer.status is Status.STORED:
        _request(ws, system, head, referral, settings)
    return _referral(ws, head, referral, answer, settings)


# --- a referral comes in ---------------------------------------------------------------------------------


def _referral(ws: Workspace, head: Version, referral: Referral, answer: Answer, settings: Settings) -> Answer:
    participants = _participants(ws, head.person, settings)
    services = _services(participants.values(), referral.organization)
    referrer = _referrer(participants.get(referral.referrer or ""))
    back = referring.returned(referral, referrer, services, settings.referral_rules, day(ws.now))
    if back is None or reading.in_error(head.resource):
        clear_notice(ws.connection, ws.tenant, Kind.REFERRAL_RETURNED, head.person, head.ref, ws.now)
        return answer
    frame = frame_of(ws.connection, ws.tenant, head.person, head.ref, head.resource) or reading.belongs_to(
        head.resource
    )
    if frame is not None:
        raise_notice(
            ws.connection, ws.tenant, Kind.REFERRAL_RETURNED, head.person, head.ref, ws.now, frame=frame
        )
    problem = Problem("henviser", back.text, MAY_NOT_REFER)
    return replace(answer, problems=(*answer.problems, problem), referral="not-sent")


def _participants(ws: Workspace, person: str, settings: Settings) -> dict[str, Version]:
    """Who takes part, as systems say whose word on that counts (as in gateway/exchange/statements.py): nobody
    refers, or is referred to, by naming itself."""
    found = versions.of_types(ws.connection, ws.tenant, person, ["PractitionerRole"])
    found |= {ref: one for ref, one in ws.heads.items() if ref.startswith("PractitionerRole/")}
    trusted = {one.id for one in settings.systems if one.adapter != "fhir" or one.states_facts}
    return {ref: one for ref, one in found.items() if one.person == person and one.created_by in trusted}


def _services(participants: Iterable[Version], organization: str | None) -> frozenset[str]:
    """Services of an organization that takes part."""
    if organization is None:
        return frozenset()
    found = (reading.participant_of(one.resource) for one in participants)
    return frozenset(
        one.service for one in found if one is not None and one.organization == organization and one.service
    )


def _referrer(participant: Version | None) -> Referrer | None:
    known = reading.participant_of(participant.resource) if participant is not None else None
    if participant is None or known is None:
        return None
    return Referrer(known.service, known.hpr is not None, professions_of(participant.resource))


# --- a recipient's Task ----------------------------------------------------------------------------------


def _task(ws: Workspace, system: System, task: Version, settings: Settings) -> None:
    about = focus_of(task.resource)
    found = versions.of_refs(ws.connection, ws.tenant, [about]) if about else {}
    head = ws.heads.get(about or "") or found.get(about or "")
    if head is None or head.person != task.person or _says_nothing_new(ws, task):
        return
    kind = _SAID.get(str(task.resource.get("status")))
    if kind is not None:
        why = reason_of(task.resource)
        said = Saying(system.id, head.person, head.ref, kind, _when(task, ws.now), None, why)
        receipts.keep(ws.connection, ws.tenant, said, ws.now)
    referral = referral_of(head.resource)
    if referral is not None and is_for(ws, system.organization, head.person, referral, settings):
        recorded = task.recorded or ws.now
        _change(ws, system, head, step_of(task.resource, _text(recorded)), recorded)


def _request(ws: Workspace, system: System, head: Version, referral: Referral, settings: Settings) -> None:
    """The recipient has changed the referral itself."""
    old = versions.current(ws.connection, ws.tenant, head.ref)
    moved = old is not None and old.resource.get("status") != head.resource.get("status")
    if moved and is_for(ws, system.organization, head.person, referral, settings):
        recorded = head.recorded or ws.now
        _change(ws, system, head, step_of_request(head.resource, _text(recorded)), recorded)


def _says_nothing_new(ws: Workspace, task: Version) -> bool:
    """Whether the Task was only touched: what counts in it stands as it did before."""
    old = versions.current(ws.connection, ws.tenant, task.ref)
    return old is not None and all(old.resource.get(name) == task.resource.get(name) for name in SAYING)


def _when(task: Version, now: datetime) -> datetime:
    """When it was said, by the recipient's clock."""
    return moment_of(task.resource) or task.recorded or now


def is_for(ws: Workspace, organization: str, person: str, referral: Referral, settings: Settings) -> bool:
    """Whether the referral is for this organization: nobody else says how it stands there."""
    if referral.organization is not None:
        return referral.organization == organization
    participants = _participants(ws, person, settings)
    return referral.service in _services(participants.values(), organization)


def _change(ws: Workspace, system: System, head: Version, step: Step | None, recorded: datetime) -> None:
    """The referral with one more state, as its recipient said it."""
    changed = with_step(head.resource, step) if step is not None else head.resource
    if changed is head.resource:
        return
    ws.heads.update(
        (ref, one)
        for ref, one in versions.of_items(ws.connection, ws.tenant, [head.item]).items()
        if ref not in ws.heads
    )
    ws.append(changed, person_id=head.person, item=head.item, recorded=recorded)
    ws.append(
        _provenance(head.ref, system, recorded), person_id=head.person, item=head.item, recorded=recorded
    )


def _provenance(ref: str, system: System, at: datetime) -> Resource:
    return {
        "resourceType": "Provenance",
        "id": f"{ref.partition('/')[2]}-provenance",
        "target": [{"reference": ref}],
        "recorded": _text(at),
        "agent": [{"who": {"identifier": {"system": ENH, "value": system.organization}}}],
    }


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
