"""The words of the agenda and the referral in bokmål and nynorsk."""

from __future__ import annotations

from typing import Final

from gateway.documents.words import TEXTS, Words

AGENDA: Final[dict[str, Words]] = {
    "nb": TEXTS["nb"] | {
        "title": "Møteagenda for", "meeting": "Møte", "place": "Sted", "not_called": "Ikke innkalt ennå",
        "called": "Saker i innkallingen", "goals": "Mål som skal evalueres", "deadlines": "Frister",
        "measures": "Tiltak", "measure": "Tiltak", "questions": "Åpne spørsmål",
        "invited": "Hvem som er invitert",
        "proposed": "Møtet er ikke innkalt ennå. Dette er de som deltar nå.", "answer": "Svar",
        "evaluate": "Evaluering", "revision": "Revisjon", "kind": "Slag", "what": "Hva", "note": "Merk",
        "late": "fristen er gått ut", "nobody": "Ingen", "no_questions": "Ingen.",
        "goal_without_day": "Når skal målet «{what}» evalueres?",
        "goal_without_measure": "Hvilke tiltak skal føre til målet «{what}»?",
        "measure_without_anybody": "Hvem har ansvaret for tiltaket «{what}»?",
        "unanswered": "Meldingen «{what}» fra {day} er ikke besvart.",
        "limits": "Agendaen viser bare det den som skrev den ut, har lov til å se.",
    },
    "nn": TEXTS["nn"] | {
        "title": "Møteagenda for", "meeting": "Møte", "place": "Stad", "not_called": "Ikkje innkalla enno",
        "called": "Saker i innkallinga", "goals": "Mål som skal evaluerast", "deadlines": "Fristar",
        "measures": "Tiltak", "measure": "Tiltak", "questions": "Opne spørsmål",
        "invited": "Kven som er invitert",
        "proposed": "Møtet er ikkje innkalla enno. Dette er dei som deltek no.", "answer": "Svar",
        "evaluate": "Evaluering", "revision": "Revisjon", "kind": "Slag", "what": "Kva", "note": "Merk",
        "late": "fristen er gått ut", "nobody": "Ingen", "no_questions": "Ingen.",
        "goal_without_day": "Når skal målet «{what}» evaluerast?",
        "goal_without_measure": "Kva tiltak skal føre til målet «{what}»?",
        "measure_without_anybody": "Kven har ansvaret for tiltaket «{what}»?",
        "unanswered": "Det er ikkje svart på meldinga «{what}» frå {day}.",
        "limits": "Agendaen viser berre det den som skreiv han ut, har lov til å sjå.",
    },
}  # fmt: skip

REFERRAL: Final[dict[str, Words]] = {
    "nb": TEXTS["nb"] | {
        "title": "Henvisning for", "to": "Til", "referrer": "Henviser", "co_referrers": "Medhenvisere",
        "wish": "1. Ønsket bidrag", "measures": "2. Tiltak som er prøvd, og effekten av dem",
        "network": "3. Nettverk", "signatures": "4. Underskrifter", "effect": "Effekt", "signed": "Dato",
        "missing": "Dette mangler i henvisningen", "complete": "Alle de fire delene er fylt ut.",
        "lacks": "Mangler.",
        "no_wish": "Det står ikke hva mottakeren ønskes å bidra med.",
        "no_measures": "Det står ikke hvilke tiltak som er prøvd.",
        "no_effect": "Det står ikke hvilken effekt tiltaket «{what}» har hatt.",
        "no_network": "Nettverket rundt barnet er ikke beskrevet.",
        "no_signatures": "Ingen har skrevet under.", "no_referrer": "Det står ikke hvem som henviser.",
        "limits": "Viser bare det den som skrev ut, har lov til å se. Henvisningen kan inneholde mer.",
    },
    "nn": TEXTS["nn"] | {
        "title": "Tilvising for", "to": "Til", "referrer": "Tilvisar", "co_referrers": "Medtilvisarar",
        "wish": "1. Ønskt bidrag", "measures": "2. Tiltak som er prøvde, og effekten av dei",
        "network": "3. Nettverk", "signatures": "4. Underskrifter", "effect": "Effekt", "signed": "Dato",
        "missing": "Dette manglar i tilvisinga", "complete": "Alle dei fire delane er fylte ut.",
        "lacks": "Manglar.",
        "no_wish": "Det står ikkje kva mottakaren er ønskt å bidra med.",
        "no_measures": "Det står ikkje kva tiltak som er prøvde.",
        "no_effect": "Det står ikkje kva effekt tiltaket «{what}» har hatt.",
        "no_network": "Nettverket rundt barnet er ikkje skildra.",
        "no_signatures": "Ingen har skrive under.", "no_referrer": "Det står ikkje kven som tilviser.",
        "limits": "Viser berre det den som skreiv ut, har lov til å sjå. Tilvisinga kan innehalde meir.",
    },
}  # fmt: skip

EFFECTS: Final[dict[str, Words]] = {
    "nb": {"ingen": "ingen effekt", "delvis": "delvis effekt", "god": "god effekt", "forverret": "forverret"},
    "nn": {"ingen": "ingen effekt", "delvis": "delvis effekt", "god": "god effekt", "forverret": "forverra"},
}
ATTENDANCE: Final[dict[str, Words]] = {
    code: {
        "invitert": "invitert", "needs-action": "invitert", "deltok": words[0], "accepted": words[0],
        "forfall": words[1], "declined": words[1], "uteble": words[2], "tentative": words[3],
    }
    for code, words in {
        "nb": ("kommer", "forfall", "møtte ikke", "kanskje"),
        "nn": ("kjem", "forfall", "møtte ikkje", "kanskje"),
    }.items()
}  # fmt: skip
