"""Whether the process lives and whether it can work; the only routes without a token. They tell nothing of
anyone."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from gateway.api.answers import answer
from gateway.api.auth import AtDesk
from gateway.api.documents import Health, Readiness, ok

router = APIRouter(tags=["operations"])


@router.get("/healthz", summary="The process lives", responses=ok(Health, "It does"), response_class=Response)
async def healthz() -> Response:
    return answer({"status": "ok"})


@router.get(
    "/readyz",
    summary="The process can work",
    description="The database is reachable and migrated, and the embedded worker's loop is alive.",
    responses={**ok(Readiness, "It can"), **ok(Readiness, "Not now; `checks` says why", 503)},
    response_class=Response,
)
def readyz(request: Request, desk: AtDesk) -> Response:
    checks = desk.readiness.checks()
    work = getattr(request.app.state, "work", None)
    if work is not None:
        checks["worker"] = not work.done()
    carrying = getattr(request.app.state, "carrying", None)
    if carrying is not None:
        checks["courier"] = not carrying.done()
    ready = all(checks.values())
    return answer({"ready": ready, "checks": checks}, 200 if ready else 503)
