"""One time somebody looked or got something, as a page tells of it: who, when, what by its title, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from gateway.consents.onlookers import Onlooker
from gateway.web.consents_shown import Teller
from gateway.web.family.sides import cut
from gateway.web.insight import ASIDE, Insight

FEW: Final = 10  # of what it was, beside others; all of it on pages of its own


def seen_by(insight: Insight, told: Teller, one: Onlooker, side: int = 1, most: int = FEW) -> dict[str, Any]:
    """Values for the template, with one page of what it was; what is named is told."""
    named: dict[str, list[str]] = {}
    for title, refs in _titles(insight, told, one):
        named.setdefault(title, []).extend(refs)
    upon = cut(list(named), side, most)
    insight.tell(ref for title in upon.items for ref in named[title])
    return {
        "number": one.number,
        "at": one.at,
        "said": one.sentence.plain(),
        "why": [reason.plain() for reason in one.why],
        "what": upon.items,
        "side": upon.side,
        "pages": upon.pages,
    }


def _titles(insight: Insight, told: Teller, one: Onlooker) -> Iterator[tuple[str, list[str]]]:
    """Records by their titles, with what is told by each; the log or plan, and people in it, as what is
    around them."""
    for ref in one.refs:
        if ref in insight.views and ref.partition("/")[0] not in ASIDE:
            yield told.title(ref), [ref]
        elif not ref.startswith("Consent/") and insight.version(ref) is not None:
            yield told.words("kind.plan"), []
