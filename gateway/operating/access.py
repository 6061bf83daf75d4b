"""Who can come in to one municipality's pages and interface, and taking that away and giving it back: for the
operators' pages and the command line alike. It knows logins and clients; nothing here leads to a child."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from gateway.access import known_people
from gateway.access.callers import Holder
from gateway.access.ending_reasons import Why
from gateway.access.endings import Called, Ending, Endings, Of
from gateway.access.login_sessions import Sessions
from gateway.config import Client, Login, Settings
from gateway.events import Event, log
from gateway.hub.store import Store

ID: Final = 24  # characters of an id here: as the audit names operators
FAMILY: Final = "family"


@dataclass(frozen=True, slots=True)
class Person:
    """An employee or operator, by one or several logins. id: the beginning of a keyed hash; logins: of whom
    they are ids; seen: when they were here last; sessions: how many count now; refused: by which endings."""

    id: str
    called: Called
    logins: tuple[str, ...]
    seen: datetime
    sessions: int
    rights: frozenset[str]
    hashes: frozenset[str]
    refused: frozenset[str]


@dataclass(frozen=True, slots=True)
class Machine:
    """A client that may call, as the configuration has it."""

    id: str
    client: Client
    refused: str | None

    @property
    def holder(self) -> Holder:
        """As endings know it."""
        return self.client.issuer, self.client.client_id, self.client.organization

    @property
    def called(self) -> Called:
        """What it is called."""
        told = {"client": self.client.client_id, "issuer": self.client.issuer}
        return told | ({"organization": self.client.organization} if self.client.organization else {})


@dataclass(frozen=True, slots=True)
class Overview:
    """Everybody. families: how many sessions of families count now, and no more of them than that."""

    people: tuple[Person, ...]
    families: int
    machines: tuple[Machine, ...]
    ended: tuple[Ending, ...]

    def person(self, own: str) -> Person | None:
        """The person with this id."""
        return next((one for one in self.people if one.id == own), None)

    def machine(self, own: str) -> Machine | None:
        """The client with this id."""
        return next((one for one in self.machines if one.id == own), None)


@dataclass(frozen=True, slots=True)
class WhoMay:
    """Of one tenant."""

    settings: Settings
    store: Store
    sessions: Sessions
    endings: Endings
    tenant: str

    @property
    def logins(self) -> dict[str, Login]:
        """The tenant's logins."""
        return {one.id: one for one in self.settings.logins if one.tenant == self.tenant}

    def overview(self, now: datetime) -> Overview:
        """Everybody, as it is now."""
        with self.store.read(self.tenant) as connection:
            return self._overview(connection, now)

    def end_person(self, hashes: frozenset[str], called: Called, why: Why, now: datetime, *, by: str) -> bool:
        """End the access of an employee who is known by these identities (keyed hashes), and every session of
        theirs. False where it has ended before."""
        with self.store.write(self.tenant) as connection:
            count = self.sessions.end_of(connection, self.tenant, hashes, now)
            marks = self.endings.marks(hashes)
            done = self.endings.end(
                connection, self.tenant, Of.PERSON, marks, called, why, now, by=by, sessions=count
            )
        return _told(done, Event.ACCESS_ENDED, of=Of.PERSON.value, why=why.value, sessions=count)

    def end_client(self, one: Machine, why: Why, now: datetime, *, by: str) -> bool:
        """End a client's access: its tokens are refused from now on. False where it has ended before."""
        with self.store.write(self.tenant) as connection:
            marks = [self.endings.mark_of(one.holder)]
            done = self.endings.end(connection, self.tenant, Of.CLIENT, marks, one.called, why, now, by=by)
        return _told(done, Event.ACCESS_ENDED, of=Of.CLIENT.value, why=why.value)

    def give_back(self, ending: str, now: datetime, *, by: str) -> bool:
        """An ending counts no more; who it is of logs in again, or calls again."""
        with self.store.write(self.tenant) as connection:
            done = self.endings.give_back(connection, self.tenant, ending, now, by=by)
        return _told(done, Event.ACCESS_GIVEN_BACK)

    def _overview(self, connection: Connection, now: datetime) -> Overview:
        live = self.sessions.live(connection, self.tenant, now)
        refused = self.endings.by_mark(connection, self.tenant)
        machines = [self._machine(one, refused) for one in self.settings.clients if one.tenant == self.tenant]
        return Overview(
            tuple(self._people(connection, now, refused)),
            sum(not one.staff for one in live),
            tuple(sorted(machines, key=lambda one: (one.client.client_id, one.id))),
            tuple(self.endings.all(connection, self.tenant)),
        )

    def _people(self, connection: Connection, now: datetime, refused: dict[str, str]) -> list[Person]:
        """Whoever shares an identity is one; whoever is in and came before this was kept, is there too."""
        parts = [
            _Part(one.hashes, one.called, one.login, one.seen, 0, one.rights)
            for one in known_people.of_tenant(connection, self.tenant)
        ]
        parts += [
            _Part(one.hashes, {"name": one.name} if one.name else {}, one.login, one.seen, 1, one.rights)
            for one in self.sessions.live(connection, self.tenant, now)
            if one.staff
        ]
        found = [self._person(group, refused) for group in _groups(parts)]
        return sorted(found, key=lambda one: (one.called.get("name", "\uffff").casefold(), one.id))

    def _person(self, group: list[_Part], refused: dict[str, str]) -> Person:
        ordered = sorted(group, key=lambda one: one.seen)
        hashes = frozenset().union(*(one.hashes for one in ordered))
        marks = self.endings.marks(hashes)
        called: dict[str, str] = {}
        for one in ordered:
            called |= one.called
        return Person(
            id=person_id(hashes),
            called=called,
            logins=tuple(sorted({one.login for one in ordered})),
            seen=ordered[-1].seen,
            sessions=sum(one.sessions for one in ordered),
            rights=_newest_rights(ordered),
            hashes=hashes,
            refused=frozenset(refused[mark] for mark in marks if mark in refused),
        )

    def _machine(self, client: Client, refused: dict[str, str]) -> Machine:
        mark = self.endings.mark_of((client.issuer, client.client_id, client.organization))
        return Machine(mark[:ID], client, refused.get(mark))


@dataclass(frozen=True, slots=True)
class _Part:
    """What one login, or one session, tells of somebody."""

    hashes: frozenset[str]
    called: Called
    login: str
    seen: datetime
    sessions: int
    rights: frozenset[str]


def person_id(hashes: Iterable[str]) -> str:
    """What somebody is called here and in the audit: of an operator the same as `operator/…` there."""
    return min(hashes, default="")[:ID]


def _groups(parts: Iterable[_Part]) -> list[list[_Part]]:
    """Parts that are of one person: they share an identity, or each shares one with a third."""
    groups: list[tuple[frozenset[str], list[_Part]]] = []
    for part in parts:
        mine = [one for one in groups if one[0] & part.hashes]
        hashes = part.hashes.union(*(one[0] for one in mine))
        groups = [one for one in groups if one not in mine]
        groups.append((hashes, [*(p for one in mine for p in one[1]), part]))
    return [group for _, group in groups]


def _newest_rights(ordered: list[_Part]) -> frozenset[str]:
    """The rights that each login gave last."""
    last = {one.login: one.rights for one in ordered}
    return frozenset().union(*last.values())


def _told(done: bool, event: Event, **ids: str | int) -> bool:
    if done:
        log(event, level=logging.WARNING, trace=False, **ids)
    return done
