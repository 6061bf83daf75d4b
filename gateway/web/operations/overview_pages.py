"""The first page of whoever operates the gateway: every connected system and how it stands, what needs
attention first."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from gateway.operating import health
from gateway.web.desk import AtDesk
from gateway.web.operations.entrance import DRIFT, Operating
from gateway.web.rendering import PageRoute, page

router = APIRouter(prefix=DRIFT, route_class=PageRoute, include_in_schema=False)


@router.get("")
def overview(request: Request, desk: AtDesk, who: Operating) -> Response:
    """Each system."""
    service = desk.service
    with service.store.read(who.tenant) as connection:
        found = health.of_tenant(connection, service.settings, who.tenant, service.clock())
    organizations = {o.number: o.name for o in service.settings.organizations}
    return page(
        request,
        "operations/overview",
        session=who.session,
        systems=found,
        attention=health.attention(found),
        organizations=organizations,
    )
