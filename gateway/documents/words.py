"""The words of the document in bokmål and nynorsk. What is not known here is shown as it is."""

from __future__ import annotations

from typing import Final

Words = dict[str, str]

TEXTS: Final[dict[str, Words]] = {
    "nb": {
        "title": "Individuell plan for", "log_title": "Stafettlogg for", "coordinator": "Koordinator",
        "phone": "Telefon", "date": "Innholdet er fra", "born": "Født", "none": "Ikke oppgitt", "about": "Om",
        "resources": "Ressurser", "needs": "Behov", "goals": "Mål", "own_words": "Med egne ord",
        "status": "Status", "deadline": "Frist", "measures": "Tiltak", "responsible": "Ansvarlig",
        "how": "Gjennomføring", "extent": "Omfang", "what": "Beskrivelse", "participants": "Deltakere",
        "name": "Navn", "role": "Rolle", "unit": "Enhet", "contributes": "Bidrag", "period": "Periode",
        "revisions": "Revisjoner", "cooperation": "Samarbeid med andre", "consent": "Samtykke",
        "missing": "Dette mangler i planen", "main_goal": "Hovedmål", "part_goal": "Delmål", "goal": "Mål",
        "missing_from": "Vurdert ut fra det som er delt med mottakeren av dette dokumentet.",
        "complete": "Ingenting mangler av det en individuell plan skal inneholde.",
        "limits": "Dokumentet viser bare det mottakeren har lov til å se. Planen kan inneholde mer.",
    },
    "nn": {
        "title": "Individuell plan for", "log_title": "Stafettlogg for", "coordinator": "Koordinator",
        "phone": "Telefon", "date": "Innhaldet er frå", "born": "Fødd", "none": "Ikkje oppgitt",
        "about": "Om", "resources": "Ressursar", "needs": "Behov", "goals": "Mål",
        "own_words": "Med eigne ord",
        "status": "Status", "deadline": "Frist", "measures": "Tiltak", "responsible": "Ansvarleg",
        "how": "Gjennomføring", "extent": "Omfang", "what": "Skildring", "participants": "Deltakarar",
        "name": "Namn", "role": "Rolle", "unit": "Eining", "contributes": "Bidrag", "period": "Periode",
        "revisions": "Revisjonar", "cooperation": "Samarbeid med andre", "consent": "Samtykke",
        "missing": "Dette manglar i planen", "main_goal": "Hovudmål", "part_goal": "Delmål", "goal": "Mål",
        "missing_from": "Vurdert ut frå det som er delt med mottakaren av dette dokumentet.",
        "complete": "Ingenting manglar av det ein individuell plan skal innehalde.",
        "limits": "Dokumentet viser berre det mottakaren har lov til å sjå. Planen kan innehalde meir.",
    },
}  # fmt: skip

GOAL_STATES: Final[dict[str, Words]] = {
    "nb": {
        "proposed": "foreslått", "planned": "foreslått", "accepted": "foreslått", "active": "pågår",
        "on-hold": "på vent", "completed": "avsluttet", "achieved": "nådd", "not-achieved": "ikke nådd",
        "delvisNaadd": "delvis nådd", "cancelled": "avbrutt", "rejected": "avbrutt",
    },
    "nn": {
        "proposed": "foreslått", "planned": "foreslått", "accepted": "foreslått", "active": "går føre seg",
        "on-hold": "på vent", "completed": "avslutta", "achieved": "nådd", "not-achieved": "ikkje nådd",
        "delvisNaadd": "delvis nådd", "cancelled": "avbrote", "rejected": "avbrote",
    },
}  # fmt: skip
MEASURE_STATES: Final[dict[str, Words]] = {
    "nb": {
        "draft": "planlagt", "active": "pågår", "on-hold": "på vent", "completed": "gjennomført",
        "revoked": "avbrutt",
    },
    "nn": {
        "draft": "planlagt", "active": "går føre seg", "on-hold": "på vent", "completed": "gjennomført",
        "revoked": "avbrote",
    },
}  # fmt: skip
ROLES: Final[dict[str, Words]] = {
    "nb": {
        "stafettholder": "stafettholder", "stedfortreder": "stedfortreder", "aktoer": "ansatt",
        "koordinator": "koordinator", "barnekoordinator": "barnekoordinator",
        "kontaktperson": "kontaktperson", "foresatt": "foresatt", "fosterforelder": "fosterforelder",
        "verge": "verge", "barn": "barnet selv", "enhetsleder": "enhetsleder",
    },
    "nn": {
        "stafettholder": "stafetthaldar", "stedfortreder": "stadfortredar", "aktoer": "tilsett",
        "koordinator": "koordinator", "barnekoordinator": "barnekoordinator",
        "kontaktperson": "kontaktperson", "foresatt": "føresett", "fosterforelder": "fosterforelder",
        "verge": "verje", "barn": "barnet sjølv", "enhetsleder": "einingsleiar",
    },
}  # fmt: skip
