"""GET /worklist and POST /worklist/search: the working list of a coordinator, a deputy or a unit above them.
Who is asked for by a number or a user stands in the body of the second, so that no address holds it."""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from sqlalchemy import Connection

from gateway.access import scopes
from gateway.access.tokens_in import Caller
from gateway.api.answers import JSON, answer
from gateway.api.auth import AtDesk, Desk, admitted
from gateway.api.bodies import asks
from gateway.api.documents import errors, ok
from gateway.api.limits import body, decoded, demand
from gateway.api.work_documents import WorkAnswers, plain
from gateway.consents import caseload
from gateway.consents.caseload import Who
from gateway.consents.work import KINDS, Place, WorkList
from gateway.errors import NotFound, Unprocessable
from gateway.hub.audit import occasion
from gateway.hub.schema.instant import Instant

router = APIRouter(tags=["work"])
MayRead = Annotated[Caller, Depends(admitted(scopes.WORK_READ))]
PARTICIPANT = r"^(RelatedPerson|PractitionerRole)/[A-Za-z0-9\-.]{1,64}$"
UNIT = r"^\d{9}$"
AFTER = r"^\d{1,2}~\d{1,17}~[0-9a-f-]{36}$"
MOST = 200
ABOUT = (
    "What is due of all children in whose logs or plans they are stafettholder, deputy or coordinator now, "
    "the most urgent first: danger, overdue, nobody holds it, conflicts, unacknowledged, questions about "
    "numbers, consents, deadlines that are near, birthdays. A coordinating unit sees what is due in the logs "
    "and plans it takes part in; the one that the configuration names sees all that nobody holds too. "
    "References, codes and times; of items, only those that the caller's system may know of. A client that "
    "acts for a system gets what belongs to that system's own logs and plans; an operator all."
)
_INSTANT = Instant()


class User(BaseModel):
    """`bruker` of a participant: who they are at a login."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: Annotated[str, Field(min_length=1, max_length=1000)]
    subject: Annotated[str, Field(min_length=1, max_length=1000)]


class Asked(BaseModel):
    """Whose list, and which part of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    participant: Annotated[str, Field(pattern=PARTICIPANT)] | None = None
    user: User | None = None
    hpr: Annotated[str, Field(pattern=r"^\d{1,9}$")] | None = None
    unit: Annotated[str, Field(pattern=UNIT)] | None = None
    kinds: frozenset[str] = frozenset()
    after: Annotated[str, Field(pattern=AFTER)] | None = None
    limit: Annotated[int, Field(ge=1, le=MOST)] = 50

    @model_validator(mode="after")
    def _one(self) -> Asked:
        if sum(one is not None for one in (self.participant, self.user, self.hpr, self.unit)) != 1:
            raise ValueError("one of participant, user, hpr and unit")
        if not self.kinds <= KINDS:
            raise ValueError("unknown kind")
        return self


BODY = asks(
    {
        "participant": {"type": "string", "pattern": PARTICIPANT},
        "user": {
            "type": "object",
            "required": ["issuer", "subject"],
            "additionalProperties": False,
            "properties": {"issuer": {"type": "string"}, "subject": {"type": "string"}},
            "description": "Who they are at a login (`bruker`)",
        },
        "hpr": {"type": "string", "pattern": r"^\d{1,9}$"},
        "unit": {"type": "string", "pattern": UNIT, "description": "A coordinating unit"},
        "kinds": {"type": "array", "items": {"type": "string", "enum": sorted(KINDS)}},
        "after": {"type": "string", "pattern": AFTER, "description": "`next` of the page before"},
        "limit": {"type": "integer", "minimum": 1, "maximum": MOST, "default": 50},
    },
    {"hpr": "9144900"},
    [],
)


@router.get(
    "/worklist",
    summary="The working list of a participant or a coordinating unit",
    description=ABOUT + " One of `participant` and `unit`.",
    responses={**ok(WorkAnswers, "A page of the list"), **errors(400, 404, 422)},
    response_class=Response,
)
def work(
    desk: AtDesk,
    caller: MayRead,
    participant: Annotated[str | None, Query(pattern=PARTICIPANT)] = None,
    unit: Annotated[str | None, Query(pattern=UNIT, description="Organization number")] = None,
    kind: Annotated[list[str] | None, Query(description="Only these kinds")] = None,
    after: Annotated[str | None, Query(pattern=AFTER)] = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
) -> Response:
    given = {"participant": participant, "unit": unit, "kinds": kind or [], "after": after, "limit": limit}
    return _listed(desk, caller, _asked(given))


@router.post(
    "/worklist/search",
    summary="The working list of somebody known by a number or a user",
    description=ABOUT + " One of `participant`, `user`, `hpr` and `unit`. Changes nothing.",
    responses={**ok(WorkAnswers, "A page of the list"), **errors(400, 404, 413, 415, 422)},
    openapi_extra=BODY,
    response_class=Response,
)
async def search(request: Request, desk: AtDesk, caller: MayRead) -> Response:
    demand(request, JSON)
    asked = _asked(decoded(await body(request)))
    return await run_in_threadpool(_listed, desk, caller, asked)


def _asked(value: Any) -> Asked:
    try:
        return Asked.model_validate(value)
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"]) or None
        raise Unprocessable(
            "Whose list it is: one of `participant`, `user`, `hpr` and `unit`, and known kinds", field=place
        ) from None


def _listed(desk: Desk, caller: Caller, asked: Asked) -> Response:
    service = desk.service
    with service.store.read(caller.tenant) as connection:
        who = _who(connection, desk, caller, asked)
        held = WorkList(
            connection, service.settings, service.facts, caller.tenant, caller.system, service.clock()
        )
        entries = held.entries(who, asked.kinds, _place(asked.after) if asked.after else None)
        found = list(islice(entries, asked.limit + 1))
    page = found[: asked.limit]
    occasion.about(*(one.person for one in page))
    following = _written(page[-1].place) if len(found) > asked.limit else None
    return answer({"work": [plain(one) for one in page], "next": following})


def _who(connection: Connection, desk: Desk, caller: Caller, asked: Asked) -> Who:
    key = desk.service.key
    if asked.user is not None:
        return caseload.user(key, asked.user.issuer, asked.user.subject)
    if asked.hpr is not None:
        return caseload.practitioner(key, asked.hpr)
    if asked.unit is not None:
        return caseload.unit(asked.unit)
    found = caseload.participant(connection, caller.tenant, key, asked.participant or "", caller.system)
    if found is None:
        raise NotFound("No such participant here")
    return found


def _place(text: str) -> Place:
    weight, due, own = text.split("~")
    return int(weight), _INSTANT.process_result_value(due, None), own  # type: ignore[arg-type,return-value]


def _written(place: Place) -> str:
    weight, due, own = place
    return f"{weight}~{_INSTANT.process_bind_param(due, None)}~{own}"  # type: ignore[arg-type]
