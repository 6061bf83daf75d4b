"""The page of who has looked at what about a child, as the one who is logged in may see it: from the same
look as GET /people/{person}/audit."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Connection

from gateway.consents.onlookers import Onlookers
from gateway.web.desk import BASE, AtDesk
from gateway.web.door import Handle, Here
from gateway.web.family.onlooker import seen_by
from gateway.web.insight import Insight, looking
from gateway.web.reader import tell_people, teller
from gateway.web.rendering import PageRoute, page

router = APIRouter(prefix=BASE, route_class=PageRoute, include_in_schema=False)
AT_ONCE = 50


@router.get("/barn/{given}/hvem-har-sett")
def looked(
    request: Request,
    desk: AtDesk,
    session: Here,
    given: Handle,
    foer: Annotated[str | None, Query(pattern=r"^[0-9]{1,18}$")] = None,
) -> Response:
    """Each time somebody looked, got something or decided, newest first."""

    def work(connection: Connection, insight: Insight) -> dict[str, Any]:
        here = insight.here
        held = Onlookers(desk.service.settings, here.facts, here.me.id, insight.now)
        found = held.page(connection, int(foer) if foer else None, AT_ONCE + 1)
        tell_people(insight)
        told = teller(request, desk, insight)
        return {
            "child": told.child(),
            "looked": [seen_by(insight, told, one) for one in found[:AT_ONCE]],
            "older": found[AT_ONCE - 1].number if len(found) > AT_ONCE else None,
        }

    return page(request, "looked", session=session, here=given, **looking(desk, session, given, work))
