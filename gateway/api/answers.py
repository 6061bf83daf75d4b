"""The one place where an error becomes an answer: problem+json (RFC 9457), under /fhir an OperationOutcome.

Never says what the request held, and never shows where in the code something failed.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from gateway import jsontext
from gateway.errors import ApiError, InvalidRequest, Moved, NotReady, Unprocessable
from gateway.events import Event, log

JSON = "application/json"
PROBLEM = "application/problem+json"
FHIR_JSON = "application/fhir+json"
TURNED_AWAY = frozenset({401, 403, 413, 429})
MISREAD = frozenset({400, 405, 414, 415, 421, 422, 431})
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})


class Failed(ApiError):
    """An error whose status the web framework chose (404 for an unknown path, 405, 413)."""

    def __init__(self, status: int, *, allow: str | None = None) -> None:
        phrase = HTTPStatus(status).phrase
        super().__init__(phrase, code=phrase.lower().replace(" ", "-"))
        self.status, self.title, self.allow = status, phrase, allow
        self.fhir_issue = {404: "not-found", 405: "not-supported", 413: "too-long"}.get(status, "processing")


class Misshapen(Unprocessable):
    """A resource that is not valid FHIR R4. faults: (FHIRPath expression, what is wrong there)."""

    code, fhir_issue = "not-fhir", "structure"

    def __init__(self, faults: list[tuple[str, str]]) -> None:
        super().__init__(faults[0][1], field=faults[0][0])
        self.faults = faults


def answer(value: Any, status: int = 200, *, media_type: str = JSON, **headers: str) -> Response:
    """A JSON answer through the codec that keeps decimals. Header names with _ for -."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Response(jsontext.encode(value), status, named, media_type=media_type)


def problem(error: ApiError, **more: Any) -> dict[str, Any]:
    """An error as RFC 9457 tells it."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
    }
    if error.field:
        body["field"] = error.field
    return body | more


def outcome(error: ApiError) -> dict[str, Any]:
    """An error as FHIR tells it."""
    faults = error.faults if isinstance(error, Misshapen) else [(error.field or "", error.detail)]
    return {"resourceType": "OperationOutcome", "issue": [_issue(error, *fault) for fault in faults]}


def _issue(error: ApiError, place: str, text: str) -> dict[str, Any]:
    issue = {
        "severity": "error",
        "code": error.fhir_issue,
        "details": {"text": error.title},
        "diagnostics": text,
    }
    return {**issue, "expression": [place]} if place else issue


def refusal(request: Request, error: ApiError) -> Response:
    """The answer to a request that failed."""
    headers = _headers(error)
    if isinstance(error, Moved):
        headers = {"Location": _elsewhere(request, error)}
    if request.scope["path"].startswith("/fhir"):
        return answer(outcome(error), error.status, media_type=FHIR_JSON, **headers)
    return answer(problem(error), error.status, media_type=PROBLEM, **headers)


def _headers(error: ApiError) -> dict[str, str]:
    if error.status == 401 or error.challenge:
        return {"WWW_Authenticate": error.challenge or "Bearer"}
    if error.retry_after is not None or error.status == 503:
        return {"Retry_After": str(error.retry_after or 2)}
    allow = getattr(error, "allow", None)
    return {"Allow": allow} if allow else {}


def _elsewhere(request: Request, error: Moved) -> str:
    """The same request about the person by the id that counts, as a path on this server."""
    asked: bytes = request.scope["raw_path"]
    if request.scope["query_string"]:
        asked += b"?" + request.scope["query_string"]
    return asked.decode("latin-1").replace(error.old, error.new)


def install(app: FastAPI) -> None:
    """Every error of the application is answered here."""

    @app.exception_handler(ApiError)
    async def _known(request: Request, error: ApiError) -> Response:
        _turned_away(request, error)
        return refusal(request, error)

    @app.exception_handler(RequestValidationError)
    async def _misread(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"][1:])
        misread = InvalidRequest(str(first["msg"]), code="parameter", field=place)
        _turned_away(request, misread)
        return refusal(request, misread)

    @app.exception_handler(HTTPException)
    async def _framework(request: Request, error: HTTPException) -> Response:
        failed = Failed(error.status_code, allow=(error.headers or {}).get("Allow"))
        _turned_away(request, failed)
        return refusal(request, failed)

    @app.exception_handler(OperationalError)
    async def _database(request: Request, _error: OperationalError) -> Response:
        _note(request)
        return refusal(request, NotReady("The database is not to be had just now"))

    @app.exception_handler(ClientDisconnect)
    async def _gone(request: Request, _error: ClientDisconnect) -> Response:
        return refusal(request, InvalidRequest("The request did not come to its end", code="cut-off"))

    @app.exception_handler(RecursionError)
    async def _deep(request: Request, _error: RecursionError) -> Response:
        misread = InvalidRequest("The body is nested too deeply", code="too-deep")
        _turned_away(request, misread)
        return refusal(request, misread)


def unexpected(request: Request) -> Response:
    """The answer to what nobody foresaw; the log says where it happened, nobody is told what."""
    _note(request)
    return refusal(request, ApiError("Something failed here. It has been noted."))


def _note(request: Request) -> None:
    log(Event.REQUEST_FAILED, level=logging.ERROR, trace=True, **_asked(request))


def _turned_away(request: Request, error: ApiError) -> None:
    """Say in the log who was not let in, or could not be understood: the route and the reason, never what was
    shown. That a proof lacks our nonce is how every caller begins."""
    if error.status in MISREAD:
        log(Event.REQUEST_MISREAD, **_asked(request), status=error.status, code=error.code)
    if error.status in TURNED_AWAY and error.code != "dpop-nonce":
        note_refused(request, error)


def note_refused(request: Request, error: ApiError) -> None:
    """The line in the log of a request that was refused."""
    told = {**_asked(request), "status": error.status, "code": error.code}
    log(Event.REQUEST_REFUSED, level=logging.WARNING, **told)


def _asked(request: Request) -> dict[str, Any]:
    """The method and the route, as it was declared; whatever else stands in an address may name a child."""
    method = request.method if request.method in METHODS else "other"
    return {"method": method, "route": getattr(request.scope.get("route"), "path", "unmatched")}
