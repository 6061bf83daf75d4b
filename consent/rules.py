"""The rules of shared law.md as dated data: id, source, the days between which each holds, and its sentence.

Only data and the look-up of what is in force on a day. The logic is in standing and evaluate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from consent.model import Reason


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of one rule. `key` is how the code asks for it; several sentences may share a rule id.

    valid_from, valid_to: first and last day it holds; None where this reading knows no such day.
    """

    key: str
    reason: Reason
    valid_from: date | None = None
    valid_to: date | None = None

    def holds(self, on: date) -> bool:
        """Whether it is in force on that day."""
        return (self.valid_from is None or self.valid_from <= on) and (
            self.valid_to is None or on <= self.valid_to
        )


def _rule(key: str, rule: str, source: str, nb: str, nn: str) -> Rule:
    return Rule(key, Reason(rule, source, nb, nn))


_LOCAL = "lokal handlingsveileder for stafettlogg, pbrl § 4-4"
_CONSENT = "hpl § 22, fvl § 13 a nr 1"
_CLOSED = "stengt ved tvil"

RULES: tuple[Rule, ...] = (
    _rule(
        "unknown",
        "unknown",
        _CLOSED,
        "Noe som avgjørelsen bygger på, er ukjent eller kan ikke leses. Da deles ingenting.",
        "Noko som avgjerda byggjer på, er ukjent eller kan ikkje lesast. Då blir ingenting delt.",
    ),
    _rule(
        "W9",
        "W9",
        _CLOSED,
        "Det er ukjent hvem som må bestemme, eller opplysningene er i strid. Da deles ingenting.",
        "Det er ukjent kven som må bestemme, eller opplysningane er i strid. Då blir ingenting delt.",
    ),
    _rule(
        "B1",
        "B1",
        "folkeregisterpraksis, bvl § 13-5",
        "Personen har adressesperre. Foreløpig deles ingenting om personer med adressesperre.",
        "Personen har adressesperre. Førebels blir ingenting delt om personar med adressesperre.",
    ),
    _rule(
        "B4",
        "B4",
        "Volven 9603",
        "Opplysningen er sperret for noen av dem som kan lese hos mottakeren.",
        "Opplysninga er sperra for nokon av dei som kan lese hos mottakaren.",
    ),
    _rule(
        "B5",
        "B5",
        "taushetsplikten, fvl § 13",
        "Opplysningen handler også om en annen person, som selv må ha samtykket.",
        "Opplysninga handlar òg om ein annan person, som sjølv må ha samtykt.",
    ),
    _rule(
        "B6",
        "B6",
        "stengt uten uttrykkelig samtykke",
        "Opplysningen er særlig følsom og krever et samtykke som nevner dette uttrykkelig.",
        "Opplysninga er særleg kjenslevar og krev eit samtykke som nemner dette uttrykkjeleg.",
    ),
    _rule(
        "W1",
        "W1",
        "pbrl § 4-3",
        "Fra 16 år bestemmer den unge selv når helsetjenesten skriver eller mottar.",
        "Frå 16 år bestemmer den unge sjølv når helsetenesta skriv eller tek imot.",
    ),
    _rule(
        "W3",
        "W3",
        "pbrl § 4-4",
        "Under 16 år må alle med foreldreansvar samtykke når helsetjenesten skriver eller mottar.",
        "Under 16 år må alle med foreldreansvar samtykkje når helsetenesta skriv eller tek imot.",
    ),
    _rule(
        "W8-guardians",
        "W8",
        _LOCAL,
        "I denne alderen bestemmer de som har foreldreansvar, alle sammen.",
        "I denne alderen bestemmer dei som har foreldreansvar, alle saman.",
    ),
    _rule(
        "W8-joint",
        "W8",
        _LOCAL,
        "I denne alderen bestemmer alle som har foreldreansvar, sammen med den unge.",
        "I denne alderen bestemmer alle som har foreldreansvar, saman med den unge.",
    ),
    _rule(
        "W8-alone",
        "W8",
        _LOCAL,
        "I denne alderen bestemmer den unge alene.",
        "I denne alderen bestemmer den unge åleine.",
    ),
    _rule(
        "G1",
        "G1",
        _CONSENT,
        "Alle som må bestemme, har samtykket til å dele dette med mottakeren. Et samtykke gjelder alle "
        "logger og planer om samme person; en tjeneste er den som deltar der samtykket ble gitt.",
        "Alle som må bestemme, har samtykt til å dele dette med mottakaren. Eit samtykke gjeld alle loggar "
        "og planar om same person; ei teneste er den som deltek der samtykket vart gitt.",
    ),
    _rule(
        "G1-missing",
        "G1",
        _CONSENT,
        "Noen som må bestemme, har ikke gitt noe gyldig samtykke som når denne mottakeren og opplysningen.",
        "Nokon som må bestemme, har ikkje gitt noko gyldig samtykke som når denne mottakaren og opplysninga.",
    ),
    _rule(
        "G1-exception",
        "G1",
        _CONSENT,
        "Noen som må bestemme, har sagt nei til dette eller gjort unntak for det, og har ikke opphevet det.",
        "Nokon som må bestemme, har sagt nei til dette eller gjort unntak for det, og har ikkje oppheva det.",
    ),
    _rule(
        "record",
        "G1",
        _CONSENT,
        "Et samtykke vises for dem som det selv nevner som mottakere.",
        "Eit samtykke blir vist for dei som det sjølv nemner som mottakarar.",
    ),
    _rule(
        "record-missing",
        "G1",
        _CONSENT,
        "Et samtykke går bare til mottakere det selv nevner, mens det gjelder og alle har bestemt seg.",
        "Eit samtykke går berre til mottakarar det sjølv nemner, medan det gjeld og alle har bestemt seg.",
    ),
    _rule(
        "own",
        "own",
        "egen journal",
        "Mottakeren er den virksomheten som selv skrev opplysningen.",
        "Mottakaren er den verksemda som sjølv skreiv opplysninga.",
    ),
    _rule(
        "access",
        "access",
        "pbrl § 3-4, § 5-1",
        "Den det gjelder, og de som bestemmer for barnet, kan selv lese opplysningen.",
        "Den det gjeld, og dei som bestemmer for barnet, kan sjølve lese opplysninga.",
    ),
)


def in_force(on: date, rules: tuple[Rule, ...] = RULES) -> Mapping[str, Reason]:
    """key -> reason, for the rules that hold on that day. Where two versions hold, the later one."""
    held = sorted((r for r in rules if r.holds(on)), key=lambda r: r.valid_from or date.min)
    return {rule.key: rule.reason for rule in held}
