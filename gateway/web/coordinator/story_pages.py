"""The page of one child for coordinators: the merged timeline over all systems, with the level as a path. It
shows what the judge lets the reader's organization see, and is written as told before it is given."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Connection

from gateway.web.consents_shown import Teller
from gateway.web.coordinator import levels
from gateway.web.coordinator.child_head import seen_by_staff
from gateway.web.coordinator.live_pages import mark
from gateway.web.coordinator.story import Asked, story
from gateway.web.desk import BASE, AtDesk
from gateway.web.door import Handle, Here
from gateway.web.insight import Insight
from gateway.web.navigation import CHILDREN
from gateway.web.rendering import PageRoute, page

router = APIRouter(prefix=BASE, route_class=PageRoute, include_in_schema=False)
Code = Annotated[str, Query(pattern=r"^[a-zA-Z]{0,40}$")]
Own = Annotated[str, Query(pattern=r"^([a-z0-9][a-z0-9-]{0,39})?$")]


@router.get(f"{CHILDREN.path}/{{given}}")
def timeline(
    request: Request,
    desk: AtDesk,
    session: Here,
    given: Handle,
    slag: Code = "",
    tjeneste: Code = "",
    system: Own = "",
    siden: Annotated[str, Query(pattern="^(moete)?$")] = "",
    side: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> Response:
    """What happened, newest first, in all systems."""
    asked = Asked(slag, tjeneste, system, bool(siden), side)

    def work(connection: Connection, insight: Insight, told: Teller) -> dict[str, Any]:
        frames = [f for f in insight.here.facts.frames if f in insight.seen]
        paths = [levels.path(insight.seen[frame], insight.now) for frame in frames]
        return {
            "story": story(connection, insight, told, asked),
            "mark": mark(session, insight),
            "path": next((one for one in paths if one), []),
        }

    shown = seen_by_staff(request, desk, session, given, "", work)
    return page(request, "coordinator/story", session=session, script="nytt.js", asked=asked, **shown)
