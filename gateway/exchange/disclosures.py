"""The log of what left: written as sending before the call, closed once after it, never changed otherwise."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, String, bindparam, func, insert, select, update

from gateway.hub.content import pack, unpack
from gateway.hub.schema.instant import Instant
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
    rows = [
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
            "items": pack([item.plain() for item in one.items]),
        }
        for one in attempts
    ]
    if rows:
        connection.execute(_BEGIN, rows)


def finish(
    connection: Connection, tenant: str, endings: Iterable[tuple[str, str, str | None]], now: datetime
) -> None:
    """Close attempts: (id, state, error). Only one that is still sending is closed."""
    given = [
        {
            "in_tenant": tenant,
            "in_id": attempt,
            "to_state": state,
            "now": now,
            "to_error": error[:255] if error else None,
        }
        for attempt, state, error in endings
    ]
    if given:
        connection.execute(_FINISH, given)


_BEGIN = insert(disclosure)
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


def finish_run(
    connection: Connection, tenant: str, *, person: str, recipient: str, run: int, now: datetime
) -> int:
    """Close what a dead run left as sending: it may have arrived."""
    result = connection.execute(
        update(disclosure)
        .where(
            disclosure.c.tenant == tenant,
            disclosure.c.person == person,
            disclosure.c.recipient == recipient,
            disclosure.c.run == run,
            disclosure.c.state == SENDING,
        )
        .values(state=UNKNOWN, closed=now, error="worker-died")
    )
    return int(result.rowcount)


def finish_overdue(connection: Connection, tenant: str, now: datetime) -> int:
    """Close answers to a tenant's readers whose process died in between; none leaves after its deadline."""
    columns = disclosure.c
    result = connection.execute(
        update(disclosure)
        .where(
            columns.tenant == tenant,
            columns.state == SENDING,
            columns.channel.in_(ANSWERS),
            columns.deadline < now,
        )
        .values(state=UNKNOWN, closed=now, error="deadline")
    )
    return int(result.rowcount)


def of_person(connection: Connection, tenant: str, person: str) -> list[dict[str, Any]]:
    """Everything told about a person, oldest first."""
    rows = connection.execute(
        select(disclosure)
        .where(disclosure.c.tenant == tenant, disclosure.c.person == person)
        .order_by(disclosure.c.started, disclosure.c.id)
    )
    return [{**r._mapping, "items": unpack(r.items)} for r in rows]
