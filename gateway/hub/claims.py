"""Questions of who is who that a person must decide: a log or plan came with a number that is, or may be,
another's. Its record waits; nothing is merged or moved by itself. Rows alone; decides nothing."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, insert, or_, select, update

from gateway.hub.audit import entries
from gateway.hub.audit.entries import Entry
from gateway.hub.audit.entries import Kind as Audited
from gateway.hub.content import pack, unpack
from gateway.hub.notices import Kind, clear_notice, raise_notice
from gateway.hub.schema.identities import person_claim
from mappings.model import Problem

WAITS = "claim:"  # + id: what a held record waits for


class Reason(StrEnum):
    """Why nobody may decide it by itself."""

    OTHER_PERSON = "other-person"  # a known log came with the number of somebody else here
    SEVERAL = "several-persons"  # a new log states numbers of two people here
    FORMER = "former-number"  # a new log states a number that somebody here had before it was corrected


class State(StrEnum):
    """How it stands."""

    OPEN = "open"
    SAME = "same"
    DIFFERENT = "different"


TEXTS = {
    Reason.OTHER_PERSON: "Nummeret tilhører en annen person her. Posten venter til en navngitt person avgjør"
    " om de to er samme barn.",
    Reason.SEVERAL: "Numrene tilhører to ulike personer her. Posten venter til en navngitt person avgjør om"
    " de to er samme barn.",
    Reason.FORMER: "Nummeret er et tidligere nummer for en person her. Posten venter til en navngitt person"
    " avgjør om det er samme barn.",
}
REFUSED = Problem(
    "barn",
    "En navngitt person har avgjort at nummeret ikke hører til denne loggen eller planen. Rett nummeret.",
    "number-refused",
)


@dataclass(frozen=True, slots=True)
class Claim:
    """One question. person: whose log it is, or one whose number it states; other: whose number it states
    too. by, note: who decided, and why."""

    id: str
    person: str
    other: str | None
    system: str
    native_id: str
    reason: Reason
    digest: str
    state: State
    created: datetime
    decided: datetime | None = None
    by: str | None = None
    note: str | None = None

    @property
    def waits(self) -> str:
        """What the held record waits for."""
        return f"{WAITS}{self.id}"

    @property
    def problem(self) -> Problem:
        """What its sender is told."""
        return Problem("barn", TEXTS[self.reason], self.reason.value)


def find(connection: Connection, tenant: str, system: str, native_id: str, digest: str) -> Claim | None:
    """The newest question about this log or plan stating these numbers."""
    columns = person_claim.c
    row = connection.execute(
        select(person_claim)
        .where(
            columns.tenant == tenant,
            columns.system == system,
            columns.native_id == native_id,
            columns.digest == digest,
        )
        .order_by(columns.created.desc(), columns.id)
        .limit(1)
    ).first()
    return None if row is None else _claim(connection, row)


def ask(
    connection: Connection,
    tenant: str,
    reason: Reason,
    *,
    person: str,
    other: str | None,
    system: str,
    native_id: str,
    digest: str,
    now: datetime,
) -> Claim:
    """A new question, told to those who coordinate the log or plan of either."""
    made = Claim(str(uuid.uuid4()), person, other, system, native_id, reason, digest, State.OPEN, now)
    connection.execute(
        insert(person_claim),
        {
            "tenant": tenant,
            "id": made.id,
            "person": person,
            "other": other,
            "system": system,
            "native_id": native_id,
            "reason": reason.value,
            "digest": digest,
            "state": State.OPEN.value,
            "created": now,
        },
    )
    for one in _persons(made):
        raise_notice(connection, tenant, Kind.PERSON_QUESTION, one, made.id, now)
    return made


def of_persons(connection: Connection, tenant: str, persons: Iterable[str], *states: State) -> list[Claim]:
    """Questions about these persons, the oldest first. states: only those that stand so."""
    columns, wanted = person_claim.c, sorted(set(persons))
    about = or_(columns.person.in_(wanted), columns.other.in_(wanted))
    where: list[Any] = [columns.tenant == tenant, about]
    if states:
        where.append(columns.state.in_([one.value for one in states]))
    rows = connection.execute(select(person_claim).where(*where).order_by(columns.created, columns.id))
    return [_claim(connection, row) for row in rows]


def one_of(connection: Connection, tenant: str, own: str, *, hold: bool = False) -> Claim | None:
    """One question. hold: nobody else decides it until the transaction ends."""
    chosen = select(person_claim).where(person_claim.c.tenant == tenant, person_claim.c.id == own)
    row = connection.execute(chosen.with_for_update() if hold else chosen).first()
    return None if row is None else _claim(connection, row)


def decide(
    connection: Connection, tenant: str, one: Claim, state: State, by: str, note: str, now: datetime
) -> None:
    """A named person has decided."""
    content = pack(connection, {"by": by, "note": note}, one.person, person_claim, tenant, one.id)
    connection.execute(
        update(person_claim)
        .where(person_claim.c.tenant == tenant, person_claim.c.id == one.id)
        .values(state=state.value, decided=now, content=content)
    )
    action = f"question answered: {state.value}"
    said = [Entry(Audited.DECISION, now, about, action, subject=one.id) for about in _persons(one)]
    entries.write(connection, tenant, said)
    for about in _persons(one):
        clear_notice(connection, tenant, Kind.PERSON_QUESTION, about, one.id, now)


def _persons(one: Claim) -> tuple[str, ...]:
    return (one.person,) if one.other is None else (one.person, one.other)


def _claim(connection: Connection, row: Any) -> Claim:
    said = unpack(connection, row.content, person_claim, row.tenant, row.id) if row.content else {}
    return Claim(
        id=row.id,
        person=row.person,
        other=row.other,
        system=row.system,
        native_id=row.native_id,
        reason=Reason(row.reason),
        digest=row.digest,
        state=State(row.state),
        created=row.created,
        decided=row.decided,
        by=said.get("by"),
        note=said.get("note"),
    )
