"""Whether a referral goes to the one it is for: only from somebody who may refer there, as things are now.
What others wrote for it is kept, and is seen by those who may see it, but is not sent there as a referral."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from consent.days import day
from consent.decision import Decision, Outcome, Reason
from gateway.config import Settings, System
from gateway.exchange.facts import PersonFacts
from gateway.exchange.judge import View
from gateway.hub.versions import Version
from gateway.intake import referring
from gateway.intake.referring import Referrer, Returned
from mappings.referrals import Referral, referral_of

CATEGORY: Final = frozenset({"henvisning"})
NYNORSK: Final = (
    "Den som viser til denne mottakaren, kan ikkje det. Tilvisinga er teken vare på, men ikkje send."
)


def withheld(
    settings: Settings, facts: PersonFacts, system: System, focal: Version, now: datetime
) -> View | None:
    """The empty view of a referral that does not go to this recipient, with the reason; None for all else."""
    if focal.created_by == system.id:
        return None
    return withheld_from(settings, facts, system.organization, focal, now)


def withheld_from(
    settings: Settings, facts: PersonFacts, organization: str, focal: Version, now: datetime
) -> View | None:
    """The same for whoever reads on behalf of an organization, with or without a system of its own."""
    referral = referral_of(focal.resource)
    if referral is None or not is_for(referral, organization, facts):
        return None
    referrer = _referrer(referral.referrer, facts)
    services = _services(facts, referral.organization)
    back = referring.returned(referral, referrer, services, settings.referral_rules, day(now))
    return None if back is None else View(focal.ref, {}, {CATEGORY: _denied(back)})


def is_for(referral: Referral, organization: str, facts: PersonFacts) -> bool:
    """Whether a referral is for this organization: by its number, or by a service it takes part with."""
    if referral.organization is not None:
        return referral.organization == organization
    return referral.service in _services(facts, organization)


def _services(facts: PersonFacts, organization: str | None) -> frozenset[str]:
    if organization is None:
        return frozenset()
    found = (p.service for p in facts.facts.participants if p.organization == organization)
    return frozenset(service for service in found if service)


def _referrer(ref: str | None, facts: PersonFacts) -> Referrer | None:
    found = next((p for p in facts.facts.participants if p.id == ref), None)
    if found is None:
        return None
    return Referrer(
        found.service, found.id in facts.health_personnel, facts.professions.get(found.id, frozenset())
    )


def _denied(back: Returned) -> Decision:
    reason = Reason("referral", "stafettbro.toml", back.text, NYNORSK, back.way, "")
    return Decision(Outcome.DENY, None, (reason,))
