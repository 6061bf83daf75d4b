"""The page of who has looked at what about a child, as the one who is logged in may see it: from the same
look as GET /people/{person}/audit."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Connection

from gateway.consents.onlookers import Onlookers
from gateway.errors import NotFound
from gateway.web.desk import BASE, AtDesk
from gateway.web.door import Handle, Here
from gateway.web.family.onlooker import seen_by
from gateway.web.insight import Insight, looking
from gateway.web.reader import tell_people, teller
from gateway.web.rendering import PageRoute, page

router = APIRouter(prefix=BASE, route_class=PageRoute, include_in_schema=False)
AT_ONCE = 50
OF_ONE = 100  # of what somebody looked at, on a page of that look alone


@router.get("/barn/{given}/hvem-har-sett")
def looked(
    request: Request,
    desk: AtDesk,
    session: Here,
    given: Handle,
    foer: Annotated[str | None, Query(pattern=r"^[0-9]{1,18}$")] = None,
    oppslag: Annotated[str | None, Query(pattern=r"^[0-9]{1,18}$")] = None,
    side: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> Response:
    """Each time somebody looked, got something or decided, newest first. oppslag: one of them alone, with all
    that it was, page by page. Raises NotFound for one that the reader is not told of."""

    def work(connection: Connection, insight: Insight) -> dict[str, Any]:
        here = insight.here
        held = Onlookers(desk.service.settings, here.facts, here.me.id, insight.now)
        tell_people(insight)
        told = teller(request, desk, insight)
        if oppslag is not None:
            only = [one for one in held.page(connection, int(oppslag) + 1, 1) if one.number == int(oppslag)]
            if not only:
                raise NotFound("No such look")
            shown = seen_by(insight, told, only[0], side, OF_ONE)
            return {"child": told.child(), "looked": [shown], "older": None, "alone": shown}
        found = held.page(connection, int(foer) if foer else None, AT_ONCE + 1)
        return {
            "child": told.child(),
            "looked": [seen_by(insight, told, one) for one in found[:AT_ONCE]],
            "older": found[AT_ONCE - 1].number if len(found) > AT_ONCE else None,
            "alone": None,
        }

    return page(request, "looked", session=session, here=given, **looking(desk, session, given, work))
