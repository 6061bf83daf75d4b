"""The numbers a person is found by: keyed hashes, since when each is used and until when it was, and whose
Patient states it where persons were merged. The numbers themselves stand nowhere here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.sql import ColumnElement

from gateway.hub.persons import IdentifierKey
from gateway.hub.schema.tables import link, person_identifier
from mappings.canonical import DNR, DUF, FHN, FNR

KINDS = {FNR: "fnr", DNR: "dnr", FHN: "fhn", DUF: "duf"}
RENUMBERED = "number-changed"  # on a link to a Patient: whom the recipient has is to be looked up again


@dataclass(frozen=True, slots=True)
class Stated:
    """One identifier as a record states it, by its hash. kind: fnr, dnr, fhn, duf; None for another."""

    hash: str
    kind: str | None


@dataclass(frozen=True, slots=True)
class Known:
    """One identifier as it is kept. until: since then it is a former one."""

    hash: str
    person: str
    patient: str
    kind: str | None
    source: str | None
    until: datetime | None


def stated(key: IdentifierKey, identifiers: Iterable[tuple[str, str]]) -> tuple[Stated, ...]:
    """What these identifiers (system, value) are found by."""
    return tuple(Stated(key.hash(system, value), KINDS.get(system)) for system, value in identifiers)


def known(connection: Connection, tenant: str, hashes: Iterable[str]) -> dict[str, Known]:
    """Those of these that are somebody's here."""
    wanted = sorted(set(hashes))
    if not wanted:
        return {}
    return _read(connection, tenant, person_identifier.c.keyed_hash.in_(wanted))


def of_person(connection: Connection, tenant: str, person: str) -> dict[str, Known]:
    """All of one person, former ones too."""
    return _read(connection, tenant, person_identifier.c.person == person)


def _read(connection: Connection, tenant: str, which: ColumnElement[bool]) -> dict[str, Known]:
    rows = connection.execute(select(person_identifier).where(person_identifier.c.tenant == tenant, which))
    return {
        r.keyed_hash: Known(r.keyed_hash, r.person, r.patient or r.person, r.kind, r.source, r.until)
        for r in rows
    }


def add(
    connection: Connection,
    tenant: str,
    person: str,
    patient: str,
    new: Iterable[Stated],
    source: str,
    now: datetime,
    *,
    until: datetime | None = None,
) -> None:
    """Numbers by which this person is found from now on. until: they were known to be former ones already."""
    rows = [
        {
            "tenant": tenant,
            "keyed_hash": one.hash,
            "person": person,
            "patient": patient,
            "kind": one.kind,
            "source": source,
            "since": now,
            "until": until,
        }
        for one in new
    ]
    if rows:
        connection.execute(insert(person_identifier), rows)


def retire(connection: Connection, tenant: str, former: Iterable[Known], now: datetime) -> None:
    """These were used until now. The person is found by them still."""
    hashes = [one.hash for one in former]
    if hashes:
        connection.execute(
            update(person_identifier)
            .where(person_identifier.c.tenant == tenant, person_identifier.c.keyed_hash.in_(hashes))
            .values(until=now)
        )


def revive(connection: Connection, tenant: str, again: Iterable[Known]) -> None:
    """These are used again."""
    hashes = [one.hash for one in again]
    if hashes:
        connection.execute(
            update(person_identifier)
            .where(person_identifier.c.tenant == tenant, person_identifier.c.keyed_hash.in_(hashes))
            .values(until=None)
        )


def doubt_patients(connection: Connection, tenant: str, patient: str, but: str) -> None:
    """Whom other systems have under their id of this Patient is to be looked up again before anything goes
    there: the number it was found by may have been somebody else's. but: the system that says so."""
    connection.execute(
        update(link)
        .where(link.c.tenant == tenant, link.c.ref == f"Patient/{patient}", link.c.system != but)
        .values(hold=RENUMBERED, hold_digest=RENUMBERED)
    )
