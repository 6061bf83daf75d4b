"""Conflicts as one coordinator may see them on a page: each side's value passes the judge for this reader,
and is told in words. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection

from gateway.config import Settings, System
from gateway.documents.words import GOAL_STATES, MEASURE_STATES
from gateway.exchange.contested import Choice, Contested, Onlooker, Side
from gateway.exchange.judge import Judge, View
from gateway.exchange.seen import Seen
from gateway.hub import conflicts, versions
from gateway.hub.conflicts import State
from gateway.hub.sameness import ABSENT
from gateway.hub.versions import Version
from gateway.web.insight import Insight
from gateway.web.names import Names
from mappings.model import Json, Resource

LABELS: Final[Mapping[str, str]] = {  # of a place, by how its path begins; the longest counts
    "Goal.description": "goal", "Goal.lifecycleStatus": "state", "Goal.achievementStatus": "state",
    "Goal.target": "deadline", "Goal.startDate": "start", "ServiceRequest.code": "title",
    "ServiceRequest.note": "description", "ServiceRequest.status": "state",
    "ServiceRequest.occurrencePeriod": "deadline", "ServiceRequest.performer": "responsible",
    "Communication.payload": "text", "Communication.topic": "topic", "Appointment.start": "start",
    "Appointment.end": "end", "Appointment.description": "agenda", "Appointment.participant": "people",
    "DocumentReference.content": "document",
}  # fmt: skip
STATES: Final = {code: {**GOAL_STATES[code], **MEASURE_STATES[code]} for code in ("nb", "nn")}
UNSAID: Final = frozenset({"system", "url", "id", "resourceType", "contentType", "size", "hash"})


@dataclass(frozen=True, slots=True)
class _Viewing:
    settings: Settings
    judge: Judge

    def view(self, item: str, parts: dict[str, Version]) -> View | None:
        """What the reader may see of an item."""
        return self.judge.view(item, parts)


@dataclass(frozen=True, slots=True)
class PageEyes:
    """A child as the reader of a page sees it, for gateway/exchange/contested.py."""

    connection: Connection
    system: System
    selection: _Viewing
    seen: Mapping[str, Seen]
    provenances: Mapping[str, Resource]


def onlooker(connection: Connection, settings: Settings, insight: Insight) -> Onlooker:
    """Who looks at this child's conflicts."""
    here = insight.here
    home = settings.system(here.facts.frames[here.frame])
    assert home is not None  # a log or plan is of a system that is configured
    viewing = _Viewing(settings, insight.judge())
    eyes = PageEyes(connection, home, viewing, insight.shown, insight.provenances)
    return Onlooker(here.facts, insight.now, here.tenant, eyes, here.me.id)


def found(
    connection: Connection, settings: Settings, insight: Insight, states: list[State]
) -> list[Contested]:
    """The conflicts of this child that the reader may decide or has to know of."""
    here, looker = insight.here, onlooker(connection, settings, insight)
    rows = conflicts.of_person(connection, here.tenant, here.person, states)
    heads = versions.of_refs(connection, here.tenant, {row.ref for row in rows})
    looked = (looker.look(row, heads.get(row.ref)) for row in rows)
    return [one for one in looked if one is not None]


# --- in words ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    """One side in words. shown: whole, part or hidden; text: None where nothing stands there."""

    system: str
    kind: str
    who: str | None
    at: datetime | None
    shown: str
    text: str | None


def told(names: Names, side: Side) -> Told:
    """A side of a conflict."""
    system = names.settings.system(side.system)
    return Told(
        system=names.recipient(system.organization) if system else side.system,
        kind=system.adapter if system else "",
        who=names.name(side.by) if side.by else None,
        at=datetime.fromisoformat(side.at) if side.at else None,
        shown=side.shown,
        text=None if side.value is ABSENT else in_words(names, side.value),
    )


def label(path: str) -> str:
    """What a place is called: a key of the catalogs."""
    known = [start for start in LABELS if path.startswith(start)]
    return LABELS[max(known, key=len)] if known else "other"


def in_words(names: Names, value: Json) -> str:
    """A value as people read it: texts, days, names and states; never a code system or bytes."""
    return "\n".join(dict.fromkeys(text for text in _texts(names, value) if text))


def writable(one: Contested) -> str:
    """In what form something else may be written in its place: "text" where both are plain text, "day" where
    both are days; "" where it may not, as where a state is one of a few."""
    plain = [side.value for side in (one.current, one.theirs)]
    if Choice.VALUE not in one.choices or not all(map(_is_text, plain)):
        return ""
    bare = [value for value in plain if isinstance(value, str)]
    if len(bare) == len(plain) and all(is_day(value) for value in bare):
        return "day"
    return "" if any(_is_code(value) for value in bare) else "text"


def is_day(text: str) -> bool:
    """Whether it is a day as records have it."""
    try:
        return len(text) == len("2026-12-15") and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _is_code(text: str) -> bool:
    """Whether it says something in a form that nobody would write."""
    try:
        return text in STATES["nb"] or bool(datetime.fromisoformat(text))
    except ValueError:
        return False


def shaped(one: Contested, text: str) -> Json:
    """Words of one's own in the form of what stands there."""
    return {"text": text} if isinstance(one.current.value, dict) else text


def _is_text(value: Json) -> bool:
    return isinstance(value, str) or (isinstance(value, dict) and value.keys() == {"text"})


def _texts(names: Names, value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield names.name(value["reference"])
        elif isinstance(value.get("text"), str):
            yield value["text"]
        elif "data" in value:
            yield str(value.get("title") or names.words("kind.dokument"))
        else:
            for name, inner in value.items():
                yield from _texts(names, inner) if name not in UNSAID else ()
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(names, inner)
    elif isinstance(value, str):
        yield _said(names, value)
    elif value is not None:
        yield str(value)


def _said(names: Names, text: str) -> str:
    known = STATES[names.words.code].get(text)
    if known is not None:
        return known
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return names.words.moment(at) if at.tzinfo is not None else names.words.day(at.date())


def choices_of(one: Contested) -> list[str]:
    """What may be chosen on a page."""
    wanted: list[Choice] = [Choice.CURRENT, Choice.THEIRS, *([Choice.VALUE] if writable(one) else [])]
    return [choice.value for choice in wanted if choice in one.choices]
