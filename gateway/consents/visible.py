"""Whether somebody who reads through a system may know of an item at all: what the system made itself, or
what the judge lets it see. Tells yes or no, never content."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from gateway.config import Settings
from gateway.exchange.facts import FactsReader
from gateway.exchange.sight import Looking
from gateway.hub.schema.tables import resource


@dataclass(frozen=True, slots=True)
class Visible:
    """For one system. None: an operator, who gets references alone and may know of all."""

    settings: Settings
    facts: FactsReader
    system: str | None
    now: datetime

    def of(self, connection: Connection, tenant: str, person: str, refs: Iterable[str]) -> frozenset[str]:
        """Those of these references ("Goal/…") that may be known of."""
        wanted = frozenset(refs)
        if self.system is None or not wanted:
            return wanted
        system = self.settings.system(self.system)
        rows = connection.execute(
            select(resource.c.ref, resource.c.created_by).where(
                resource.c.tenant == tenant, resource.c.person == person, resource.c.ref.in_(sorted(wanted))
            )
        )
        makers = {row.ref: row.created_by for row in rows}
        own = frozenset(ref for ref, maker in makers.items() if maker == self.system)
        others = sorted(makers.keys() - own)
        if system is None or system.tenant != tenant or not others:
            return own
        sight = Looking(self.settings, self.facts, system, self.now).at(connection, person, hold=False)
        if sight is None:
            return own
        sight.follow(others)
        return own | frozenset(ref for ref in others if ref in sight.seen)
