"""A transaction Bundle: POST, PUT and GET entries about one patient, all or nothing. References between
entries (urn:uuid:…) become what the entries became."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool

from gateway.access import scopes
from gateway.access.tokens_in import Caller
from gateway.api.answers import FHIR_JSON, JSON
from gateway.api.auth import AtDesk, Desk, admitted
from gateway.api.documents import fhir_errors
from gateway.api.fhir_parameters import BUNDLE_BODY
from gateway.api.fhir_query import Query, understand
from gateway.api.fhir_read import absent, acceptable, base_of, documented, fhir, kind_of
from gateway.api.fhir_search import Search, bundle
from gateway.api.fhir_shape import check
from gateway.api.fhir_wanted import Wanted, writable
from gateway.api.fhir_writing import Done, Writing, location, writer, writing
from gateway.api.limits import body, decoded, demand
from gateway.errors import ApiError, Forbidden, InvalidRequest, TooLarge, Unprocessable
from gateway.exchange.fhir_form import Edition, Forms, instant
from gateway.exchange.sight import Looking

router = APIRouter(prefix="/fhir", tags=["fhir"])
MOST_ENTRIES = 500
READ = re.compile(r"([A-Za-z]+)/([A-Za-z0-9\-.]{1,64})")


@dataclass(frozen=True, slots=True)
class Asked:
    """A GET entry: a read (ref) or a search (query)."""

    place: str
    ref: str | None = None
    query: Query | None = None


@router.post(
    "",
    summary="Transaction: several writes about one patient, all or nothing",
    responses={
        **documented("Bundle", "A transaction-response Bundle"),
        **fhir_errors(400, 404, 405, 406, 412, 413, 415, 422),
    },
    openapi_extra=BUNDLE_BODY,
    response_class=Response,
)
async def transact(
    request: Request, desk: AtDesk, caller: Annotated[Caller, Depends(admitted(scopes.FHIR_WRITE))]
) -> Response:
    acceptable(request)
    writer(desk, caller)
    demand(request, FHIR_JSON, JSON)
    content = await body(request)
    minimal = "return=minimal" in request.headers.get("prefer", "")
    return await run_in_threadpool(_transact, desk, caller, content, minimal=minimal)


def _transact(desk: Desk, caller: Caller, content: bytes, *, minimal: bool) -> Response:
    steps = [_step(i, entry) for i, entry in enumerate(_entries(decoded(content)))]
    wanted = [step for step in steps if isinstance(step, Wanted)]
    _check_once(wanted)
    if not wanted:
        raise InvalidRequest("A transaction has at least one entry that writes", code="bundle")
    if scopes.FHIR_READ not in caller.scopes and len(wanted) < len(steps):
        raise Forbidden("This token does not read", code="scope-missing")
    with writing(desk, caller, wanted[0].patient) as here:
        done = iter(here.run(wanted))
        forms = here.after()
        told: list[str] = []
        entries = [
            _written(desk, forms, next(done), told, minimal=minimal)
            if isinstance(step, Wanted)
            else _answered(desk, here, forms, step, told)
            for step in steps
        ]
        forms.sight.tell(told, here.client)
    return fhir({"resourceType": "Bundle", "type": "transaction-response", "entry": entries})


def _entries(value: Any) -> list[Any]:
    if not isinstance(value, dict) or value.get("resourceType") != "Bundle":
        raise InvalidRequest("The body must be a Bundle", code="bundle", field="Bundle")
    if value.get("type") != "transaction":
        raise InvalidRequest("Only transaction Bundles are taken", code="bundle", field="Bundle.type")
    entries = value.get("entry", [])
    if not isinstance(entries, list) or not entries:
        raise InvalidRequest("The Bundle has no entries", code="bundle", field="Bundle.entry")
    if len(entries) > MOST_ENTRIES:
        raise TooLarge(f"At most {MOST_ENTRIES} entries at a time", field="Bundle.entry")
    return entries


def _step(index: int, entry: Any) -> Wanted | Asked:
    place = f"Bundle.entry[{index}]"
    request = entry.get("request") if isinstance(entry, dict) else None
    if not isinstance(request, dict) or not isinstance(request.get("url"), str):
        raise InvalidRequest("The entry has no request", code="bundle", field=f"{place}.request")
    url = request["url"]
    match request.get("method"):
        case "GET":
            return _asked(url, place)
        case "POST":
            kind = writable(url, f"{place}.request.url")
            own = None
        case "PUT":
            found = READ.fullmatch(url)
            if found is None:
                raise InvalidRequest("The url must be Type/id", code="bundle", field=f"{place}.request.url")
            kind, own = writable(found[1], f"{place}.request.url"), found[2]
        case _:
            raise InvalidRequest(
                "Only POST, PUT and GET are taken", code="bundle", field=f"{place}.request.method"
            )
    resource = check(kind.name, entry.get("resource"), f"{place}.resource")
    if own is not None and resource.get("id") != own:
        raise InvalidRequest("The id is not that of the url", code="bundle", field=f"{place}.resource.id")
    return Wanted(
        kind,
        resource,
        own,
        if_match=_text(request, "ifMatch", place),
        if_none_exist=_text(request, "ifNoneExist", place),
        full_url=_text(entry, "fullUrl", place),
        place=f"{place}.resource",
    )


def _text(holder: dict[str, Any], name: str, place: str) -> str | None:
    value = holder.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidRequest("A text is needed here", code="bundle", field=f"{place}.{name}")
    return value


def _asked(url: str, place: str) -> Asked:
    name, mark, text = url.partition("?")
    if mark:
        pairs = parse_qsl(text, keep_blank_values=True)
        return Asked(place, query=understand(kind_of(name), pairs, posted=False))
    found = READ.fullmatch(url)
    if found is None:
        raise InvalidRequest(
            "The url must be Type/id or a search", code="bundle", field=f"{place}.request.url"
        )
    return Asked(place, ref=f"{kind_of(found[1]).name}/{found[2]}")


def _check_once(wanted: Sequence[Wanted]) -> None:
    refs = [one.ref for one in wanted if one.ref]
    urls = [one.full_url for one in wanted if one.full_url]
    conditions = [(one.kind.name, one.condition) for one in wanted if one.condition]
    if any(len(set(several)) < len(several) for several in (refs, urls, conditions)):
        raise InvalidRequest("A resource stands in two entries", code="bundle", field="Bundle.entry")


def _written(desk: Desk, forms: Forms, done: Done, told: list[str], *, minimal: bool) -> dict[str, Any]:
    edition = forms.current(done.ref)
    if edition is None:
        raise ApiError("What was written cannot be shown")
    entry: dict[str, Any] = {"fullUrl": f"{base_of(desk.service)}/{done.ref}"}
    if not minimal:
        told.append(done.ref)
        entry["resource"] = edition.resource
    return {**entry, "response": _response(edition, "201 Created" if done.created else "200 OK", desk)}


def _response(edition: Edition, status: str, desk: Desk) -> dict[str, Any]:
    return {
        "status": status,
        "location": location(desk, edition),
        "etag": edition.etag,
        "lastModified": instant(edition.updated),
    }


def _answered(desk: Desk, here: Writing, forms: Forms, asked: Asked, told: list[str]) -> dict[str, Any]:
    base = base_of(desk.service)
    if asked.query is not None:
        if asked.query.patient != here.person:
            raise Unprocessable("Everything in a transaction is about one patient", field=asked.place)
        looking = Looking(here.service.settings, here.service.facts, here.system, forms.sight.now)
        found = Search(looking, here.service.key).run(asked.query, forms.sight)
        told.extend(e.ref for e in (*found.matches, *found.included))
        return {"resource": bundle(asked.query, found, base), "response": {"status": "200 OK"}}
    edition = forms.current(asked.ref or "")
    if edition is None:
        raise absent()
    told.append(edition.ref)
    return {
        "fullUrl": f"{base}/{edition.ref}",
        "resource": edition.resource,
        "response": _response(edition, "200 OK", desk),
    }
