"""Nudges: once a day, those who coordinate and have something to attend to are told so by e-mail, in words
that say nothing of whom or what it is about. Rows are the whole state; the words are in nudge_mail.py."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from consent.days import OSLO, day, midnight
from gateway.config import Mailbox, Settings
from gateway.consents import caseload
from gateway.consents.caseload import Who
from gateway.consents.work import WorkList
from gateway.exchange import timers
from gateway.exchange.facts import FactsReader
from gateway.hub.persons import IdentifierKey
from gateway.hub.schema.nudges import nudge
from gateway.hub.schema.tables import timer

NUDGE: Final = "nudge"  # kind of the timer; its subject is the mailbox
BACKOFF: Final = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60))
KEPT: Final = timedelta(days=90)
SENDING: Final = timedelta(minutes=10)  # longer than any attempt lasts


class State(StrEnum):
    """How a nudge stands."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"  # for good
    UNKNOWN = "unknown"  # it may have been sent; it is not sent again
    REPLACED = "replaced"  # the next day's came first


@dataclass(frozen=True, slots=True)
class Box:
    """One address of one tenant, and whom it is of."""

    tenant: str
    key: str
    address: str
    language: str
    whose: tuple[Who, ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """One nudge that is to be sent now, claimed. attempt: which one it is."""

    box: Box
    day: str
    cases: int
    attempt: int


def boxes(settings: Settings, key: IdentifierKey) -> dict[str, dict[str, Box]]:
    """The addresses of each tenant that nudges, by their keys: each is told once, of all it stands for."""
    out: dict[str, dict[str, Box]] = {t.id: {} for t in settings.tenants if t.nudge and settings.mail}
    for one in settings.mailboxes:
        own = out.get(one.tenant)
        if own is None:
            continue
        name = key.hash(f"mailbox {one.tenant}", one.address.lower())
        known = own.get(name)
        whose = (*(known.whose if known else ()), _who(key, one))
        own[name] = Box(one.tenant, name, one.address, known.language if known else one.language, whose)
    return out


def _who(key: IdentifierKey, box: Mailbox) -> Who:
    if box.user is not None:
        return caseload.user(key, box.user.issuer, box.user.subject)
    if box.hpr is not None:
        return caseload.practitioner(key, box.hpr)
    if box.organization is not None:
        return caseload.organization(box.organization)
    return caseload.unit(box.unit or "")


@dataclass(frozen=True, slots=True)
class Nudges:
    """Those of one tenant. Each method is one short transaction's work; workers beside each other take
    different rows."""

    settings: Settings
    facts: FactsReader
    tenant: str
    hour: int

    def set_timers(self, connection: Connection, keys: Iterable[str], now: datetime) -> None:
        """A timer for each mailbox that has none."""
        have = {
            row.subject
            for row in connection.execute(
                select(timer.c.subject).where(timer.c.tenant == self.tenant, timer.c.kind == NUDGE)
            )
        }
        dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
        due = self.following(now)
        rows = [
            {"tenant": self.tenant, "kind": NUDGE, "subject": key, "due": due}
            for key in sorted(set(keys) - have)
        ]
        if rows:
            connection.execute(dialect.insert(timer).on_conflict_do_nothing(), rows)

    def following(self, now: datetime) -> datetime:
        """The next time of day at which nudges are made."""
        today = midnight(day(now)).astimezone(OSLO).replace(hour=self.hour)
        if today > now:
            return today
        return midnight(day(now) + timedelta(days=1)).astimezone(OSLO).replace(hour=self.hour)

    def write(self, connection: Connection, known: dict[str, Box], now: datetime) -> bool:
        """Make the nudge of one mailbox whose time has come, if anything waits for whom it is of. Returns
        whether there was such a mailbox. One that is no longer configured is forgotten."""
        row = connection.execute(
            select(timer.c.subject)
            .where(timer.c.tenant == self.tenant, timer.c.kind == NUDGE, timer.c.due <= now)
            .order_by(timer.c.due)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).first()
        if row is None:
            return False
        box = known.get(row.subject)
        if box is None:
            key = timer.c.tenant == self.tenant, timer.c.kind == NUDGE, timer.c.subject == row.subject
            connection.execute(delete(timer).where(*key))
            return True
        timers.put(connection, self.tenant, NUDGE, row.subject, self.following(now))
        cases = self.cases(connection, box, now)
        if cases:
            self._add(connection, box, cases, now)
        return True

    def cases(self, connection: Connection, box: Box, now: datetime) -> int:
        """How many things wait for whom it is of, in each system as they may see it there."""
        found: set[str] = set()
        for system in self.settings.systems:
            if system.tenant == self.tenant and (system.adapter != "fhir" or system.states_facts):
                held = WorkList(connection, self.settings, self.facts, self.tenant, system.id, now)
                for who in box.whose:
                    found |= {one.id for one in held.entries(who)}
        return len(found)

    def _add(self, connection: Connection, box: Box, cases: int, now: datetime) -> None:
        own = nudge.c.tenant == self.tenant, nudge.c.mailbox == box.key
        connection.execute(
            update(nudge)
            .where(*own, nudge.c.state == State.WAITING.value)
            .values(state=State.REPLACED.value, closed=now)
        )
        oldest = day(now - KEPT).isoformat()
        connection.execute(delete(nudge).where(*own, nudge.c.day < oldest))
        dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
        row = {"tenant": self.tenant, "mailbox": box.key, "day": day(now).isoformat(), "cases": cases}
        row |= {"state": State.WAITING.value, "attempts": 0, "next_at": now}
        connection.execute(dialect.insert(nudge).on_conflict_do_nothing(), row)

    def claim(self, connection: Connection, known: dict[str, Box], now: datetime) -> Letter | None:
        """The next one to send, marked as being sent; None where there is none. One that a worker died with
        is not sent again: it may have arrived."""
        connection.execute(
            update(nudge)
            .where(
                nudge.c.tenant == self.tenant,
                nudge.c.state == State.SENDING.value,
                nudge.c.next_at <= now,
            )
            .values(state=State.UNKNOWN.value, closed=now)
        )
        row = connection.execute(
            select(nudge)
            .where(
                nudge.c.tenant == self.tenant,
                nudge.c.state == State.WAITING.value,
                nudge.c.next_at <= now,
                nudge.c.mailbox.in_(sorted(known)),
            )
            .order_by(nudge.c.next_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).first()
        if row is None:
            return None
        letter = Letter(known[row.mailbox], row.day, row.cases, row.attempts + 1)
        self._set(connection, letter, State.SENDING, attempts=letter.attempt, next_at=now + SENDING)
        return letter

    def close(self, connection: Connection, letter: Letter, state: State, now: datetime) -> None:
        """What became of it. Waiting: it was not sent, and is tried again later."""
        if state is State.WAITING:
            wait = BACKOFF[min(letter.attempt, len(BACKOFF)) - 1]
            self._set(connection, letter, state, next_at=now + wait)
        else:
            self._set(connection, letter, state, closed=now)

    def counts(self, connection: Connection) -> dict[str, int]:
        """How many there are in each state."""
        rows = connection.execute(
            select(nudge.c.state, func.count()).where(nudge.c.tenant == self.tenant).group_by(nudge.c.state)
        )
        return {state: int(count) for state, count in rows}

    def _set(self, connection: Connection, letter: Letter, state: State, **values: Any) -> None:
        columns = nudge.c
        connection.execute(
            update(nudge)
            .where(
                columns.tenant == self.tenant,
                columns.mailbox == letter.box.key,
                columns.day == letter.day,
                columns.state.in_([State.WAITING.value, State.SENDING.value]),
            )
            .values(state=state.value, **values)
        )


def of_tenants(settings: Settings, facts: FactsReader) -> Iterator[Nudges]:
    """One per tenant that nudges."""
    for tenant in settings.tenants:
        if tenant.nudge and settings.mail is not None:
            yield Nudges(settings, facts, tenant.id, settings.mail.hour)
