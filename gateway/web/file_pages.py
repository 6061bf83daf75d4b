"""The files of documents, from the pages of coordinators, clinicians and families: each asks the judge anew
for its reader, and is written down as told before it is given."""

from __future__ import annotations

from fastapi import APIRouter, Response
from sqlalchemy import Connection

from gateway.web.clinic.plan_pages import CLINIC, PATH
from gateway.web.clinic.shared import shared_plan
from gateway.web.coordinator.writing_pages import FIND, HOME
from gateway.web.desk import BASE, AtDesk
from gateway.web.door import Handle, Here
from gateway.web.files import file_of
from gateway.web.insight import Insight, looking
from gateway.web.rendering import PageRoute

router = APIRouter(prefix=BASE, route_class=PageRoute, include_in_schema=False)
FAMILY = "/barn/{given}"
FILE = "/dokument/{which}"


@router.get(HOME + FILE)
def at_coordinators(desk: AtDesk, session: Here, given: Handle, which: Handle) -> Response:
    """Of a document in the timeline, whichever log or plan of the child it stands in."""

    def work(_: Connection, insight: Insight) -> Response:
        return file_of(session, insight, which, insight.everything())

    return looking(desk, session, given, work, find=FIND)


@router.get(PATH + "/{given}" + FILE)
def at_clinics(desk: AtDesk, session: Here, given: Handle, which: Handle) -> Response:
    """Of a document of the shared plan."""

    def work(_: Connection, insight: Insight) -> Response:
        return file_of(session, insight, which, shared_plan(insight).seen)

    return looking(desk, session, given, work, find=CLINIC)


@router.get(FAMILY + FILE)
def at_families(desk: AtDesk, session: Here, given: Handle, which: Handle) -> Response:
    """Of a document of the log or plan."""

    def work(_: Connection, insight: Insight) -> Response:
        return file_of(session, insight, which, insight.items())

    return looking(desk, session, given, work)
