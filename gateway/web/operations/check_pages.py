"""The page of the configuration: what `stafettbro check` finds, of the file this process was started with;
and the database and the connections where somebody asks for that."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import APIRouter, Request, Response

from gateway.operating import checks
from gateway.operating.findings import Found
from gateway.web.desk import AtDesk
from gateway.web.door import Form
from gateway.web.operations.entrance import DRIFT, Operating, Operator
from gateway.web.rendering import PageRoute, page

router = APIRouter(prefix=DRIFT, route_class=PageRoute, include_in_schema=False)


@router.get("/kontroll")
def check(request: Request, desk: AtDesk, who: Operating) -> Response:
    """What can be known without asking anybody."""
    found = checks.without_connections(desk.service.settings.of(who.tenant))
    return _page(request, who, found, tried=False)


@router.post("/kontroll")
def tried(request: Request, desk: AtDesk, who: Operating, fields: Form) -> Response:  # noqa: ARG001
    """And what the database and the connected systems say. May take as long as they do."""
    settings = desk.service.settings.of(who.tenant)
    found = [*checks.without_connections(settings), *checks.with_connections(settings)]
    return _page(request, who, found, tried=True)


def _page(request: Request, who: Operator, found: Iterable[Found], *, tried: bool) -> Response:
    ordered = sorted(found, key=lambda one: ("error", "warning", "ok").index(one.level))
    counts = {level: sum(one.level == level for one in ordered) for level in ("error", "warning", "ok")}
    return page(request, "operations/check", session=who.session, found=ordered, counts=counts, tried=tried)
