"""What somebody typed in a form whose session has ended is not lost: it is shown again, to be sent once more
after a new login. Nothing is kept on the server, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fastapi import Request, Response
from sqlalchemy import Connection

from gateway.access.login_sessions import Session
from gateway.errors import NotFound
from gateway.hub.audit import occasion
from gateway.web.desk import WebDesk
from gateway.web.door import Sent, handle, resolve
from gateway.web.rendering import page
from gateway.web.seats import Office, seats
from gateway.web.standing import Place

Mine = Callable[[Connection, WebDesk, Session, datetime], list[Place]]
WHERE: Final = "hvor"  # the field that says which log or plan a form is about, also after a new login


@dataclass(frozen=True, slots=True)
class Text:
    """A text that was typed. label: a key of the catalogs."""

    name: str
    label: str
    text: str


def kept(
    request: Request,
    desk: WebDesk,
    sent: Sent,
    texts: Iterable[Text],
    again: Callable[[Session, str], Response],
    mine: Mine,
) -> Response:
    """The answer to a form that was made in another session than the one it came in. again: the form in this
    session, of the log or plan with this handle; mine: among which of the reader's it is looked for."""
    session, typed = sent.session, list(texts)
    given = _found(desk, session, sent, mine) if session is not None else None
    if session is not None and given is not None:
        with suppress(NotFound):  # what it was about is not this reader's any more: the words are
            return again(entered(request, session), given)
    names = {one.name for one in typed}
    rest = [(name, value) for name, found in sent.fields.items() for value in found if name not in names]
    status = 401 if session is None else NotFound.status
    return page(
        request,
        "kept",
        session=session,
        status=status,
        texts=typed,
        rest=rest,
        to=request.url.path,
    )


def entered(request: Request, session: Session) -> Session:
    """Somebody who is logged in, named in the audit of what follows."""
    route = getattr(request.scope.get("route"), "path", "")
    occasion.asked_by(session.tenant, f"login/{session.login}", action=f"{request.method} {route}")
    return session


def of_staff(connection: Connection, desk: WebDesk, session: Session, now: datetime) -> list[Place]:
    """The logs and plans of the coordinators' pages."""
    return seats(connection, desk, session, now, Office.COORDINATOR)


def of_clinicians(connection: Connection, desk: WebDesk, session: Session, now: datetime) -> list[Place]:
    """The logs and plans of the clinicians' pages."""
    return seats(connection, desk, session, now, Office.CLINIC)


def _found(desk: WebDesk, session: Session, sent: Sent, mine: Mine) -> str | None:
    wanted = sent.fields.get(WHERE, [""])[0]
    with desk.service.store.read(session.tenant) as connection:
        found = mine(connection, desk, session, desk.service.clock())
    try:
        return handle(session, resolve(session, wanted, [one.frame for one in found], new_login=True))
    except NotFound:
        return None
