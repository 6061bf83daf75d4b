"""Where somebody who is logged in takes part: the logs and plans in which they are child, guardian or, of a
login of employees, staff. Asked anew at every page: whoever no longer takes part is out at once. Which pages
that opens to staff is told in gateway/web/seats.py."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

import consent
from consent.life import Signing, signing
from consent.model import Consent, Participant
from gateway.access.login_sessions import Session
from gateway.exchange.facts import FAMILY, PersonFacts
from gateway.hub.audit import occasion
from gateway.hub.schema.tables import person
from gateway.hub.versions import Version
from gateway.web.desk import WebDesk
from gateway.web.door import resolve

CHILD: Final = "barn"
STRICT: Final = "strengtFortrolig"


@dataclass(frozen=True, slots=True)
class Place:
    """One log or plan and who the person is there. change_no, facts: as they were when it was looked up."""

    tenant: str
    frame: str
    me: Participant
    facts: PersonFacts
    change_no: int
    facts_no: int

    @property
    def person(self) -> str:
        """The child's id in the hub."""
        return self.facts.person

    @property
    def mine(self) -> frozenset[str]:
        """Every participant that is the same natural person, here and in other logs and plans."""
        return self.facts.twins.get(self.me.id, frozenset()) | {self.me.id}

    @property
    def staff(self) -> bool:
        """Whether the person acts for a service."""
        return self.me.role not in FAMILY and self.me.role != CHILD

    def signing(self, about: Consent, now: datetime) -> Signing:
        """Who must sign this, and who is missing."""
        return signing(about, self.facts.prepared_for(self.frame), now)

    def named(self, group: tuple[str, ...]) -> bool:
        """Whether one of those who must sign is this person, or the service it acts for."""
        return not self.mine.isdisjoint(group) or (self.staff and self.me.organization in group)


def places(connection: Connection, desk: WebDesk, session: Session, now: datetime) -> list[Place]:
    """Where they are child or guardian, or decide in the guardians' place: what the pages of consents are
    about, in a lasting order."""
    return [one for one in taking_part(connection, desk, session, now) if not one.staff or _decides(one, now)]


def taking_part(
    connection: Connection, desk: WebDesk, session: Session, now: datetime, only: str | None = None
) -> list[Place]:
    """All of them, in a lasting order: of a login of employees where they act for a service, of the families'
    where they do not. only: as this participant, if they are."""
    found = desk.participants.find(connection, session.tenant, session.hashes, only)
    who = desk.logins[session.login].login.who
    if who == "operations":
        return []  # whoever operates the gateway is nobody's participant
    out = []
    for own in sorted({v.person for v in found.values()}):
        out += list(_of_person(connection, desk, session.tenant, own, found, who, now))
    return out


def place(connection: Connection, desk: WebDesk, session: Session, given: str, now: datetime) -> Place:
    """The one of `places` that a handle means. Raises NotFound: somebody else's is not there at all."""
    return meant(session, given, places(connection, desk, session, now))


def meant(session: Session, given: str, among: Iterable[Place]) -> Place:
    """The one of these that a handle means; from here on the audit names who asks about whom. Raises
    NotFound."""
    known = {one.frame: one for one in among}
    found = known[resolve(session, given, known)]
    occasion.asked_by(session.tenant, found.me.id)
    occasion.about(found.person)
    return found


def _of_person(
    connection: Connection,
    desk: WebDesk,
    tenant: str,
    own: str,
    found: dict[str, Version],
    who: str,
    now: datetime,
) -> Iterator[Place]:
    row = connection.execute(
        select(person.c.change_no, person.c.facts_no).where(person.c.tenant == tenant, person.c.id == own)
    ).one()
    facts = desk.service.facts.read(connection, tenant, own, int(row.facts_no))
    for one in facts.facts.participants:
        if one.id not in found or one.frame not in facts.frames or not consent.active(one, now):
            continue
        if facts.facts.address_protection == STRICT and one.role != CHILD:
            continue  # that there is a log in this municipality would tell where the child lives (B1)
        here = Place(tenant, one.frame, one, facts, int(row.change_no), int(row.facts_no))
        if (who == "family") is not here.staff:
            yield here


def _decides(here: Place, now: datetime) -> bool:
    """Whether a staff member acts for a service that decides in the guardians' place (W4)."""
    blank = Consent("", here.frame, "samtykker", frozenset(), frozenset(), frozenset())
    return any(here.named(group) for group in here.signing(blank, now).must)
