"""The words in which a notice is told, in bokmål and nynorsk, by its kind. They name no person and quote no
record. (Those of consents and birthdays are in words.py.)"""

from __future__ import annotations

from typing import Final

from gateway.consents.words import Said
from gateway.hub.notices import Kind

NOTICES: Final = {
    Kind.UNACKNOWLEDGED: Said(
        "En mottaker har ikke bekreftet noe som er sendt. Spør om det er kommet fram.",
        "Ein mottakar har ikkje stadfesta noko som er sendt. Spør om det er kome fram.",
    ),
    Kind.VANISHED: Said(
        "Noe finnes ikke lenger i systemet det kom fra. Det er beholdt. Avgjør om det er en feil.",
        "Noko finst ikkje lenger i systemet det kom frå. Det er teke vare på. Avgjer om det er ein feil.",
    ),
    Kind.PERSON_QUESTION: Said(
        "Det er uklart om noe gjelder det samme barnet. Avgjør det før det slås sammen.",
        "Det er uklart om noko gjeld det same barnet. Avgjer det før det blir slått saman.",
    ),
}
