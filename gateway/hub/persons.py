"""Persons: found by a keyed hash of a national id, never by name; their row is the lock under which their
changes are numbered."""

from __future__ import annotations

import hashlib
import hmac
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from gateway import key_file
from gateway.config import Settings, secret
from gateway.hub.schema.tables import person, person_identifier


@dataclass(slots=True)
class PersonRow:
    """One locked person: the number of the newest change, and of the newest that decisions rest on.
    merged_into: who this one turned out to be; merges: how often it took part in a merge or its undoing,
    None: never."""

    id: str
    change_no: int
    facts_no: int
    merged_into: str | None = None
    merges: int | None = None


class IdentifierKey:
    """Turns national ids into keyed hashes. Without the key a dump of the database finds nobody."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def of(cls, settings: Settings) -> IdentifierKey:
        """From the configured secret, else a key kept in the state folder (made at first use)."""
        if settings.identifier_key_ref:
            return cls(secret(settings.identifier_key_ref).encode())
        return cls(key_file.kept(settings.state_folder / "identifier.key").encode())

    def derived(self, purpose: str) -> bytes:
        """A key of its own for another purpose; from it, nobody finds this one or any identifier's hash."""
        return hmac.digest(self._key, b"\x00" + purpose.encode(), hashlib.sha256)

    def hash(self, system: str, value: str) -> str:
        """HMAC-SHA-256 (hex) of one identifier."""
        return hmac.new(self._key, f"{system}|{value}".encode(), hashlib.sha256).hexdigest()


def find(connection: Connection, tenant: str, hashes: Iterable[str]) -> dict[str, str]:
    """Keyed hash -> person id, for those known."""
    table = person_identifier.c
    wanted = list(hashes)
    if not wanted:
        return {}
    rows = connection.execute(
        select(table.keyed_hash, table.person).where(table.tenant == tenant, table.keyed_hash.in_(wanted))
    )
    return {row.keyed_hash: row.person for row in rows}


def create(connection: Connection, tenant: str, hashes: Iterable[str], now: datetime) -> str:
    """A new person known by these identifiers. A race with another creator ends in an IntegrityError."""
    person_id = str(uuid.uuid4())
    connection.execute(
        insert(person), {"tenant": tenant, "id": person_id, "change_no": 0, "facts_no": 0, "created": now}
    )
    name(connection, tenant, person_id, hashes)
    return person_id


def name(connection: Connection, tenant: str, person_id: str, hashes: Iterable[str]) -> None:
    """Identifiers by which this person is found from now on."""
    rows = [{"tenant": tenant, "keyed_hash": h, "person": person_id} for h in hashes]
    if rows:
        connection.execute(insert(person_identifier), rows)


def lock(connection: Connection, tenant: str, ids: Iterable[str]) -> dict[str, PersonRow]:
    """Lock these persons' rows in id order until the transaction ends."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    rows = connection.execute(_LOCK, {"tenant": tenant, "wanted": wanted})
    return {r.id: PersonRow(r.id, r.change_no, r.facts_no, r.merged_into, r.merges) for r in rows}


def resolve(connection: Connection, tenant: str, person_id: str) -> str:
    """The person that this id stands for now: another's, after a merge."""
    seen: set[str] = set()
    while person_id not in seen:
        seen.add(person_id)
        onward = connection.execute(
            select(person.c.merged_into).where(person.c.tenant == tenant, person.c.id == person_id)
        ).scalar()
        if onward is None:
            return person_id
        person_id = str(onward)
    return person_id


_LOCK = (
    select(person.c.id, person.c.change_no, person.c.facts_no, person.c.merged_into, person.c.merges)
    .where(person.c.tenant == bindparam("tenant"), person.c.id.in_(bindparam("wanted", expanding=True)))
    .order_by(person.c.id)
    .with_for_update()
)
_NUMBER = (
    update(person)
    .where(person.c.tenant == bindparam("in_tenant"), person.c.id == bindparam("in_id"))
    .values(change_no=bindparam("change_no"), facts_no=bindparam("facts_no"))
)


def number(connection: Connection, tenant: str, rows: Iterable[PersonRow]) -> None:
    """Write how far the changes of locked persons have been numbered."""
    given = [
        {"in_tenant": tenant, "in_id": r.id, "change_no": r.change_no, "facts_no": r.facts_no} for r in rows
    ]
    if given:
        connection.execute(_NUMBER, given)
