"""POST and PUT under /fhir: create (conditional where asked) and update against the version that was read.
Reads the request and answers it; fhir_writing does the work."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.concurrency import run_in_threadpool

from gateway.access import scopes
from gateway.access.tokens_in import Caller
from gateway.api.answers import FHIR_JSON, JSON
from gateway.api.auth import AtDesk, Desk, admitted
from gateway.api.documents import fhir_errors
from gateway.api.fhir_parameters import RESOURCE_BODY
from gateway.api.fhir_read import IdPath, TypePath, acceptable, documented, fhir, whole
from gateway.api.fhir_shape import check
from gateway.api.fhir_wanted import Wanted, writable
from gateway.api.fhir_writing import location, writer, writing
from gateway.api.limits import body, decoded, demand
from gateway.errors import ApiError, InvalidRequest

router = APIRouter(prefix="/fhir", tags=["fhir"])
MayWrite = Annotated[Caller, Depends(admitted(scopes.FHIR_WRITE))]
MATCH = "The version it changes: the ETag of the last read. Without it the answer is 412"
EXIST = "identifier=system|value: create only where there is none with it"
ERRORS = fhir_errors(400, 404, 405, 406, 412, 413, 415, 422)


@router.post(
    "/{type}",
    summary="Create",
    description="With `If-None-Exist` a repeat finds the first one. `Prefer: return=minimal` leaves out the "
    "resource. The resource names a patient that the caller knows here.",
    responses={
        **documented("Resource", "It was there already"),
        **documented("Resource", "Created", 201),
        **ERRORS,
    },
    openapi_extra=RESOURCE_BODY,
    response_class=Response,
)
async def create(
    request: Request,
    desk: AtDesk,
    caller: MayWrite,
    type: TypePath,
    if_none_exist: Annotated[str | None, Header(description=EXIST, max_length=2000)] = None,
) -> Response:
    resource = await _resource(request, desk, caller, type)
    wanted = Wanted(writable(type), resource, if_none_exist=if_none_exist)
    return await run_in_threadpool(_write, desk, caller, wanted, _prefer(request))


@router.put(
    "/{type}/{id}",
    summary="Update the version that was read",
    description="What the caller cannot see of the resource stays as it is.",
    responses={**documented("Resource", "Updated"), **ERRORS},
    openapi_extra=RESOURCE_BODY,
    response_class=Response,
)
async def update(
    request: Request,
    desk: AtDesk,
    caller: MayWrite,
    type: TypePath,
    id: IdPath,
    if_match: Annotated[str | None, Header(description=MATCH, max_length=200)] = None,
) -> Response:
    resource = await _resource(request, desk, caller, type)
    if resource.get("id") != id:
        raise InvalidRequest("The id in the body is not that of the address", field=f"{type}.id")
    wanted = Wanted(writable(type), resource, id, if_match=if_match)
    return await run_in_threadpool(_write, desk, caller, wanted, _prefer(request))


async def _resource(request: Request, desk: Desk, caller: Caller, kind: str) -> dict[str, object]:
    acceptable(request)
    writer(desk, caller)
    writable(kind)
    demand(request, FHIR_JSON, JSON)
    content = await body(request)
    return await run_in_threadpool(lambda: check(kind, decoded(content)))


def _prefer(request: Request) -> str:
    """What the caller wants back: representation unless it says otherwise."""
    asked = {part.strip() for part in request.headers.get("prefer", "").split(",")}
    return next(
        (one for one in ("minimal", "OperationOutcome") if f"return={one}" in asked), "representation"
    )


def _write(desk: Desk, caller: Caller, wanted: Wanted, prefer: str) -> Response:
    with writing(desk, caller, wanted.patient) as here:
        (done,) = here.run([wanted])
        forms = here.after()
        edition = forms.current(done.ref)
        if edition is None:
            raise ApiError("What was written cannot be shown")
        if prefer == "representation":
            forms.sight.tell([done.ref], here.client)
    status = 201 if done.created else 200
    place = {"Location": location(desk, edition)} if done.created else {}
    if prefer == "representation":
        return whole(edition, status, **place)
    if prefer == "minimal":
        return Response(status_code=status, headers={"ETag": edition.etag, **place})
    text = "Created" if done.created else "Written"
    issue = {"severity": "information", "code": "informational", "diagnostics": text}
    return fhir({"resourceType": "OperationOutcome", "issue": [issue]}, status, ETag=edition.etag, **place)
