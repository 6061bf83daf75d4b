"""POST /systems/{system}/receipts: a recipient acknowledges what it got; and GET /people/{person}/receipts:
how far each item has come at each recipient. References, codes and times; of content only the recipient's own
words about a refusal, for the system that made the item."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Connection, select

from gateway.access import scopes
from gateway.access.tokens_in import Caller
from gateway.api.answers import JSON, answer
from gateway.api.auth import AtDesk, Desk, admitted
from gateway.api.bodies import takes
from gateway.api.documents import errors, ok
from gateway.api.limits import MOST_RECORDS, body, decoded, demand
from gateway.api.receipt_documents import DeliveryAnswers, GivenReceipts
from gateway.api.records import SystemPath
from gateway.config import System
from gateway.errors import NotFound, Unprocessable
from gateway.exchange.deliveries import Delivery, deliveries
from gateway.exchange.sight import Looking
from gateway.hub import links, persons, receipts
from gateway.hub.receipts import Kind, Receipt, Saying
from gateway.hub.schema.tables import person

router = APIRouter(tags=["receipts"])
PersonId = Annotated[str, Path(pattern=r"^[A-Za-z0-9\-.]{1,64}$")]
ACKNOWLEDGE = takes(
    {
        "type": "array",
        "minItems": 1,
        "maxItems": MOST_RECORDS,
        "items": {
            "type": "object",
            "required": ["id", "kind"],
            "additionalProperties": False,
            "properties": {
                "id": {"type": "string", "maxLength": 255, "description": "Of the record there, or the item"},
                "kind": {"type": "string", "enum": [one.value for one in Kind]},
                "at": {"type": "string", "format": "date-time", "description": "Absent: now"},
                "by": {"type": "string", "maxLength": 120, "description": "Who did, there"},
                "reason": {"type": "string", "maxLength": 500, "description": "Of a rejection: mandatory"},
            },
        },
    },
    [{"id": "e-m1", "kind": "accepted", "at": "2026-11-22T09:00:00+01:00"}],
)


@router.post(
    "/systems/{system}/receipts",
    summary="Acknowledge what was received",
    description="Per record: accepted (taken over there, as the business counts it), read, or rejected with "
    "a reason. The same said again gives the same receipt, with the same id and time. A record that this "
    "system was never sent is answered `never-sent`; one that is not known here, `unknown`.",
    responses={**ok(GivenReceipts, "One answer per acknowledgement"), **errors(400, 404, 413, 415, 422)},
    openapi_extra=ACKNOWLEDGE,
    response_class=Response,
)
async def acknowledge(
    request: Request,
    desk: AtDesk,
    caller: Annotated[Caller, Depends(admitted(scopes.RECEIPTS_WRITE))],
    system: SystemPath,
) -> Response:
    own = desk.own_system(caller, system)
    demand(request, JSON)
    now = desk.service.clock()
    said = [_said(one, now) for one in _listed(decoded(await body(request)))]
    results = await run_in_threadpool(_keep, desk, own, said, now)
    return answer({"results": results})


Said = tuple[str, Kind, datetime, str | None, str | None]


def _keep(desk: Desk, own: System, said: list[Said], now: datetime) -> list[dict[str, Any]]:
    with desk.service.store.write(own.tenant) as connection:
        named = _named(connection, own, {one[0] for one in said})
        persons.lock(connection, own.tenant, sorted({person for person, _ in named.values()}))
        return [_one(connection, own, named.get(one[0]), one, now) for one in said]


def _named(connection: Connection, own: System, ids: set[str]) -> dict[str, tuple[str, str]]:
    """id -> (person, reference): by the system's own id, or by the item's reference here."""
    known = links.names(connection, own.tenant, own.id, ids)
    found = {native: (name.person, name.ref) for native, name in known.items()}
    there = links.natives(connection, own.tenant, own.id, ids - found.keys())
    for ref in there:
        item = receipts.item_of(connection, own.tenant, ref)
        if item is not None:
            found[ref] = item[0], ref
    return found


def _one(
    connection: Connection, own: System, named: tuple[str, str] | None, said: Said, now: datetime
) -> dict[str, Any]:
    given, kind, at, by, reason = said
    if named is None:
        return {"id": given, "status": "unknown", "receipt": None}
    saying = Saying(own.id, named[0], named[1], kind, at, by, reason)
    kept = receipts.keep(connection, own.tenant, saying, now)
    status = "kept" if kept is not None else "never-sent"
    return {"id": given, "status": status, "receipt": plain(kept) if kept is not None else None}


def _listed(given: Any) -> list[Any]:
    if not isinstance(given, list) or not 1 <= len(given) <= MOST_RECORDS:
        raise Unprocessable(f"The body is a list of 1 to {MOST_RECORDS} acknowledgements", field="")
    return given


def _said(one: Any, now: datetime) -> Said:
    """One acknowledgement. Raises Unprocessable."""
    if not isinstance(one, dict) or not one.keys() <= {"id", "kind", "at", "by", "reason"}:
        raise Unprocessable("An acknowledgement has `id`, `kind`, `at`, `by` and `reason`", field="")
    if not isinstance(one.get("id"), str) or not 1 <= len(one["id"]) <= 255:
        raise Unprocessable("`id` is the id of a record", field="id")
    if one.get("kind") not in list(Kind):
        raise Unprocessable("`kind` is one of " + ", ".join(Kind), field="kind")
    kind, by, reason = Kind(one["kind"]), _text(one, "by", 120), _text(one, "reason", 500)
    if kind is Kind.REJECTED and reason is None:
        raise Unprocessable("`reason` says why it is rejected", field="reason")
    return one["id"], kind, _time(one.get("at"), now), by, reason


def _text(one: dict[str, Any], name: str, most: int) -> str | None:
    value = one.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not 1 <= len(value.strip()) <= most:
        raise Unprocessable(f"`{name}` is a text of at most {most} characters", field=name)
    return value.strip()


def _time(value: Any, now: datetime) -> datetime:
    if value is None:
        return now
    try:
        found = datetime.fromisoformat(value)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        pass
    raise Unprocessable("`at` is a time with a zone", field="at")


@router.get(
    "/people/{person_id}/receipts",
    summary="How far each item has come at each recipient",
    description="Sent, received (its server took it), acknowledged (it says so), refused with the reason; "
    "and of what was registered in error, whether everyone who has it knows. An operator sees all. A client "
    "that acts for a system sees what this system got, and how far the items that it made have come; both "
    "only of what it may see.",
    responses={**ok(DeliveryAnswers, "Everything that the caller may know"), **errors(400, 404)},
    response_class=Response,
)
def listed(
    desk: AtDesk, caller: Annotated[Caller, Depends(admitted(scopes.RECEIPTS_READ))], person_id: PersonId
) -> Response:
    service = desk.service
    systems = {one.id: one for one in service.settings.systems if one.tenant == caller.tenant}
    with service.store.read(caller.tenant) as connection:
        if caller.system is None:
            _demand_person(connection, caller.tenant, person_id)
            mine = None
        else:
            mine = _may_know(connection, desk, systems[caller.system], person_id)
        found = deliveries(connection, caller.tenant, person_id, systems)
    shown = [_delivery(one) for one in found if _is_shown(one, mine, caller)]
    return answer({"patient": f"Patient/{person_id}", "deliveries": shown})


def _demand_person(connection: Connection, tenant: str, person_id: str) -> None:
    row = connection.execute(select(person.c.id).where(person.c.tenant == tenant, person.c.id == person_id))
    if row.first() is None:
        raise NotFound("No such person here")


Known = tuple[frozenset[str], frozenset[str]]


def _may_know(connection: Connection, desk: Desk, own: System, person_id: str) -> Known:
    """References of what the system sees and made itself, and of all it sees."""
    service = desk.service
    sight = Looking(service.settings, service.facts, own, service.clock()).whole(
        connection, person_id, hold=False
    )
    if sight is None or not sight.seen:
        raise NotFound("No such person here")
    made = {ref for ref, one in sight.seen.items() if one.version.created_by == own.id}
    return frozenset(made), frozenset(sight.seen)


def _is_shown(one: Delivery, known: Known | None, caller: Caller) -> bool:
    return known is None or one.ref in known[0] or (one.ref in known[1] and one.recipient == caller.system)


def _delivery(one: Delivery) -> dict[str, Any]:
    kept = plain(one.acknowledged) if one.acknowledged is not None else None
    return {
        "item": one.ref,
        "recipient": one.recipient,
        "state": one.state.value,
        "version": one.version,
        "sent": one.sent.isoformat() if one.sent else None,
        "received": one.received.isoformat() if one.received else None,
        "acknowledged": kept,
        "reason": one.reason,
        "withdrawal": one.withdrawal,
    }


def plain(one: Receipt) -> dict[str, Any]:
    """As JSON."""
    return {
        "id": one.id,
        "item": one.said.ref,
        "version": one.version,
        "recipient": one.said.recipient,
        "kind": one.said.kind.value,
        "at": one.said.at.isoformat(),
        "stored": one.stored.isoformat(),
        "by": one.said.by,
        "reason": one.said.reason,
    }
