"""What of one log or plan is shared with a clinician now: the items that the judge let be seen, as a list of
what happened, with who wrote it, and a mark of each by which it is known again. Values; tells nobody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from gateway.errors import NotFound
from gateway.exchange.seen import Seen
from gateway.hub import plan_readings
from gateway.hub.plan_readings import Marks
from gateway.timeline import LEVEL_CHANGE, Timeline
from gateway.timeline_entry import Entry
from gateway.web.insight import Insight
from mappings import reading
from mappings.model import Resource


@dataclass(frozen=True)
class SharedPlan:
    """One log or plan as its reader may see it."""

    insight: Insight

    @property
    def frame(self) -> str:
        """The log or plan."""
        return self.insight.here.frame

    @property
    def organization(self) -> str:
        """The number of the reader's."""
        return self.insight.here.me.organization or ""

    @cached_property
    def seen(self) -> dict[str, Seen]:
        """Every resource that belongs to it, or to no log or plan at all, and the people."""
        return {ref: one for ref, one in self.insight.shown.items() if self._belongs(one.item)}

    @cached_property
    def entries(self) -> list[Entry]:
        """What happened, newest first. Consents are read on pages of their own."""
        found = Timeline(self.seen, self.insight.provenances, self.insight.here.facts).entries()
        return [one for one in found if not one.resource.startswith("Consent/")]

    @cached_property
    def told(self) -> list[Entry]:
        """What is told of one by one, newest first: its `resource` is the item. Levels are not, and what is
        part of an item is told with it."""
        return [one for one in self.entries if one.kind != LEVEL_CHANGE and not self.is_part(one)]

    def is_part(self, entry: Entry) -> bool:
        """Whether it is part of something else."""
        return entry.resource != self.seen[entry.resource].item

    @cached_property
    def marks(self) -> Marks:
        """Of each item that is told of, a mark of what is shown of it."""
        told = {one.resource for one in self.told}
        parts: dict[str, dict[str, Resource]] = {item: {} for item in told}
        for one in self.seen.values():
            if one.item in told:
                parts[one.item][one.ref] = one.resource
        return {item: plan_readings.mark(own) for item, own in parts.items()}

    @property
    def newest(self) -> datetime | None:
        """When the newest of what is shown came to be. (When it last changed may be of what is hidden.)"""
        moments = [
            one.version.first_recorded or one.version.stored
            for one in self.seen.values()
            if one.item in self.marks
        ]
        return max(moments, default=None)

    def _belongs(self, item: str) -> bool:
        version = self.insight.version(item)
        own = reading.belongs_to(version.resource) if version is not None else None
        return item == self.frame or (own in (self.frame, None) and not self._other_frame(item))

    def _other_frame(self, item: str) -> bool:
        return item in self.insight.here.facts.frames and item != self.frame


def shared_plan(insight: Insight) -> SharedPlan:
    """The log or plan. Raises NotFound where nothing of it is shared, or it was closed as somebody else's, or
    nobody knows which organization the reader acts for."""
    if insight.here.frame not in insight.seen or not insight.here.me.organization:
        raise NotFound("Nothing here is shared with this reader")
    return SharedPlan(insight)


def is_closed(insight: Insight) -> bool:
    """Whether somebody at the reader's organization has said that this is none of their patients."""
    return insight.here.me.organization in insight.here.facts.closed_to


def people(plan: SharedPlan) -> Iterator[Seen]:
    """Who takes part, of those that may be seen."""
    for one in plan.seen.values():
        if one.ref.startswith(("PractitionerRole/", "RelatedPerson/")):
            yield one
