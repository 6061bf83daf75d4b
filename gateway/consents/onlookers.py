"""Who has looked at what about a person, as one participant may see it: of each entry of the audit only what
of it that reader may see. An entry that names nothing of that leaves no trace: no row, no count, no date.

Source: shared law.md, "Logging" (the person may read it), audience, B1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from consent.people import active
from consent.world import PROTECTED
from gateway.config import Settings
from gateway.consents import onlooker_words as said
from gateway.consents import words
from gateway.consents.gathering import basis
from gateway.consents.holdings import PURPOSE, READER
from gateway.consents.receipts import PAGE
from gateway.consents.telling import ground
from gateway.consents.words import Said
from gateway.exchange.disclosures import EXEMPT, UNSENT
from gateway.exchange.facts import PersonFacts
from gateway.exchange.judge import Judge
from gateway.exchange.readers import alone
from gateway.exchange.selection import by_item
from gateway.hub import versions
from gateway.hub.audit import listing
from gateway.hub.audit.entries import Kind
from gateway.hub.audit.listing import Looked, Wanted

STEP: Final = 200  # entries read at a time
OPERATIONS: Final = "~drift"  # whoever operates the gateway, and has the right to see content
MOST: Final = 5_000  # entries looked through for one page


@dataclass(frozen=True, slots=True)
class Onlooker:
    """One entry as the reader is told of it. refs: what of it the reader may see; why: on which grounds they
    were told, where anything was. own: the reader did it."""

    number: int
    at: datetime
    kind: Kind
    who: Said
    sentence: Said
    refs: tuple[str, ...]
    why: tuple[Said, ...] = ()
    own: bool = False


@dataclass(frozen=True, slots=True)
class Onlookers:
    """About one person, for one reader at one time. within: only items among these references; None:
    whatever the reader may see."""

    settings: Settings
    facts: PersonFacts
    reader: str
    now: datetime
    within: frozenset[str] | None = None

    @property
    def may(self) -> bool:
        """Whether the reader takes part now."""
        return any(p.id == self.reader and active(p, self.now) for p in self.facts.facts.participants)

    def page(self, connection: Connection, before: int | None, limit: int) -> list[Onlooker]:
        """So many of them, newest first."""
        found: list[Onlooker] = []
        for _ in range(MOST // STEP if self.may else 0):
            wanted = Wanted(person=self.facts.person, before=before, limit=STEP)
            step = listing.looked(connection, self.facts.tenant, wanted)
            found += self._shown(connection, step)
            if len(step) < STEP or len(found) >= limit:
                break
            before = step[-1].number
        return found[:limit]

    def _shown(self, connection: Connection, step: list[Looked]) -> Iterator[Onlooker]:
        seen = self._seen(connection, {ref for one in step for ref in _refs(one)})
        for one in step:
            refs = tuple(ref for ref in dict.fromkeys(_refs(one)) if basis(ref) in seen)
            told = one.state != UNSENT and one.action != EXEMPT
            if refs and told and one.person == self.facts.person:
                who = self._who(one)
                said_of_it = _sentence(one, who, len(refs))
                mine = one.client == self.reader
                yield Onlooker(one.number, one.at, one.kind, who, said_of_it, refs, _why(one, refs), mine)

    def _seen(self, connection: Connection, refs: Iterable[str]) -> frozenset[str]:
        """Those of these, of this person, that the reader may see."""
        heads = versions.of_refs(connection, self.facts.tenant, sorted({basis(ref) for ref in refs}))
        items = sorted({one.item for one in heads.values() if one.person == self.facts.person})
        me = next(p for p in self.facts.facts.participants if p.id == self.reader)
        judge = Judge(self.facts, alone(me, READER), channel=PAGE, purpose=PURPOSE, now=self.now)
        parts = by_item(versions.of_items(connection, self.facts.tenant, items))
        views = (judge.view(item, own) for item, own in parts.items())
        seen = frozenset(ref for view in views if view.permitted for ref in view.resources)
        return seen if self.within is None else seen & self.within

    def _who(self, one: Looked) -> Said:
        """Who it was, as the reader may be told: where the address is protected, what kind of service."""
        if one.client == self.reader:
            return said.YOU
        system = self.settings.system(one.system) if one.system else None
        if system is None and (one.source != PAGE or one.system == OPERATIONS):
            return said.OPERATOR
        number = system.organization if system is not None else self.facts.organizations.get(one.client or "")
        if number is None:
            return said.FAMILY
        organization = self._organizations.get(number)
        if organization is None:
            return words.SOMEBODY
        if self.facts.facts.address_protection in PROTECTED:
            return words.REGIMES.get(organization[1], words.SOMEBODY)
        return Said(organization[0], organization[0])

    @property
    def _organizations(self) -> Mapping[str, tuple[str, str]]:
        return {o.number: (o.name, o.regime) for o in self.settings.organizations if o.name}


def _refs(one: Looked) -> tuple[str, ...]:
    told = tuple(ref for ref, _ in one.items if not ref.startswith("Provenance/"))
    return told or ((one.subject,) if one.subject and one.subject.startswith("Consent/") else ())


def _why(one: Looked, refs: Iterable[str]) -> tuple[Said, ...]:
    """Each ground once, in words of the rules that held then."""
    found = dict.fromkeys(one.grounds[ref] for ref in refs if ref in one.grounds)
    return tuple(dict.fromkeys(ground(code, one.at) for code in found))


def _sentence(one: Looked, who: Said, count: int) -> Said:
    pattern = said.SENTENCES[_manner(one)]
    what = said.ONE if count == 1 else said.MANY
    return Said(
        pattern.nb.format(who=who.nb, what=what.nb.format(count=count)),
        pattern.nn.format(who=who.nn, what=what.nn.format(count=count)),
    )


def _manner(one: Looked) -> str:
    if one.kind is Kind.DISCLOSURE:
        return {"delivered": "got", "refused": "refused"}.get(one.state or "", "may-have-got")
    if one.kind in (Kind.READ, Kind.SEARCH):
        return one.kind.value
    return "consent"
