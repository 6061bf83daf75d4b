"""One time somebody looked or got something, as a page tells of it: who, when, what by its title, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.consents.onlookers import Onlooker
from gateway.web.consents_shown import Teller
from gateway.web.insight import ASIDE, Insight


def seen_by(insight: Insight, told: Teller, one: Onlooker) -> dict[str, Any]:
    """Values for the template; what is named is told."""
    return {
        "at": one.at,
        "said": one.sentence.plain(),
        "why": [reason.plain() for reason in one.why],
        "what": list(dict.fromkeys(_titles(insight, told, one))),
    }


def _titles(insight: Insight, told: Teller, one: Onlooker) -> Iterator[str]:
    """Records by their titles; the log or plan, and people in it, as what is around them."""
    for ref in one.refs:
        if ref in insight.views and ref.partition("/")[0] not in ASIDE:
            insight.tell([ref])
            yield told.title(ref)
        elif not ref.startswith("Consent/") and insight.version(ref) is not None:
            yield told.words("kind.plan")
