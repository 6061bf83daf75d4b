"""One child's merged timeline as one reader may see it, narrowed by what they ask for: from what the judge
let be seen to the entries of one page. Tells what it shows; nothing else is in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from gateway.config import System
from gateway.consents.absence_words import missing
from gateway.hub import absences
from gateway.timeline import LEVEL_CHANGE, Timeline
from gateway.timeline_entry import Entry
from gateway.web.consents_shown import Teller
from gateway.web.coordinator.goals import own_words
from gateway.web.files import has_file
from gateway.web.insight import Insight
from mappings.model import Resource

AT_ONCE: Final = 50
MEETING: Final = "moete"
STANDING: Final = frozenset({"maal", "hovedmaal", "delmaal", "tiltak", "henvisning", MEETING, "oppgave"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What part of it: codes alone. side: the page, from 1."""

    kind: str = ""
    service: str = ""
    system: str = ""
    since_meeting: bool = False
    side: int = 1

    @property
    def any(self) -> bool:
        """Whether it is narrowed at all."""
        return bool(self.kind or self.service or self.system or self.since_meeting)


@dataclass(frozen=True, slots=True)
class Line:
    """One entry in words. when: as exact as its source was. systems: in words; level: of that time. document:
    the reference of one whose file can be fetched."""

    kind: str
    when: str
    title: str
    text: str
    author: str
    role: str
    service: str
    systems: list[str]
    level: int | None
    status: str
    remarks: list[str]
    steps: list[tuple[str, str, str]]
    document: str


@dataclass(frozen=True, slots=True)
class Story:
    """A page of it. found: how many entries there are of what was asked for. kinds, services, systems: what
    can be asked for, by code. meeting: when the last one was."""

    lines: list[Line]
    found: int
    pages: int
    kinds: dict[str, str]
    services: dict[str, str]
    systems: dict[str, str]
    meeting: datetime | None


def entries(connection: Connection, insight: Insight) -> list[Entry]:
    """Everything, newest first."""
    here = insight.here
    gone = [
        one
        for one in absences.of_person(connection, here.tenant, here.person)
        if one.ref in insight.shown and one.system == insight.shown[one.ref].version.created_by
    ]  # that a copy is gone would tell who has one
    return Timeline(insight.shown, insight.provenances, here.facts, gone).entries()


def story(connection: Connection, insight: Insight, told: Teller, asked: Asked) -> Story:
    """One page of it, noted as told."""
    everything = entries(connection, insight)
    held = (e.moment for e in everything if e.kind == MEETING and e.moment <= insight.now)
    meeting = next(held, None)
    found = [e for e in everything if _wanted(e, asked, meeting)]
    upon = found[(asked.side - 1) * AT_ONCE : asked.side * AT_ONCE]
    insight.tell(ref for e in upon for ref in e.refs)
    names = Systems(told)
    return Story(
        lines=[line(told, names, e) for e in upon],
        found=len(found),
        pages=max(1, -(-len(found) // AT_ONCE)),
        kinds=_sorted({e.kind for e in everything}, lambda code: told.words.of("kind", code)),
        services=_sorted(
            {e.service for e in everything if e.service}, lambda code: told.words.of("service", code)
        ),
        systems=_sorted({s for e in everything for s in e.systems}, names.name),
        meeting=meeting,
    )


def _wanted(one: Entry, asked: Asked, meeting: datetime | None) -> bool:
    return (
        asked.kind in ("", one.kind)
        and asked.service in ("", one.service)
        and (not asked.system or asked.system in one.systems)
        and (not asked.since_meeting or meeting is None or one.moment > meeting)
    )


def _sorted(codes: Iterable[str], named: Callable[[str], str]) -> dict[str, str]:
    return dict(sorted(((code, named(code)) for code in codes), key=lambda pair: pair[1].casefold()))


@dataclass(frozen=True, slots=True)
class Systems:
    """What systems are called: by what they are, and of whom. A protected child's are told by service."""

    told: Teller

    def name(self, own: str) -> str:
        """One of them, by its id."""
        system: System | None = self.told.settings.system(own)
        if system is None:
            return self.told.words("story.here")
        if system.adapter in ("stafettlogg", "individuell-plan"):
            return self.told.words(f"frame.{system.adapter}")
        return self.told.recipient(system.organization)


def line(told: Teller, names: Systems, one: Entry) -> Line:
    """An entry in words."""
    words, author = told.words, one.author
    known = (author is not None and author.participant) or ""
    title, text = _title(told, one), one.text or ""
    if "\n" in title:  # the agenda of a meeting, which is no title
        title, text = "", "\n".join(part for part in (title, text) if part)
    return Line(
        kind=one.kind,
        when=words.moment(one.moment) if "T" in one.time else words.day(one.moment),
        title=title,
        text=_quoted(told.insight.seen.get(one.resource, {}), text),
        author=told.full_name(known) if known else (author and author.name) or "",
        role=words.of("role", author.role) if author and author.role else "",
        service=words.of("service", one.service) if one.service else "",
        systems=[names.name(own) for own in one.systems],
        level=one.level,
        status=words.texts.get(f"standing.{one.status}", "") if one.kind in STANDING else "",
        remarks=[
            missing(gone.reason, at_source=gone.system == one.systems[0]).plain()[words.code]
            for gone in one.missing
        ],
        steps=[
            (words.texts.get(f"referral.{step.state}", ""), _when(told, step.at), step.reason or "")
            for step in one.steps
        ],
        document=one.resource if has_file(told.insight.seen.get(one.resource, {})) else "",
    )


def _title(told: Teller, one: Entry) -> str:
    """In few words; a level in the reader's own, and nothing where the kind says it all."""
    if one.kind == LEVEL_CHANGE and one.level is not None:
        return told.words("level.named", level=one.level, words=told.words(f"level.{one.level}"))
    return "" if one.kind == "samtykke" else one.title or ""


def _quoted(resource: Resource, text: str) -> str:
    """The text of an entry, with the child's own words as somebody's words."""
    own = own_words(resource)
    return f"«{own}»{text.removeprefix(own)}" if own and text.startswith(own) else text


def _when(told: Teller, at: str | None) -> str:
    try:
        return told.words.day(datetime.fromisoformat(at)) if at else ""
    except ValueError:
        return ""
