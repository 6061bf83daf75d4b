"""What comes in: one record as a system offers it, described, with the place its answer belongs to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from gateway.intake.answer import Answer
from gateway.intake.history import Within
from mappings.model import Heading, Record


@dataclass(frozen=True, slots=True)
class Offered:
    """One record as a system offers it, with the system's version of it where it has one. now: just read from
    the system, so what it holds. doubted: the system has been restored since it said this. gone: the system
    has deleted it since: what it held until then."""

    record: Record
    version: str | None = None
    now: bool = False
    doubted: bool = False
    gone: bool = False


@dataclass(slots=True)
class Arrival:
    """A described record and where its answer belongs (None: it had been waiting)."""

    index: int | None
    offered: Offered
    heading: Heading
    waiting: tuple[str, str] | None = None  # native id and digest of its waiting row


@dataclass(slots=True)
class Batch:
    """All records of one call, and their answers so far. polled: read from a FHIR server by ourselves;
    asked: when.
    within: of a history that is imported: called before the commit with every answer."""

    polled: bool = False
    asked: datetime | None = None
    within: Within | None = None
    answers: dict[int, Answer] = field(default_factory=dict)
    arrivals: list[Arrival] = field(default_factory=list)

    def answer(self, arrival: Arrival, answer: Answer) -> None:
        """The answer to this one, if somebody asked."""
        if arrival.index is not None:
            self.answers[arrival.index] = answer


def anchor(heading: Heading) -> str:
    """The native id that tells whose record it is."""
    return heading.frame or heading.subject or heading.id
