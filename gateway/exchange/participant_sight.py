"""What one participant who acts for a service may read of a person, in the form that systems get under /fhir:
the same sight, with the participant in the place of a system. Decided item by item by the same judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from consent.model import Participant
from gateway.config import Settings, System
from gateway.exchange.facts import PersonFacts
from gateway.exchange.judge import Judge
from gateway.exchange.readers import alone
from gateway.exchange.selection import Selection
from gateway.exchange.sight import Moment, Sight
from gateway.hub.versions import Version
from mappings.fhir import FhirMapping

PURPOSE = "samordning"


@dataclass(frozen=True, slots=True)
class AtPages(Selection):
    """Selects for one participant, wherever an item was made. system: as what the log of what was told knows
    the pages; no system of the configuration, and nothing is ever sent to it."""

    reader: Participant

    def _judge(self, item: str, parts: Mapping[str, Version]) -> Judge | None:
        if item not in parts:
            return None
        recipient = alone(self.reader, self.system.id)
        return Judge(self.facts, recipient, channel=self.channel, purpose=PURPOSE, now=self.now)


def sight_at_pages(
    connection: Connection,
    settings: Settings,
    facts: PersonFacts,
    reader: Participant,
    name: str,
    now: datetime,
    moment: Moment,
) -> Sight:
    """The person as the participant may see them, nothing looked at yet. name: of the pages, as a recipient;
    moment: what the decisions rest on."""
    pages = System.model_construct(
        id=name, tenant=facts.tenant, adapter="fhir", organization=reader.organization or ""
    )
    selection = AtPages(pages, settings, FhirMapping(), facts, "page", now, reader)
    return Sight(connection, pages, facts, now, moment, selection)
