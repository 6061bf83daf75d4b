"""The page on which somebody sees where they are logged in, and ends what they did not mean to leave open. It
tells times and the name of a login: nothing of a child, and nothing of anybody else's.

Source: OWASP ASVS 5.0, 7.5.2 (others are ended only after the person has been asked anew who they are).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from gateway.access.login_sessions import Own, Session
from gateway.errors import Forbidden
from gateway.events import Event, log
from gateway.web.desk import BASE, AtDesk, WebDesk
from gateway.web.door import Form, Handle, Here, handle, resolve
from gateway.web.login_pages import OWN
from gateway.web.rendering import PageRoute, onward, page

router = APIRouter(prefix=BASE, route_class=PageRoute, include_in_schema=False)
FRESH: Final = timedelta(minutes=10)  # so long a login counts as just done


@router.get(OWN)
def sessions(request: Request, desk: AtDesk, session: Here) -> Response:
    """One's own sessions, this one first."""
    found = sorted(desk.sessions.own(session, desk.service.clock()), key=lambda one: not one.here)
    return page(
        request,
        "sessions",
        session=session,
        fresh=_is_fresh(desk, session),
        login=session.login,
        minutes=desk.logins[session.login].login.idle_minutes,
        sessions=[_shown(desk, session, one) for one in found],
    )


@router.post(f"{OWN}/andre")
def end_others(desk: AtDesk, session: Here, fields: Form) -> Response:  # noqa: ARG001
    """End all but this one."""
    now = desk.service.clock()
    return _end(desk, session, [one for one in desk.sessions.own(session, now) if not one.here])


@router.post(f"{OWN}/{{which}}")
def end_one(desk: AtDesk, session: Here, which: Handle, fields: Form) -> Response:  # noqa: ARG001
    """End one of them."""
    found = {_named(one): one for one in desk.sessions.own(session, desk.service.clock()) if not one.here}
    return _end(desk, session, [found[resolve(session, which, found)]])


def _end(desk: WebDesk, session: Session, going: list[Own]) -> Response:
    if not _is_fresh(desk, session):
        raise Forbidden("Who it is must be asked anew first", code="login-anew")
    desk.sessions.end_own(session, [one.digest for one in going], desk.service.clock())
    for one in going:
        log(Event.LOGGED_OUT, login=one.login)
    return onward(OWN)


def _is_fresh(desk: WebDesk, session: Session) -> bool:
    return session.proven is not None and session.proven + FRESH > desk.service.clock()


def _shown(desk: WebDesk, session: Session, one: Own) -> dict[str, Any]:
    return {
        "handle": handle(session, _named(one)),
        "name": desk.logins[one.login].login.name,
        "started": one.started,
        "seen": one.seen,
        "here": one.here,
    }


def _named(one: Own) -> str:
    return f"session {one.digest}"
