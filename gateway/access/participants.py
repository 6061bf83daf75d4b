"""Who among the participants of logs and plans somebody who logged in is: found by keyed hashes of a national
id, an HPR number or a user at a provider, never by name. The index is read from the feed and only proposes;
what the participant's resource says now decides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from gateway.access.people_login import user
from gateway.hub import versions
from gateway.hub.persons import IdentifierKey
from gateway.hub.schema.login_tables import participant_identity, participant_position
from gateway.hub.store import Store
from gateway.hub.versions import Version
from mappings import reading
from mappings.canonical import HPR
from mappings.model import Resource

KINDS = ("RelatedPerson/", "PractitionerRole/")
STEP = 500  # versions in one transaction
START = (0, 0, "")


@dataclass(frozen=True, slots=True)
class Participants:
    """Finds participants of one installation."""

    store: Store
    key: IdentifierKey

    def hashes(self, identities: Iterable[tuple[str, str]]) -> frozenset[str]:
        """Keyed hashes of identities; without the key they lead nowhere."""
        return frozenset(self.key.hash(system, value) for system, value in identities)

    def catch_up(self, tenant: str) -> None:
        """Read what the feed has of participants since the last time."""
        while self._step(tenant):
            pass

    def find(
        self, connection: Connection, tenant: str, hashes: frozenset[str], only: str | None = None
    ) -> dict[str, Version]:
        """The participants that are this person by their own resources as they are now. only: this one, if it
        is."""
        table = participant_identity.c
        own = (table.tenant == tenant, table.keyed_hash.in_(sorted(hashes)))
        one = () if only is None else (table.ref == only,)
        rows = connection.execute(select(table.ref).where(*own, *one).distinct())
        found = versions.of_refs(connection, tenant, [row.ref for row in rows])
        return {ref: v for ref, v in found.items() if not hashes.isdisjoint(self._known_by(v.resource))}

    def _step(self, tenant: str) -> bool:
        with self.store.write(tenant) as connection:
            after = _position(connection, tenant)
            page = versions.feed(connection, tenant, after, self.store.horizon(connection), STEP)
            if not page:
                return False
            refs = sorted({ref for _, ref in page if ref.startswith(KINDS)})
            heads = versions.of_refs(connection, tenant, refs)
            rows = [
                {"tenant": tenant, "keyed_hash": known, "ref": ref, "person": head.person}
                for ref, head in heads.items()
                for known in sorted(self._known_by(head.resource))
            ]
            kind: Any = sqlite if self.store.sqlite else postgresql
            if rows:
                connection.execute(kind.insert(participant_identity).on_conflict_do_nothing(), rows)
            _move(connection, tenant, page[-1][0], kind)
        return len(page) == STEP

    def _known_by(self, resource: Resource) -> frozenset[str]:
        found = reading.participant_of(resource)
        if found is None:
            return frozenset()
        known = [*found.identifiers, *([(HPR, found.hpr)] if found.hpr else [])]
        return self.hashes([*known, *(user(issuer, subject) for issuer, subject in found.users)])


def _position(connection: Connection, tenant: str) -> tuple[int, int, str]:
    columns = participant_position.c
    row = connection.execute(
        select(columns.transaction, columns.seq, columns.ref)
        .where(columns.tenant == tenant)
        .with_for_update()
    ).first()
    return START if row is None else (int(row.transaction), int(row.seq), row.ref)


def _move(connection: Connection, tenant: str, place: tuple[int, int, str], kind: Any) -> None:
    values = {"transaction": place[0], "seq": place[1], "ref": place[2]}
    statement = kind.insert(participant_position).values(tenant=tenant, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["tenant"], set_=values))
