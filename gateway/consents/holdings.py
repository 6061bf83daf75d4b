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
from consent.world import PROTECTED
from gateway.config import Settings
from gateway.consents.held import Held, Holding, Looked
from gateway.consents.receipts import PAGE, Holder, Receipt, receipts
from gateway.consents.sharing import Sharings
from gateway.exchange.disclosures import Attempt, Disclosed, new_id
from gateway.exchange.facts import PersonFacts
from gateway.exchange.judge import Judge, View
from gateway.exchange.selection import Parts, by_item
from gateway.hub import versions
from gateway.timeline import kind_of
from mappings import reading, telling
from mappings.model import Resource

LABELS: Final = frozenset(
    {"NORS", "NORU", "NORN_FORANS", "NORN_UNGDOM"}
)  # each row is decided for one reader
PURPOSE: Final = "samordning"
KINDS: Final = {"Patient": "person", "PractitionerRole": "deltaker", "RelatedPerson": "deltaker"}
UNTITLED: Final = frozenset({"person", "deltaker", "team", "plan"})


@dataclass(frozen=True, slots=True)
class Look:
    """One participant's look at who holds what. within: only items among these; None: whatever the reader may
    see."""

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
        refs = {_basis(ref) for own in found.values() for ref in own}
        items = {one.item for one in versions.of_refs(connection, self.facts.tenant, refs).values()}
        wanted = items if self.within is None else items & self.within
        parts = by_item(versions.of_items(connection, self.facts.tenant, sorted(wanted)))
        seen = self._seen(parts)
        sharings = Sharings(connection, self.settings, self.facts, self.now)
        holdings = []
        for holder, own in found.items():
            held = tuple(self._held(holder, own, seen, parts, sharings))
            if held:
                holdings.append(self._holding(holder, held))
        return Looked(_in_order(holdings), self._attempt(holdings, seen, parts))

    def _seen(self, parts: Parts) -> dict[str, tuple[str, View, Resource]]:
        """Reference -> its item, the view of that, and the resource as the reader may have it."""
        recipient = Recipient(PAGE, frozenset(), frozenset({self.reader}), LABELS)
        judge = Judge(self.facts, recipient, channel=PAGE, purpose=PURPOSE, now=self.now)
        out: dict[str, tuple[str, View, Resource]] = {}
        for item, own in parts.items():
            view = judge.view(item, own)
            if view.permitted:
                out |= {ref: (item, view, shown) for ref, shown in view.resources.items()}
        return out

    def _held(
        self,
        holder: Holder,
        own: Mapping[str, Receipt],
        seen: Mapping[str, tuple[str, View, Resource]],
        parts: Parts,
        sharings: Sharings,
    ) -> Iterable[Held]:
        for ref, receipt in own.items():
            if _basis(ref) not in seen:
                continue
            item, _, resource = seen[_basis(ref)]
            kind = "team" if ref.startswith("CareTeam/") else _kind(resource)
            whole = parts[item][_basis(ref)]
            yield Held(
                ref=ref,
                kind=kind,
                title=None if kind in UNTITLED else telling.title_of(resource),
                time=None if kind in UNTITLED else next(telling.times_of(resource), None),
                receipt=receipt,
                in_error=whole.stored if reading.in_error(whole.resource) else None,
                sharing=sharings.of(holder, receipt, item, parts[item]),
            )

    def _holding(self, holder: Holder, held: tuple[Held, ...]) -> Holding:
        known = {o.number: o for o in self.settings.organizations}
        organization = known.get(holder.organization or "")
        ordered = tuple(sorted(held, key=lambda one: (one.receipt.first, one.ref)))
        return Holding(
            holder=holder,
            name=organization.name if organization else None,
            regime=organization.regime if organization else None,
            protected=self.facts.facts.address_protection in PROTECTED,
            held=ordered,
        )

    def _attempt(
        self,
        holdings: Iterable[Holding],
        seen: Mapping[str, tuple[str, View, Resource]],
        parts: Parts,
    ) -> Attempt | None:
        """The titles that are told, as one disclosure to the reader."""
        refs = dict.fromkeys(_basis(one.ref) for holding in holdings for one in holding.held)
        told: list[Disclosed] = []
        for ref in refs:
            item, view, _ = seen[ref]
            told.append(view.disclosed(ref, parts[item][ref].version, "own"))
        return Attempt(new_id(), self.facts.person, tuple(told)) if told else None


def _in_order(holdings: Iterable[Holding]) -> tuple[Holding, ...]:
    return tuple(
        sorted(
            holdings,
            key=lambda one: (
                one.name or "",
                one.holder.organization or "",
                one.holder.system.id if one.holder.system else "",
            ),
        )
    )


def _basis(ref: str) -> str:
    """A team is told of as the log or plan that it is derived from."""
    kind, _, own = ref.partition("/")
    return f"CarePlan/{own}" if kind == "CareTeam" else ref


def _kind(resource: Resource) -> str:
    return KINDS.get(resource["resourceType"]) or kind_of(resource)
