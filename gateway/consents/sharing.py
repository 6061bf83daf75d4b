"""Whether an item still goes to a holder, and since when it does not: the same question as a delivery asks,
at the moments since the last time at which the answer may have changed by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice

from sqlalchemy import Connection

import consent
from gateway.config import Settings, System
from gateway.consents.receipts import Holder, Receipt
from gateway.exchange import endings
from gateway.exchange.facts import PersonFacts
from gateway.exchange.selection import Selection
from gateway.hub.versions import Version
from mappings import reading
from mappings.fhir import FhirMapping

MOST = 200  # moments that are looked at


@dataclass(frozen=True, slots=True)
class Sharing:
    """goes_on: a change of the item would be told there. ended: since when not, where that is known."""

    goes_on: bool
    ended: datetime | None = None


@dataclass(slots=True)
class Sharings:
    """Asked about one person at one time."""

    connection: Connection
    settings: Settings
    facts: PersonFacts
    now: datetime
    _asked: dict[tuple[str, str, datetime], bool] = field(default_factory=dict)  # system, item, time
    _past: dict[datetime, PersonFacts] = field(default_factory=dict)
    _ended: dict[str, dict[str, datetime]] = field(default_factory=dict)  # system -> reference -> since

    def of(self, holder: Holder, receipt: Receipt, item: str, parts: Mapping[str, Version]) -> Sharing:
        """How it stands with one resource of an item at a holder."""
        system = holder.system
        if system is None:
            return Sharing(goes_on=False, ended=receipt.last)  # a copy is not kept up
        if reading.in_error(parts[item].resource):
            return Sharing(goes_on=False, ended=parts[item].stored)
        if self._allowed(system, holder.organization, item, parts, self.now):
            return Sharing(goes_on=True)
        return Sharing(goes_on=False, ended=self._since(system, holder, receipt, item, parts))

    def _since(
        self,
        system: System,
        holder: Holder,
        receipt: Receipt,
        item: str,
        parts: Mapping[str, Version],
    ) -> datetime | None:
        """The last moment from which it was not allowed any more, as was known then; else when the gateway
        noticed, which is all that is known where a record was changed that had been there before."""
        found, before = None, self._allowed(system, holder.organization, item, parts, receipt.last)
        for at in self._moments(receipt.last):
            allowed = self._allowed(system, holder.organization, item, parts, at)
            if before and not allowed:
                found = at
            before = allowed
        return found or self._noticed(system).get(receipt.ref)

    def _moments(self, after: datetime) -> Iterator[datetime]:
        def edges() -> Iterator[datetime]:
            at = consent.edges(self.facts.facts, after)
            while at is not None and at <= self.now:
                yield at
                at = consent.edges(self.facts.facts, at)

        return islice(edges(), MOST)

    def _allowed(
        self,
        system: System,
        organization: str | None,
        item: str,
        parts: Mapping[str, Version],
        at: datetime,
    ) -> bool:
        there = self.facts.recipient(system, at).organizations
        if organization not in (there or {system.organization}):
            return False
        place = (system.id, item, at)
        known = self._asked.get(place)
        if known is None:
            channel = system.deliver if system.deliver != "none" else "read"
            selection = Selection(system, self.settings, FhirMapping(), self._then(at), channel, at)
            view = selection.view(item, dict(parts))
            known = self._asked[place] = view is not None and view.permitted
        return known

    def _then(self, at: datetime) -> PersonFacts:
        """The facts without what somebody said only later: an exception stands whenever it is asked about."""
        known = self._past.get(at) if at < self.now else self.facts
        if known is None:
            said = tuple(c for c in self.facts.facts.consents if c.recorded is None or c.recorded <= at)
            facts = replace(self.facts.facts, consents=said)
            known = replace(self.facts, facts=facts, prepared=consent.prepare(facts))
            self._past[at] = known
        return known

    def _noticed(self, system: System) -> Mapping[str, datetime]:
        known = self._ended.get(system.id)
        if known is None:
            found = endings.of_person(self.connection, self.facts.tenant, system.id, self.facts.person)
            known = self._ended[system.id] = {ref: one.stored for ref, one in found.items()}
        return known
