"""Who may refer to whom: rules of the configuration, dated, or those that hold for BUP where it says nothing.
A referral by somebody else is kept, is not sent to the one it is for, and is answered with the reason and the
way to go. The same judgement holds at the way out (gateway/exchange/selection.py).

Source: shared domain.md, "What BUP sends back".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from gateway.config import ReferralRule
from gateway.intake.referral_words import PROFESSIONS, SERVICES
from mappings.referrals import Referral

HEALTH: Final = {"health_personnel": True}
DEFAULTS: Final = tuple(
    ReferralRule.model_validate({"recipient": "bup", **rule})
    for rule in (
        {"services": ["fastlege"], **HEALTH},
        {"services": ["kommunepsykolog"], **HEALTH},
        {"professions": ["LE", "PS"], **HEALTH},
        {"services": ["barnevern"]},
    )
)


@dataclass(frozen=True, slots=True)
class Referrer:
    """Who refers, as far as is known."""

    service: str | None
    health_personnel: bool
    professions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Returned:
    """A referral that is not sent, in words for its author: why, and the way to go."""

    why: str
    way: str

    @property
    def text(self) -> str:
        """Both."""
        return f"{self.why} {self.way}"


def returned(
    referral: Referral,
    referrer: Referrer | None,
    services: Iterable[str],
    rules: Iterable[ReferralRule],
    today: date,
) -> Returned | None:
    """Why a referral is not sent; None for one that is. services: of the organization it is for, where it
    names one."""
    wanted = {referral.organization, referral.service, *services} - {None}
    given = [rule for rule in rules if rule.recipient in wanted]
    if not given:
        given = [rule for rule in DEFAULTS if rule.recipient in wanted]
    if not given:
        return None
    holding = [rule for rule in given if rule.holds(today)]
    if referrer is not None and any(_meets(rule, referrer) for rule in holding):
        return None
    return _words(referral.service or next(iter(sorted(services)), None), referrer, holding)


def _meets(rule: ReferralRule, referrer: Referrer) -> bool:
    return (
        (not rule.services or referrer.service in rule.services)
        and (not rule.professions or bool(rule.professions & referrer.professions))
        and (not rule.health_personnel or referrer.health_personnel)
    )


def _words(to: str | None, referrer: Referrer | None, rules: list[ReferralRule]) -> Returned:
    recipient = SERVICES.get(to or "", "denne mottakeren")
    if referrer is None:
        why = f"Henvisningen til {recipient} sier ikke hvem som henviser."
    else:
        who = SERVICES.get(referrer.service or "", "Den som står som henviser")
        why = f"{who[:1].upper()}{who[1:]} kan ikke henvise til {recipient}."
    able = list(dict.fromkeys(word for rule in rules for word in _able(rule)))
    if not able:
        return Returned(why, "Ingen kan henvise dit nå. Henvisningen er tatt vare på, men ikke sendt.")
    way = f"De som kan, er {_listed(able)}. Be en av dem henvise, og stå selv som medhenviser."
    if any(rule.health_personnel for rule in rules):
        way += " Helsepersonell må stå med HPR-nummer."
    return Returned(why, f"{way} Henvisningen er tatt vare på, men ikke sendt.")


def _able(rule: ReferralRule) -> list[str]:
    names: Mapping[str, str] = PROFESSIONS if rule.professions else SERVICES
    codes = sorted(rule.professions or rule.services)
    return [names.get(code, code) for code in codes] or ["helsepersonell"]


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} og {words[-1]}"
