"""The log of what left: written as sending before the call, closed once after it, never changed otherwise.
Both are said in the audit too, in the same transaction, with a digest that the row is held to."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    LargeBinary,
    String,
    bindparam,
    func,
    insert,
    literal,
    select,
    update,
)

from gateway.hub.audit import entries, occasion, pins
from gateway.hub.audit.entries import Entry, Kind, Outcome
from gateway.hub.content import TENANT, pack, unpack
from gateway.hub.schema.audit import audit
from gateway.hub.schema.instant import Instant, stored
from gateway.hub.schema.tables import disclosure

SENDING = "sending"
DELIVERED = "delivered"
REFUSED = "refused"  # the recipient said no
UNKNOWN = "unknown"  # it may have arrived
EXEMPT = "notice"  # channel of what leaves by its type: told under any decision, waited for by none
ANSWERS = ("read", "page")  # channels of what is told in an answer to somebody who asked
UNSENT = "unsent"  # the run ended before this one was tried; no byte of it left


@dataclass(frozen=True, slots=True)
class Disclosed:
    """One item as it was (or would be) told: which version, on which ground, by which rules and consents."""

    ref: str
    version: int
    categories: tuple[str, ...]
    ground: str
    rules: tuple[str, ...]
    consents: tuple[str, ...]
    rule_set: str = ""  # the version of the rules it was decided with
    redacted: bool = False  # something of it was, or may have been, taken away first

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "ref": self.ref,
            "version": self.version,
            "categories": list(self.categories),
            "ground": self.ground,
            "rules": list(self.rules),
            "consents": list(self.consents),
            "ruleSet": self.rule_set,
            "redacted": self.redacted,
        }


@dataclass(frozen=True, slots=True)
class Attempt:
    """One row to write: a call (one item) or an answer to a reader (all its items)."""

    id: str
    person: str
    items: tuple[Disclosed, ...]


def new_id() -> str:
    """Id of one attempt; also the recipient's Idempotency-Key."""
    return str(uuid.uuid4())


def begin(
    connection: Connection,
    tenant: str,
    attempts: Iterable[Attempt],
    *,
    recipient: str,
    channel: str,
    run: int,
    epoch: int,
    owner: str | None,
    now: datetime,
    deadline: datetime | None,
    client: str | None = None,
    state: str = SENDING,
) -> None:
    """Write the attempts before anything leaves."""
    rows: list[dict[str, Any]] = [
        {
            "tenant": tenant,
            "id": one.id,
            "person": one.person,
            "recipient": recipient,
            "channel": channel,
            "state": state,
            "run": run,
            "epoch": epoch,
            "owner": owner,
            "client": client,
            "started": now,
            "deadline": deadline,
            "closed": now if state != SENDING else None,
            "items": pack(
                connection, [item.plain() for item in one.items], TENANT, disclosure, tenant, one.id
            ),
        }
        for one in attempts
    ]
    if rows:
        connection.execute(_BEGIN, rows)
        entries.write(connection, tenant, [_begun(row, channel, state, now) for row in rows])
        if state != SENDING:
            entries.write(connection, tenant, [_Ending(row["id"], state, None, now).entry() for row in rows])


def _begun(row: dict[str, Any], channel: str, state: str, now: datetime) -> Entry:
    """A row as the audit tells of it: read or looked for where somebody asked, else sent."""
    here = occasion.at_hand()
    asked = channel in ANSWERS
    as_stored = {**row, "started": stored(row["started"]), "deadline": stored(row["deadline"])}
    return Entry(
        kind=(Kind.SEARCH if here.searching else Kind.READ) if asked else Kind.DISCLOSURE,
        at=now,
        person=row["person"],
        action=here.action if asked and here.action else channel,
        outcome=Outcome.REFUSED if state == REFUSED else Outcome.DONE,
        client=row["client"],
        system=row["recipient"],
        subject=row["id"],
        pin=pins.of_begun(as_stored),
    )


def finish(
    connection: Connection, tenant: str, endings: Iterable[tuple[str, str, str | None]], now: datetime
) -> None:
    """Close attempts: (id, state, error). Only one that is still sending is closed."""
    closing = [_Ending(attempt, state, error, now) for attempt, state, error in endings]
    if not closing:
        return
    if connection.dialect.name == "postgresql":
        connection.execute(_FINISH_AND_SAY, [one.given(tenant) | one.said() for one in closing])
        return
    closed = [one for one in closing if connection.execute(_FINISH, one.given(tenant)).rowcount == 1]
    entries.write(connection, tenant, [one.entry() for one in closed])


class _Ending:
    """How one attempt ends, and how the audit says it."""

    def __init__(self, attempt: str, state: str, error: str | None, now: datetime) -> None:
        self.attempt, self.state, self.now = attempt, state, now
        self.error = error[:255] if error else None
        ended = {"id": attempt, "state": state, "closed": stored(now), "error": self.error}
        self.pin = pins.of_ended(ended)

    def given(self, tenant: str) -> dict[str, Any]:
        """What the statement that closes it is given."""
        return {
            "in_tenant": tenant,
            "in_id": self.attempt,
            "to_state": self.state,
            "now": self.now,
            "to_error": self.error,
        }

    def said(self) -> dict[str, Any]:
        """What the statement that says so at once is given besides."""
        outcome = OUTCOMES.get(self.state, Outcome.FAILED)
        return {"in_outcome": outcome, "in_source": occasion.at_hand().source, "in_pin": self.pin}

    def entry(self) -> Entry:
        """As the audit tells of it."""
        outcome = OUTCOMES.get(self.state, Outcome.FAILED)
        return Entry(
            Kind.CLOSED, self.now, action=self.state, outcome=outcome, subject=self.attempt, pin=self.pin
        )


_BEGIN = insert(disclosure)
OUTCOMES = {DELIVERED: Outcome.DONE, REFUSED: Outcome.REFUSED}
_FINISH = (
    update(disclosure)
    .where(
        disclosure.c.tenant == bindparam("in_tenant"),
        disclosure.c.id == bindparam("in_id"),
        func.coalesce(disclosure.c.state, "")
        == SENDING,  # by its key: the index of open ones is full of ended
    )
    .values(
        state=bindparam("to_state"),
        closed=bindparam("now", type_=Instant()),
        error=bindparam("to_error", type_=String),
    )
)


def _finish_and_say() -> Executable:
    """Both in one statement, so that what another closed meanwhile is not said twice."""
    columns = disclosure.c
    closed = _FINISH.returning(columns.tenant, columns.id, columns.state, columns.closed).cte("closed")
    told = {
        "tenant": closed.c.tenant,
        "at": closed.c.closed,
        "kind": literal(Kind.CLOSED.value),
        "action": closed.c.state,
        "outcome": bindparam("in_outcome", type_=String),
        "source": bindparam("in_source", type_=String),
        "subject": closed.c.id,
        "pin": bindparam("in_pin", type_=LargeBinary),
    }
    return insert(audit).from_select(list(told), select(*told.values()))


_FINISH_AND_SAY = _finish_and_say()


def finish_run(
    connection: Connection, tenant: str, *, person: str, recipient: str, run: int, now: datetime
) -> int:
    """Close what a dead run left as sending: it may have arrived."""
    columns = disclosure.c
    of_run = (columns.person == person, columns.recipient == recipient, columns.run == run)
    return _give_up(connection, tenant, of_run, "worker-died", now)


def finish_overdue(connection: Connection, tenant: str, now: datetime) -> int:
    """Close answers to a tenant's readers whose process died in between; none leaves after its deadline."""
    columns = disclosure.c
    overdue = (columns.channel.in_(ANSWERS), columns.deadline < now)
    return _give_up(connection, tenant, overdue, "deadline", now)


def _give_up(
    connection: Connection, tenant: str, which: Iterable[ColumnElement[bool]], why: str, now: datetime
) -> int:
    closed = connection.execute(
        update(disclosure)
        .where(disclosure.c.tenant == tenant, disclosure.c.state == SENDING, *which)
        .values(state=UNKNOWN, closed=now, error=why)
        .returning(disclosure.c.id)
    ).scalars()
    endings = [_Ending(attempt, UNKNOWN, why, now).entry() for attempt in closed]
    entries.write(connection, tenant, endings)
    return len(endings)


def of_person(connection: Connection, tenant: str, person: str) -> list[dict[str, Any]]:
    """Everything told about a person, oldest first."""
    rows = connection.execute(
        select(disclosure)
        .where(disclosure.c.tenant == tenant, disclosure.c.person == person)
        .order_by(disclosure.c.started, disclosure.c.id)
    )
    return [{**r._mapping, "items": unpack(connection, r.items, disclosure, tenant, r.id)} for r in rows]
