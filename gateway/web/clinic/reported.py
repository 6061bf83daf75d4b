"""What became of a report of a wrong patient, for those who made it: nobody has answered yet, it stays
closed, or it is shared again, and why. Of a child that is closed to them it tells times alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from gateway.hub import acts, wrong_persons
from gateway.hub.wrong_persons import Report, State
from gateway.web.insight import Insight


@dataclass(frozen=True, slots=True)
class Reported:
    """The report that counts for an organization. at, answered: when; why: as it was written, of one that is
    shared again."""

    state: str
    at: datetime
    answered: datetime | None
    why: str | None


def reported(connection: Connection, insight: Insight) -> Reported | None:
    """What became of it; None where nobody of the reader's organization has reported. One that nobody has
    answered counts before one that stays closed, and that before one that is over."""
    here = insight.here
    made = wrong_persons.reports(acts.of_person(connection, here.tenant, here.person))
    own = [one for one in made if here.me.organization in one.act.recipients]
    counts = next((one for state in State for one in own if one.state is state), None)
    return _told(counts) if counts is not None else None


def _told(one: Report) -> Reported:
    why = one.reason if one.state is State.SHARED else None
    return Reported(one.state.value, one.act.created, one.answered, why)
