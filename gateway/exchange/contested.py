"""A conflict as one reader may see it, and what that reader may decide: each side's value passes the judge as
if it stood in the item, so nobody is shown through a conflict what the item itself would not show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol

from sqlalchemy import Connection

from consent import fhir_circumstance
from consent.people import active
from gateway.config import Settings, System
from gateway.exchange.facts import RECORD, PersonFacts
from gateway.exchange.judge import View
from gateway.exchange.occasions import COORDINATORS
from gateway.hub import conflicts, versions, writers
from gateway.hub.conflicts import Kept, State
from gateway.hub.patients import stated_by
from gateway.hub.places import PlaceGone, Step, replaced
from gateway.hub.sameness import ABSENT, same
from gateway.hub.versions import Version
from mappings import reading
from mappings.canonical import ENH, THIRD_PERSON
from mappings.model import Json, Resource
from mappings.writers import writers_of

# Decided where they are made: what was consented to, who takes part.
ELSEWHERE: Final = ("Consent/", "PractitionerRole/", "RelatedPerson/", "Provenance/")
# Whom a record is about and what protects it; of a child, what decides who has a say.
FIXED: Final = frozenset({"id", "identifier", "meta", "subject", "patient", "birthDate"})


class Choice(StrEnum):
    """What a conflict may be decided for."""

    CURRENT = "current"  # what stands here stays
    THEIRS = "theirs"  # what the other system said
    VALUE = "value"  # something else, said by who decides


@dataclass(frozen=True, slots=True)
class Side:
    """One side's value as the reader may see it. shown: "whole", "part" or "hidden"."""

    system: str
    at: str | None
    by: str | None
    value: Json = ABSENT
    shown: str = "hidden"


@dataclass(frozen=True, slots=True)
class Contested:
    """A conflict, what the reader sees of it, and what may be decided. version: of the resource now."""

    kept: Kept
    head: Version
    current: Side
    theirs: Side
    choices: tuple[Choice, ...]
    deciders: tuple[str, ...]


def deciders(facts: PersonFacts, head: Version, system: str | None, now: datetime) -> tuple[str, ...]:
    """Who coordinates the log or plan the item belongs to (where nobody does, any of the person's), of those
    in this system; None: in any."""
    found = [p for p in facts.facts.participants if p.role in COORDINATORS and active(p, now)]
    frame = reading.belongs_to(head.resource) or head.item
    near = [p for p in found if p.frame == frame] or found
    return tuple(sorted(p.id for p in near if system in (None, facts.frames.get(p.frame))))


class Resourced(Protocol):
    """A resource as a reader may have it."""

    @property
    def resource(self) -> Resource:
        """The resource."""
        ...


class Viewing(Protocol):
    """What says what may be seen of an item."""

    @property
    def settings(self) -> Settings:
        """The configuration."""
        ...

    def view(self, item: str, parts: dict[str, Version]) -> View | None:
        """What may be seen of an item with these parts; None for nothing."""
        ...


class Eyes(Protocol):
    """A person as a reader may see them, whole. system: the reader's own; of somebody at a page the one that
    keeps the log or plan."""

    @property
    def connection(self) -> Connection:
        """Where the rest is read."""
        ...

    @property
    def system(self) -> System:
        """The reader's."""
        ...

    @property
    def selection(self) -> Viewing:
        """What decides."""
        ...

    @property
    def seen(self) -> Mapping[str, Resourced]:
        """What the reader sees, by reference."""
        ...

    @property
    def provenances(self) -> Mapping[str, Resource]:
        """Who wrote it, by what it tells about."""
        ...


@dataclass(frozen=True, slots=True)
class Onlooker:
    """One reader of a person's conflicts. sight: the person as the reader may see them; None: an operator,
    who sees no content. by: the participant who reads, where it is a person: a system may read back what it
    said itself, for a person that is decided too."""

    facts: PersonFacts
    now: datetime
    tenant: str
    sight: Eyes | None
    by: str | None = None

    def look(self, one: Kept, head: Version | None) -> Contested | None:
        """The conflict; None for one on an item the reader sees nothing of, or in whose log or plan nobody
        of the reader's system coordinates."""
        if head is None:
            return None
        people = deciders(self.facts, head, self.sight.system.id if self.sight else None, self.now)
        if self.sight is not None and (head.ref not in self.sight.seen or not people):
            return None
        if self.by is not None and self.by not in people:
            return None
        current, theirs = self._current(one, head), self._theirs(one, head)
        open_to = choices(one, head) if one.state is State.OPEN else ()
        may = tuple(c for c in open_to if self._may(c, current, theirs))
        return Contested(one, head, current, theirs, may, people)

    def _may(self, choice: Choice, current: Side, theirs: Side) -> bool:
        """Nobody puts in the place of something hidden what they wrote themselves, nor takes what they may
        not see; an operator sees nothing, and writes nothing."""
        if choice is Choice.CURRENT or self.sight is None:
            return choice is not Choice.VALUE
        seen = {current.shown} if choice is Choice.VALUE else {current.shown, theirs.shown}
        return seen == {"whole"}

    def _current(self, one: Kept, head: Version) -> Side:
        agents = self._agents(head)
        side = Side(head.source, _time(head.recorded), self._participant(agents))
        if self.sight is None or one.gone:
            return side
        seen = self.sight.seen[head.ref].resource
        return _shown(side, _at(seen, one.steps), _at(head.resource, one.steps))

    def _theirs(self, one: Kept, head: Version) -> Side:
        side = Side(
            one.system, one.content.get("theirsAt"), self._participant(one.content.get("theirsBy") or ())
        )
        if self.sight is None or one.gone:
            return side
        if one.system == self.sight.system.id and self.by is None:
            return replace(side, value=one.theirs, shown="whole")
        return _shown(side, self._judged(one, head), one.theirs)

    def _judged(self, one: Kept, head: Version) -> Json | None:
        """Their value, as far as the reader might see it if it stood in the item, written by them."""
        assert self.sight is not None
        selection = self.sight.selection
        own = self.sight.system.id
        if one.steps is None or (one.system != own and selection.settings.route(one.system, own) is None):
            return None
        try:
            made = replaced(head.resource, one.steps, None if one.theirs is ABSENT else one.theirs)
        except PlaceGone:
            return None
        parts = versions.of_items(self.sight.connection, self.tenant, [head.item])
        parts[head.ref] = replace(head, resource=made, source=one.system)
        view = selection.view(head.item, {r: self._written_too(v, one) for r, v in parts.items()})
        shown = view.resources.get(head.ref) if view is not None else None
        return None if shown is None else _at(shown, one.steps)

    def _written_too(self, part: Version, one: Kept) -> Version:
        if not part.ref.startswith("Provenance/"):
            return part
        assert self.sight is not None
        said = writers_of({"agent": list(one.content.get("theirsBy") or ())})
        system = self.sight.selection.settings.system(one.system)
        own = (f"{ENH}|{system.organization}",) if system else ()
        return replace(part, writers=writers.joined(part.writers, own or said))

    def _agents(self, head: Version) -> Any:
        if self.sight is None:
            return ()
        found = self.sight.provenances.get(head.item) or self.sight.provenances.get(head.ref) or {}
        return found.get("agent") or ()

    def _participant(self, agents: Any) -> str | None:
        """Who wrote it last, if that is somebody the reader sees."""
        for name in reversed(writers_of({"agent": list(agents)})) if agents else ():
            system, _, value = name.partition("|")
            known = self.facts.authors.get((system.removeprefix(RECORD), value))
            if self.sight is not None and (known or name) in self.sight.seen:
                return known or name
        return None


def choices(one: Kept, head: Version) -> tuple[Choice, ...]:
    """What an open conflict may be decided for at all. What consents, roles, circumstances and marks say is
    changed where they are made, so that nothing is shared more widely by a decision here; that an item is
    gone at its source withdraws nothing."""
    decided_elsewhere = one.ref.startswith(ELSEWHERE) or fhir_circumstance.read(head.resource) is not None
    if one.gone or not one.steps or decided_elsewhere or _fixed(one.steps):
        return (Choice.CURRENT,)
    try:
        conflicts.at(head.resource, one.steps)
        made = replaced(head.resource, one.steps, None if one.theirs is ABSENT else one.theirs)
    except PlaceGone:
        return (Choice.CURRENT,)
    return tuple(c for c in Choice if c is not Choice.THEIRS or rests_alike(head.resource, made))


def rests_alike(before: Resource, after: Resource) -> bool:
    """Whether decisions about sharing rest on the same in both: whose it is, in which log or plan, its
    categories and marks. A decision of a conflict moves none of that."""
    asked = (
        reading.category_of, reading.labels_of, reading.sensitivity_of,
        reading.third_persons_of, reading.belongs_to, stated_by, fhir_circumstance.read,
    )  # fmt: skip
    return all(read(before) == read(after) for read in asked)


def _fixed(steps: tuple[Step, ...]) -> bool:
    first = steps[0]
    marks = [s for s in steps if s.get("of") == "extension" and THIRD_PERSON in str(s.get("like"))]
    return bool(marks) or bool({first.get("field"), *first.get("fields", ())} & FIXED)


def _at(resource: Mapping[str, Any], steps: tuple[Step, ...] | None) -> Json | None:
    """What stands at the place; None where it cannot be found."""
    try:
        return conflicts.at(dict(resource), steps or ())
    except PlaceGone:
        return None


def _shown(side: Side, seen: Json | None, full: Json | None) -> Side:
    if seen is None or full is None:
        return side
    if same(seen, full):
        return replace(side, value=seen, shown="whole")
    return side if seen is ABSENT else replace(side, value=seen, shown="part")


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
