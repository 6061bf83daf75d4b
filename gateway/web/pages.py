"""All pages together, and what is said where there is none."""

from __future__ import annotations

from fastapi import APIRouter

from gateway.errors import NotFound
from gateway.web import (
    consent_pages,
    file_pages,
    held_pages,
    login_pages,
    onlooker_pages,
    session_pages,
    signing_pages,
    statics,
    withdraw_pages,
)
from gateway.web.clinic import pages as clinic_pages
from gateway.web.coordinator import (
    children_pages,
    conflict_pages,
    live_pages,
    part_pages,
    print_pages,
    receipt_pages,
    relay_pages,
    story_pages,
    writing_pages,
    wrong_patient_pages,
)
from gateway.web.desk import BASE, AtDesk
from gateway.web.door import Known
from gateway.web.family import plan_pages, recipient_pages
from gateway.web.operations import (
    access_pages,
    bench_pages,
    check_pages,
    figures_pages,
    lane_pages,
    message_pages,
    overview_pages,
    preview_pages,
    statistics_pages,
)
from gateway.web.rendering import PageRoute

router = APIRouter()
PARTS = (
    statics,
    login_pages,
    session_pages,
    consent_pages,
    plan_pages,
    recipient_pages,
    held_pages,
    onlooker_pages,
    signing_pages,
    withdraw_pages,
    children_pages,
    writing_pages,
    receipt_pages,
    relay_pages,
    story_pages,
    live_pages,
    part_pages,
    conflict_pages,
    wrong_patient_pages,
    file_pages,
    print_pages,
    clinic_pages,
)
for part in PARTS:
    router.include_router(part.router)
OPERATIONS = (
    overview_pages,
    lane_pages,
    message_pages,
    bench_pages,
    check_pages,
    preview_pages,
    figures_pages,
    statistics_pages,
    access_pages,
)
for part in OPERATIONS:
    router.include_router(part.router)
_nowhere = APIRouter(prefix=BASE, route_class=PageRoute, include_in_schema=False)


@_nowhere.get("/{rest:path}")
def nowhere(desk: AtDesk, session: Known, rest: str) -> None:  # noqa: ARG001
    """Any other address here."""
    raise NotFound("No such page")


router.include_router(_nowhere)
