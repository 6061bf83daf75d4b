"""An older edition that arrives after a newer one: history. A consent's that takes something back is more:
what it withdraws is withdrawn, what it excepts is excepted, until a later act lifts it; and a person is asked
to look, since the newer edition did not say so.

Source: shared law.md, "Evaluating" (only a later act by that giver lifts an exception; unclear: deny).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite

from consent import fhir_consent
from consent.model import Consent
from gateway.hub import versions
from gateway.hub.content import digest, pack
from gateway.hub.schema.tables import late_edition
from gateway.intake.consents import consent_of, ends, withdrawn
from gateway.intake.workspace import Workspace
from mappings.model import Heading, Record, Resource


@dataclass(frozen=True, slots=True)
class Edition:
    """One older edition of a record of one system."""

    system: str
    person: str
    ref: str
    heading: Heading
    record: Record

    def was_newest(self, ws: Workspace, said: Resource | None = None) -> bool:
        """Whether it was taken in when it was the newest. said: the consent it is; then it must say the same
        to those who decide by it."""
        return any(
            old.source == self.system
            and old.recorded == self.heading.changed
            and (said is None or fhir_consent.read(old.resource) == fhir_consent.read(said))
            for old in versions.history(ws.connection, ws.tenant, self.ref)
        )

    def keep(self, ws: Workspace) -> bool:
        """Keep it as history. False if it was kept before."""
        dialect: Any = sqlite if ws.store.sqlite else postgresql
        key = (ws.tenant, self.system, self.heading.id, digest(self.record))
        result = ws.connection.execute(
            dialect.insert(late_edition).on_conflict_do_nothing().returning(late_edition.c.digest),
            {
                "tenant": ws.tenant,
                "system": self.system,
                "native_id": self.heading.id,
                "digest": key[-1],
                "person": self.person,
                "ref": self.ref,
                "recorded": self.heading.changed,
                "stored": ws.now,
                "content": pack(ws.connection, self.record, self.person, late_edition, *key),
            },
        )
        return result.first() is not None


def taken_back(late: Resource, current: Resource, at: datetime) -> Resource:
    """The current consent without what an older edition takes back; the very `current` where it takes
    nothing. at: when the older edition was written."""
    said, stands = consent_of(late), consent_of(current)
    if said is None or stands is None or stands.in_error:
        return current
    made = _with_exceptions(late, current, said, stands)
    if ends(said) and not ends(stands):
        by = next((r for r in sorted(said.givers)), "unknown")
        made = withdrawn(made, said.withdrawn or at, by)
    return made


def _with_exceptions(late: Resource, current: Resource, said: Consent, stands: Consent) -> Resource:
    fewer = said.except_recipients <= stands.except_recipients and said.except_items <= stands.except_items
    others, known = fhir_consent.read(late)[1:], fhir_consent.read(current)[1:]
    if fewer and all(one in known for one in others):
        return current
    provision: dict[str, Any] = current.get("provision") or {}
    nested = list(provision.get("provision") or ())
    nested += [one for one in (late.get("provision") or {}).get("provision") or () if one not in nested]
    return {**current, "provision": {**provision, "provision": nested}}
