"""GET under /fhir: read, vread, history, search and metadata, each answered from what the caller's system
may see now, and noted as one disclosure. What is hidden and what is not there get the same answer, and where
it can be tried (a national id), at the same time."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC
from email.utils import format_datetime
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.concurrency import run_in_threadpool

from gateway.access import scopes
from gateway.access.tokens_in import Caller
from gateway.api.answers import FHIR_JSON, JSON, answer
from gateway.api.auth import AtDesk, Desk, admitted
from gateway.api.capability import statement
from gateway.api.documents import fhir_errors
from gateway.api.fhir_parameters import PARAMETERS, SEARCH_BODY
from gateway.api.fhir_query import Query, refused, understand
from gateway.api.fhir_search import NOTHING, Found, Search, bundle
from gateway.api.fhir_types import KINDS, Kind
from gateway.api.limits import body, demand
from gateway.api.visit import Visit, visiting
from gateway.errors import InvalidRequest, NotAcceptable, NotFound
from gateway.exchange.fhir_form import Edition, Forms, instant
from gateway.service import Service

router = APIRouter(prefix="/fhir", tags=["fhir"])
FORM = "application/x-www-form-urlencoded"
STEP = 0.1  # seconds: numbers can be tried, so a search in vain ends at the same time whoever is here
ID = r"^[A-Za-z0-9\-.]{1,64}$"
TypePath = Annotated[str, Path(json_schema_extra={"enum": sorted(KINDS)})]
IdPath = Annotated[str, Path(pattern=ID)]
MayRead = Annotated[Caller, Depends(admitted(scopes.FHIR_READ))]


def documented(schema: str, text: str, status: int = 200) -> dict[int | str, dict[str, Any]]:
    """A FHIR answer, for the contract."""
    content = {FHIR_JSON: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {status: {"description": text, "content": content}}


def seen(here: Visit, ref: str) -> Forms:
    """Whoever the resource is about, as the caller may see them. Raises NotFound."""
    person = here.looking.person_of(here.connection, ref)
    sight = here.looking.at(here.connection, person, hold=False) if person else None
    if sight is None:
        raise absent()
    forms = Forms(sight)
    forms.look([ref])
    if ref not in sight.seen:
        raise absent()
    return forms


def base_of(service: Service) -> str:
    """Our own address, without a slash at the end."""
    return f"{service.settings.public_url.rstrip('/')}/fhir"


def absent() -> NotFound:
    """The one answer to what is hidden and what is not there."""
    return NotFound("No such resource here")


def kind_of(name: str) -> Kind:
    """The type. Raises NotFound for one we do not keep."""
    kind = KINDS.get(name)
    if kind is None:
        raise NotFound("This server does not keep this type", code="type")
    return kind


def acceptable(request: Request) -> None:
    """JSON is the only form we give. Raises NotAcceptable."""
    accept = request.headers.get("accept", "*/*").lower()
    forms = {part.partition(";")[0].strip() for part in accept.split(",")}
    if not forms & {"*/*", "application/*", JSON, FHIR_JSON, "json", ""}:
        raise NotAcceptable("Answers are application/fhir+json")
    wanted = request.query_params.get("_format", "json").replace(" ", "+")
    if wanted not in ("json", JSON, FHIR_JSON):
        raise NotAcceptable("Answers are application/fhir+json")


def fhir(value: Any, status: int = 200, **headers: str) -> Response:
    """A FHIR answer."""
    return answer(value, status, media_type=FHIR_JSON, **headers)


def whole(edition: Edition, status: int = 200, **headers: str) -> Response:
    """One resource with its version."""
    modified = format_datetime(edition.updated.astimezone(UTC), usegmt=True)
    return fhir(edition.resource, status, ETag=edition.etag, Last_Modified=modified, **headers)


@router.get(
    "/metadata",
    summary="CapabilityStatement: what is supported, and nothing else",
    responses={**documented("Resource", "CapabilityStatement"), **fhir_errors(406)},
    response_class=Response,
    dependencies=[Depends(admitted(scopes.FHIR_READ))],
)
def metadata(request: Request, desk: AtDesk) -> Response:
    acceptable(request)
    return fhir(statement(base_of(desk.service)))


@router.get(
    "/{type}/{id}",
    summary="Read",
    responses={**documented("Resource", "As the caller may see it"), **fhir_errors(400, 404, 406)},
    response_class=Response,
)
def read(request: Request, desk: AtDesk, caller: MayRead, type: TypePath, id: IdPath) -> Response:
    acceptable(request)
    ref = f"{kind_of(type).name}/{id}"

    def work(here: Visit) -> Edition | None:
        forms = seen(here, ref)
        here.tell(forms.sight, [ref])
        return forms.current(ref)

    return _one(visiting(desk, caller, work))


@router.get(
    "/{type}/{id}/_history/{version}",
    summary="Read a version",
    responses={**documented("Resource", "As the caller may see it"), **fhir_errors(400, 404, 406)},
    response_class=Response,
)
def vread(
    request: Request,
    desk: AtDesk,
    caller: MayRead,
    type: TypePath,
    id: IdPath,
    version: Annotated[str, Path(pattern=ID)],
) -> Response:
    acceptable(request)
    ref = f"{kind_of(type).name}/{id}"

    def work(here: Visit) -> Edition | None:
        forms = seen(here, ref)
        found = next((e for e in forms.editions(ref) if e.tag == version), None)
        here.tell(forms.sight, [ref] if found else [])
        return found

    return _one(visiting(desk, caller, work))


def _one(edition: Edition | None) -> Response:
    if edition is None:
        raise absent()
    return whole(edition)


@router.get(
    "/{type}/{id}/_history",
    summary="History of a resource",
    description="Versions that look different to the caller, newest first. Where any older one is hidden, "
    "only the current one.",
    responses={**documented("Bundle", "A history Bundle"), **fhir_errors(400, 404, 406)},
    response_class=Response,
)
def history(request: Request, desk: AtDesk, caller: MayRead, type: TypePath, id: IdPath) -> Response:
    acceptable(request)
    if any(name != "_format" for name in request.query_params):
        raise refused(next(n for n in request.query_params if n != "_format"), "is not supported here")
    ref = f"{kind_of(type).name}/{id}"

    def work(here: Visit) -> list[Edition]:
        forms = seen(here, ref)
        found = forms.editions(ref)
        here.tell(forms.sight, [ref] if found else [])
        return found

    editions = visiting(desk, caller, work)
    if not editions:
        raise absent()
    base = base_of(desk.service)
    entries = [_historic(e, base, first=e is editions[-1]) for e in editions]
    made = {"resourceType": "Bundle", "type": "history", "total": len(entries), "entry": entries}
    return fhir(made)


def _historic(edition: Edition, base: str, *, first: bool) -> dict[str, Any]:
    method, url = ("POST", edition.ref.partition("/")[0]) if first else ("PUT", edition.ref)
    return {
        "fullUrl": f"{base}/{edition.ref}",
        "resource": edition.resource,
        "request": {"method": method, "url": url},
        "response": {
            "status": "201" if first else "200",
            "etag": edition.etag,
            "lastModified": instant(edition.updated),
        },
    }


@router.get(
    "/{type}",
    summary="Search, always for one patient",
    description="A search names one patient (`patient` or `subject`) or ids (`_id`). A national id is only "
    "accepted by POST to `_search`. A parameter that is not supported is refused, never passed over.",
    responses={**documented("Bundle", "A searchset Bundle"), **fhir_errors(400, 404, 406)},
    openapi_extra={"parameters": PARAMETERS},
    response_class=Response,
)
def search(request: Request, desk: AtDesk, caller: MayRead, type: TypePath) -> Response:
    acceptable(request)
    query = understand(kind_of(type), request.query_params.multi_items(), posted=False)
    return fhir(bundle(query, _found(desk, caller, query), base_of(desk.service)))


@router.post(
    "/{type}/_search",
    summary="Search with the parameters in the body",
    description="The way to find a Patient by national id: `identifier=system|value`.",
    responses={**documented("Bundle", "A searchset Bundle"), **fhir_errors(400, 404, 406, 413, 415)},
    openapi_extra=SEARCH_BODY,
    response_class=Response,
)
async def search_by_post(
    request: Request,
    desk: AtDesk,
    caller: MayRead,
    type: TypePath,
) -> Response:
    began = time.monotonic()
    acceptable(request)
    kind = kind_of(type)
    demand(request, FORM)
    pairs = _form(await body(request))
    if any(name == "identifier" for name in request.query_params):
        raise refused("identifier", "may only stand in the body of a POST to _search, never in an address")
    pairs += request.query_params.multi_items()
    query = understand(kind, pairs, posted=True)
    found = await run_in_threadpool(_found, desk, caller, query)
    if query.identifiers and not found.matches:
        await asyncio.sleep(STEP - (time.monotonic() - began) % STEP)
    return fhir(bundle(query, found, base_of(desk.service)))


def _form(content: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(content.decode("utf-8"), keep_blank_values=True, max_num_fields=100)
    except ValueError as error:  # not UTF-8, or too many fields
        raise InvalidRequest("The form cannot be read", code="form") from error


def _found(desk: Desk, caller: Caller, query: Query) -> Found:
    def work(here: Visit) -> Found:
        searching = Search(here.looking, desk.service.key)
        sight = searching.sight(here.connection, query)
        if sight is None:
            return NOTHING
        found = searching.run(query, sight)
        here.tell(sight, [e.ref for e in (*found.matches, *found.included)])
        return found

    return visiting(desk, caller, work)
