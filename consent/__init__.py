"""Who may see what, and why: a pure library of one question, `decide(request, facts)`, and its values.

No database, clock or network: the time of the question is part of the question.
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
    "explain",
    "prepare",
]
