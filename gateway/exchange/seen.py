"""One resource as a reader may have it, and what is made of several: a log or plan with what it lists.
Values; they read no database and decide nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gateway.exchange.disclosures import Disclosed
from gateway.exchange.judge import View
from gateway.exchange.rendition import Unit, with_members
from gateway.hub.versions import Version
from mappings import reading
from mappings.model import ITEM, Resource, State

OWN = "own"  # ground: the system's own writing, read back


@dataclass(frozen=True, slots=True)
class Seen:
    """One resource as the reader may have it, in the hub's references. members: what a log or plan, or its
    team, was derived from, the log or plan itself included."""

    ref: str
    item: str
    resource: Resource
    version: Version
    view: View
    members: tuple[Seen, ...] = ()

    @property
    def derived(self) -> bool:
        """Whether its content follows from other items."""
        return bool(self.members)

    @property
    def own(self) -> bool:
        """Whether the reader alone wrote it: no decision was needed."""
        return not self.view.decisions

    @property
    def whole(self) -> bool:
        """Whether nothing was taken away from what the hub has."""
        return self.resource is self.version.resource

    def disclosed(self) -> Disclosed:
        """What is told with it, for the log of what left."""
        return self.view.disclosed(self.ref, self.version.version, OWN)


def own_writing(ref: str, item: str, version: Version) -> Seen:
    """What a system wrote itself, whole."""
    view = View(item, {version.ref: version.resource}, {}, reading.category_of(version.resource))
    return Seen(ref, item, version.resource, version, view)


def listing(frame: Seen, seen: Iterable[Seen]) -> Iterator[Seen]:
    """A log or plan of a record system with the goals and measures among what is seen, and its team."""
    members = [m for m in seen if reading.belongs_to(m.resource) == frame.ref]
    unit = Unit(frame.ref, frame.item, State({ITEM: frame.resource}))
    for made in with_members(unit, [m.resource for m in members]):
        value = made.state.focus[ITEM]
        yield Seen(made.ref, frame.item, value, frame.version, frame.view, (frame, *members))
