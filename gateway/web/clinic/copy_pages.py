"""Copies of a shared plan for a journal: a FHIR Bundle or one PDF, as files whose names tell nothing. Each is
written down as told before it is given."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from gateway import jsontext
from gateway.web.clinic import news, paper
from gateway.web.clinic.fhir_copy import bundle
from gateway.web.clinic.plan_pages import CLINIC, PATH
from gateway.web.clinic.plan_shown import PlanShown
from gateway.web.clinic.shared import shared_plan
from gateway.web.desk import BASE, AtDesk
from gateway.web.door import Handle, Here
from gateway.web.insight import Insight, looking
from gateway.web.reader import tell_people, teller
from gateway.web.rendering import HEADERS, PageRoute

router = APIRouter(prefix=BASE, route_class=PageRoute, include_in_schema=False)


@router.get(PATH + "/{given}/delt-plan.json")
def as_fhir(desk: AtDesk, session: Here, given: Handle) -> Response:
    """What may be seen of it as a FHIR Bundle."""
    base = f"{desk.service.settings.public_url.rstrip('/')}/fhir"

    def work(connection: Connection, insight: Insight) -> bytes:
        made, told = bundle(connection, shared_plan(insight), base, insight.now)
        insight.tell(told)
        return jsontext.encode(made)

    made = looking(desk, session, given, work, find=CLINIC)
    return _file(made, "application/fhir+json", "delt-plan.json")


@router.get(PATH + "/{given}/delt-plan.pdf")
def as_pdf(request: Request, desk: AtDesk, session: Here, given: Handle) -> Response:
    """What may be seen of it as a PDF in their language."""

    def work(_: Connection, insight: Insight) -> bytes:
        plan = shared_plan(insight)
        insight.tell(plan.marks)
        tell_people(insight)
        nothing_new = news.News(plan.marks, plan.marks, insight.now)
        return paper.pdf(PlanShown(plan, teller(request, desk, insight), nothing_new, {}))

    made = looking(desk, session, given, work, find=CLINIC)
    return _file(made, "application/pdf", "delt-plan.pdf")


def _file(content: bytes, media: str, name: str) -> Response:
    named = {"Content-Disposition": f'attachment; filename="{name}"', **HEADERS}
    return Response(content, media_type=media, headers=named)
