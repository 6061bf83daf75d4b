"""What a nudge says: how many things wait, and where to log in. The words are fixed: no name, number or id of
anybody stands in it, nor in its headers, but the address it goes to."""

from __future__ import annotations

import uuid
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

from gateway.consents.words import Said

SUBJECT: Final = Said("Stafettbro: noe venter på deg", "Stafettbro: noko ventar på deg")
ONE: Final = Said("Du har 1 sak i Stafettbro.", "Du har 1 sak i Stafettbro.")
MANY: Final = Said("Du har {cases} saker i Stafettbro.", "Du har {cases} saker i Stafettbro.")
REST: Final = Said(
    "Logg inn for å se hva det er: {link}\n\n"
    "Denne e-posten sier med vilje ikke hvem eller hva det gjelder. Den kan ikke besvares.",
    "Logg inn for å sjå kva det er: {link}\n\n"
    "Denne e-posten seier med vilje ikkje kven eller kva det gjeld. Han kan ikkje svarast på.",
)


def message(
    *, sender: str, address: str, language: str, cases: int, link: str, now: datetime
) -> EmailMessage:
    """The whole message. language: nb or nn."""
    words = (ONE if cases == 1 else MANY).within(cases=str(cases))
    rest = REST.within(link=link)
    made = EmailMessage()
    made["From"] = sender
    made["To"] = address
    made["Subject"] = _in(SUBJECT, language)
    made["Date"] = format_datetime(now)
    made["Message-ID"] = f"<{uuid.uuid4()}@{sender.rpartition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"
    made["Content-Language"] = language
    made.set_content(f"{_in(words, language)}\n\n{_in(rest, language)}\n")
    return made


def _in(said: Said, language: str) -> str:
    return said.nn if language == "nn" else said.nb
