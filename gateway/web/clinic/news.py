"""What is new to a reader since last time, item by item, by marks of what was shown then. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.hub.plan_readings import Marks, Reading

NEW: Final = "new"
CHANGED: Final = "changed"


@dataclass(frozen=True, slots=True)
class News:
    """shown: as it is now; before: as it was when the reader had last looked, at `since`. A reader who was
    never here before has no news: all of it is new."""

    shown: Marks
    before: Marks
    since: datetime | None

    @property
    def first(self) -> bool:
        """Whether the reader has not been here before."""
        return self.since is None

    def of(self, item: str) -> str | None:
        """NEW, CHANGED, or nothing."""
        if self.first or item not in self.shown or self.before.get(item) == self.shown[item]:
            return None
        return CHANGED if item in self.before else NEW

    @property
    def count(self) -> int:
        """How many items there are news of; all of them for who was never here."""
        return len(self.shown) if self.first else sum(self.of(item) is not None for item in self.shown)


def within(read: Reading, shown: Marks) -> News:
    """On the page of the plan: since the visit before this one."""
    return News(shown, read.before, read.before_at)


def waiting(read: Reading | None, shown: Marks) -> News:
    """On the list: since the plan was looked at, whenever that was."""
    return News(shown, read.now if read else {}, read.at if read else None)
