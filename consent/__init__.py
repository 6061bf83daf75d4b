"""Who may see what, and why: a pure library of one question, `decide(request, facts)`, and its values.

No database, clock or network: the time of the question is part of the question.
"""

from __future__ import annotations

from consent.evaluate import Prepared, decide, prepare
from consent.explain import explain
from consent.model import (
    Category,
    Channel,
    Consent,
    Decision,
    Facts,
    Item,
    Outcome,
    Participant,
    Reason,
    Recipient,
    Regime,
    Request,
    Settings,
)
from consent.moments import edges
from consent.people import active

__all__ = [
    "Category",
    "Channel",
    "Consent",
    "Decision",
    "Facts",
    "Item",
    "Outcome",
    "Participant",
    "Prepared",
    "Reason",
    "Recipient",
    "Regime",
    "Request",
    "Settings",
    "active",
    "decide",
    "edges",
    "explain",
    "prepare",
]
