"""The words in which a notice is told, in bokmål and nynorsk, by its kind. They name no person and quote no
record. (Those of consents and birthdays are in words.py.)"""

from __future__ import annotations

from typing import Final

from gateway.consents.words import Said
from gateway.hub.notices import Kind

NOTICES: Final = {
    Kind.EVALUATION_NEAR: Said(
        "Et mål skal snart evalueres.",
        "Eit mål skal snart evaluerast.",
    ),
    Kind.EVALUATION_OVERDUE: Said(
        "Evalueringsfristen for et mål er gått ut. Evaluer målet, eller flytt fristen.",
        "Evalueringsfristen for eit mål er gått ut. Evaluer målet, eller flytt fristen.",
    ),
    Kind.MEASURE_NEAR: Said(
        "Fristen for et tiltak nærmer seg.",
        "Fristen for eit tiltak nærmar seg.",
    ),
    Kind.MEASURE_OVERDUE: Said(
        "Fristen for et tiltak er gått ut. Avslutt tiltaket, eller flytt fristen.",
        "Fristen for eit tiltak er gått ut. Avslutt tiltaket, eller flytt fristen.",
    ),
    Kind.MEASURE_UNASSIGNED: Said(
        "Ingen er ansvarlig for et tiltak, eller den som var det, er ikke med lenger.",
        "Ingen er ansvarleg for eit tiltak, eller den som var det, er ikkje med lenger.",
    ),
    Kind.REVISION_NEAR: Said(
        "En plan skal snart revideres.",
        "Ein plan skal snart reviderast.",
    ),
    Kind.REVISION_OVERDUE: Said(
        "Tiden for revisjon av en plan er gått ut. Gå gjennom planen, eller flytt revisjonen.",
        "Tida for revisjon av ein plan er gått ut. Gå gjennom planen, eller flytt revisjonen.",
    ),
    Kind.OWNERLESS: Said(
        "Ingen er stafettholder eller koordinator nå. Noen må overta.",
        "Ingen er stafetthaldar eller koordinator no. Nokon må ta over.",
    ),
    Kind.SEVERAL_HOLDERS: Said(
        "Flere er stafettholder samtidig. Avgjør hvem det er.",
        "Fleire er stafetthaldar samstundes. Avgjer kven det er.",
    ),
    Kind.UNACKNOWLEDGED: Said(
        "En mottaker har ikke bekreftet noe som er sendt. Spør om det er kommet fram.",
        "Ein mottakar har ikkje stadfesta noko som er sendt. Spør om det er kome fram.",
    ),
    Kind.VANISHED: Said(
        "Noe finnes ikke lenger i systemet det kom fra. Det er beholdt. Avgjør om det er en feil.",
        "Noko finst ikkje lenger i systemet det kom frå. Det er teke vare på. Avgjer om det er ein feil.",
    ),
    Kind.REFERRAL_RETURNED: Said(
        "En henvisning er ikke sendt: den som henviser, kan ikke henvise dit. Svaret sier hvem som kan.",
        "Ei tilvising er ikkje send: den som viser til, kan ikkje vise dit. Svaret seier kven som kan.",
    ),
    Kind.WRONG_PERSON: Said(
        "En mottaker har meldt feil pasient. Alt er lukket for dem. Avklar om det er riktig barn.",
        "Ein mottakar har meldt feil pasient. Alt er lukka for dei. Avklar om det er rett barn.",
    ),
    Kind.PERSON_QUESTION: Said(
        "Det er uklart om noe gjelder det samme barnet. Avgjør det før det slås sammen.",
        "Det er uklart om noko gjeld det same barnet. Avgjer det før det blir slått saman.",
    ),
}
