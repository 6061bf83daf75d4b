"""Reports that a child is none of an organization's patients, for those who are to resolve them: whoever
coordinates the log or plan it was said of, and the coordinating unit that takes part there. Values; whoever
reported cannot answer for the municipality.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from gateway.access.login_sessions import Session
from gateway.hub import acts, wrong_persons
from gateway.hub.seats import COORDINATORS, UNIT
from gateway.hub.wrong_persons import Report, State
from gateway.web.consents_shown import Teller
from gateway.web.door import handle
from gateway.web.insight import Insight
from mappings.model import Resource

UNSAID = "wrong patient"  # the reason of a report where none was written


@dataclass(frozen=True, slots=True)
class Shown:
    """One report in words. handle: of the report; who: None where the reader may not know; at, answered:
    when; said, why: the reasons, as they were written."""

    handle: str
    state: str
    who: str | None
    where: str
    at: datetime
    said: str | None
    answered: datetime | None
    by: str | None
    why: str | None


def name_of(report: str) -> str:
    """What a report is called where handles are made."""
    return f"Act/{report}"


def reports(connection: Connection, insight: Insight) -> dict[str, Report]:
    """Every report that this reader is to resolve, the newest first, by what it is called."""
    here = insight.here
    if here.frame not in insight.seen or not resolves(insight):
        return {}
    found = wrong_persons.reports(acts.of_person(connection, here.tenant, here.person))
    return {
        name_of(one.act.id): one
        for one in found
        if here.frame in one.act.items and here.me.organization not in one.act.recipients
    }


def resolves(insight: Insight) -> bool:
    """Whether the reader coordinates here, or is there for a coordinating unit."""
    here = insight.here
    return here.staff and (here.me.role in COORDINATORS or here.me.service == UNIT)


def shown(session: Session, told: Teller, name: str, one: Report) -> Shown:
    """In words, of what the reader may see of those who are named."""
    act, answer = one.act, one.answer
    return Shown(
        handle=handle(session, name),
        state=one.state.value,
        who=_named(told, act.client),
        where=" · ".join(told.recipient(number) for number in sorted(act.recipients)),
        at=act.created,
        said=None if act.reason == UNSAID else act.reason,
        answered=one.answered,
        by=_named(told, answer.client) if answer is not None and one.reason is not None else None,
        why=one.reason,
    )


def standing(connection: Connection, session: Session, insight: Insight, told: Teller) -> list[Shown]:
    """Those for which something is closed now: what every page of the child says on top."""
    found = reports(connection, insight).items()
    return [shown(session, told, name, one) for name, one in found if one.state is not State.SHARED]


def _named(told: Teller, client: str) -> str | None:
    seen: Resource | None = told.insight.seen.get(client)
    return told.full_name(client) if seen is not None else None
