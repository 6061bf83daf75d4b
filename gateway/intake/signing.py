"""A consent or a refusal that somebody gives here, on a page: a new record beside those of the log or plan,
taken in as if its own system had told of it. Consents are never created in a system of others, so no system
is given it as a record of its own; FHIR systems that it names get it like any.

Who may sign, and what, was settled before; this only takes in.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.errors import Conflict, NotFound
from gateway.hub import versions
from gateway.hub.journal import Journal
from gateway.hub.persons import PersonRow
from gateway.hub.store import Store
from gateway.intake.workspace import Workspace
from mappings.model import Resource


@dataclass(frozen=True, slots=True)
class Signed:
    """The consent as it stands. stored: when the hub took it in."""

    ref: str
    stored: datetime


@dataclass(frozen=True, slots=True)
class Signer:
    """Takes in what people of one tenant sign about one person."""

    store: Store
    journal: Journal
    tenant: str
    person: str

    def sign(
        self, frame: str, by: str, facts_no: int, now: datetime, make: Callable[[str], Resource]
    ) -> Signed:
        """Take in what `make` writes under a new id, as said by the participant `by` of the log or plan.

        facts_no: what the decision shown to the signer rested on. Raises Conflict where that has changed,
        NotFound where there is no such log or plan."""
        ref = f"Consent/{uuid.uuid4()}"
        with self.store.write(self.tenant) as connection:
            head = versions.current(connection, self.tenant, frame)
            if head is None or head.person != self.person:
                raise NotFound("No such log or plan")
            ws = Workspace(connection, self.store, self.tenant, head.created_by, now)
            ws.lock([self.person])
            _demand_unchanged(ws.people[self.person], facts_no)
            for resource in (make(ref.partition("/")[2]), _provenance(ref, by, now)):
                ws.append(resource, person_id=self.person, item=ref, recorded=now)
            ws.flush()
            self.journal.write(ws.connection, self.tenant, ws.narrowed)
        return Signed(ref, now)


def _demand_unchanged(row: PersonRow, facts_no: int) -> None:
    if row.facts_no != facts_no:
        raise Conflict("What this rests on has changed since it was shown", code="changed-meanwhile")


def _provenance(ref: str, by: str, now: datetime) -> Resource:
    return {
        "resourceType": "Provenance",
        "id": f"{ref.partition('/')[2]}-provenance",
        "target": [{"reference": ref}],
        "recorded": now.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "agent": [{"who": {"reference": by}}],
    }
