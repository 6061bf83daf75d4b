"""Polling a FHIR server by _lastUpdated, type after type, page after page.

The cursor is the newest lastUpdated seen, by the server's own clock, and where we are in a round. Each round
asks from ten minutes before it: servers make commits visible late. Nothing personal stands in it.

Within a round we go on from the newest lastUpdated of the page before, not by the server's link: many servers
page by offset, and a change between two pages then moves one resource past us. The link is followed only
where a page brought us no further in time (many changes at one instant, or a server that does not sort).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

import msgspec

from adapters import fhir_answers as answers
from adapters.contract import Incoming, Page, Record, Unavailable
from adapters.transport import Answer, failure

OVERLAP: Final = timedelta(minutes=10)
Get = Callable[[str], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Position:
    """since: newest change of earlier rounds; seen: of this round; kind: index of the type we are at;
    floor: where we are in time within it; next: the server's link to the next page of it; again: a link had
    grown old and we asked anew."""

    since: str | None = None
    seen: str | None = None
    kind: int = 0
    floor: str | None = None
    next: str | None = None
    again: bool = False


async def page(get: Get, cursor: str | None, types: tuple[str, ...], size: int) -> Page:
    """One page. Raises Unavailable and Busy, and Unavailable for a cursor that is none of ours."""
    position = _position(cursor)
    if position.kind >= len(types):
        position = Position(since=position.since)
    if not types:
        return Page((), cursor)
    bundle = await _bundle(get, position, types[position.kind], size)
    if bundle is None:
        if position.again:
            raise Unavailable("the server's links to following pages do not work")
        return Page((), _text(replace(position, next=None, again=True)), more=True)
    found = tuple(
        answers.incoming(one) for one in _resources(bundle) if one.get("resourceType") == types[position.kind]
    )
    seen = replace(position, seen=_newest(position.seen, found))
    return _advanced(found, seen, _next(bundle), len(types))


def _advanced(found: tuple[Incoming, ...], position: Position, link: str | None, count: int) -> Page:
    if link is not None:
        floor = _further(position.floor, found)
        onward = (
            replace(position, floor=floor, next=None, again=False) if floor else replace(position, next=link)
        )
        return Page(found, _text(onward), more=True)
    if position.kind + 1 < count:
        onward = replace(position, kind=position.kind + 1, floor=None, next=None, again=False)
        return Page(found, _text(onward), more=True)
    newest = _later(position.since, position.seen)
    return Page(found, _text(Position(since=newest)))


async def _bundle(get: Get, position: Position, kind: str, size: int) -> Record | None:
    answer = await get(position.next or _first(position, kind, size))
    if position.next is not None and answer.status in (400, 404, 410):
        return None
    if answer.status == 404 and position.next is None:
        return {}  # a type this server does not have
    wrong = failure(answer, answers.reasons(answer))
    if wrong is not None:
        raise Unavailable(wrong.detail, status=wrong.status)
    return answers.resource(answer)


def _first(position: Position, kind: str, size: int) -> str:
    query = {"_sort": "_lastUpdated", "_count": str(size)}
    if position.floor is not None:
        query["_lastUpdated"] = f"ge{position.floor}"
    elif position.since is not None:
        since = datetime.fromisoformat(position.since) - OVERLAP
        query["_lastUpdated"] = f"ge{since.isoformat()}"
    return f"{kind}?{urlencode(query)}"


def _further(floor: str | None, found: tuple[Incoming, ...]) -> str | None:
    """The page's newest time, if the page is in order and newer than where we were."""
    times = [one.received for one in found if one.received is not None and one.received.tzinfo is not None]
    if not times or len(times) < len(found) or times != sorted(times):
        return None
    newest = times[-1]
    return newest.isoformat() if floor is None or newest > datetime.fromisoformat(floor) else None


def _next(bundle: Record) -> str | None:
    links = [link for link in bundle.get("link", []) if isinstance(link, dict)]
    return next(
        (str(link["url"]) for link in links if link.get("relation") == "next" and link.get("url")), None
    )


def _resources(bundle: Record) -> list[Record]:
    found = [entry.get("resource") for entry in bundle.get("entry", []) if isinstance(entry, dict)]
    return [one for one in found if isinstance(one, dict) and "id" in one]


def _newest(seen: str | None, found: tuple[Incoming, ...]) -> str | None:
    for one in found:
        seen = _later(seen, one.received.isoformat() if one.received and one.received.tzinfo else None)
    return seen


def _later(one: str | None, other: str | None) -> str | None:
    if one is None or other is None:
        return one or other
    return max(one, other, key=datetime.fromisoformat)


def _position(cursor: str | None) -> Position:
    try:
        return Position() if cursor is None else msgspec.json.decode(cursor, type=Position)
    except msgspec.DecodeError as error:
        raise Unavailable("the cursor cannot be read") from error


def _text(position: Position) -> str:
    return msgspec.json.encode(position).decode()
