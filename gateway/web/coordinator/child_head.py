"""What every page of one child says first to a coordinator: who it is, as whom one reads, the level, who
coordinates and how to reach them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from fastapi import Request
from sqlalchemy import Connection

from consent import active
from gateway.access.login_sessions import Session
from gateway.exchange.occasions import COORDINATORS
from gateway.web.consents_shown import Teller
from gateway.web.coordinator import levels
from gateway.web.coordinator.writing_rights import open_here
from gateway.web.coordinator.wrong_patients import standing
from gateway.web.desk import WebDesk
from gateway.web.insight import Insight, looking
from gateway.web.names import phone_of
from gateway.web.reader import kind, tell_people, teller
from gateway.web.seats import Office, seat

PARTS: Final = {  # of a child: what the address ends with, and the id of its words
    "": "story.nav",
    "/maal": "goals.nav",
    "/deltakere": "people.nav",
    "/meldinger": "talks.nav",
    "/deles-ikke": "unshared.nav",
}


def seen_by_staff(
    request: Request,
    desk: WebDesk,
    session: Session,
    given: str,
    part: str,
    work: Callable[[Connection, Insight, Teller], dict[str, Any]],
) -> dict[str, Any]:
    """What a page of a child says: the head, and what `work` makes. Raises NotFound."""

    def made(connection: Connection, insight: Insight) -> dict[str, Any]:
        told = teller(request, desk, insight)
        tell_people(insight)
        closed = standing(connection, session, insight, told)
        more = {"reports": closed, "open": open_here(insight)}
        return {**head(insight, told), **more, **work(connection, insight, told)}

    found = looking(desk, session, given, made, find=seat(Office.COORDINATOR))
    return {"here": given, "part": part, "parts": PARTS, **found}


def head(insight: Insight, told: Teller) -> dict[str, Any]:
    """The head. level: of the log, where there is one that may be seen."""
    here = insight.here
    plans = (insight.seen[frame] for frame in here.facts.frames if frame in insight.seen)
    found = [level for level in map(levels.now, plans) if level is not None]
    return {
        "child": told.child(),
        "kind": kind(insight),
        "role": here.me.role,
        "level": levels.now(insight.seen.get(here.frame) or {}) if not found else found[0],
        "holders": _holders(insight, told),
    }


def _holders(insight: Insight, told: Teller) -> list[dict[str, str]]:
    """Who coordinates now, of what may be seen of them."""
    out = {}
    for one in insight.here.facts.facts.participants:
        if one.role in COORDINATORS and active(one, insight.now) and one.id in insight.seen:
            name = told.full_name(one.id)
            number = phone_of(insight.seen[one.id]) or ""
            out[name, one.role] = {"name": name, "role": told.words.of("role", one.role), "phone": number}
    return list(out.values())
