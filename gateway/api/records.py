"""The front door of records: POST one, a list or NDJSON, in the system's own format. Each gets its own
answer; a bad one never harms the rest. Decodes and answers; intake does the work."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Request, Response
from fastapi.concurrency import run_in_threadpool

from gateway.access import scopes
from gateway.access.tokens_in import Caller
from gateway.api.answers import JSON, PROBLEM, answer, problem
from gateway.api.auth import AtDesk, Desk, admitted
from gateway.api.consents import closed
from gateway.api.documents import RecordAnswer, errors, ok
from gateway.api.fhir_shape import faults
from gateway.api.idempotency import keyed
from gateway.api.limits import MOST_RECORDS, body, decoded, demand
from gateway.config import System
from gateway.errors import InvalidRequest, TooLarge, Unprocessable
from gateway.intake import Answer, Offered, Status, rejected
from mappings.installation import inward
from mappings.model import Problem

NDJSON = "application/x-ndjson"
AT_ONCE = 64 * 1024  # bytes that are decoded without a thread
router = APIRouter(tags=["records"])
SystemPath = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", description="The caller's own system")]
KeyHeader = Annotated[
    str | None,
    Header(
        min_length=1, max_length=255, pattern=r"^[\x20-\x7e]+$",
        description="A repeat with the same key and body gets the same answer, for a day",
    ),
]  # fmt: skip
RECORD = {"type": "object", "description": "One record in the system's own format", "minProperties": 1}
EXAMPLE = {
    "type": "maal",
    "id": "e-m1",
    "logg": "emma-logg",
    "endret": "2026-05-04T11:05:00+02:00",
    "endretAv": "e-d1",
    "tekst": "Emma har minst én hun leker fast med i friminuttene.",
    "status": "aktiv",
}
BODY = {
    "requestBody": {
        "required": True,
        "content": {
            JSON: {
                "schema": {"oneOf": [RECORD, {"type": "array", "items": RECORD, "maxItems": MOST_RECORDS}]},
                "example": EXAMPLE,
            },
            NDJSON: {"schema": {"type": "string", "description": "One record on each line"}},
        },
    }
}
REJECTED = {
    "description": "The one record was rejected, or the Idempotency-Key was used with another body",
    "content": {
        PROBLEM: {
            "schema": {
                "anyOf": [
                    {"$ref": "#/components/schemas/RejectedRecord"},
                    {"$ref": "#/components/schemas/ProblemDetails"},
                ]
            }
        }
    },
}
TAKEN = {
    "description": "What became of the record, or of each record of a list",
    "content": {
        JSON: {
            "schema": {
                "anyOf": [
                    {"$ref": "#/components/schemas/RecordAnswer"},
                    {"$ref": "#/components/schemas/RecordAnswers"},
                ]
            }
        }
    },
}


@dataclass(frozen=True, slots=True)
class Posted:
    """A decoded body: the records to take in, the answers to those that cannot be (by place), the numbers of
    its lines, and whether it was a single record."""

    records: list[Any]
    refused: dict[int, Answer]
    lines: dict[int, int]
    single: bool = False


@router.post(
    "/systems/{system}/records",
    summary="Hand in records",
    description="One record (object), a list of at most 1,000, or NDJSON. The answer to a list has one entry "
    "per record, in order: stored, unchanged, conflict, waiting or rejected.",
    responses={
        200: TAKEN,
        **ok(
            RecordAnswer,
            "The one record waits for something it refers to; or a consent was taken in, and "
            "something decided before it is still under way",
            202,
        ),
        422: REJECTED,
        **errors(400, 404, 409, 413, 415),
    },
    openapi_extra=BODY,
    response_class=Response,
)
async def hand_in(
    request: Request,
    desk: AtDesk,
    caller: Annotated[Caller, Depends(admitted(scopes.RECORDS_WRITE))],
    system: SystemPath,
    idempotency_key: KeyHeader = None,
) -> Response:
    own = desk.own_system(caller, system)
    form = demand(request, JSON, NDJSON)
    content = await body(request)
    if idempotency_key is None:
        return await _take(desk, own, form, content)
    about = (own.id.encode(), form.encode(), content)
    once = keyed(desk.service.store, caller, idempotency_key, *about)
    known = await run_in_threadpool(once.begin, desk.service.clock())
    if known is not None:
        return known
    try:
        given = await _take(desk, own, form, content)
    except BaseException:
        await run_in_threadpool(once.forget)
        raise
    await run_in_threadpool(once.keep, given)
    return given


async def _take(desk: Desk, system: System, form: str, content: bytes) -> Response:
    small = len(content) < AT_ONCE and system.adapter != "fhir"
    posted = _read(system, form, content) if small else await run_in_threadpool(_read, system, form, content)
    if system.adapter == "fhir":
        now = desk.service.clock().isoformat()
        name = desk.service.settings.installation
        posted = replace(posted, records=[_stamped(inward(one, name), now) for one in posted.records])
    count = len(posted.records) + len(posted.refused)
    desk.service.intake.refused(system, len(posted.refused))
    offered = [Offered(record, _version(system, record)) for record in posted.records]
    begun = desk.service.clock()
    stored = asyncio.wrap_future(desk.service.combiner.submit(system, offered))
    answered = await asyncio.shield(stored)  # a caller that leaves ends nothing that has begun
    taken = iter(await closed(desk, system.tenant, answered, begun))
    answers = [posted.refused.get(place) or next(taken) for place in range(count)]
    for one in answers:
        desk.meters.took(system.tenant, system.id, one.status.value)
    return _single(answers[0]) if posted.single else _several(answers, posted.lines)


def _read(system: System, form: str, content: bytes) -> Posted:
    """The body's records; those of a FHIR system only where they are valid R4. Raises InvalidRequest,
    TooLarge."""
    values, lines, single = _lines(content) if form == NDJSON else _json(content)
    if len(values) > MOST_RECORDS:
        raise TooLarge(f"At most {MOST_RECORDS} records at a time")
    posted = Posted([], {}, lines, single)
    for place, value in enumerate(values):
        problems = _problems(system, value)
        if problems:
            posted.refused[place] = rejected(None if isinstance(value, Problem) else value, *problems)
        else:
            posted.records.append(value)
    return posted


def _stamped(resource: dict[str, Any], now: str) -> dict[str, Any]:
    """A resource whose server has not said when it changed has changed when it came."""
    meta = resource.get("meta") or {}
    return resource if "lastUpdated" in meta else {**resource, "meta": {**meta, "lastUpdated": now}}


def _problems(system: System, value: Any) -> list[Problem]:
    if isinstance(value, Problem):
        return [value]
    if not isinstance(value, dict):
        return [Problem("", "Posten er ikke et JSON-objekt.", "not-an-object")]
    if system.adapter != "fhir":
        return []
    return [Problem(at, "Dette er ikke gyldig FHIR R4.", why.replace(" ", "-")) for at, why in faults(value)]


def _json(content: bytes) -> tuple[list[Any], dict[int, int], bool]:
    value = decoded(content, nul=True)
    if isinstance(value, dict):
        return [value], {}, True
    if not isinstance(value, list):
        raise InvalidRequest("The body must be a record or a list of records")
    return value, {}, False


def _lines(content: bytes) -> tuple[list[Any], dict[int, int], bool]:
    """The values of the lines, a Problem for one that cannot be read; and their numbers."""
    filled = [(n, line) for n, line in enumerate(content.split(b"\n"), 1) if line.strip()]
    return [_line(line) for _, line in filled], dict(enumerate(n for n, _ in filled)), False


def _line(line: bytes) -> Any:
    try:
        return decoded(line, nul=True)
    except InvalidRequest as error:
        return Problem("", "Linjen er ikke gyldig JSON.", error.code)


def _version(system: System, record: dict[str, Any]) -> str | None:
    """The system's own version of a record, where it says one."""
    if system.adapter == "fhir":
        meta = record.get("meta")
        version = meta.get("versionId") if isinstance(meta, dict) else None
    else:
        version = record.get("versjon")
    return str(version)[:255] if isinstance(version, str | int) and not isinstance(version, bool) else None


def _single(one: Answer) -> Response:
    if one.status is Status.REJECTED:
        first = one.problems[0]
        error = Unprocessable(first.text, code=first.code, field=first.field)
        return answer(problem(error, answer=one.plain()), 422, media_type=PROBLEM)
    return answer(one.plain(), 202 if one.status is Status.WAITING or one.closed is False else 200)


def _several(answers: Iterable[Answer], lines: dict[int, int]) -> Response:
    results = []
    for place, one in enumerate(answers):
        plain = one.plain()
        if one.status is Status.REJECTED and place in lines:
            plain["line"] = lines[place]
        results.append(plain)
    return answer({"results": results})
