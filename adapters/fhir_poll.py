"""Polling a FHIR server by _lastUpdated or by its history, type after type, page after page.

The cursor is how far each type is known, by the server's own clock, and where we are in a round. Each round
asks from ten minutes before that: servers make commits visible late. Nothing personal stands in it.

A round can last for hours: the server is away in the middle of it, or we are. So what one type tells of says
nothing of another that was asked about before; it counts for all of them in the round after the next.

Within a round we go on from the newest lastUpdated of the page before, not by the server's link: many servers
page by offset, and a change between two pages then moves one resource past us. The link is followed only
where a page brought us no further in time (many changes at one instant, or a server that does not sort).

A history is told newest first and names what was deleted; there its links are followed to the round's end.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

import msgspec

from adapters import fhir_answers as answers
from adapters import reach
from adapters.contract import Incoming, Page, Record, Unavailable
from adapters.transport import Answer, failure

OVERLAP: Final = timedelta(minutes=10)
Get = Callable[[str], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Position:
    """since: all types are known up to here; known: those that are known further; before: newest change that
    any type had told of when this round began. newest: that any has told of by now; reached: how far this
    round knows each type that it has asked about; kind: index of the type we are at; floor: where we are in
    time within it; next: the server's link to the next page of it; again: a link had grown old and we asked
    anew. gone: what its history has named as deleted so far. lacking: types that the server said it does not
    have (404), with how far they were known by then ("": not at all): one that comes back is read from there,
    whatever others have told of meanwhile."""

    since: str | None = None
    known: dict[str, str] = field(default_factory=dict)
    before: str | None = None
    newest: str | None = None
    reached: dict[str, str] = field(default_factory=dict)
    kind: int = 0
    floor: str | None = None
    next: str | None = None
    again: bool = False
    gone: tuple[str, ...] = ()
    lacking: dict[str, str] = field(default_factory=dict)


async def page(
    get: Get,
    cursor: str | None,
    types: tuple[str, ...],
    size: int,
    *,
    history: bool = False,
    patient: str | None = None,
) -> Page:
    """One page. history: by `[type]/_history`, which also tells of deletions; patient: only what is about
    this one, by the server's own id. Raises Unavailable and Busy, and Unavailable for a cursor that is none
    of ours."""
    position = _position(cursor)
    if position.kind >= len(types):
        position = Position(
            position.since, position.known, position.before, lacking=_among(types, position.lacking)
        )
    if not types:
        return Page((), cursor)
    make = _history if history else _first
    bundle = await _bundle(get, position, make(position, types[position.kind], size, patient), strict=history)
    if bundle is None:
        if position.again:
            raise Unavailable("the server's links to following pages do not work")
        return Page((), _text(replace(position, next=None, again=True)), more=True)
    kind = types[position.kind]
    position = _had(position, kind, bundle)
    found = tuple(answers.incoming(one) for one in _resources(bundle) if one.get("resourceType") == kind)
    gone: tuple[str, ...] = ()
    if history:
        found, gone = _newest_of_each(found), _gone(position, found, _deleted(bundle, kind))
        position = replace(position, gone=tuple(dict.fromkeys((*position.gone, *gone))))
    onward = _advanced(found, _heard(position, kind, found), _next(bundle), types, history=history)
    return replace(onward, gone=gone) if gone else onward


def _among(types: tuple[str, ...], lacking: dict[str, str]) -> dict[str, str]:
    return {kind: known for kind, known in lacking.items() if kind in types}


def _had(position: Position, kind: str, bundle: Record) -> Position:
    """Whether the server has the type: known again once the last of its pages is here."""
    if not bundle:
        known = _later(position.since, position.known.get(kind)) or ""
        return replace(position, lacking={kind: known, **position.lacking})
    if _next(bundle) is not None:
        return position
    return replace(position, lacking={k: v for k, v in position.lacking.items() if k != kind})


def _heard(position: Position, kind: str, found: tuple[Incoming, ...]) -> Position:
    """What a page tells of time. Where it was reached by a link, its type was asked about before."""
    newest = _newest(found)
    reached = position.reached
    if newest is not None and position.next is None:
        reached = {**reached, kind: max(newest, reached.get(kind, newest), key=datetime.fromisoformat)}
    return replace(position, reached=reached, newest=_later(position.newest, newest))


def _advanced(
    found: tuple[Incoming, ...],
    position: Position,
    link: str | None,
    types: tuple[str, ...],
    *,
    history: bool,
) -> Page:
    if link is not None:
        floor = None if history else _further(position.floor, found)
        onward = (
            replace(position, floor=floor, next=None, again=False) if floor else replace(position, next=link)
        )
        return Page(found, _text(onward), more=True)
    if position.kind + 1 < len(types):
        onward = replace(position, kind=position.kind + 1, floor=None, next=None, again=False, gone=())
        return Page(found, _text(onward), more=True)
    return Page(found, _text(_round_over(position)))


def _round_over(position: Position) -> Position:
    since = _later(position.since, position.before)
    known = {**position.known}
    for kind, time in position.reached.items():
        known[kind] = _later(known.get(kind), time) or time
    further = {kind: time for kind, time in known.items() if _later(since, time) != since}
    return Position(since, further, _later(position.before, position.newest), lacking=position.lacking)


async def _bundle(get: Get, position: Position, first: str, *, strict: bool) -> Record | None:
    if position.next is not None and not reach.is_plain(position.next):
        raise Unavailable("the link to the next page points away from the system")
    answer = await get(position.next or first)
    if position.next is not None and answer.status in (400, 404, 410):
        return None
    if answer.status == 404 and position.next is None and not strict:
        return {}  # a type this server does not have
    wrong = failure(answer, answers.reasons(answer))
    if wrong is not None:
        raise Unavailable(wrong.detail, status=wrong.status)
    return answers.resource(answer)


def _first(position: Position, kind: str, size: int, patient: str | None) -> str:
    query = {} if patient is None else {"patient": patient}
    query |= {"_sort": "_lastUpdated", "_count": str(size)}
    if position.floor is not None:
        query["_lastUpdated"] = f"ge{position.floor}"
    elif (since := _since(position, kind)) is not None:
        query["_lastUpdated"] = f"ge{since}"
    return f"{kind}?{urlencode(query)}"


def _history(position: Position, kind: str, size: int, _patient: str | None) -> str:
    query = {"_count": str(size)}
    if (since := _since(position, kind)) is not None:
        query["_since"] = since
    return f"{kind}/_history?{urlencode(query)}"


def _since(position: Position, kind: str) -> str | None:
    """From when this round asks about a type."""
    known = position.lacking.get(kind, _later(position.since, position.known.get(kind))) or None
    return None if known is None else (datetime.fromisoformat(known) - OVERLAP).isoformat()


def _newest_of_each(found: tuple[Incoming, ...]) -> tuple[Incoming, ...]:
    """Of several versions the newest, which stands first."""
    newest: dict[str | None, Incoming] = {}
    for one in found:
        newest.setdefault(one.remote_id, one)
    return tuple(newest.values())


def _deleted(bundle: Record, kind: str) -> tuple[str, ...]:
    """Ids whose newest entry on the page is a deletion."""
    last: dict[str, bool] = {}
    for entry in bundle.get("entry", []):
        request = entry.get("request") if isinstance(entry, dict) else None
        if isinstance(request, dict):
            resource = entry.get("resource") or {}
            own = answers.reference(resource) if "id" in resource else str(request.get("url", ""))
            last.setdefault(own, request.get("method") == "DELETE")
    return tuple(own for own, deleted in last.items() if deleted and own.startswith(f"{kind}/"))


def _gone(position: Position, found: tuple[Incoming, ...], deleted: tuple[str, ...]) -> tuple[str, ...]:
    """What the page says of deletions, and what an earlier page, which is newer, said of those found here."""
    earlier = [one.remote_id for one in found if one.remote_id in position.gone]
    return tuple(dict.fromkeys((*deleted, *filter(None, earlier))))


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


def _newest(found: tuple[Incoming, ...]) -> str | None:
    times = [one.received for one in found if one.received is not None and one.received.tzinfo is not None]
    return max(times).isoformat() if times else None


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
