"""Who holds what about a person, as one participant may see it: every row is decided for that reader as if it
were shown on a page. What the reader may not see leaves no trace here: no row, no gap, no count, no date."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from consent.model import Recipient
from consent.people import active
from gateway.config import Settings
from gateway.consents.gathering import Gathering, basis, parts_of
from gateway.consents.held import Holding, Looked
from gateway.consents.receipts import PAGE, receipts
from gateway.exchange.disclosures import Attempt, new_id
from gateway.exchange.facts import PersonFacts
from gateway.exchange.judge import Judge, View
from gateway.exchange.readers import alone
from gateway.exchange.selection import Parts

PURPOSE: Final = "samordning"
READER: Final = "~participant"  # no system can be called that


@dataclass(frozen=True, slots=True)
class Look:
    """One participant's look. within: only items among these; None: whatever the reader may see."""

    settings: Settings
    facts: PersonFacts
    reader: str
    now: datetime
    within: frozenset[str] | None = None

    @property
    def may(self) -> bool:
        """Whether the reader takes part now."""
        return any(p.id == self.reader and active(p, self.now) for p in self.facts.facts.participants)

    def look(self, connection: Connection) -> Looked:
        """Everything of it, by holder. Nothing for one who takes no part."""
        found = receipts(connection, self.settings, self.facts) if self.may else {}
        parts = parts_of(connection, self.facts, found, self.within)
        views = self._views(parts)
        seen = {ref: (item, shown) for item, v in views.items() for ref, shown in v.resources.items()}
        gathering = Gathering(connection, self.settings, self.facts, self.now, seen, parts)
        holdings = gathering.holdings(found)
        refs = dict.fromkeys(basis(one.ref) for holding in holdings for one in holding.held)
        return Looked(holdings, self._attempt([(ref, seen[ref][0]) for ref in refs], views, parts))

    def _views(self, parts: Parts) -> dict[str, View]:
        """Of each item what the reader may see, if anything."""
        judge = Judge(self.facts, self._recipient(), channel=PAGE, purpose=PURPOSE, now=self.now)
        views = {item: judge.view(item, own) for item, own in parts.items()}
        return {item: view for item, view in views.items() if view.permitted}

    def _recipient(self) -> Recipient:
        """The one person; who acts for a service reads as that service."""
        me = next(p for p in self.facts.facts.participants if p.id == self.reader)
        return alone(me, READER)

    def _attempt(
        self, refs: Iterable[tuple[str, str]], views: Mapping[str, View], parts: Parts
    ) -> Attempt | None:
        """The titles that are told, as one disclosure to the reader."""
        told = [views[item].disclosed(ref, parts[item][ref].version, "own") for ref, item in refs]
        return Attempt(new_id(), self.facts.person, tuple(told)) if told else None


def whole(
    connection: Connection, settings: Settings, facts: PersonFacts, now: datetime
) -> tuple[Holding, ...]:
    """Everything, for staff who look after the installation: by ids alone, without a title."""
    found = receipts(connection, settings, facts)
    parts = parts_of(connection, facts, found, None)
    seen = {ref: (item, v.resource) for item, own in parts.items() for ref, v in own.items()}
    return Gathering(connection, settings, facts, now, seen, parts, titled=False).holdings(found)
