"""Who may see what, and why: a pure library of one question, `decide(request, facts)`, and its values; and
what to take away before something goes, `redact(resource, plan)`.

No database, clock or network: the time of the question is part of the question. Beside them: `consent.life`
(who must sign, withdrawal, when to remind), `consent.fhir_consent`, `consent.fhir_writing` and
`consent.fhir_circumstance` (FHIR in and out), `consent.anonymous` and `consent.reporting` (what consent does
not gate). See docs/consent.md.
"""

from __future__ import annotations

from consent.evaluate import Prepared, decide, prepare
from consent.explain import explain
from consent.model import (
    Basis,
    Category,
    Channel,
    Circumstance,
    Consent,
    Decision,
    Emergency,
    Facts,
    Finding,
    Item,
    Kind,
    Objection,
    Outcome,
    Override,
    Participant,
    Plan,
    Reason,
    Recipient,
    Regime,
    Request,
    Settings,
    Withholding,
)
from consent.moments import edges
from consent.people import active
from consent.places import places_in
from consent.redaction import Held, edition, held, redact

__all__ = [
    "Basis",
    "Category",
    "Channel",
    "Circumstance",
    "Consent",
    "Decision",
    "Emergency",
    "Facts",
    "Finding",
    "Held",
    "Item",
    "Kind",
    "Objection",
    "Outcome",
    "Override",
    "Participant",
    "Plan",
    "Prepared",
    "Reason",
    "Recipient",
    "Regime",
    "Request",
    "Settings",
    "Withholding",
    "active",
    "decide",
    "edges",
    "edition",
    "explain",
    "held",
    "places_in",
    "prepare",
    "redact",
]
