"""The REST side of BUP's demo FHIR server: a small, honest subset of FHIR R4; what it lacks it refuses.

Conditional create, version-aware update, read, vread, history, search with paging; OperationOutcome on every
error; everything but /metadata behind a bearer token.
"""

from __future__ import annotations

import re
import threading
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from gateway import jsontext
from gateway.demo.fhir_capability import capability
from gateway.demo.fhir_pages import Pages
from gateway.demo.fhir_search import FILTERS, NotUnderstood, controls, matching
from gateway.demo.fhir_shape import TYPES, shape_faults
from gateway.demo.fhir_store import FhirStore, Version, VersionDiffers
from gateway.demo.serving import is_bearer

FHIR_JSON = "application/fhir+json"
MAX_BODY = 20 * 1024 * 1024
ETAG = re.compile(r'(?:W/)?"(\d{1,9})"')
ETAG_OF_NOTHING = 0


class Outcome(Exception):
    """An error answer. code: OperationOutcome issue type."""

    def __init__(self, status: int, code: str, text: str, expression: str = "") -> None:
        self.status, self.code, self.text, self.expression = status, code, text, expression
        super().__init__(text)


class FhirServer:
    """The requests, one method each. base: its own address, without a slash at the end."""

    def __init__(self, store: FhirStore, base: str) -> None:
        self._store = store
        self._base = base
        self._pages = Pages(base)
        self._creating = threading.Lock()  # a conditional create looks and stores as one step

    def create(self, kind: str, body: bytes, if_none_exist: str | None) -> Response:
        """POST [type], conditional where asked."""
        resource = _checked(kind, body)
        with self._creating:
            found = self._existing(kind, if_none_exist)
            if found is not None:
                return self._answer(found, 200)
            return self._answer(self._store.create(resource, shared=True), 201)

    def _existing(self, kind: str, condition: str | None) -> Version | None:
        if condition is None:
            return None
        parameters = parse_qsl(condition, keep_blank_values=True)
        controls(parameters)
        if not any(name in FILTERS for name, _ in parameters):
            raise Outcome(412, "invalid", "If-None-Exist names no condition")
        found = matching(self._store.current(kind), parameters)
        if len(found) > 1:
            raise Outcome(412, "multiple-matches", "If-None-Exist fits several resources")
        return found[0] if found else None

    def update(self, kind: str, own: str, body: bytes, if_match: str | None) -> Response:
        """PUT [type]/[id]; with If-Match only over that version."""
        resource = _checked(kind, body)
        if resource.get("id") != own:
            raise Outcome(400, "invalid", "The id in the body is not that of the address", f"{kind}.id")
        try:
            stored = self._store.update(resource, expected=_version_named(if_match), shared=True)
        except VersionDiffers as error:
            raise Outcome(412, "conflict", "Another version is current") from error
        if stored is None:
            raise Outcome(405, "not-supported", "This server chooses the ids of new resources itself")
        return self._answer(stored, 200)

    def read(self, kind: str, own: str, version: int | None = None) -> Response:
        """GET [type]/[id] and [type]/[id]/_history/[vid]."""
        found = self._store.read(kind, own, version)
        if found is None:
            raise Outcome(404, "not-found", "No such resource here")
        if found.deleted:
            raise Outcome(410, "deleted", "This resource was deleted")
        return self._answer(found, 200)

    def delete(self, kind: str, own: str) -> Response:
        """DELETE [type]/[id]."""
        if self._store.delete(kind, own) is None:
            raise Outcome(404, "not-found", "No such resource here")
        return Response(status_code=204)

    def search(self, kind: str, parameters: list[tuple[str, str]]) -> Response:
        """GET [type] and POST [type]/_search."""
        asked = controls(parameters)
        found = matching(self._store.current(kind), parameters)
        return self._bundle("searchset", found[::-1] if asked.newest_first else found, asked.count)

    def history(self, kind: str | None, own: str | None, parameters: list[tuple[str, str]]) -> Response:
        """GET _history of everything, a type or a resource; with _since and _count."""
        since = [("_lastUpdated", f"ge{value}") for name, value in parameters if name == "_since"]
        asked = controls([p for p in parameters if p[0] != "_since"])
        found = matching(self._store.history(kind, own), since)
        if own is not None and not found and not since:
            raise Outcome(404, "not-found", "No such resource here")
        return self._bundle("history", found, asked.count)

    def page(self, page_id: str) -> Response:
        """The next page of an earlier answer."""
        bundle = self._pages.take(page_id)
        if bundle is None:
            raise Outcome(410, "expired", "This page is no longer kept; search again")
        return Response(jsontext.encode(bundle), media_type=FHIR_JSON)

    def _bundle(self, kind: str, found: list[Version], count: int) -> Response:
        return Response(jsontext.encode(self._pages.first(kind, found, count)), media_type=FHIR_JSON)

    def _answer(self, found: Version, status: int) -> Response:
        headers = {"ETag": f'W/"{found.version}"'}
        if status == 201:
            headers["Location"] = f"{self._base}/{found.reference}/_history/{found.version}"
        return Response(jsontext.encode(found.resource), status, headers, media_type=FHIR_JSON)


def router(server: FhirServer, token: str) -> APIRouter:
    """The addresses, under /fhir."""
    routes = APIRouter(prefix="/fhir")

    @routes.get("/metadata")
    def metadata() -> Response:
        return Response(jsontext.encode(capability()), media_type=FHIR_JSON)

    @routes.api_route("/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    async def dispatch(request: Request, path: str) -> Response:
        try:
            if not is_bearer(request, token):
                raise Outcome(401, "login", "A bearer token is needed")
            if int(request.headers.get("content-length", 0)) > MAX_BODY:
                raise Outcome(413, "too-long", "The body is too large")
            body = await request.body()
            return await run_in_threadpool(_route, server, request, path, body)
        except NotUnderstood as problem:
            return outcome(Outcome(400, "not-supported", f"The parameter {problem} is not supported"))
        except Outcome as problem:
            return outcome(problem)

    return routes


def outcome(problem: Outcome) -> Response:
    """An error as OperationOutcome."""
    issue = {"severity": "error", "code": problem.code, "diagnostics": problem.text}
    if problem.expression:
        issue["expression"] = [problem.expression]  # type: ignore[assignment]
    body = {"resourceType": "OperationOutcome", "issue": [issue]}
    headers = {"WWW-Authenticate": "Bearer"} if problem.status == 401 else {}
    return Response(jsontext.encode(body), problem.status, headers, media_type=FHIR_JSON)


def _route(server: FhirServer, request: Request, path: str, body: bytes) -> Response:
    parts = path.split("/")
    query = list(request.query_params.multi_items())
    if parts[0] not in ("", "_history", "_page", *TYPES):
        raise Outcome(404, "not-supported", "This server does not keep this type")
    match request.method, parts:
        case "GET", ["_page", page_id]:
            return server.page(page_id)
        case "GET", ["_history"]:
            return server.history(None, None, query)
        case "GET", [kind, "_history"]:
            return server.history(kind, None, query)
        case "GET", [kind, own, "_history"]:
            return server.history(kind, own, query)
        case "GET", [kind, own, "_history", version] if version.isdecimal():
            return server.read(kind, own, int(version))
        case "POST", [kind, "_search"]:
            form = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
            return server.search(kind, query + form)
        case "GET", [kind] if kind in TYPES:
            return server.search(kind, query)
        case "GET", [kind, own]:
            return server.read(kind, own)
        case "POST", [kind] if kind in TYPES:
            return server.create(kind, body, request.headers.get("if-none-exist"))
        case "DELETE", [kind, own]:
            return server.delete(kind, own)
        case "PUT", [kind, own]:
            return server.update(kind, own, body, request.headers.get("if-match"))
    raise Outcome(405, "not-supported", "This server does not do this")


def _checked(kind: str, body: bytes) -> dict[str, Any]:
    try:
        resource = jsontext.decode(body)
    except (jsontext.DecodeError, UnicodeDecodeError) as error:
        raise Outcome(400, "structure", "The body is not JSON") from error
    faults = shape_faults(kind, body, resource)
    if faults:
        raise Outcome(422, "structure", faults[0][1], faults[0][0])
    checked: dict[str, Any] = resource
    return checked


def _version_named(if_match: str | None) -> int | None:
    if if_match is None:
        return None
    named = ETAG.fullmatch(if_match)
    return int(named[1]) if named else ETAG_OF_NOTHING
