"""The way in and out: choose where to log in, come back from there, log out, choose a language."""

from __future__ import annotations

import logging
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from gateway.access.client_address import client_address
from gateway.access.endings import CODE
from gateway.access.people_login import PeopleLogin
from gateway.config import Login
from gateway.errors import Forbidden, NotFound, TooMany, Unauthenticated
from gateway.events import Event, log
from gateway.web.cookies import LANGUAGE, RETURN, SESSION, YEAR
from gateway.web.desk import BASE, AtDesk, WebDesk
from gateway.web.door import Form, Here
from gateway.web.language import LANGUAGES
from gateway.web.rendering import HEADERS, PageRoute, onward, page

router = APIRouter(prefix=BASE, route_class=PageRoute, include_in_schema=False)
OWN = "/innlogginger"  # where somebody sees their own sessions: whoever logs in anew came from there
CHOSEN = frozenset({"same-origin", "none"})  # by a link of ours, or by the address itself
LoginId = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]


@router.get("/logg-inn/{login_id}")
def begin(
    request: Request,
    desk: AtDesk,
    login_id: LoginId,
    anew: Annotated[str | None, Query(alias="paa-nytt", pattern="^ja$")] = None,
) -> Response:
    """To the provider, with what brings this browser back. Whoever was sent here by another site chooses on
    our own page first: nobody is logged in without having asked for it. paa-nytt: the provider asks who it
    is, also of somebody who is logged in there."""
    way = _way(desk, login_id)
    if request.headers.get("sec-fetch-site", "none") not in CHOSEN:
        return onward("")
    _paced(request, desk)
    begun, address = way.begin(anew=anew is not None)
    key = desk.sessions.await_return(way.login, begun, desk.service.clock())
    answer = RedirectResponse(address, 303, HEADERS)
    desk.cookies.give(answer, RETURN, key, 600)
    return answer


@router.get("/logg-inn/{login_id}/svar")
def finish(request: Request, desk: AtDesk, login_id: LoginId) -> Response:
    """Back from the provider: a new session, or no more than the way to try again."""
    way, now = _way(desk, login_id), desk.service.clock()
    _paced(request, desk)
    key = desk.cookies.read(request, RETURN)
    begun = desk.sessions.returned(way.login, key, now) if key else None
    try:
        if begun is None:
            raise Unauthenticated("Nobody is awaited here", code="login-unexpected")
        found = way.finish(begun, _single(request))
    except Unauthenticated as error:
        log(Event.LOGIN_REFUSED, level=logging.WARNING, login=way.login.id, code=error.code)
        desk.sessions.refused(way.login, error.code, now)
        raise
    desk.participants.catch_up(way.login.tenant)
    who = desk.participants.hashes(found.identities)
    if _is_ended(desk, way.login, who):
        log(Event.LOGIN_REFUSED, level=logging.WARNING, login=way.login.id, code=CODE)
        desk.sessions.refused(way.login, CODE, now)
        raise Forbidden("Access has ended", code=CODE)
    desk.known.note(way.login, found, who, now)
    desk.sessions.close(desk.cookies.read(request, SESSION), now)
    opened = desk.sessions.open(way.login, who, now, anew=begun.anew, rights=found.rights, name=found.name)
    log(Event.LOGGED_IN, login=way.login.id)
    answer = onward(OWN if begun.anew else "")
    desk.cookies.take(answer, RETURN)
    desk.cookies.give(answer, SESSION, opened)
    return answer


@router.post("/logg-ut")
def end(request: Request, desk: AtDesk, session: Here, fields: Form) -> Response:  # noqa: ARG001
    """The session ends on the server; the browser's cookie is worth nothing from then on."""
    desk.sessions.close(session.key, desk.service.clock())
    log(Event.LOGGED_OUT, login=session.login)
    way = desk.logins[session.login]
    answer = page(request, "logged_out", name=way.login.name, there=way.end())
    desk.cookies.take(answer, SESSION)
    return answer


@router.get("/spraak/{code}")
def choose(request: Request, desk: AtDesk, code: Annotated[str, Path(pattern="^(nb|nn)$")]) -> Response:
    """The language for the pages to come, and back to the page one was on."""
    came = urlsplit(request.headers.get("referer", ""))
    inside = f"{came.scheme}://{came.netloc}" == desk.origin and came.path.startswith(f"{BASE}/")
    answer = onward(came.path.removeprefix(BASE) if inside and "//" not in came.path else "")
    if code in LANGUAGES:
        desk.cookies.give(answer, LANGUAGE, code, YEAR)
    return answer


def _way(desk: WebDesk, login_id: str) -> PeopleLogin:
    way = desk.logins.get(login_id)
    if way is None:
        raise NotFound("No such login")
    return way


def _is_ended(desk: WebDesk, login: Login, who: frozenset[str]) -> bool:
    """Whether an employee or operator is let in no more."""
    if login.who == "family":
        return False
    with desk.service.store.read(login.tenant) as connection:
        return desk.endings.ends(connection, login.tenant, who)


def _paced(request: Request, desk: WebDesk) -> None:
    """A step of a login asks the provider and writes: nobody takes them faster than people do. Raises
    TooMany."""
    peer = request.client.host if request.client else None
    told = request.headers.getlist("x-forwarded-for")
    wait = desk.pace.wait(client_address(peer, told, desk.service.settings.proxies))
    if wait > 0:
        raise TooMany("Too many logins from this address", wait)


def _single(request: Request) -> dict[str, str]:
    """The provider's answer; a parameter that stands twice makes it none."""
    given = request.query_params.multi_items()
    if len({name for name, _ in given}) != len(given):
        raise Unauthenticated("The answer is ambiguous", code="login-ambiguous")
    return dict(given)
