"""What the plan of a family is made of, as values for its templates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

OPEN: Final = frozenset({"foreslaatt", "aktiv", "delvisNaadd"})


@dataclass(frozen=True, slots=True)
class Measure:
    """What is done. who: responsible, in words; due: by when."""

    title: str
    about: str
    state: str
    who: str
    due: date | None
    outcome: str


@dataclass(frozen=True, slots=True)
class Goal:
    """own: in the child's own words. late: its day of evaluation has passed. measures: those that stand here;
    goes_on: the goal itself stands on a page before."""

    own: str
    text: str
    state: str
    due: date | None
    late: bool
    evaluation: str
    measures: list[Measure]
    goes_on: bool

    @property
    def open(self) -> bool:
        """Whether it is still worked on."""
        return self.state in OPEN


@dataclass(frozen=True, slots=True)
class Glimpse:
    """A small good thing."""

    text: str
    at: datetime | None
    who: str


@dataclass(frozen=True, slots=True)
class Document:
    """file: the reference of one whose file can be fetched."""

    title: str
    at: datetime | None
    file: str


@dataclass(frozen=True, slots=True)
class Meeting:
    """people: name and how it was with them. opinion: what the child meant."""

    kind: str
    at: datetime | None
    place: str
    agenda: str
    people: list[tuple[str, str]]
    opinion: str
    minutes: str


@dataclass(frozen=True, slots=True)
class Person:
    """Who takes part. does: what they bring, and some of what they answer for; more: how many more."""

    name: str
    role: str
    service: str
    unit: str
    phone: str
    does: list[str]
    more: int
