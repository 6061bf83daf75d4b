"""All pages together, and what is said where there is none."""

from __future__ import annotations

from fastapi import APIRouter

from gateway.errors import NotFound
from gateway.web import (
    consent_pages,
    held_pages,
    login_pages,
    onlooker_pages,
    signing_pages,
    statics,
    withdraw_pages,
)
from gateway.web.desk import BASE, AtDesk
from gateway.web.door import Known
from gateway.web.rendering import PageRoute

router = APIRouter()
for part in (statics, login_pages, consent_pages, held_pages, onlooker_pages, signing_pages, withdraw_pages):
    router.include_router(part.router)
_nowhere = APIRouter(prefix=BASE, route_class=PageRoute, include_in_schema=False)


@_nowhere.get("/{rest:path}")
def nowhere(desk: AtDesk, session: Known, rest: str) -> None:  # noqa: ARG001
    """Any other address here."""
    raise NotFound("No such page")


router.include_router(_nowhere)
