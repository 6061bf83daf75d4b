"""Whose logs and plans somebody coordinates now: found by who they are at a login, by their HPR number, as a
participant, or as a coordinating unit. Costs by their own caseload; no match means no child."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from gateway.config import Settings
from gateway.hub import seats, versions
from gateway.hub.persons import IdentifierKey
from gateway.hub.schema.seats import seat
from gateway.hub.schema.tables import resource
from mappings import reading
from mappings.canonical import HPR


@dataclass(frozen=True, slots=True)
class Seat:
    """One log or plan that somebody coordinates, as which participant and in which role."""

    person: str
    frame: str
    participant: str
    role: str

    @property
    def unit(self) -> bool:
        """Whether a unit is looked for here, not a person."""
        return self.role == seats.UNIT


@dataclass(frozen=True, slots=True)
class Who:
    """Who asks, by all they are found by. unit: the organization number, where a coordinating unit asks."""

    holders: frozenset[str]
    unit: str | None = None


def user(key: IdentifierKey, issuer: str, subject: str) -> Who:
    """Somebody as they are known at a login (`bruker`)."""
    return Who(frozenset({key.hash(f"user {issuer}", subject)}))


def practitioner(key: IdentifierKey, number: str) -> Who:
    """Somebody by their HPR number."""
    return Who(frozenset({key.hash(HPR, number)}))


def unit(number: str) -> Who:
    """The coordinating unit of this organization number."""
    return Who(frozenset({seats.unit(number)}), number)


def organization(number: str) -> Who:
    """All who coordinate on behalf of this organization."""
    return Who(frozenset({seats.organization(number)}))


def participant(
    connection: Connection, tenant: str, key: IdentifierKey, ref: str, system: str | None
) -> Who | None:
    """A participant, with the logs and plans where the same somebody takes part by a number or user; None
    where the system has no such participant."""
    version = versions.current(connection, tenant, ref)
    if version is None or system not in (None, version.created_by):
        return None
    found = reading.participant_of(version.resource)
    return None if found is None else Who(frozenset({ref}) | seats.holders(key, found))


def taken(
    connection: Connection, settings: Settings, tenant: str, system: str | None, who: Who, now: datetime
) -> list[Seat]:
    """Where they coordinate now. system: only in logs and plans that it keeps; None: in all of the tenant."""
    columns, frame = seat.c, resource.c
    rows = connection.execute(
        select(frame.person, columns.frame, columns.ref, columns.role, columns.system, frame.created_by)
        .join(resource, (frame.tenant == columns.tenant) & (frame.ref == columns.frame))
        .where(
            columns.tenant == tenant,
            columns.holder.in_(sorted(who.holders)),
            columns.starts <= now,
            columns.ends > now,
        )
    ).all()
    trusted = _trusted(settings, tenant)
    found = {
        Seat(row.person, row.frame, row.ref, row.role)
        for row in rows
        if row.system in trusted and system in (None, row.created_by)
    }
    return sorted(found, key=lambda one: (one.person, one.frame, one.participant))


def _trusted(settings: Settings, tenant: str) -> frozenset[str]:
    """Systems whose word on who takes part counts (see gateway/exchange/statements.py)."""
    return frozenset(
        s.id for s in settings.systems if s.tenant == tenant and (s.adapter != "fhir" or s.states_facts)
    )


def persons(found: Iterable[Seat]) -> dict[str, list[Seat]]:
    """The same by person."""
    out: dict[str, list[Seat]] = {}
    for one in found:
        out.setdefault(one.person, []).append(one)
    return out
