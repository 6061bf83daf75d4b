"""A decision in words for a reader, in bokmål or nynorsk. Never names the item or its content."""

from __future__ import annotations

from typing import Literal

from consent.model import Decision

_HEADINGS = {
    ("nb", True): "Dette kan deles.",
    ("nb", False): "Dette deles ikke.",
    ("nn", True): "Dette kan delast.",
    ("nn", False): "Dette blir ikkje delt.",
}


def explain(decision: Decision, language: Literal["nb", "nn"] = "nb") -> tuple[str, ...]:
    """The answer, then each reason in order with its rule and source."""
    lines = [_HEADINGS[language, decision.permitted]]
    for reason in decision.reasons:
        sentence = reason.nn if language == "nn" else reason.nb
        lines.append(f"{sentence} ({reason.rule}: {reason.source})")
    return tuple(lines)
