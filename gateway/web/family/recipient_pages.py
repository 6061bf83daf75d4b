"""What one recipient gets now and why, and what is shared with it item by item, as it sees it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Connection

from gateway.errors import NotFound
from gateway.web.desk import BASE, AtDesk
from gateway.web.door import Handle, Here, resolve
from gateway.web.family.sharing import Sharing
from gateway.web.family.speech import may_decide
from gateway.web.insight import Insight, looking
from gateway.web.reader import tell_people, teller
from gateway.web.rendering import PageRoute, page

router = APIRouter(prefix=BASE, route_class=PageRoute, include_in_schema=False)


@router.get("/barn/{given}/mottaker/{who}")
def recipient(
    request: Request,
    desk: AtDesk,
    session: Here,
    given: Handle,
    who: Handle,
    side: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> Response:
    """One of those who take part, as the grid of consents leads to it. side: the page of what it sees."""

    def work(_: Connection, insight: Insight) -> dict[str, Any]:
        if insight.here.frame not in insight.seen:
            raise NotFound("Nothing to see here")
        told = teller(request, desk, insight)
        said = resolve(session, who, told.choices())
        sharing = Sharing.now(insight, told, desk.service.settings)
        row = sharing.row(said)
        if row is None:
            raise NotFound("Nobody here")
        tell_people(insight)
        return {
            "child": told.child(),
            "row": row,
            "entries": sharing.page_of(said, side),
            "who": who,
            "may_decide": may_decide(insight, told),
        }

    return page(
        request, "family/recipient", session=session, here=given, **looking(desk, session, given, work)
    )
