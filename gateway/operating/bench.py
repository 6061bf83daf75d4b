"""What each recipient would get of records that somebody pasted, by the judge that decides every delivery: of
a child that nobody here knows, under assumptions, or of one that is here, as it stands now. Stores nothing,
sends nothing."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from consent.explain import Language
from gateway.config import Settings, System
from gateway.exchange.facts import PersonFacts
from gateway.hub import links, versions
from gateway.hub.persons import IdentifierKey
from gateway.hub.writers import joined
from gateway.operating.assumed import Assuming, Assumptions, Basis
from gateway.operating.judged import Judged, judged
from gateway.operating.pasted import Pasted, Whose, versions_of
from gateway.operating.trace import selection_for
from mappings.model import Record, RecordMapping


@dataclass(frozen=True, slots=True)
class Bench:
    """One system's records on the bench, at one time."""

    settings: Settings
    mappings: Mapping[str, RecordMapping]
    key: IdentifierKey
    source: System
    now: datetime
    language: Language

    @property
    def recipients(self) -> tuple[System, ...]:
        """Every other system of the tenant: where no route leads is told as well."""
        others = (one for one in self.settings.systems if one.tenant == self.source.tenant)
        return tuple(one for one in others if one.id != self.source.id)

    def assumed(
        self, natives: Sequence[Record], assumptions: Assumptions
    ) -> tuple[Basis, list[list[Judged]]]:
        """For a child nobody here knows: on what it rests, and per record what each recipient would get.
        Reads no database. Raises Impossible."""
        person = str(uuid.uuid4())
        pasted = versions_of(self._mapping, self.source, natives, Whose(person), self.now)
        assuming = Assuming(self.settings, self.key, self.source, self.recipients, assumptions, self.now)
        basis = assuming.basis(pasted, person)
        ours = {ref: ref.partition("/")[2] for ref in pasted.versions}  # as if all of it had gone there
        names = {one.id: ours for one in self.recipients}
        return basis, self._judged(pasted, basis.facts, names, held={})

    def of_child(
        self, connection: Connection, natives: Sequence[Record], facts: PersonFacts
    ) -> list[list[Judged]]:
        """For a child who is here, as if the system said this now. What the records themselves state of who
        takes part or has consented is not heeded. Raises Impossible."""
        tenant, own = facts.tenant, facts.person
        held = {
            one.id: links.names_of_person(connection, tenant, one.id, own)[0]
            for one in (self.source, *self.recipients)
        }
        known = {native: ref for ref, native in held[self.source.id].items()}
        whose = Whose(own, known, facts.frame_in(self.source.id))
        pasted = versions_of(self._mapping, self.source, natives, whose, self.now)
        before = versions.of_items(connection, tenant, pasted.items)
        pasted = replace(pasted, versions={ref: _since(one, before) for ref, one in pasted.versions.items()})
        ours = {ref: ref.partition("/")[2] for ref in pasted.versions}
        return self._judged(pasted, facts, {name: ours | refs for name, refs in held.items()}, held)

    @property
    def _mapping(self) -> RecordMapping:
        return self.mappings[self.source.id]

    def _judged(
        self,
        pasted: Pasted,
        facts: PersonFacts,
        names: Mapping[str, Mapping[str, str]],
        held: Mapping[str, Mapping[str, str]],
    ) -> list[list[Judged]]:
        found = [
            selection_for(self.settings, self.mappings, facts, one.id, self.now) for one in self.recipients
        ]
        out = []
        for item in pasted.items:
            parts = pasted.parts(item)
            out.append(
                [
                    judged(
                        selection,
                        selection.view(item, parts),
                        parts[item],
                        names[selection.system.id],
                        self.language,
                        known=item in held.get(selection.system.id, {}),
                    )
                    for selection in found
                ]
            )
        return out


def _since(one: versions.Version, before: Mapping[str, versions.Version]) -> versions.Version:
    """It was made where it was made, and belongs to all who have written in it."""
    old = before.get(one.ref)
    if old is None:
        return one
    return replace(
        one,
        version=old.version,
        created_by=old.created_by,
        first_recorded=old.first_recorded,
        writers=joined(old.writers, one.writers),
    )
