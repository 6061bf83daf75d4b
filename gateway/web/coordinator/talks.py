"""Messages by thread and documents of a child, as one reader may see them. It names documents and opens
none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from gateway.timeline_entry import Entry
from gateway.web.consents_shown import Teller
from gateway.web.coordinator.story import Line, Systems, entries, line
from gateway.web.coordinator.writing_rights import open_here
from gateway.web.insight import Insight
from mappings.canonical import identifier_system
from mappings.reading import belongs_to

THREAD = identifier_system("thread")
MESSAGE, DOCUMENT = "melding", "dokument"
MOST: Final = 50  # documents on a page; the timeline has all
MOST_THREADS: Final = 20
OF_A_THREAD: Final = 10  # the latest


@dataclass(frozen=True, slots=True)
class Thread:
    """One conversation. last: when something was last said in it; lines: oldest first. newest: the message
    that the reader may answer."""

    subject: str
    last: datetime
    lines: list[Line]
    newest: str | None


@dataclass(frozen=True, slots=True)
class Talks:
    """What of them stands on a page, the latest first; how many there are of both."""

    threads: list[Thread]
    thread_count: int
    documents: list[Line]
    document_count: int


def talks(connection: Connection, insight: Insight, told: Teller) -> Talks:
    """The conversations and documents. Noted as told."""
    everything = entries(connection, insight)
    grouped: dict[str, list[Entry]] = {}
    for one in everything:
        if one.kind == MESSAGE:
            grouped.setdefault(_thread(insight, one), []).append(one)
    documents = [one for one in everything if one.kind == DOCUMENT]
    insight.tell(ref for one in documents[:MOST] for ref in one.refs)
    return Talks(
        [_told(insight, told, own) for own in list(grouped.values())[:MOST_THREADS]],
        len(grouped),
        [line(told, Systems(told), one) for one in documents[:MOST]],
        len(documents),
    )


def _thread(insight: Insight, one: Entry) -> str:
    """By what messages belong together; one that says nothing of it stands alone."""
    resource = insight.seen[one.resource]
    known = (i.get("value") for i in resource.get("identifier") or () if i.get("system") == THREAD)
    source = insight.shown[one.resource].version.created_by
    found = next((value for value in known if isinstance(value, str)), None)
    return f"{source} {found}" if found is not None else one.id


def _told(insight: Insight, told: Teller, own: list[Entry]) -> Thread:
    latest = own[:OF_A_THREAD]
    insight.tell(ref for one in latest for ref in one.refs)
    lines = [line(told, Systems(told), one) for one in reversed(latest)]
    subject = next((one.title for one in lines if one.title), "")
    return Thread(subject, own[0].moment, lines, _newest(insight, latest))


def _newest(insight: Insight, own: list[Entry]) -> str | None:
    """The newest of this log or plan, while that takes something in."""
    mine = (one.resource for one in own if belongs_to(insight.seen[one.resource]) == insight.here.frame)
    return next(mine, None) if open_here(insight) else None
