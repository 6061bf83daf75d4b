"""Who is at the pages, and whether a form comes from our own page: session, origin and the form's token are
checked before anything else is looked at."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import parse_qs

from fastapi import Depends, Path, Request
from fastapi.concurrency import run_in_threadpool

from gateway.access.endings import CODE
from gateway.access.login_sessions import Session
from gateway.errors import Conflict, Forbidden, InvalidRequest, NotFound, TooLarge, UnsupportedMedia
from gateway.hub.audit import occasion
from gateway.hub.content import digest
from gateway.web.cookies import SESSION
from gateway.web.desk import AtDesk

MOST_BYTES = 64 * 1024
MOST_WRITTEN = 512 * 1024  # of a form with long texts: three of 5,000 letters, each of which may take twelve
MOST_FIELDS = 2_000
ITSELF = "stafettbro-selv"  # a page asks by itself, nobody has touched it
EVENTS = "text/event-stream"  # so does a browser that listens, also when it connects anew
FORM_FIELD = "bevis"  # the hidden field of every form
SHOWN_FIELD = "vist"  # and of one that does what its page has shown
Fields = dict[str, list[str]]
Handle = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{24}$")]  # see handle()


class LoggedOut(Exception):
    """Nobody is logged in: the answer is the way to the login."""


async def known(request: Request, desk: AtDesk) -> Session | None:
    """Who is logged in, if anybody. What goes wrong from here on is told on a page of theirs. Raises
    Forbidden for somebody whose access has been ended, who is told so."""
    key = desk.cookies.read(request, SESSION)
    used = ITSELF not in request.headers and request.headers.get("accept") != EVENTS
    found = await run_in_threadpool(desk.sessions.find, key, desk.service.clock(), used=used)
    request.state.session = found
    if found is None and key is not None and await run_in_threadpool(desk.sessions.was_ended, key):
        raise Forbidden("Access has ended", code=CODE)
    return found


Known = Annotated[Session | None, Depends(known)]


async def here(request: Request, found: Known) -> Session:
    """Who is logged in. Raises LoggedOut."""
    if found is None:
        raise LoggedOut
    route = getattr(request.scope.get("route"), "path", "")
    occasion.asked_by(found.tenant, f"login/{found.login}", action=f"{request.method} {route}")
    return found


Here = Annotated[Session, Depends(here)]


async def form(request: Request, desk: AtDesk, session: Here) -> Fields:
    """The fields of a form of ours. Raises Forbidden for any other."""
    _demand_own_origin(request, desk.origin)
    fields = await _fields(request, MOST_BYTES)
    if not _is_token(session, fields.pop(FORM_FIELD, [""])[0]):
        raise Forbidden("The form is not of this session", code="form-token")
    return fields


Form = Annotated[Fields, Depends(form)]


@dataclass(frozen=True, slots=True)
class Sent:
    """A form of our own pages that somebody wrote much in. session: who is logged in now, if anybody; proven:
    whether the form was made in that session. One that was not changes nothing; what was typed in it is
    shown again, so that it is not lost with a session that ended."""

    fields: Fields
    session: Session | None
    proven: bool


async def sent(request: Request, desk: AtDesk, session: Known) -> Sent:
    """A form with long texts, whether or not the session it was made in still counts."""
    _demand_own_origin(request, desk.origin)
    fields = await _fields(request, MOST_WRITTEN)
    given = fields.pop(FORM_FIELD, [""])[0]
    return Sent(fields, session, session is not None and _is_token(session, given))


Typed = Annotated[Sent, Depends(sent)]


def _is_token(session: Session, given: str) -> bool:
    return hmac.compare_digest(given.encode(), token(session).encode())


def token(session: Session) -> str:
    """What every form of a session carries."""
    return _made(session, "form")


def handle(session: Session, ref: str) -> str:
    """What something is called in addresses and forms of this session, and nowhere else."""
    return _made(session, f"handle {ref}")[:24]


def mark_of(session: Session, shown: Any) -> str:
    """By what the form under something that a page shows (a JSON value) says what that was."""
    return handle(session, f"shown {digest(shown)}")


def demand_shown(session: Session, fields: Fields, now: Any) -> None:
    """That what is done now is what the form's page had shown: another tab may have
    written another since. Raises Conflict."""
    given = fields.get(SHOWN_FIELD, [""])[0]
    if not hmac.compare_digest(given.encode(), mark_of(session, now).encode()):
        raise Conflict("Something else was shown", code="changed-meanwhile")


def lasting(session: Session, ref: str) -> str:
    """The same in every session of the same person: by it a form finds its child after a new login."""
    known = "\0".join(sorted(session.hashes)).encode()
    digest = hmac.new(known, f"lasting {ref}".encode(), hashlib.sha256).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()[:24]


def resolve(session: Session, given: str, refs: Iterable[str], *, new_login: bool = False) -> str:
    """The one of these that a handle means; after a new login, that what a form says of it means. Raises
    NotFound."""
    name = lasting if new_login else handle
    asked = given.encode(errors="replace")  # a form may send any letters
    found = next((ref for ref in refs if hmac.compare_digest(name(session, ref).encode(), asked)), None)
    if found is None:
        raise NotFound("Not here")
    return found


def _made(session: Session, what: str) -> str:
    digest = hmac.new(session.secret, what.encode(), hashlib.sha256).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def _demand_own_origin(request: Request, origin: str) -> None:
    given = request.headers.get("origin")
    if given is None and request.headers.get("sec-fetch-site") == "same-origin":
        return
    if given != origin:
        raise Forbidden("The form comes from elsewhere", code="form-origin")


async def _fields(request: Request, most: int) -> Fields:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/x-www-form-urlencoded":
        raise UnsupportedMedia("A form is sent as application/x-www-form-urlencoded")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise TooLarge("The form is too large")
    try:
        return parse_qs(body.decode("ascii"), max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise InvalidRequest("The form cannot be read", code="form") from error
