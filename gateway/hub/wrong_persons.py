"""Reports that somebody is none of an organization's patients, each with what was answered: that it is the
right one after all, so that it is shared again, or that it is not, so that it stays closed. Acts of one
person in, values out.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from gateway.hub.acts import Act, Kind

ANSWERS: Final = (Kind.RIGHT_PERSON, Kind.STAYS_CLOSED)


class State(StrEnum):
    """How far a report has come."""

    OPEN = "open"  # nobody has answered; it is closed
    CLOSED = "closed"  # it was the wrong one; it stays closed, until somebody says otherwise
    SHARED = "shared"  # it was the right one, or an operator ended it; it is shared again


@dataclass(frozen=True, slots=True)
class Report:
    """One report. answer: the newest of those that stand."""

    act: Act
    answer: Act | None

    @property
    def state(self) -> State:
        """How far it has come. What decides is whether the report stands; an answer alone opens nothing."""
        if self.act.ended is not None:
            return State.SHARED
        return State.CLOSED if self.answer is not None else State.OPEN

    @property
    def answered(self) -> datetime | None:
        """When it came so far; None while it is open."""
        return self.act.ended or (self.answer.created if self.answer is not None else None)

    @property
    def reason(self) -> str | None:
        """Why it came so far, where whoever answered said so."""
        wanted = Kind.RIGHT_PERSON if self.state is State.SHARED else Kind.STAYS_CLOSED
        return self.answer.reason if self.answer is not None and self.answer.kind is wanted else None


def reports(found: Iterable[Act]) -> list[Report]:
    """All reports among the acts of one person, the newest first."""
    known = {one.id: one for one in found}
    wrong = sorted(
        (one for one in known.values() if one.kind is Kind.WRONG_PERSON),
        key=lambda one: (one.created, one.id),
        reverse=True,
    )
    return [Report(one, _answer(one, known)) for one in wrong]


def answer_id(report: str, kind: Kind) -> str:
    """The id of an answer: the same answer to a report is one act, however often it is given."""
    return str(uuid.uuid5(uuid.UUID(report), kind.value))


def _answer(report: Act, known: dict[str, Act]) -> Act | None:
    given = (known.get(answer_id(report.id, kind)) for kind in ANSWERS)
    standing = [one for one in given if one is not None and one.ended is None and one.kind in ANSWERS]
    return max(standing, key=lambda one: one.created, default=None)
