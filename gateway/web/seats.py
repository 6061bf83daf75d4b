"""Which of the staff's pages somebody gets who is logged in at a login of employees: those for coordinators
and others in the municipality, those of the specialist health service, or both, by their role and service in
each log or plan. It opens no item: what a page shows of a child, the judge decides for the reader's
organization.

For a page of staff: `looking(desk, session, given, work, find=seat(Office.CLINIC))` (gateway/web/insight.py)
looks at the log or plan that a handle means, and answers NotFound for every other; `seats` are all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection

from gateway.access.login_sessions import Session
from gateway.config import Settings
from gateway.hub.seats import COORDINATORS
from gateway.web.desk import WebDesk
from gateway.web.insight import Finder
from gateway.web.standing import Place, meant, places, taking_part

SPECIALIST: Final = frozenset({"bup", "barneavdeling", "sykehus"})  # services that only hospitals have
HEALTH: Final = "health"


class Office(StrEnum):
    """A set of pages for staff."""

    COORDINATOR = "coordinator"  # "Mine barn"
    CLINIC = "clinic"  # "Delte planer"


def offices(settings: Settings, here: Place) -> frozenset[Office]:
    """What pages of staff a log or plan opens to this reader; none to family and child. Whoever coordinates
    gets the coordinators' wherever they work."""
    if not here.staff:
        return frozenset()
    if not _of_a_hospital(settings, here):
        return frozenset({Office.COORDINATOR})
    return frozenset({Office.CLINIC, *([Office.COORDINATOR] if here.me.role in COORDINATORS else [])})


def seats(
    connection: Connection,
    desk: WebDesk,
    session: Session,
    now: datetime,
    office: Office,
    only: str | None = None,
) -> list[Place]:
    """Every log and plan that these pages are open for, in a lasting order. Each says as whom the reader
    takes part there: `me.role`, `me.service`, `me.organization`. only: as this participant."""
    settings, found = desk.service.settings, taking_part(connection, desk, session, now, only)
    return [one for one in found if office in offices(settings, one)]


def seat(office: Office, only: str | None = None) -> Finder:
    """How the pages of an office find the log or plan that a handle means. only: as whom the reader
    takes part there, where that is known: it is found without going through all the others."""

    def find(connection: Connection, desk: WebDesk, session: Session, given: str, now: datetime) -> Place:
        return meant(session, given, seats(connection, desk, session, now, office, only))

    return find


def kinds(desk: WebDesk, session: Session) -> tuple[str, ...]:
    """As what somebody is at the pages, for the navigation: "family"; of staff "deciding" where they decide
    in the guardians' place, and each of their offices."""
    who = desk.logins[session.login].login.who
    if who in ("family", "operations"):
        return (who,)
    now = desk.service.clock()
    with desk.service.store.read(session.tenant) as connection:
        everything = taking_part(connection, desk, session, now)
        deciding = places(connection, desk, session, now)
    return (*(["deciding"] if deciding else []), *_offices(desk.service.settings, everything))


def _offices(settings: Settings, everything: Iterable[Place]) -> list[str]:
    found = {office for one in everything for office in offices(settings, one)}
    return [office.value for office in Office if office in found]


def _of_a_hospital(settings: Settings, here: Place) -> bool:
    """By the service; an organization that is known not to be of health is none, whatever it is called."""
    regimes = {one.number: one.regime for one in settings.organizations}
    return here.me.service in SPECIALIST and regimes.get(here.me.organization or "", HEALTH) == HEALTH
