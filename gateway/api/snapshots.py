"""POST /systems/{system}/snapshots: a system says what all of it is, or of one log or plan; and
GET /systems/{system}/absences: what it no longer tells of. Ids, codes and times; nothing that records say."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from gateway.access import scopes
from gateway.access.tokens_in import Caller
from gateway.api.answers import JSON, answer
from gateway.api.auth import AtDesk, Desk, admitted
from gateway.api.bodies import asks
from gateway.api.documents import errors, ok
from gateway.api.limits import body, decoded, demand
from gateway.api.receipt_documents import AbsenceAnswers, SnapshotAnswer
from gateway.api.records import SystemPath
from gateway.config import System
from gateway.errors import Forbidden, NotFound, Unprocessable
from gateway.hub import absences, snapshots
from gateway.hub.absences import REASONS, Absence
from gateway.hub.audit import occasion
from gateway.hub.snapshots import Stood
from gateway.intake.snapshots import Whole, compare

router = APIRouter(tags=["records"])
MOST_IDS = 50_000
ID = {"type": "string", "minLength": 1, "maxLength": 255}
SNAPSHOT = asks(
    {
        "log": ID | {"description": "A log or plan, by its id in the system; absent: all it has"},
        "ids": {
            "type": "array", "maxItems": MOST_IDS, "items": ID, "description": "Of every record there is",
        },
        "omitted": {
            "type": "array",
            "description": "Why some are left out, where the system knows",
            "items": {
                "type": "object",
                "required": ["id", "reason"],
                "properties": {"id": ID, "reason": {"type": "string", "enum": list(REASONS)}},
            },
        },
        "confirmed": {
            "type": "boolean", "description": "A person has seen that more than half is left out",
        },
    },
    {"log": "emma-logg", "ids": ["emma-logg", "e-d1"], "omitted": [{"id": "e-m1", "reason": "arkivert"}]},
    ["ids"],
)  # fmt: skip


@router.post(
    "/systems/{system}/snapshots",
    summary="Say what all of it is",
    description="Records that the system made and that are not among these ids are flagged as missing at "
    "their source, with the reason; they stay current everywhere, and only a record registered in error is "
    "withdrawn. What is named again is flagged no longer. Where nothing is named, or more than half is left "
    "out, nothing is flagged and the answer is `doubtful`, unless a person has confirmed it.",
    responses={**ok(SnapshotAnswer, "What came of it"), **errors(400, 404, 413, 415, 422)},
    openapi_extra=SNAPSHOT,
    response_class=Response,
)
async def taken(
    request: Request,
    desk: AtDesk,
    caller: Annotated[Caller, Depends(admitted(scopes.RECORDS_WRITE))],
    system: SystemPath,
) -> Response:
    own = desk.own_system(caller, system)
    began = desk.service.clock()
    demand(request, JSON)
    given = decoded(await body(request))
    log, ids, reasons, confirmed = _read(given)
    whole = Whole(began, log, ids, reasons, confirmed=confirmed)
    return await run_in_threadpool(_compare, desk, own, whole)


def _compare(desk: Desk, own: System, whole: Whole) -> Response:
    found = compare(desk.service.store, own, whole, desk.service.clock())
    if found is None:
        raise NotFound("No such log or plan of this system")
    return answer(
        {
            "state": found.state,
            "why": found.why,
            "items": found.items,
            "missing": list(found.missing),
            "returned": found.returned,
        }
    )


def _read(given: Any) -> tuple[str | None, set[str], dict[str, str], bool]:
    """What the body says. Raises Unprocessable."""
    names = {"log", "ids", "omitted", "confirmed"}
    if not isinstance(given, dict) or not given.keys() <= names:
        raise Unprocessable("The body must be an object of `log`, `ids`, `omitted` and `confirmed`", field="")
    log, ids, confirmed = given.get("log"), given.get("ids"), given.get("confirmed", False)
    if log is not None and not _is_id(log):
        raise Unprocessable("`log` is the id of a log or plan", field="log")
    if not isinstance(ids, list) or len(ids) > MOST_IDS or not all(map(_is_id, ids)):
        raise Unprocessable(f"`ids` are at most {MOST_IDS} ids", field="ids")
    if not isinstance(confirmed, bool):
        raise Unprocessable("`confirmed` is true or false", field="confirmed")
    return log, set(ids), _reasons(given.get("omitted", [])), confirmed


def _reasons(listed: Any) -> dict[str, str]:
    out: dict[str, str] = {}
    for one in listed if isinstance(listed, list) else [None]:
        given = one if isinstance(one, dict) else {}
        if given.keys() != {"id", "reason"} or not _is_id(given["id"]) or given["reason"] not in REASONS:
            text = "`omitted` says `id` and `reason`, one of " + ", ".join(REASONS)
            raise Unprocessable(text, field="omitted")
        out[given["id"]] = given["reason"]
    return out


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= 255


@router.get(
    "/systems/{system}/absences",
    summary="What a system no longer tells of",
    description="Flagged since it was left out of a whole or deleted there, in the order of references; and "
    "how its last wholes ended, the doubtful first. For the system itself and for operators.",
    responses={**ok(AbsenceAnswers, "A page of absences"), **errors(400, 404)},
    response_class=Response,
)
def missing(
    desk: AtDesk,
    caller: Annotated[Caller, Depends(admitted(scopes.NOTICES_READ))],
    system: SystemPath,
    after: Annotated[str, Query(pattern=r"^([A-Z][A-Za-z]{1,63}/[A-Za-z0-9\-.]{1,64})?$")] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    known = desk.service.settings.system(system)
    if known is None or known.tenant != caller.tenant:
        raise NotFound("No such system")
    if caller.system not in (None, system):
        raise Forbidden("This client acts for another system", code="other-system")
    with desk.service.store.read(caller.tenant) as connection:
        found = absences.of_system(connection, caller.tenant, system, after=after, limit=limit + 1)
        occasion.about(*(one.person for one in found[:limit]))
        stood = snapshots.of_system(connection, caller.tenant, system, limit)
    return answer(
        {
            "absences": [_absence(one) for one in found[:limit]],
            "snapshots": [_snapshot(one) for one in stood],
            "next": found[limit - 1].ref if len(found) > limit else None,
        }
    )


def _absence(one: Absence) -> dict[str, Any]:
    return {
        "item": one.ref,
        "patient": f"Patient/{one.person}",
        "since": one.since.isoformat(),
        "reason": one.reason,
    }


def _snapshot(one: Stood) -> dict[str, Any]:
    return {
        "log": one.scope or None,
        "taken": one.taken.isoformat(),
        "state": one.state,
        "why": one.why,
        "items": one.items,
        "missing": one.missing,
    }
