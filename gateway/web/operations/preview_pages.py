"""The page of routes: what a route sends or would send, before it opens; counts by category and rule. Of many
persons the first are counted before the page is given and the others after, so that nobody waits."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from starlette.background import BackgroundTask

from gateway.events import Event, log
from gateway.hub.audit import occasion
from gateway.operating import forecast
from gateway.operating.checks import losses_of
from gateway.operating.counting import Count, Route
from gateway.operating.faults import Impossible
from gateway.operating.forecast import Forecast
from gateway.web.desk import AtDesk, WebDesk
from gateway.web.operations.entrance import DRIFT, Operating, Operator
from gateway.web.rendering import PageRoute, page

router = APIRouter(prefix=DRIFT, route_class=PageRoute, include_in_schema=False)
AT_ONCE: Final = 50  # persons that are looked at before the page is given
SECONDS: Final = 10.0  # for which it goes on afterwards; whoever looks again lets it go on for as long
OUTCOMES: Final = ("send", "there already", "its own to make", "no form there", forecast.WAITS, "withheld")
Name = Annotated[str, Query(pattern="^[a-z0-9-]{0,40}$")]


@dataclass(slots=True)
class SoMany:
    """Goes on for so many persons."""

    left: int

    def __call__(self) -> bool:
        """Whether there is one more to look at."""
        self.left -= 1
        return self.left >= 0


@router.get("/ruter")
def routes(request: Request, desk: AtDesk, who: Operating, fra: Name = "", til: Name = "") -> Response:
    """Every route, and one of them as if it were open."""
    settings = desk.service.settings
    systems = [one.id for one in settings.systems if one.tenant == who.tenant]
    made, count, wrong = None, None, None
    if "fra" in request.query_params or "til" in request.query_params:
        try:
            if not (fra and til):
                raise Impossible("Choose the two systems of a route.", "choose-both")
            count, made = _made(desk, who, fra, til)
        except Impossible as error:
            wrong = error
    answer = page(
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
    if count is not None and not count.done:
        answer.background = BackgroundTask(_on, count)
    return answer


def _made(desk: WebDesk, who: Operator, source: str, recipient: str) -> tuple[Count, dict[str, Any]]:
    service = desk.service
    giver, getter = service.settings.system(source), service.settings.system(recipient)
    if giver is None or getter is None or {giver.tenant, getter.tenant} != {who.tenant}:
        raise Impossible("There is no such system.", "no-such-system")
    settings, was_open = forecast.as_if_open(service.settings, giver, getter)
    now, mapping = service.clock(), service.mappings[getter.id]
    looking = Forecast(service.store, service.facts, settings, giver.id, getter, mapping, now)
    count = desk.counts.at(
        Route(who.tenant, giver.id, getter.id), now, lambda: Count.of_everybody(service.store, looking)
    )
    count.on(SoMany(AT_ONCE))
    occasion.at_hand().searching = True
    outcomes, rules = count.total.outcomes.copy(), count.total.rules.copy()
    return count, {
        "open": was_open,
        "total": count.total,
        "of": max(count.of, count.total.persons),
        "begun": count.begun,
        "done": count.done,
        "counted": outcomes,
        "categories": sorted({category for category, _ in outcomes}),
        "outcomes": [one for one in OUTCOMES if any(one == found for _, found in outcomes)],
        "rules": rules.most_common(),
        "losses": losses_of(getter),
    }


def _on(count: Count) -> None:
    """Go on for a while, after the page is given."""
    until = time.monotonic() + SECONDS
    try:
        count.on(lambda: time.monotonic() < until)
    except Exception:  # noqa: BLE001 - nobody waits for this any more: noted, and begun anew at the next look
        log(Event.REQUEST_FAILED, level=logging.ERROR, method="GET", route=f"{DRIFT}/ruter", trace=True)
