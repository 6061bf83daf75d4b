"""What the pages work with in one process: the service, the logins of the configuration, sessions, how
participants are found, which employees are known and whose access has ended."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, FastAPI, Request

from adapters.tokens.addresses import is_safe
from gateway.access.endings import Endings
from gateway.access.known_people import KnownPeople
from gateway.access.login_sessions import Sessions
from gateway.access.pace import Pace
from gateway.access.participants import Participants
from gateway.access.people_login import PeopleLogin
from gateway.errors import ConfigurationError, NotFound
from gateway.operating.counting import Counts
from gateway.service import Service
from gateway.web.cookies import Cookies
from gateway.web.streams import Streams

BASE = "/min-side"


@dataclass(frozen=True, slots=True)
class WebDesk:
    """The parts. origin: where the pages are, as browsers name it; pace: of the logins of one address;
    counts: of routes, as far as they have come."""

    service: Service
    logins: dict[str, PeopleLogin]
    sessions: Sessions
    participants: Participants
    endings: Endings
    known: KnownPeople
    cookies: Cookies
    origin: str
    pace: Pace
    counts: Counts


def furnish(app: FastAPI, service: Service) -> None:
    """Give an application its pages' desk. Raises ConfigurationError where a login cannot work."""
    settings = service.settings
    public = urlsplit(settings.public_url)
    if settings.logins and not is_safe(settings.public_url):
        raise ConfigurationError("public_url must be https where people log in (or this machine)")
    back = f"{settings.public_url.rstrip('/')}{BASE}/logg-inn"
    steps = settings.limits.login_steps_per_minute
    app.state.streams = Streams(service.store, settings.limits.connections)
    endings = Endings(service.store, service.key)
    app.state.web = WebDesk(
        service=service,
        logins={one.id: PeopleLogin(one, f"{back}/{one.id}/svar", time.time) for one in settings.logins},
        sessions=Sessions(service.store, settings.logins, endings),
        participants=Participants(service.store, service.key),
        endings=endings,
        known=KnownPeople(service.store, service.key),
        cookies=Cookies(secure=public.scheme == "https"),
        origin=f"{public.scheme}://{public.netloc}",
        pace=Pace(steps / 60, steps),
        counts=Counts(),
    )


def web_desk(request: Request) -> WebDesk:
    """The desk of this process. Raises NotFound where no login is configured: then there are no pages."""
    found: WebDesk = request.app.state.web
    if not found.logins:
        raise NotFound("No login is configured here")
    return found


AtDesk = Annotated[WebDesk, Depends(web_desk)]
