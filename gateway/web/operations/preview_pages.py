"""The page of routes: what a route sends or would send, before it opens; counts by category and rule."""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from gateway.hub.audit import occasion
from gateway.operating import forecast
from gateway.operating.checks import losses_of
from gateway.operating.faults import Impossible
from gateway.operating.forecast import Forecast, Sum
from gateway.web.desk import AtDesk, WebDesk
from gateway.web.operations.entrance import DRIFT, Operating, Operator
from gateway.web.rendering import PageRoute, page

router = APIRouter(prefix=DRIFT, route_class=PageRoute, include_in_schema=False)
MOST: Final = 500  # persons that one page looks at; the command looks at all of them
OUTCOMES: Final = ("send", "there already", "its own to make", "no form there", forecast.WAITS, "withheld")
Name = Annotated[str, Query(pattern="^[a-z0-9-]{0,40}$")]


@router.get("/ruter")
def routes(request: Request, desk: AtDesk, who: Operating, fra: Name = "", til: Name = "") -> Response:
    """Every route, and one of them as if it were open."""
    settings = desk.service.settings
    systems = [one.id for one in settings.systems if one.tenant == who.tenant]
    made, wrong = None, ""
    if fra and til:
        try:
            made = _made(desk, who, fra, til)
        except Impossible as error:
            wrong = str(error)
    return page(
        request,
        "operations/routes",
        session=who.session,
        status=422 if wrong else 200,
        systems=systems,
        routes=[one for one in settings.routes if one.source in systems],
        chosen={"fra": fra, "til": til},
        made=made,
        wrong=wrong,
    )


def _made(desk: WebDesk, who: Operator, source: str, recipient: str) -> dict[str, Any]:
    service = desk.service
    giver, getter = service.settings.system(source), service.settings.system(recipient)
    if giver is None or getter is None or {giver.tenant, getter.tenant} != {who.tenant}:
        raise Impossible("There is no such system.")
    settings, was_open = forecast.as_if_open(service.settings, giver, getter)
    total = Sum()
    mapping = service.mappings[getter.id]
    looking = Forecast(service.store, service.facts, settings, giver.id, getter, mapping, service.clock())
    everyone = forecast.every_id(service.store, who.tenant)
    looked = list(islice(everyone, MOST))
    for person_id in looked:
        looking.add(person_id, total)
    occasion.at_hand().searching = True
    return {
        "open": was_open,
        "total": total,
        "more": next(everyone, None) is not None,
        "categories": sorted({category for category, _ in total.outcomes}),
        "outcomes": [one for one in OUTCOMES if any(one == found for _, found in total.outcomes)],
        "rules": total.rules.most_common(),
        "losses": losses_of(getter),
    }
