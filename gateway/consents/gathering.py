"""Puts receipts together with what may be told of each: one holding per holder. Whoever calls has decided
what is in `seen`; what is not in there leaves nothing behind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from consent.world import PROTECTED
from gateway.config import Settings
from gateway.consents.held import Held, Holding
from gateway.consents.receipts import Holder, Receipt
from gateway.consents.sharing import Sharings
from gateway.exchange.facts import PersonFacts
from gateway.exchange.selection import Parts, by_item
from gateway.hub import versions
from gateway.timeline import kind_of
from mappings import reading, telling
from mappings.model import Resource

Receipts = Mapping[Holder, Mapping[str, Receipt]]
KINDS: Final = {"Patient": "person", "PractitionerRole": "deltaker", "RelatedPerson": "deltaker"}
UNTITLED: Final = frozenset({"person", "deltaker", "team", "plan", "samtykke"})  # a code is no title


def basis(ref: str) -> str:
    """A team is told of as the log or plan that it is derived from."""
    kind, _, own = ref.partition("/")
    return f"CarePlan/{own}" if kind == "CareTeam" else ref


def parts_of(
    connection: Connection, facts: PersonFacts, found: Receipts, within: frozenset[str] | None
) -> Parts:
    """The items of these receipts as they are now; within: no others than these."""
    refs = {basis(ref) for own in found.values() for ref in own}
    items = {one.item for one in versions.of_refs(connection, facts.tenant, refs).values()}
    wanted = items if within is None else items & within
    return by_item(versions.of_items(connection, facts.tenant, sorted(wanted)))


@dataclass(frozen=True, slots=True)
class Gathering:
    """About one person at one time. seen: reference -> its item, and the resource as it may be shown. titled:
    with its words."""

    connection: Connection
    settings: Settings
    facts: PersonFacts
    now: datetime
    seen: Mapping[str, tuple[str, Resource]]
    parts: Parts
    titled: bool = True

    def holdings(self, found: Receipts) -> tuple[Holding, ...]:
        """One for each holder of anything that is seen, by name."""
        sharings = Sharings(self.connection, self.settings, self.facts, self.now)
        made = [
            self._holding(holder, tuple(self._held(holder, own, sharings))) for holder, own in found.items()
        ]
        return tuple(sorted((one for one in made if one.held), key=_place))

    def _held(self, holder: Holder, own: Mapping[str, Receipt], sharings: Sharings) -> Iterator[Held]:
        for ref, receipt in own.items():
            if basis(ref) not in self.seen or ref.startswith("Provenance/"):
                continue
            item, resource = self.seen[basis(ref)]
            kind = "team" if ref.startswith("CareTeam/") else _kind(resource)
            words = self.titled and kind not in UNTITLED
            current = self.parts[item][basis(ref)]
            yield Held(
                ref=ref,
                kind=kind,
                title=telling.title_of(resource) if words else None,
                time=next(telling.times_of(resource), None) if words else None,
                receipt=receipt,
                in_error=current.stored if reading.in_error(current.resource) else None,
                sharing=sharings.of(holder, receipt, item, self.parts[item]),
            )

    def _holding(self, holder: Holder, held: tuple[Held, ...]) -> Holding:
        known = {o.number: o for o in self.settings.organizations}
        organization = known.get(holder.organization or "")
        return Holding(
            holder=holder,
            name=organization.name if organization else None,
            regime=organization.regime if organization else None,
            protected=self.facts.facts.address_protection in PROTECTED,
            held=tuple(sorted(held, key=lambda one: (one.receipt.first, one.ref))),
        )


def _place(one: Holding) -> tuple[str, str, str]:
    system = one.holder.system
    return one.name or "", one.holder.organization or "", system.id if system else ""


def _kind(resource: Resource) -> str:
    return KINDS.get(resource["resourceType"]) or kind_of(resource)
