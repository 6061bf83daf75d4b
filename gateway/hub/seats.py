"""Who coordinates which log or plan: an index that is written in the transaction that writes the
participants, so that a hand-over moves a working list at once. It only finds; who may see what is decided
elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, bindparam, delete, insert, select

from consent.days import begins, ceases
from gateway.hub.persons import IdentifierKey
from gateway.hub.schema.seats import seat
from gateway.hub.versions import Version
from mappings import reading
from mappings.canonical import HPR
from mappings.reading import ParticipantReading

COORDINATORS: Final = frozenset({"stafettholder", "stedfortreder", "koordinator", "barnekoordinator"})
UNIT: Final = "koordinerendeEnhet"  # the service of a coordinating unit; also the role of its seat
PEOPLE: Final = ("PractitionerRole/", "RelatedPerson/")
FIRST: Final = datetime(1, 1, 2, tzinfo=UTC)
LAST: Final = datetime(9999, 12, 30, tzinfo=UTC)

_COLUMNS: Final = tuple(column.name for column in seat.c)
_WANTED: BindParameter[Any] = bindparam("wanted", expanding=True)
_SEATS = select(*(seat.c[name] for name in _COLUMNS)).where(
    seat.c.tenant == bindparam("tenant"), seat.c.ref.in_(_WANTED)
)


def keep(connection: Connection, tenant: str, key: IdentifierKey | None, found: Iterable[Version]) -> None:
    """Write the seats of these participants as their resources say now. Without the key they are found by
    their own references alone, until the worker's review of the person has looked at them."""
    people = [v for v in found if v.ref.startswith(PEOPLE)]
    if not people:
        return
    refs = sorted({v.ref for v in people})
    connection.execute(delete(seat).where(seat.c.tenant == tenant, seat.c.ref.in_(refs)))
    rows = [row for v in {v.ref: v for v in people}.values() for row in _rows(tenant, key, v)]
    if rows:
        connection.execute(insert(seat), rows)


def stale(connection: Connection, tenant: str, key: IdentifierKey, found: Iterable[Version]) -> bool:
    """Whether the seats of these participants are not as their resources say."""
    people = [v for v in found if v.ref.startswith(PEOPLE)]
    wanted = {tuple(row[name] for name in _COLUMNS) for v in people for row in _rows(tenant, key, v)}
    rows = connection.execute(_SEATS, {"tenant": tenant, "wanted": sorted(v.ref for v in people)})
    return {tuple(row) for row in rows} != wanted


def holders(key: IdentifierKey, found: ParticipantReading) -> frozenset[str]:
    """Keyed hashes by which a participant is known elsewhere too: an HPR number, a user at a login."""
    known = [(f"user {issuer}", subject) for issuer, subject in found.users]  # as people_login.user says it
    return frozenset(key.hash(*one) for one in [*known, *([(HPR, found.hpr)] if found.hpr else [])])


def unit(number: str) -> str:
    """By what the coordinating unit of this organization number is found."""
    return f"{UNIT}:{number}"


def organization(number: str) -> str:
    """By what all who coordinate on behalf of this organization are found."""
    return f"organization:{number}"


def _rows(tenant: str, key: IdentifierKey | None, version: Version) -> Iterator[dict[str, Any]]:
    found, frame = reading.participant_of(version.resource), reading.belongs_to(version.resource)
    if found is None or frame is None:
        return
    named = {(version.ref, found.role)} if found.role in COORDINATORS else set()
    if named and key is not None:
        named |= {(known, found.role) for known in holders(key, found)}
    if named and found.organization:
        named.add((organization(found.organization), found.role))
    if found.service == UNIT and found.organization:
        named.add((unit(found.organization), UNIT))
    for holder, role in sorted(named):
        yield {
            "tenant": tenant,
            "holder": holder,
            "ref": version.ref,
            "frame": frame,
            "role": role,
            "system": version.created_by,
            "starts": min(max(begins(found.start), FIRST), LAST),
            "ends": min(max(ceases(found.end), FIRST), LAST),
        }
