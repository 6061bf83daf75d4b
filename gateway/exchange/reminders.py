"""Reminders about consents and birthdays: kept by durable timers, worked out when one falls due or when facts
change, listed for the coordinator and the young person until somebody says they are done. Sends nothing."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, Connection, Integer, bindparam, delete, insert, select, update
from sqlalchemy.engine import Row

from gateway.exchange import timers
from gateway.exchange.facts import FactsReader, PersonFacts
from gateway.exchange.occasions import Addressee, Kind, Occasion, dangers, occasions, partial
from gateway.hub import acts
from gateway.hub.review import REMINDERS
from gateway.hub.schema.reminders import reminder
from gateway.hub.schema.tables import person, timer

Key = tuple[str, str, str, datetime]
MOST = 25  # persons in one transaction

# Statements of every review are built once: building them costs more than running them.
_TENANTS: BindParameter[Any] = bindparam("tenants", expanding=True)
_DUE = (
    select(timer.c.tenant, timer.c.subject)
    .where(timer.c.kind == REMINDERS, timer.c.due <= bindparam("now"), timer.c.tenant.in_(_TENANTS))
    .order_by(timer.c.due)
    .limit(bindparam("most", Integer))
    .with_for_update(skip_locked=True)
)
_PERSON = select(person.c.facts_no, person.c.created).where(
    person.c.tenant == bindparam("tenant"), person.c.id == bindparam("person")
)
_STANDING = select(reminder).where(
    reminder.c.tenant == bindparam("tenant"), reminder.c.person == bindparam("person")
)


def review(
    connection: Connection,
    facts: FactsReader,
    patience: Mapping[str, timedelta],
    now: datetime,
    most: int = MOST,
) -> int:
    """Work out the reminders of persons whose timer is due, and set their next. Returns how many persons.
    patience: tenant -> how long a consent may stay partial; of other tenants nothing is looked at. Workers
    beside each other take different persons."""
    rows = connection.execute(_DUE, {"now": now, "tenants": sorted(patience), "most": most}).all()
    for row in rows:
        _review(connection, facts, row.tenant, row.subject, patience[row.tenant], now)
    return len(rows)


def _review(
    connection: Connection,
    reader: FactsReader,
    tenant: str,
    person_id: str,
    patience: timedelta,
    now: datetime,
) -> None:
    row = connection.execute(_PERSON, {"tenant": tenant, "person": person_id}).one()
    facts = reader.read(connection, tenant, person_id, row.facts_no)
    wanted = occasions(facts, now, row.created)
    standing = _standing(connection, tenant, person_id)
    wanted += _partial(facts, standing, patience, now)
    wanted += dangers(acts.of_person(connection, tenant, person_id))
    _settle(connection, tenant, standing, {_key(one) for one in wanted}, now)
    known = {_key_of(one): one for one in standing}
    stored = [one for one in wanted if one.due <= now or one.kind is Kind.CONSENT_PARTIAL]
    _write(connection, tenant, person_id, stored, known)
    _wait(connection, tenant, person_id, [one.due for one in wanted if one.due > now])


def _partial(
    facts: PersonFacts, standing: Iterable[Row[Any]], patience: timedelta, now: datetime
) -> list[Occasion]:
    """Partial consents, each since it was first seen to be so."""
    found = {r.about: r for r in standing if r.kind == Kind.CONSENT_PARTIAL and r.settled is None}
    out = []
    for about in sorted(partial(facts, now)):
        row = found.get(about)
        at, due = (row.at, row.due) if row is not None else (now, now + patience)
        out.append(Occasion(Kind.CONSENT_PARTIAL, about, Addressee.COORDINATOR, at, due))
    return out


def _standing(connection: Connection, tenant: str, person_id: str) -> list[Row[Any]]:
    return list(connection.execute(_STANDING, {"tenant": tenant, "person": person_id}).all())


def _settle(
    connection: Connection, tenant: str, standing: Iterable[Row[Any]], wanted: set[Key], now: datetime
) -> None:
    """What there is nothing to tell about any more: a consent withdrawn or renewed, a day that has come."""
    over = [one.id for one in standing if one.settled is None and _key_of(one) not in wanted]
    if over:
        connection.execute(
            update(reminder).where(reminder.c.tenant == tenant, reminder.c.id.in_(over)).values(settled=now)
        )


def _write(
    connection: Connection,
    tenant: str,
    person_id: str,
    wanted: Iterable[Occasion],
    known: Mapping[Key, Row[Any]],
) -> None:
    """New ones; and those again that had been settled."""
    new, again = [], []
    for one in wanted:
        row = known.get(_key(one))
        if row is None:
            new.append(_row(tenant, person_id, one))
        elif row.settled is not None:
            again.append(row.id)
    if new:
        connection.execute(insert(reminder), new)
    if again:
        connection.execute(
            update(reminder).where(reminder.c.tenant == tenant, reminder.c.id.in_(again)).values(settled=None)
        )


def _row(tenant: str, person_id: str, one: Occasion) -> dict[str, Any]:
    return {
        "tenant": tenant,
        "id": str(uuid.uuid4()),
        "person": person_id,
        "kind": one.kind.value,
        "about": one.about,
        "addressee": one.addressee.value,
        "at": one.at,
        "due": one.due,
    }


def _key(one: Occasion) -> Key:
    return one.kind.value, one.about, one.addressee.value, one.at


def _key_of(row: Row[Any]) -> Key:
    return row.kind, row.about, row.addressee, row.at


def _wait(connection: Connection, tenant: str, person_id: str, dues: list[datetime]) -> None:
    if dues:
        timers.put(connection, tenant, REMINDERS, person_id, min(dues))
        return
    connection.execute(
        delete(timer).where(timer.c.tenant == tenant, timer.c.kind == REMINDERS, timer.c.subject == person_id)
    )
