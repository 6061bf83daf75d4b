"""The words in which somebody is told who has looked, in bokmål and nynorsk. Sentences only; they never quote
a record."""

from __future__ import annotations

from typing import Final

from gateway.consents.words import Said

YOU: Final = Said("Du", "Du")
FAMILY: Final = Said("En annen som er med rundt barnet", "Ein annan som er med rundt barnet")
OPERATOR: Final = Said("En som drifter løsningen,", "Ein som driftar løysinga,")
ONE: Final = Said("én opplysning", "éi opplysning")
MANY: Final = Said("{count} opplysninger", "{count} opplysningar")
SENTENCES: Final = {
    "read": Said("{who} så på {what}.", "{who} såg på {what}."),
    "search": Said("{who} søkte og fikk se {what}.", "{who} søkte og fekk sjå {what}."),
    "got": Said("{who} fikk {what}.", "{who} fekk {what}."),
    "may-have-got": Said("{who} kan ha fått {what}.", "{who} kan ha fått {what}."),
    "refused": Said("{who} tok ikke imot {what}.", "{who} tok ikkje imot {what}."),
    "consent": Said("Et samtykke ble skrevet inn eller endret.", "Eit samtykke vart skrive inn eller endra."),
}
