"""Why a piece of a text may tell which child it is about, in bokmål and nynorsk. Sentences only; they never
repeat the piece."""

from __future__ import annotations

from typing import Final

from consent.anonymous import Finding, What

_CERTAIN: Final = {
    What.NAME: (
        "Dette er navnet til barnet eller til noen rundt barnet.",
        "Dette er namnet til barnet eller til nokon rundt barnet.",
    ),
    What.NATIONAL_ID: ("Dette er barnets nummer.", "Dette er nummeret til barnet."),
    What.DATE: ("Dette er barnets fødselsdato.", "Dette er fødselsdatoen til barnet."),
    What.PLACE: (
        "Dette er et sted eller en enhet som barnet er knyttet til.",
        "Dette er ein stad eller ei eining som barnet er knytt til.",
    ),
    What.CONTACT: (
        "Dette er kontaktopplysninger til barnet eller til noen rundt barnet.",
        "Dette er kontaktopplysningar til barnet eller til nokon rundt barnet.",
    ),
    What.ID: (
        "Dette er et nummer som hører til barnet eller til noen rundt barnet.",
        "Dette er eit nummer som høyrer til barnet eller til nokon rundt barnet.",
    ),
}
_SHAPED: Final = {
    What.NAME: ("Dette ser ut som et navn.", "Dette ser ut som eit namn."),
    What.NATIONAL_ID: ("Dette ser ut som et fødselsnummer.", "Dette ser ut som eit fødselsnummer."),
    What.DATE: (
        "Dette ser ut som en dato. En dato kan fortelle hvilket barn det gjelder.",
        "Dette ser ut som ein dato. Ein dato kan fortelje kva barn det gjeld.",
    ),
    What.PLACE: ("Dette ser ut som et sted eller en adresse.", "Dette ser ut som ein stad eller ei adresse."),
    What.CONTACT: ("Dette ser ut som kontaktopplysninger.", "Dette ser ut som kontaktopplysningar."),
    What.ID: (
        "Dette ser ut som et nummer som hører til en person eller en sak.",
        "Dette ser ut som eit nummer som høyrer til ein person eller ei sak.",
    ),
}


def reason(finding: Finding) -> tuple[str, str]:
    """The sentence for a finding: bokmål, nynorsk."""
    return (_CERTAIN if finding.certain else _SHAPED)[finding.what]
