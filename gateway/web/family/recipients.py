"""What decisions about one recipient rest on, as far as a reader may know of it: a consent or a no that is
kept from this reader neither opens nor closes anything on their pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import consent
from consent.model import Consent, Recipient
from gateway.config import Settings, System
from gateway.exchange import statements
from gateway.exchange.facts import Continues, PersonFacts
from gateway.exchange.judge import Judge
from gateway.web.insight import Insight

NOBODY: Final = "~outlook"  # a recipient without a system of its own


def as_known(known: PersonFacts, may_know: Callable[[Consent], bool]) -> PersonFacts:
    """The facts with the consents alone that a reader may know of."""
    consents = known.facts.consents
    kept = tuple(one for one in consents if one.in_error or may_know(one))
    return known if len(kept) == len(consents) else with_consents(known, kept)


def with_consents(known: PersonFacts, consents: tuple[Consent, ...]) -> PersonFacts:
    """The facts as they would be with these consents and no others."""
    facts = replace(known.facts, consents=consents)
    continues = {plan: Continues(one.log, _for_plan(facts, one.log)) for plan, one in known.continues.items()}
    return replace(known, facts=facts, prepared=consent.prepare(facts), continues=continues)


def _for_plan(facts: consent.Facts, log: str) -> consent.Prepared:
    """What was consented to in a closed log holds there; what was refused stands for its plan too."""
    own = [replace(c, recipients=frozenset()) if c.frame == log else c for c in facts.consents]
    return consent.prepare(replace(facts, consents=tuple(own)))


@dataclass(frozen=True, slots=True)
class Addressee:
    """One recipient as a consent names it, with the system it has here."""

    recipient: Recipient
    system: System | None

    def judge(self, settings: Settings, insight: Insight, facts: PersonFacts) -> Judge:
        """Who decides what it may have, on consents and on the grounds of the routes that lead to it."""
        routes = [r for r in settings.routes if self.system is not None and r.recipient == self.system.id]
        return Judge(
            facts,
            self.recipient,
            channel="push",
            purpose="samordning",
            now=insight.now,
            bases=tuple(basis for route in routes for basis in statements.bases(route)),
        )


def addressee(insight: Insight, settings: Settings, said: str) -> Addressee | None:
    """Who a consent means by this: an organization number, a service, a participant. None for nobody here."""
    if "/" in said:
        return Addressee(Recipient(NOBODY, frozenset(), frozenset({said})), None)
    people = insight.here.facts.facts.participants
    named = {p.organization for p in people if p.service == said and p.organization}
    numbers = frozenset({said}) if said.isdecimal() else frozenset(named)
    if not numbers:
        return None
    mine = (s for s in settings.systems if s.tenant == insight.here.tenant and s.organization in numbers)
    system = next(mine, None)
    if system is None:
        return Addressee(Recipient(NOBODY, numbers), None)
    return Addressee(Recipient(system.id, numbers, frozenset(), frozenset(system.honours)), system)
