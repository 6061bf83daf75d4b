"""The page of figures over time: what came in, what went out and how it ended, and how long something waited,
by day, week or month, of one system or of all; as pictures with a table beside each. The page counts nothing
itself: it has been done before (gateway/operating/clerk.py)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request, Response

from consent.days import day
from gateway.errors import NotFound
from gateway.hub import tallies
from gateway.hub.tallies import LONGEST, Kind
from gateway.operating import clerk
from gateway.operating.clerk import Counted
from gateway.operating.periods import VIEWS, Period, View, periods, summed
from gateway.web.chart import Column, columns
from gateway.web.desk import AtDesk
from gateway.web.operations.entrance import DRIFT, Operating
from gateway.web.rendering import PageRoute, page

router = APIRouter(prefix=DRIFT, route_class=PageRoute, include_in_schema=False)
LATE: Final = timedelta(hours=2)  # after that somebody should ask why nothing has been counted
GROUPS: Final = {
    "in": (Kind.TAKEN, Kind.REFUSED_IN),
    "out": (Kind.DELIVERED, Kind.RECEIPTS, Kind.REFUSED, Kind.HELD, Kind.UNKNOWN),
    "wait": (Kind.WAIT,),
}


@dataclass(frozen=True, slots=True)
class Series:
    """One kind of figure over time. numbers: None where nothing was counted. whole: the sum; of what tells
    the longest, the greatest. most: where the highest is; None where all are nothing."""

    kind: str
    longest: bool
    numbers: list[int | None]
    columns: list[Column]
    whole: int
    most: int | None

    @property
    def known(self) -> bool:
        """Whether anything was counted at all."""
        return any(n is not None for n in self.numbers)


@router.get("/tall")
def shown(
    request: Request,
    desk: AtDesk,
    who: Operating,
    visning: View | Literal[""] = "",
    system: Annotated[str, Query(pattern="^[a-z0-9-]{0,40}$")] = "",
) -> Response:
    """The figures."""
    service = desk.service
    systems = [one.id for one in service.settings.systems if one.tenant == who.tenant]
    if system and system not in systems:
        raise NotFound("No such system")
    now = service.clock()
    over = periods(visning or "dager", day(now))
    with service.store.read(who.tenant) as connection:
        counted = clerk.counted(connection, who.tenant)
        days = tallies.between(connection, who.tenant, over[0].first, over[-1].last, system or None)
    groups = {name: [_series(days, kind, over, counted) for kind in kinds] for name, kinds in GROUPS.items()}
    return page(
        request,
        "operations/figures",
        session=who.session,
        periods=over,
        groups=groups if counted else {},
        counted=counted,
        late=counted is not None and _late(counted, now),
        systems=systems,
        views=VIEWS,
        chosen={"visning": visning or "dager", "system": system},
    )


def _series(days: tallies.ByDay, kind: Kind, over: list[Period], counted: Counted | None) -> Series:
    numbers = summed(days, kind, over, counted.since_when(kind) if counted else date.max)
    known = {place: n for place, n in enumerate(numbers) if n is not None}
    whole = max(known.values(), default=0) if kind in LONGEST else sum(known.values())
    most = max(known, key=lambda place: known[place]) if any(known.values()) else None
    return Series(kind.value, kind in LONGEST, numbers, columns(numbers), whole, most)


def _late(counted: Counted, now: datetime) -> bool:
    return now - counted.at > LATE
