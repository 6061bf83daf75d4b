"""What those who coordinate are to be told of deadlines, measures without anybody responsible, and logs that
nobody holds: worked out from a person's facts and commitments at a moment. Values only: nothing is stored and
nobody is told here.

A deadline that has passed stays told of until its goal is evaluated, its measure ended, its plan revised, or
the deadline moved. Of a log or plan that is paused or has ended nothing is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from consent.days import begins, ceases, day, midnight
from consent.model import Participant
from consent.people import active
from gateway.exchange.facts import PersonFacts
from gateway.hub.notices import Kind
from mappings.commitments import Commitment, Standing, What

ONLY_ONE: Final = frozenset({"stafettholder"})
PEOPLE: Final = ("PractitionerRole/", "RelatedPerson/")
NEAR: Final = {
    What.EVALUATION: Kind.EVALUATION_NEAR,
    What.MEASURE: Kind.MEASURE_NEAR,
    What.REVISION: Kind.REVISION_NEAR,
}
OVERDUE: Final = {
    What.EVALUATION: Kind.EVALUATION_OVERDUE,
    What.MEASURE: Kind.MEASURE_OVERDUE,
    What.REVISION: Kind.REVISION_OVERDUE,
}
STATES: Final = frozenset({Kind.OWNERLESS, Kind.SEVERAL_HOLDERS, Kind.MEASURE_UNASSIGNED})
KINDS: Final = frozenset({*NEAR.values(), *OVERDUE.values(), *STATES})
STAYING: Final = frozenset({*OVERDUE.values(), *STATES})  # until what they tell of is mended


@dataclass(frozen=True, slots=True)
class Frame:
    """A log or plan. holders: the roles of which somebody must take part; none in a stranger's."""

    ref: str
    standing: Standing
    holders: frozenset[str]


@dataclass(frozen=True, slots=True)
class Committed:
    """One goal, measure or plan. frame: the log or plan it belongs to, if it says so. done: the moments at
    which its goal was evaluated or its plan changed. ours: a record system wrote it."""

    ref: str
    frame: str | None
    commitment: Commitment
    done: tuple[date | datetime, ...] = ()
    ours: bool = True


@dataclass(frozen=True, slots=True)
class Due:
    """One thing to tell. at: when it happens; None: since it is first seen. due: from when to tell of it."""

    kind: Kind
    about: str
    frame: str | None
    at: datetime | None = None
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    """One person's facts and commitments. days: how many days before a deadline to remind of it."""

    facts: PersonFacts
    frames: Mapping[str, Frame]
    committed: tuple[Committed, ...]
    days: tuple[int, ...]

    def dues(self, now: datetime) -> list[Due]:
        """All there is to tell now. Empty for a person in no log or plan, and for participants whose dates
        cannot be read."""
        try:
            return [*self._deadlines(now), *self._holders(now), *self._unassigned(now)]
        except (TypeError, ValueError):  # whoever mends the facts is told anew
            return []

    def next(self, now: datetime) -> datetime | None:
        """The next moment at which that may be otherwise though nobody writes anything."""
        try:
            return min((edge for edge in self._edges() if edge > now), default=None)
        except (TypeError, ValueError):
            return None

    # --- deadlines ---------------------------------------------------------------------------------------

    def _deadlines(self, now: datetime) -> Iterator[Due]:
        for one, frame in self._live():
            deadline = self._unanswered(one)
            if deadline is None:
                continue
            at, what = ceases(deadline), one.commitment.what
            if at <= now:
                yield Due(OVERDUE[what], one.ref, frame, at, at)
            else:
                begun = [start for start in self._reminders(deadline) if start <= now]
                if begun:
                    yield Due(NEAR[what], one.ref, frame, at, max(begun))

    def _live(self) -> Iterator[tuple[Committed, str | None]]:
        """What is open in a log or plan that is under way, with the log or plan whose coordinators it is for;
        None: those of all, as for what stands in no log or plan or in a stranger's."""
        for one in self.committed:
            home = self._home(one.frame)
            if one.commitment.open and (home.standing in _UNDER_WAY if home else self._any()):
                yield one, home.ref if home and home.holders else None

    def _any(self) -> bool:
        return any(f.holders and f.standing in _UNDER_WAY for f in self.frames.values())

    def _home(self, frame: str | None) -> Frame | None:
        """The log or plan; of a closed log that goes on as a plan, the plan."""
        own = self.frames.get(frame or "")
        if own is None or own.standing is not Standing.ENDED:
            return own
        after = (plan for plan, known in self.facts.continues.items() if known.log == frame)
        return next((self.frames[plan] for plan in after if plan in self.frames), own)

    def _unanswered(self, one: Committed) -> date | datetime | None:
        """The earliest deadline that nothing has answered."""
        left = [d for d in one.commitment.deadlines if not self._answered(one, d)]
        return left[0] if left else None

    def _answered(self, one: Committed, deadline: date | datetime) -> bool:
        """By an evaluation since the first reminder; of a plan, by a change since that day."""
        early = max(self.days, default=0) if one.commitment.what is What.EVALUATION else 0
        since = midnight(day(begins(deadline)) - timedelta(days=early))
        return any(begins(when) >= since for when in one.done)

    def _reminders(self, deadline: date | datetime) -> Iterator[datetime]:
        """When to remind of it."""
        for days in self.days:
            yield midnight(day(begins(deadline)) - timedelta(days=days))

    # --- who holds ---------------------------------------------------------------------------------------

    def _holders(self, now: datetime) -> Iterator[Due]:
        for frame in self.frames.values():
            if not frame.holders or frame.standing is not Standing.ACTIVE:
                continue
            taking_part = [p for p in self._people(frame.ref) if active(p, now)]
            if not any(p.role in frame.holders for p in taking_part):
                yield Due(Kind.OWNERLESS, frame.ref, frame.ref)
            staying = {p.id for p in taking_part if p.role in ONLY_ONE and active(p, _tomorrow(now))}
            if len(staying) > 1:
                yield Due(Kind.SEVERAL_HOLDERS, frame.ref, frame.ref)

    def _people(self, frame: str) -> Iterable[Participant]:
        return (p for p in self.facts.facts.participants if p.frame == frame)

    def _unassigned(self, now: datetime) -> Iterator[Due]:
        left = {p.id for p in self.facts.facts.participants if ceases(p.end) <= now}
        known = {p.id for p in self.facts.facts.participants} - left
        for one, frame in self._live():
            if one.commitment.what is What.MEASURE and one.ours and frame is not None:
                named = one.commitment.responsible
                if named is None or (named.startswith(PEOPLE) and named not in known):
                    yield Due(Kind.MEASURE_UNASSIGNED, one.ref, frame)

    # --- time --------------------------------------------------------------------------------------------

    def _edges(self) -> Iterator[datetime]:
        for one in self.committed:
            for deadline in one.commitment.deadlines if one.commitment.open else ():
                yield ceases(deadline)
                yield from self._reminders(deadline)
        for p in self.facts.facts.participants:
            yield from (begins(p.start), begins(p.end), ceases(p.end))


_UNDER_WAY: Final = frozenset({Standing.DRAFT, Standing.ACTIVE})


def _tomorrow(now: datetime) -> datetime:
    """The beginning of the next day: whoever holds a log only until today has handed it over."""
    return midnight(day(now) + timedelta(days=1))
