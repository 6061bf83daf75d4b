"""Tells a child's page that there is something new, as server-sent events behind the session. An event says
nothing else, and comes only where what this reader may see has changed: what is hidden moves nothing. Ends
with the session, and when the reader no longer takes part.

Source: HTML Living Standard, server-sent events."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterator
from time import monotonic
from typing import Annotated, Final

from fastapi import APIRouter, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from sqlalchemy import Connection

from gateway import jsontext
from gateway.access.login_sessions import Session
from gateway.errors import NotFound, NotReady
from gateway.web.desk import BASE, AtDesk, WebDesk
from gateway.web.door import Handle, Here, handle
from gateway.web.insight import Insight, looking
from gateway.web.navigation import CHILDREN
from gateway.web.rendering import PageRoute
from gateway.web.seats import Office, seat
from gateway.web.streams import Streams, Waiting

router = APIRouter(prefix=BASE, route_class=PageRoute, include_in_schema=False)
BEAT: Final = 15.0  # seconds: how long a stream is silent, and lives on after its session
AGAIN: Final = 5_000  # milliseconds after which a browser asks again whose connection broke
Mark = Annotated[str, Query(pattern=r"^[A-Za-z0-9_-]{24}$")]


@router.get(f"{CHILDREN.path}/{{given}}/nytt", response_class=StreamingResponse)
async def news(
    request: Request,
    desk: AtDesk,
    session: Here,
    given: Handle,
    kjent: Mark,
    last_event_id: Annotated[str, Header(max_length=100)] = "",
) -> StreamingResponse:
    """kjent: the mark that the page carries; a browser that asks again says the last one it was told."""
    streams: Streams = request.app.state.streams
    streams.demand_room(session.key)
    insight = await run_in_threadpool(_look, desk, session, given)
    stream = _Stream(desk, session, given, streams, last_event_id or kjent)
    here, now = insight.here, mark(session, insight)

    async def told() -> AsyncIterator[bytes]:
        with streams.waiting(session.key, session.tenant, here.person, here.change_no) as waiting:
            yield f"retry: {AGAIN}\n\n".encode()
            async for one in stream.events(waiting, now):
                yield one

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(told(), media_type="text/event-stream", headers=headers)


class _Stream:
    """One browser's. known: the mark of what it shows."""

    def __init__(self, desk: WebDesk, session: Session, given: str, streams: Streams, known: str) -> None:
        self._desk, self._session, self._given, self._streams = desk, session, given, streams
        self._known = known

    async def events(self, waiting: Waiting, now: str) -> AsyncIterator[bytes]:
        """Until nobody may be told any more. now: the mark of what may be seen when it begins. The beat is
        the same whatever has changed: a change of what is hidden would shift it."""
        seen: str | None = now
        beat = monotonic() + BEAT
        while seen is not None:
            if seen != self._known:
                self._known = seen
                yield f"event: nytt\nid: {seen}\ndata: nytt\n\n".encode()
            changed = await waiting.changed(max(0.0, beat - monotonic()))
            if self._streams.ended:
                return
            seen = await run_in_threadpool(self._seen, anew=changed)
            if not changed:
                beat = monotonic() + BEAT
                yield b":\n\n"

    def _seen(self, *, anew: bool) -> str | None:
        """The mark of what may be seen now; None where the session has ended or the reader takes no part.
        anew: something has changed; without that only whether both still stand is asked."""
        now = self._desk.service.clock()
        if self._desk.sessions.find(self._session.key, now, used=False) is None:
            return None
        try:
            if anew:
                return mark(self._session, _look(self._desk, self._session, self._given))
            with self._desk.service.store.read(self._session.tenant) as connection:
                seat(Office.COORDINATOR)(connection, self._desk, self._session, self._given, now)
        except NotFound:
            return None
        except NotReady:  # it changes all the time: the next change asks again
            return self._known
        return self._known


def mark(session: Session, insight: Insight) -> str:
    """What all this reader may see is known by, in this session alone: it says nothing of what that is."""
    digest = hashlib.sha256("\n".join(sorted(_lines(insight))).encode()).hexdigest()
    return handle(session, f"seen {digest}")


def _lines(insight: Insight) -> Iterator[str]:
    """What is whole by its version, what something was taken out of by what is left: a change in what is
    hidden moves nothing."""
    for ref, one in insight.shown.items():
        if one.whole:
            yield f"{ref} {one.version.version}"
        else:
            yield f"{ref} {hashlib.sha256(jsontext.encode(one.resource)).hexdigest()}"


def _look(desk: WebDesk, session: Session, given: str) -> Insight:
    def work(_: Connection, insight: Insight) -> Insight:
        return insight

    return looking(desk, session, given, work, shown=False, find=seat(Office.COORDINATOR))
