"""Polling a FHIR server by _lastUpdated, type after type, page after page.

The cursor is the newest lastUpdated seen, by the server's own clock, and where we are in a round. Each round
asks from ten minutes before it: servers make commits visible late. Nothing personal stands in it.
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
    next: the server's link to the next page of it."""

    since: str | None = None
    seen: str | None = None
    kind: int = 0
    next: str | None = None


async def page(get: Get, cursor: str | None, types: tuple[str, ...], size: int) -> Page:
    """One page. Raises Unavailable and Busy, and Unavailable for a cursor that is none of ours."""
    position = _position(cursor)
    if position.kind >= len(types):
        position = Position(since=position.since)
    if not types:
        return Page((), cursor)
    bundle = await _bundle(get, position, types[position.kind], size)
    if bundle is None:  # the link has grown old: take this type from its start
        return Page((), _text(replace(position, next=None)), more=True)
    found = tuple(
        answers.incoming(one) for one in _resources(bundle) if one.get("resourceType") == types[position.kind]
    )
    moved = replace(position, seen=_newest(position.seen, found), next=_next(bundle))
    return _advanced(found, moved, len(types))


def _advanced(found: tuple[Incoming, ...], position: Position, count: int) -> Page:
    if position.next is not None:
        return Page(found, _text(position), more=True)
    if position.kind + 1 < count:
        return Page(found, _text(replace(position, kind=position.kind + 1)), more=True)
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
    if position.since is not None:
        since = datetime.fromisoformat(position.since) - OVERLAP
        query["_lastUpdated"] = f"ge{since.isoformat()}"
    return f"{kind}?{urlencode(query)}"


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
