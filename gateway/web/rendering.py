"""Makes a page of a template: escaped, in the reader's language, with the headers that keep scripts and other
sites out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gateway.access.endings import CODE
from gateway.access.login_sessions import Session
from gateway.errors import ApiError, NotFound
from gateway.events import Event, log
from gateway.web.cookies import LANGUAGE, SESSION
from gateway.web.desk import BASE, WebDesk
from gateway.web.door import LoggedOut, handle, token
from gateway.web.language import ALL, YOUNG, Language, chosen
from gateway.web.navigation import head
from gateway.web.seats import kinds
from gateway.web.statics import STYLES, address

POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)  # data: the icons that Designsystemet's style sheet carries in itself
LIVE: Final = f"{POLICY}; script-src 'self'; connect-src 'self'"  # of a page that is made anew by itself
HEADERS: Final = {"Content-Security-Policy": POLICY, "Referrer-Policy": "same-origin"}
KINDS: Final = {  # of pages that say what went wrong, by status
    401: "login",
    403: "form-token",
    404: "missing",
    409: "changed-meanwhile",
    429: "later",
    503: "later",
}
_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def language(request: Request) -> Language:
    """The language of this reader, once it is known to be a child in its own sentences."""
    desk: WebDesk = request.app.state.web
    words = chosen(desk.cookies.read(request, LANGUAGE), request.headers.get("accept-language"))
    return YOUNG[words.code] if getattr(request.state, "young", False) else words


def page(
    request: Request,
    template: str,
    *,
    session: Session | None = None,
    status: int = 200,
    script: str | None = None,
    **values: Any,
) -> Response:
    """A page of ours. script: the file of ours that it may run; without it none is let in."""
    words = language(request)
    desk: WebDesk = request.app.state.web
    known = {
        "t": words,
        "languages": ALL.values(),
        "base": BASE,
        "styles": [address(name) for name in STYLES],
        "icon": address("merke.svg"),
        "head": head(desk, session, request.url.path, kinds(desk, session)) if session else None,
        "token": token(session) if session else "",
        "script": address(script) if script else None,
        "handle": (lambda ref: handle(session, ref)) if session else None,
    }
    text = _TEMPLATES.get_template(f"{template}.html").render(**known, **values)
    policy = {"Content-Security-Policy": LIVE} if script else {}
    answer = HTMLResponse(text, status, HEADERS | policy)
    answer.headers["Content-Language"] = words.code
    answer.headers["Vary"] = "Accept-Language, Cookie"
    return answer


def onward(path: str) -> Response:
    """To another of our pages, after a form."""
    return RedirectResponse(f"{BASE}{path}", 303, HEADERS)


class PageRoute(APIRoute):
    """A route whose errors are pages too."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler with errors answered."""
        handler = super().get_route_handler()

        async def told(request: Request) -> Response:
            try:
                return await handler(request)
            except LoggedOut:
                return onward("")
            except ApiError as error:
                return await run_in_threadpool(_refusal, request, error)
            except RequestValidationError:
                return await run_in_threadpool(_refusal, request, NotFound("Not here"))

        async def answering(request: Request) -> Response:
            try:
                return await told(request)
            except Exception:  # noqa: BLE001 - the edge of the pages: noted, and nobody is told what
                path = getattr(request.scope.get("route"), "path", "unmatched")
                log(Event.REQUEST_FAILED, level=logging.ERROR, method=request.method, route=path, trace=True)
                return page(request, "error", status=500, kind="other")

        return answering


def _refusal(request: Request, error: ApiError) -> Response:
    path = getattr(request.scope.get("route"), "path", "unmatched")
    log(Event.PAGE_REFUSED, level=logging.INFO, route=path, status=error.status, code=error.code)
    session = getattr(request.state, "session", None)  # as far as it was found
    answer = page(request, "error", session=session, status=error.status, kind=_kind(error))
    if error.code == CODE:  # what the browser holds is worth nothing any more
        desk: WebDesk = request.app.state.web
        desk.cookies.take(answer, SESSION)
    if error.retry_after is not None:
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def _kind(error: ApiError) -> str:
    if error.code in (CODE, "changed-meanwhile", "form-token", "form-origin", "login-denied", "login-anew"):
        return str(error.code)
    return KINDS.get(error.status, "other")
