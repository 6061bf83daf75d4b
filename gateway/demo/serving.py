"""How every demo process is served: on this machine only, no access log, strict headers on its pages."""

from __future__ import annotations

import hmac
from pathlib import Path

import uvicorn
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from starlette.middleware.base import RequestResponseEndpoint

from gateway.demo.words import word

HOST = "127.0.0.1"
HERE = Path(__file__).parent
POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'"

templates = Jinja2Templates(directory=HERE / "templates")  # autoescape is on for .html
templates.env.filters["word"] = word


def serve(app: FastAPI, port: int) -> None:
    """Run until told to stop."""
    uvicorn.run(app, host=HOST, port=port, access_log=False, log_level="warning", timeout_graceful_shutdown=2)


def add_pages(app: FastAPI, *onward: str) -> None:
    """Static files, and the headers that keep other sites out of the pages and their forms. onward: origins
    that the answer to a form may lead on to."""
    app.mount("/static", StaticFiles(directory=HERE / "static"))
    policy = " ".join([POLICY, *sorted(onward)]) + "; frame-ancestors 'none'; base-uri 'none'"

    @app.middleware("http")
    async def guard(request: Request, call_next: RequestResponseEndpoint) -> Response:
        if request.method == "POST" and request.headers.get("sec-fetch-site") in ("cross-site", "same-site"):
            return Response("Skjemaet kom fra et annet nettsted.", 403, media_type="text/plain")
        response = await call_next(request)
        response.headers["Content-Security-Policy"] = policy
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers.setdefault("Cache-Control", "no-store")
        return response


def is_bearer(request: Request, token: str) -> bool:
    """Whether the caller holds the token."""
    given = request.headers.get("authorization", "")
    return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())


def not_found() -> HTTPException:
    """The plain 404 of the pages."""
    return HTTPException(404, "Finnes ikke her.")
